import ChangeEvents
import Detectors

/// What has changed of an agent's memory of one partition, and is to be written to the changelog with the next transaction.
struct StateChanges: Equatable, Sendable {
    var users: Set<Int64> = []
    /// Groups of sixteen rows.
    var rows: Set<Int64> = []

    var isEmpty: Bool { users.isEmpty && rows.isEmpty }
    var count: Int { users.count + rows.count }

    /// A transaction changes what is known of its row, and of its user where that is anything.
    mutating func note(_ row: Transaction, isUserKnown: Bool) {
        if isUserKnown { users.insert(row.userID) }
        rows.insert(RowMemory.group(of: row))
    }

    mutating func formUnion(_ other: StateChanges) {
        users.formUnion(other.users)
        rows.formUnion(other.rows)
    }
}
