/// Why something in the data directory did not work.
struct StorageError: Error, Equatable, CustomStringConvertible {
    /// What was tried, such as "write to /var/kafka/orders-0/00000000000000000000.log".
    var action: String
    /// What is wrong, in the system's words or in ours.
    var reason: String

    init(_ action: String, _ reason: String) {
        self.action = action
        self.reason = reason
    }

    var description: String { "could not \(action): \(reason)" }
}
