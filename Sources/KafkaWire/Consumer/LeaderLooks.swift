/// When leaders are looked up: one look at a time, and each later than the one before by the longer the more often in a row
/// something was missing. A value.
struct LeaderLooks: Equatable, Sendable {
    private var isLooking = false
    /// How often in a row no leader of all was found.
    private(set) var failures = 0

    /// A look begins; false while there is one.
    mutating func begin() -> Bool {
        defer { isLooking = true }
        return !isLooking
    }

    /// All leaders are known.
    mutating func foundAll() { failures = 0 }

    /// The look is over, and the next one not due before a pause that follows so many failures.
    mutating func looked() -> Int {
        failures += 1
        return failures
    }

    mutating func end() { isLooking = false }
}
