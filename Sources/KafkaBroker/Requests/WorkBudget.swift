/// How much is done at once, in units of about a microsecond (of a released program on a machine of our days). Units are
/// counted, and not measured, so that the same requests take the same steps everywhere.
struct WorkBudget {
    private(set) var units: Int

    /// What a request does at once: nearly all are done with that.
    static let request = WorkBudget(units: 2_000)
    /// What long work does in a turn of the loop.
    static let turn = WorkBudget(units: 5_000)

    var isUsedUp: Bool { units <= 0 }

    mutating func spend(_ units: Int) { self.units -= units }

    /// Spends what it takes to copy bytes and to compute their checksum.
    mutating func spend(bytes: Int) { spend(1 + bytes >> 11) }

    /// Spends what it takes to unpack to that many bytes, and to look at the records in them.
    mutating func spend(unpacked bytes: Int) { spend(20 + bytes >> 8) }
}
