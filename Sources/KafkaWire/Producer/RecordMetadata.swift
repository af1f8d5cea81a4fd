/// Where a record has landed.
public struct RecordMetadata: Sendable, Equatable {
    /// The topic.
    public var topic: String
    /// The partition.
    public var partition: PartitionID
    /// The record's offset; nil where the broker does not say (acks 0, or a retry that had already arrived).
    public var offset: Offset?
    /// The time that consumers see, in milliseconds since 1970: the broker's where the topic's `message.timestamp.type` is
    /// `LogAppendTime`, else the record's own.
    public var timestamp: Int64
    /// How many bytes the key has, nil where there is none.
    public var serializedKeySize: Int?
    /// How many bytes the value has, nil for a tombstone.
    public var serializedValueSize: Int?
}

extension Delivery {
    /// What is known of the record that landed so.
    func metadata(_ landing: ProducerBatch.Landing) -> RecordMetadata {
        RecordMetadata(
            topic: batch.target.topic, partition: batch.target.partition, offset: landing.offset,
            timestamp: landing.logAppendTime >= 0 ? landing.logAppendTime : timestamp,
            serializedKeySize: keySize >= 0 ? Int(keySize) : nil,
            serializedValueSize: valueSize >= 0 ? Int(valueSize) : nil)
    }
}
