/// A record to send.
public struct ProducerRecord: Sendable {
    /// The topic.
    public var topic: String
    /// The key, or nil. Records of one key go to one partition, the same one that every other Kafka client picks.
    public var key: Bytes?
    /// The value, or nil for a tombstone.
    public var value: Bytes?
    /// Named values that travel with the record (KIP-82).
    public var headers: [RecordHeader]
    /// The partition; nil lets the key, or without one the producer, choose.
    public var partition: PartitionID?
    /// When the record was made, in milliseconds since 1970; nil for now.
    public var timestamp: Int64?

    /// A record of bytes.
    public init(
        topic: String, key: Bytes? = nil, value: Bytes?, headers: [RecordHeader] = [], partition: PartitionID? = nil,
        timestamp: Int64? = nil
    ) {
        self.topic = topic
        self.key = key
        self.value = value
        self.headers = headers
        self.partition = partition
        self.timestamp = timestamp
    }

    /// A record of text in UTF-8.
    public init(topic: String, key: String? = nil, value: String?) {
        self.init(topic: topic, key: key.map { Bytes(utf8: $0) }, value: value.map { Bytes(utf8: $0) })
    }
}

/// A record on its way. Acknowledgements are per batch: to wait for one is to wait for all of its batch.
public struct Delivery: Sendable {
    let batch: ProducerBatch
    let index: Int32
    /// -1 where there is none.
    let keySize: Int32
    let valueSize: Int32
    /// The record's own.
    let timestamp: Int64

    @inline(__always)
    init(
        _ batch: ProducerBatch, _ index: Int32, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        _ timestamp: Int64
    ) {
        self.batch = batch
        self.index = index
        keySize = key.map { Int32(truncatingIfNeeded: $0.count) } ?? -1
        valueSize = value.map { Int32(truncatingIfNeeded: $0.count) } ?? -1
        self.timestamp = timestamp
    }

    /// The same for records of one batch, as long as it is on its way.
    package var batchIdentity: ObjectIdentifier { ObjectIdentifier(batch) }

    /// The partition that the record goes to.
    public var partition: PartitionID { batch.target.partition }

    /// Whether both records are in one batch, and so arrive or fail together, unless it turns out to be larger than the
    /// topic takes and is divided (KIP-126).
    public func isTogether(with other: Delivery) -> Bool { batch === other.batch }

    /// Waits until the record is stored as `acks` demands. Throws when it never will be, at the latest after
    /// `delivery.timeout.ms`.
    public func acknowledgement() async throws(KafkaError) -> RecordMetadata {
        metadata(try await batch.landing(of: Int(index)))
    }

    /// Waits for the whole batch: of how many of its records, in their order, what has come.
    package func batchParts() async -> [(count: Int, error: KafkaError?)] {
        await batch.parts().map { part in
            if case .failure(let error) = part.outcome { (part.count, error) } else { (part.count, nil) }
        }
    }
}
