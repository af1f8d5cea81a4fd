import ChangeEvents
import JSONLines
import KafkaWire

/// A record of a log as the page shows it; or a batch that cannot be read, in the place of its records.
struct Message: Comparable {
    /// What stands at the offset.
    enum Content {
        case record(Record)
        /// The mark that a transaction has ended: whether it was committed.
        case marker(commits: Bool)
        case unreadable(String)
    }

    let partition: PartitionID
    let offset: Offset
    let timestamp: Int64
    let content: Content
    /// Where it stands among those of other partitions: its time, or that of a message in front of it in its partition, where
    /// that is later. Within a partition the log's order is the order.
    private(set) var place: Int64
    private let batch: RecordBatch

    /// A batch that unpacks to more is not shown.
    private static let mostUnpacked = 32 << 20
    /// More headers are not shown.
    private static let mostHeaders = 100

    /// The bytes of key and value.
    var size: Int {
        guard case .record(let record) = content else { return 0 }
        return (record.key?.count ?? 0) + (record.value?.count ?? 0)
    }

    private init(
        _ content: Content, at offset: Offset, _ timestamp: Int64, in batch: RecordBatch, of partition: PartitionID
    ) {
        self.content = content
        self.offset = offset
        self.timestamp = timestamp
        place = timestamp
        self.batch = batch
        self.partition = partition
    }

    static func < (a: Message, b: Message) -> Bool {
        (a.place, a.partition, a.offset) < (b.place, b.partition, b.offset)
    }

    static func == (a: Message, b: Message) -> Bool { a.partition == b.partition && a.offset == b.offset }

    /// Puts the message behind what was read of its partition before.
    mutating func follow(_ place: inout Int64) {
        place = max(place, timestamp)
        self.place = place
    }

    /// The messages of a batch from an offset on.
    static func all(in batch: RecordBatch, of partition: PartitionID, from start: Offset) -> [Message] {
        do throws(WireError) {
            return try batch.records(limit: mostUnpacked).filter { $0.offset >= start }.map { record in
                Message(
                    batch.attributes.isControl ? marker(record) : .record(record), at: record.offset, record.timestamp,
                    in: batch, of: partition)
            }
        } catch {
            let last = batch.lastOffset
            return last < start
                ? [] : [Message(.unreadable("\(error)"), at: last, batch.maxTimestamp, in: batch, of: partition)]
        }
    }

    private static func marker(_ record: Record) -> Content {
        guard let key = record.key, let type = try? ControlRecordTypeSchema.decodeVersioned(key).type else {
            return .unreadable("a control record without a type")
        }
        switch type {
        case 0: return .marker(commits: false)
        case 1: return .marker(commits: true)
        default: return .unreadable("a control record of type \(type)")
        }
    }

    // MARK: - JSON

    func json(_ decoder: inout ChangeEventDecoder) -> String {
        var fields = [
            ("partition", "\(partition)"), ("offset", "\(offset)"), ("timestamp", "\(timestamp)"),
            ("timestampType", JSONText.string(batch.attributes.isLogAppendTime ? "LogAppendTime" : "CreateTime")),
            ("compression", JSONText.string(batch.attributes.compression?.name)),
            ("isTransactional", "\(batch.attributes.isTransactional)"), ("producerId", "\(batch.producerId)"),
        ]
        switch content {
        case .marker(let commits): fields.append(("marker", JSONText.string(commits ? "commit" : "abort")))
        case .unreadable(let reason): fields.append(("unreadable", JSONText.string(reason)))
        case .record(let record):
            let value = MessagePart(record.value)
            fields += [
                ("key", MessagePart(record.key).json), ("value", value.json),
                (
                    "headers",
                    JSONText.array(
                        record.headers.prefix(Self.mostHeaders).map { header in
                            JSONText.object([
                                ("name", JSONText.string(header.key)), ("value", MessagePart(header.value).json),
                            ])
                        })
                ),
            ]
            let hasOldKey = record.hasHeader(ChangeEventDecoder.oldKeyHeader)
            if let change = ChangeView(value, hasOldKey: hasOldKey, &decoder) { fields.append(("change", change.json)) }
        }
        return JSONText.object(fields)
    }
}

/// A key, a value or a header's value as the page shows it.
struct MessagePart {
    /// More of a text, in characters, and of bytes is not shown.
    private static let longestText = 32_768
    private static let longestHex = 1024
    /// Larger values, in bytes, are not looked into.
    private static let longestDocument = 4 << 20

    let bytes: [UInt8]?
    private let size: Int
    /// What it holds, where it is a JSON object or array.
    let document: Document?
    private let text: String?

    init(_ content: Bytes?) {
        size = content?.count ?? 0
        // Of what is too large only the beginning is looked at.
        bytes = content.map { $0[0..<min($0.count, Self.longestDocument)].copy() }
        let mayBeDocument = bytes.map { [0x7B, 0x5B].contains($0.first) && $0.count == content?.count } ?? false
        document = mayBeDocument ? bytes.flatMap { Document($0) } : nil
        text = bytes.flatMap { Self.text($0, isCut: $0.count < content?.count ?? 0) }
    }

    /// The bytes as text, where they are UTF-8 without control characters other than tabs and ends of lines.
    private static func text(_ bytes: [UInt8], isCut: Bool) -> String? {
        var bytes = bytes
        if isCut {
            // The last character may be half there.
            while let last = bytes.last, last >= 0x80 {
                bytes.removeLast()
                if last >= 0xC0 { break }
            }
        }
        guard !bytes.contains(where: { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) || $0 == 0x7F }) else {
            return nil
        }
        return String(validating: bytes, as: UTF8.self)
    }

    var json: String {
        guard let bytes else { return JSONText.object([("kind", JSONText.string("null")), ("size", "0")]) }
        let shown = document.map { $0.indented(limit: 4 * Self.longestText) } ?? text
        let kind = document != nil ? "json" : text != nil ? "text" : "binary"
        let cut =
            bytes.count < size
            || shown.map { $0.unicodeScalars.count > Self.longestText } ?? (bytes.count > Self.longestHex)
        return JSONText.object([
            ("kind", JSONText.string(kind)), ("size", "\(size)"), ("cut", "\(cut)"),
            ("text", JSONText.string(shown.map { cut ? String($0.unicodeScalars.prefix(Self.longestText)) : $0 })),
            ("hex", JSONText.string(Hex.encode(bytes.prefix(Self.longestHex)))),
        ])
    }
}
