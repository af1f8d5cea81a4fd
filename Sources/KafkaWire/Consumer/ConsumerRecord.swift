/// A record, and where it comes from: what is processed on its own, apart from its ``ConsumerBatch``.
public struct ConsumerRecord: Sendable {
    /// The partition that it comes from.
    public let source: TopicPartition
    /// The record.
    public let record: Record
    /// The number of the assignment that it is of.
    let assignment: Int

    init(_ record: Record, of batch: ConsumerBatch) {
        self.init(record, from: batch.source, assignment: batch.assignment)
    }

    init(_ record: Record, from source: TopicPartition, assignment: Int) {
        self.record = record
        self.source = source
        self.assignment = assignment
    }

    /// The record's place in its partition.
    public var offset: Offset { record.offset }
    /// When it was made, or appended, in milliseconds since 1970.
    public var timestamp: Int64 { record.timestamp }
    /// The key, or nil for null.
    public var key: Bytes? { record.key }
    /// The value, or nil for null (a tombstone).
    public var value: Bytes? { record.value }
    /// The headers, in their order.
    public var headers: [RecordHeader] { record.headers }

    /// Its offset alone.
    var place: Range<Offset> { offset..<offset.next }
}
