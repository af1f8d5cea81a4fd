import ChangeEvents
import Detectors

/// What has changed of an agent's memory of one partition, and is to be written to the changelog with the next transaction.
struct StateChanges: Equatable, Sendable {
    var users = NumberSet()
    /// Groups of sixty-four rows.
    var rows = NumberSet()

    var isEmpty: Bool { users.isEmpty && rows.isEmpty }
    var count: Int { users.count + rows.count }

    /// Has the places of a row's changes loaded, for a ``note(_:isUserKnown:)`` soon.
    func prefetch(_ row: Transaction) {
        users.prefetch(row.userID)
        rows.prefetch(RowMemory.group(of: row))
    }

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
