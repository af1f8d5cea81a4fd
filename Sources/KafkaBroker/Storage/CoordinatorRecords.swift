import KafkaWire

// What the records of Kafka's internal topics hold, `__consumer_offsets` and `__transaction_state`: each key and value is
// such a structure behind its version in two bytes (the `.json` files of group-coordinator and transaction-coordinator in
// Kafka 4.3). Kafka's `kafka-dump-log --offsets-decoder` and `--transaction-log-decoder` read them.

/// The key of a committed offset.
package struct OffsetCommitKey: EmbeddedMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexible = Versions.none

    package var group = ""
    package var topic = ""
    package var partition: PartitionID = 0
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("group", &group)
        try visitor.field("topic", &topic)
        try visitor.field("partition", &partition)
    }
}

/// A committed offset.
package struct OffsetCommitValue: EmbeddedMessage {
    package static let versions: ClosedRange<Int16> = 0...4
    package static let flexible: Versions = 4...

    package var offset: Offset = 0
    package var leaderEpoch: LeaderEpoch = -1
    package var metadata = ""
    /// When it was committed, in milliseconds since 1970.
    package var commitTimestamp: Int64 = 0
    package var expireTimestamp: Int64 = -1
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("offset", &offset)
        try visitor.field("leaderEpoch", &leaderEpoch, 3..., ignorable: true, default: -1)
        try visitor.field("metadata", &metadata)
        try visitor.field("commitTimestamp", &commitTimestamp)
        try visitor.field("expireTimestamp", &expireTimestamp, 1...1, ignorable: true, default: -1)
    }
}

/// The key of a transactional id.
package struct TransactionLogKey: EmbeddedMessage {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.none

    package var transactionalId = ""
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("transactionalId", &transactionalId)
    }
}

/// What is known of a transactional id.
package struct TransactionLogValue: EmbeddedMessage {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexible: Versions = 1...

    package var producerId: ProducerID = 0
    package var previousProducerId: ProducerID = -1
    package var nextProducerId: ProducerID = -1
    package var producerEpoch: ProducerEpoch = 0
    package var transactionTimeoutMs: Milliseconds = 0
    /// The state's number; see `Transaction.State`.
    package var transactionStatus: Int8 = 0
    /// Null where no transaction goes on.
    package var transactionPartitions: [Partitions]?
    package var transactionLastUpdateTimestampMs: Int64 = 0
    package var transactionStartTimestampMs: Int64 = -1
    /// The version of the protocol that the producer speaks (KIP-890).
    package var clientTransactionVersion: Int16 = 0
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("producerId", &producerId)
        try visitor.field("producerEpoch", &producerEpoch)
        try visitor.field("transactionTimeoutMs", &transactionTimeoutMs)
        try visitor.field("transactionStatus", &transactionStatus)
        try visitor.field("transactionPartitions", &transactionPartitions)
        try visitor.field("transactionLastUpdateTimestampMs", &transactionLastUpdateTimestampMs)
        try visitor.field("transactionStartTimestampMs", &transactionStartTimestampMs)
    }

    package mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "previousProducerId", &previousProducerId, 1..., ignorable: true, default: -1)
        try visitor.tagged(1, "nextProducerId", &nextProducerId, 1..., ignorable: true, default: -1)
        try visitor.tagged(2, "clientTransactionVersion", &clientTransactionVersion, 1..., ignorable: true)
    }

    /// Partitions of a topic.
    package struct Partitions: WireStruct {
        package var topic = ""
        package var partitionIds: [PartitionID] = []
        package var unknownTaggedFields: [UnknownTaggedField] = []

        package init() {}

        package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic)
            try visitor.field("partitionIds", &partitionIds)
        }
    }
}
