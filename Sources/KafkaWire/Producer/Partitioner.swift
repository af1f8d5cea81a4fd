/// Chooses the partitions of records that name none, in place of the producer's own rule (KIP-22).
///
/// ```swift
/// struct ByRegion: Partitioner {
///     func partition(for record: PartitionerInput) -> PartitionID? {
///         guard let first = record.key?.first else { return nil }
///         return PartitionID(index: Int(first) % record.partitionCount)
///     }
/// }
/// configuration.partitioner = ByRegion()
/// ```
///
/// It is called once for each record, in the task that sends it, for several records at a time: what it remembers needs a
/// lock. It may neither wait nor draw chance of its own; ``PartitionerInput/random`` is the same again in a repeated
/// simulation. Records of one key stay together only if the choice depends on nothing but key and count.
public protocol Partitioner: Sendable {
    /// The partition for the record; nil leaves it to the producer, which keeps to one partition for a batch and then moves
    /// to another (KIP-480, KIP-794). One that the topic does not have fails the record with
    /// ``KafkaError/Code/invalidRequest``.
    func partition(for record: PartitionerInput) -> PartitionID?
}

/// What a ``Partitioner`` is told of a record and its topic.
public struct PartitionerInput {
    /// The topic.
    public let topic: String
    /// The key's bytes, nil where the record has none. They are there for the call alone.
    public let key: UnsafeRawBufferPointer?
    /// The value's bytes, nil for a tombstone. They are there for the call alone.
    public let value: UnsafeRawBufferPointer?
    /// How many partitions the topic has; at least 1.
    public let partitionCount: Int
    /// The partitions that have a leader, in order; all of them where none has.
    public let available: [PartitionID]
    /// A number drawn for this record.
    public let random: UInt64

    /// For tests of a partitioner of one's own.
    public init(
        topic: String, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, partitionCount: Int,
        available: [PartitionID], random: UInt64
    ) {
        self.topic = topic
        self.key = key
        self.value = value
        self.partitionCount = partitionCount
        self.available = available
        self.random = random
    }
}

/// Where the records of a topic may go at present.
struct PartitionOffer: Equatable, Sendable {
    let count: Int
    let available: [PartitionID]
    let random: UInt64
}

extension Partitioner {
    /// The choice among what is offered; throws where the topic has no such partition.
    func partition(
        topic: String, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, among offer: PartitionOffer
    ) throws(KafkaError) -> PartitionID? {
        let chosen = partition(
            for: PartitionerInput(
                topic: topic, key: key, value: value, partitionCount: offer.count, available: offer.available,
                random: offer.random))
        guard let chosen else { return nil }
        guard (0..<offer.count).contains(chosen.index) else {
            throw KafkaError(
                .invalidRequest,
                "the partitioner chose partition \(chosen) of topic \(topic), which has partitions 0 to \(offer.count - 1); "
                    + "mend \(Self.self)", topic: topic, partition: chosen, setting: "partitioner.class")
        }
        return chosen
    }
}
