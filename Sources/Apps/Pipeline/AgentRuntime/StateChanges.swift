/// What has changed of an agent's memory of one partition, and is to be written to the changelog with the next transaction.
struct StateChanges: Equatable, Sendable {
    var users: Set<Int64> = []
    /// Groups of sixteen rows.
    var rows: Set<Int64> = []

    var isEmpty: Bool { users.isEmpty && rows.isEmpty }
    var count: Int { users.count + rows.count }

    mutating func formUnion(_ other: StateChanges) {
        users.formUnion(other.users)
        rows.formUnion(other.rows)
    }
}
