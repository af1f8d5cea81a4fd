/// A record, and where it comes from: what is processed on its own, apart from its ``ConsumerBatch``.
public struct ConsumerRecord: Sendable {
    /// The partition that it comes from.
    public let source: TopicPartition
    /// The record.
    public let record: Record
    /// The number of the assignment that it is of.
    let assignment: Int
    /// Who has read it.
    let reader: Reader

    /// What a consumer is called, for spans.
    final class Reader: Sendable {
        let group: String?
        let clientId: String

        init(group: String?, clientId: String) {
            self.group = group
            self.clientId = clientId
        }
    }

    init(_ record: Record, of batch: ConsumerBatch) {
        self.init(record, from: batch.source, assignment: batch.assignment, reader: batch.engine.reader)
    }

    init(_ record: Record, from source: TopicPartition, assignment: Int, reader: Reader) {
        self.record = record
        self.source = source
        self.assignment = assignment
        self.reader = reader
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
