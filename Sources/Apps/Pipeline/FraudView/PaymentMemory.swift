import Detectors

/// The last transactions of the users who were seen last. When it is full, a user who was not seen lately makes room.
package struct PaymentMemory: Sendable {
    private var users: UserTable
    private let each: Int
    /// By the users' slots, the newest at the end.
    private var payments: [[SeenPayment]] = []
    /// How often a user has made room for another.
    package private(set) var evicted = 0

    /// - Parameters:
    ///   - limit: How many users are kept.
    ///   - each: How many transactions of each.
    package init(users limit: Int = 20_000, each: Int = 20) {
        users = UserTable(limit: limit)
        self.each = max(1, each)
    }

    /// How many users are known.
    package var count: Int { users.count }

    /// Takes a transaction in.
    package mutating func add(_ payment: SeenPayment) {
        let (slot, isNew) = users.slot(of: payment.transaction.userID, partition: payment.place.partition)
        if slot >= payments.count {
            payments.append([payment])
            return
        }
        if isNew {
            evicted += 1
            payments[slot].removeAll(keepingCapacity: true)
        }
        if payments[slot].count >= each { payments[slot].removeFirst() }
        payments[slot].append(payment)
    }

    /// What is known of a user, the oldest first.
    package func payments(of user: Int64) -> [SeenPayment] { users.known(user).map { payments[$0] } ?? [] }

    /// The user's transaction at that place.
    package func payment(of user: Int64, at place: RecordPlace) -> SeenPayment? {
        payments(of: user).last { $0.place == place }
    }
}
