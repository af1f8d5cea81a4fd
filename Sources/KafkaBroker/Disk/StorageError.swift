/// Why something in the data directory did not work.
struct StorageError: Error, Equatable, CustomStringConvertible {
    /// What was tried, such as "write to /var/kafka/orders-0/00000000000000000000.log".
    var action: String
    /// What is wrong, in the system's words or in ours.
    var reason: String
    /// What to do about it.
    var advice: String?

    init(_ action: String, _ reason: String, _ advice: String? = nil) {
        self.action = action
        self.reason = reason
        self.advice = advice
    }

    var description: String { "could not \(action): \(reason)\(advice.map { "; \($0)" } ?? "")" }

    /// What to do where the broker's own files are damaged.
    static let wayOn = """
        put it back from a copy, or start once with --salvage (Configuration.salvagesDamage) to go on without what is lost
        """
}
