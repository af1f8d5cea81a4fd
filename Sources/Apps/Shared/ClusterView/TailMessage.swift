import AppSupport
import JSONLines
import KafkaWire

/// A record as the view shows it: a copy of its bytes, of long ones the beginning.
package struct TailMessage: Sendable, Equatable, Identifiable {
    /// Of a key, a value or a header no more bytes are kept.
    package static let longest = 16_384

    /// Bytes, or their beginning.
    package struct Part: Sendable, Equatable {
        package var bytes: [UInt8]
        /// How many there were.
        package var size: Int

        package init(_ bytes: [UInt8]) {
            self.bytes = Array(bytes.prefix(TailMessage.longest))
            size = bytes.count
        }

        init(_ bytes: Bytes) {
            self.bytes = bytes[0..<min(bytes.count, TailMessage.longest)].copy()
            size = bytes.count
        }

        /// How many bytes are missing.
        package var missing: Int { size - bytes.count }
    }

    package var partition: TopicPartition
    package var offset: Int64
    /// Milliseconds since 1970.
    package var timestamp: Int64
    package var key: Part?
    package var value: Part?
    package var headers: [(name: String, value: Part?)]
    /// Whether it was there before one looked.
    package var isOld = false

    package struct ID: Hashable, Sendable {
        var partition: PartitionID
        var offset: Int64
    }
    package var id: ID { ID(partition: partition.partition, offset: offset) }

    package init(
        _ partition: TopicPartition, offset: Int64, timestamp: Int64, key: Part?, value: Part?,
        headers: [(name: String, value: Part?)] = []
    ) {
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }

    package init(_ record: Record, of partition: TopicPartition) {
        self.init(
            partition, offset: record.offset.rawValue, timestamp: record.timestamp, key: record.key.map { Part($0) },
            value: record.value.map { Part($0) },
            headers: record.headers.prefix(64).map { ($0.key, $0.value.map { Part($0) }) })
    }

    package static func == (a: TailMessage, b: TailMessage) -> Bool {
        a.id == b.id && a.timestamp == b.timestamp && a.key == b.key && a.value == b.value
    }

    /// A part on one line, at most so many bytes of it: text, or `null`.
    package static func line(_ part: Part?, limit: Int = 400) -> String {
        guard let part else { return "null" }
        let shown = part.bytes.prefix(limit)
        return SafeText.line(Self.whole(shown)) + (shown.count < part.size ? "…" : "")
    }

    /// The bytes without a character that was cut at their end.
    private static func whole(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        // A character has at most three bytes behind its first.
        for count in 1...4 where count <= bytes.count {
            let byte = bytes[bytes.endIndex - count]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > count ? bytes.dropLast(count) : bytes
        }
        return bytes
    }

    /// A part in full, on as many lines as it has: JSON is indented.
    package static func lines(_ part: Part?) -> [String] {
        guard let part else { return ["null"] }
        let text = Self.json(part.bytes) ?? SafeText.text(Self.whole(part.bytes[...]))
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            SafeText.line($0.split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "    "))
        }
        if part.missing > 0 { lines.append("… \(part.missing) more bytes") }
        return lines
    }

    /// An object or an array with each field on a line of its own; nil where it is none, or nested so deep that it would
    /// be mostly space.
    private static func json(_ bytes: [UInt8]) -> String? {
        guard let document = Document(bytes), document.isContainer else { return nil }
        let text = document.indented(limit: 8 * longest)
        return text.utf8.count <= 8 * longest ? text : nil
    }
}
