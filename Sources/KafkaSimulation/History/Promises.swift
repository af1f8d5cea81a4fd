extension History {
    /// What was promised, which not every configuration does, and not after everything that is done to a cluster.
    public struct Promises: Sendable, Equatable {
        /// What was acknowledged is there (`acks=all`, and no election that lost records, and no loss of power over a
        /// disk that is not flushed).
        public var keeps = true
        /// Each record is there once, and in order (idempotent).
        public var isIdempotent = true
        /// What was refused for good is not there: no earlier try of it can have arrived before the reason for the
        /// refusal came up.
        public var refusesForGood = true
        /// All that is in the logs was read by each group at the end: it had the time for it.
        public var isDrained = true
        /// Whether a transaction that has records is known to its coordinator until it has ended.
        public var endsTransactions = true
        /// What was committed before a partition was let go of is not read again.
        public var readsOnce = true
        /// No member loses its partitions: nothing befalls them, but that they may be slow.
        public var isCalm = false
        /// Partitions that have lost records: in them nothing is kept, nor there once, nor in order.
        public var lossy: Set<Partition> = []
        /// Parties whose acknowledgements promise nothing (`acks=0`).
        public var careless: Set<String> = []
        /// Parties whose records may be there twice, or out of order (not idempotent).
        public var repeating: Set<String> = []
        /// After how long somebody who is cut off is told so.
        public var tellsWithin: Duration = .seconds(60)
        /// By how much calls may outlive their time.
        public var grace: Duration = .seconds(2)

        /// What is promised to careful clients, on a cluster to which nothing is done that weakens it.
        public init() {}

        /// Whether it is promised that the record is there when it was acknowledged there.
        func keeps(_ record: Record, in partition: Partition) -> Bool {
            keeps && !lossy.contains(partition) && !careless.contains(record.party)
        }

        /// Whether it is promised that the record is in the partition once, and in its place.
        func isExact(_ record: Record, in partition: Partition) -> Bool {
            isIdempotent && !lossy.contains(partition) && !repeating.contains(record.party)
        }
    }
}

extension History.Record {
    /// Whose it is: a party that has one client after the other gives each a name of its own, such as `shop.2`.
    var party: String { producer.firstIndex(of: ".").map { String(producer[..<$0]) } ?? producer }
}
