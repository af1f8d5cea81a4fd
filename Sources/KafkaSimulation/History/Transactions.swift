extension History {
    /// A transaction, known by whose client's it is and the how-manieth of theirs.
    public struct Transaction: Hashable, Sendable, Comparable, CustomStringConvertible {
        /// The client's name, as in ``Record/producer``.
        public var producer: String
        /// The how-manieth of that client's transactions it is.
        public var number: Int

        /// That client's transaction of that number.
        public init(_ producer: String, _ number: Int) { (self.producer, self.number) = (producer, number) }

        /// `producer/number`.
        public var description: String { "\(producer)/\(number)" }

        /// By producer, then by number.
        public static func < (a: Transaction, b: Transaction) -> Bool {
            (a.producer, a.number) < (b.producer, b.number)
        }
    }

    /// What a transaction's client was told of its end.
    public enum Ending: String, Sendable, Equatable {
        /// The call that asked for it has returned.
        case committed, aborted
        /// The commit may have come through or not.
        case unknown
    }

    /// What happens in transactions.
    public enum Transacted: Sendable, Equatable {
        /// A client has a transactional id from now on: who had it before is fenced. Where several are at it, the epoch that
        /// each was given says who was before.
        case owned(id: String, by: String, epoch: Int? = nil)
        /// A client has begun a transaction.
        case began(Transaction)
        /// A record is handed to the client within a transaction.
        case sent(Record, in: Transaction)
        /// The end is asked for: from here on what a commit has may be seen.
        case ending(Transaction, commits: Bool)
        /// The call that asked for the end is over, and told this.
        case ended(Transaction, Ending)
        /// That record, of a transaction, is a copy of what was read there; the transaction commits the position as well.
        case copied(Partition, at: Int64, as: Record)
        /// A member shows what was committed, and nothing else (`isolation.level=read_committed`).
        case readsCommitted
    }
}

extension History.Transacted: CustomStringConvertible {
    /// What follows the party's name in a line of the timeline.
    public var description: String {
        switch self {
        case .owned(let id, let client, let epoch):
            "\(client) has the transactional id \(id)" + (epoch.map { " in epoch \($0)" } ?? "")
        case .began(let transaction): "begins \(transaction)"
        case .sent(let record, let transaction): "sends \(record) in \(transaction)"
        case .ending(let transaction, let commits): "\(commits ? "commits" : "aborts") \(transaction)"
        case .ended(let transaction, .committed): "has committed \(transaction)"
        case .ended(let transaction, .aborted): "has aborted \(transaction)"
        case .ended(let transaction, .unknown): "does not know how \(transaction) ended"
        case .copied(let partition, let offset, let record): "copies \(partition)@\(offset) as \(record)"
        case .readsCommitted: "reads what is committed"
        }
    }

    /// The records that it is about.
    var record: History.Record? {
        switch self {
        case .sent(let record, _), .copied(_, _, let record): record
        default: nil
        }
    }
}
