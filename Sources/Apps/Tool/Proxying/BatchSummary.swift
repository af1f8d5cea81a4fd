import AppSupport
import JSONLines
import KafkaWire

/// The record batches of a partition in one message, in numbers.
package struct BatchSummary: Equatable, Sendable {
    package var topic: String
    package var partition: Int32
    package var batches = 0
    package var records = 0
    package var bytes = 0
    package var codecs: [String] = []
    /// The offsets of the first and the last record; in a Produce request they count from 0.
    package var offsets: ClosedRange<Int64>?
    package var producerId: Int64 = -1
    package var producerEpoch: Int16 = -1
    package var isTransactional = false
    package var hasControl = false
    /// Why the rest of the bytes is no batch; nil where all are, but for one that is cut off at the end.
    package var trouble: String?

    /// Summarises the batches that stand back to back in `bytes`.
    package init(topic: String, partition: Int32, _ bytes: Bytes) {
        self.topic = topic
        self.partition = partition
        self.bytes = bytes.count
        var rest = bytes
        while !rest.isEmpty {
            do throws(WireError) {
                guard let batch = try RecordBatch(rest) else { return }
                add(batch)
                rest = rest[batch.bytes.count..<rest.count]
            } catch {
                trouble = "\(error)"
                return
            }
        }
    }

    private mutating func add(_ batch: RecordBatch) {
        batches += 1
        records += Int(max(0, batch.recordCount))
        let codec = batch.attributes.compression.map { "\($0)" } ?? "codec \(batch.attributes.rawValue & 7)"
        if !codecs.contains(codec) { codecs.append(codec) }
        let (first, last) = (batch.baseOffset.rawValue, max(batch.baseOffset.rawValue, batch.lastOffset.rawValue))
        offsets = min(offsets?.lowerBound ?? first, first)...max(offsets?.upperBound ?? last, last)
        if batch.producerId.rawValue >= 0 {
            (producerId, producerEpoch) = (batch.producerId.rawValue, batch.producerEpoch.rawValue)
        }
        isTransactional = isTransactional || batch.attributes.isTransactional
        hasControl = hasControl || batch.attributes.isControl
    }

    /// For people.
    package var text: String {
        var parts = [
            "\(Figures.grouped(records)) record\(records == 1 ? "" : "s")",
            "\(batches) batch\(batches == 1 ? "" : "es")", ByteCount.text(bytes),
        ]
        parts.append(codecs.joined(separator: "+"))
        if let offsets { parts.append("offsets \(offsets.lowerBound)–\(offsets.upperBound)") }
        if producerId >= 0 { parts.append("producer \(producerId) epoch \(producerEpoch)") }
        if isTransactional { parts.append("transactional") }
        if hasControl { parts.append("with a transaction's marker") }
        if let trouble { parts.append("then no batch: \(trouble)") }
        return "\(topic)/\(partition): " + parts.filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// For programs.
    package var json: String {
        JSONText.object([
            ("topic", JSONText.string(topic)), ("partition", "\(partition)"), ("batches", "\(batches)"),
            ("records", "\(records)"), ("bytes", "\(bytes)"),
            ("codecs", JSONText.array(codecs.map { JSONText.string($0) })),
            ("firstOffset", offsets.map { "\($0.lowerBound)" } ?? "null"),
            ("lastOffset", offsets.map { "\($0.upperBound)" } ?? "null"),
            ("producerId", producerId >= 0 ? "\(producerId)" : "null"),
            ("producerEpoch", producerId >= 0 ? "\(producerEpoch)" : "null"),
            ("transactional", "\(isTransactional)"), ("control", "\(hasControl)"),
            ("trouble", JSONText.string(trouble)),
        ])
    }
}

/// Numbers of bytes for people: `61 B`, `12.3 KB`, `1.05 MB`; a thousand bytes are a KB.
package enum ByteCount {
    package static func text(_ count: Int) -> String {
        switch count {
        case ..<1000: "\(count) B"
        case ..<1_000_000: Figures.fixed(Double(count) / 1000, decimals: count < 10_000 ? 2 : 1) + " KB"
        case ..<1_000_000_000: Figures.fixed(Double(count) / 1_000_000, decimals: 2) + " MB"
        default: Figures.fixed(Double(count) / 1_000_000_000, decimals: 2) + " GB"
        }
    }
}
