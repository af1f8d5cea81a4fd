import AppSupport
import ClientSetup
import KafkaWire
import ToolKit

/// What kafka-console-consumer prints, byte for byte (`DefaultMessageFormatter`): the value on a line, and in front of
/// it whatever else its properties ask for.
///
/// ```
/// CreateTime:1767823229594	Partition:0	Offset:7	trace:a1	key	value
/// ```
package struct ConsoleFormat: RecordRenderer {
    package var printsTimestamp = false
    package var printsPartition = false
    package var printsOffset = false
    package var printsDelivery = false
    package var printsEpoch = false
    package var printsHeaders = false
    package var printsKey = false
    package var printsValue = true
    package var keySeparator = Array("\t".utf8)
    package var lineSeparator = Array("\n".utf8)
    package var headersSeparator = Array(",".utf8)
    package var nullLiteral = Array("null".utf8)
    package var key = ValueReading.bytes
    package var value = ValueReading.bytes
    package var headers = ValueReading.bytes
    /// Whether the output is a terminal, which bytes from outside must not steer.
    package var isSafe = false

    package init() {}

    /// A deserializer that is named has its own idea of the bytes.
    package func shows(_ side: RecordSide) -> Bool {
        switch side {
        case .key: printsKey && key == .bytes
        case .value: printsValue && value == .bytes
        }
    }

    /// Takes properties under Kafka's names (`--formatter-property`); gives back the names that it does not know, which
    /// Kafka passes over.
    package mutating func apply(_ properties: [(name: String, value: String)]) throws(RenderFailure) -> [String] {
        var unknown: [String] = []
        for (name, text) in properties {
            // As Java: whatever is not "true" is false.
            let flag = NamedSettings.trimmed(text).lowercased() == "true"
            switch name {
            case "print.timestamp": printsTimestamp = flag
            case "print.partition": printsPartition = flag
            case "print.offset": printsOffset = flag
            case "print.delivery": printsDelivery = flag
            case "print.epoch": printsEpoch = flag
            case "print.headers": printsHeaders = flag
            case "print.key": printsKey = flag
            case "print.value": printsValue = flag
            case "key.separator": keySeparator = Array(text.utf8)
            case "line.separator": lineSeparator = Array(text.utf8)
            case "headers.separator": headersSeparator = Array(text.utf8)
            case "null.literal": nullLiteral = Array(text.utf8)
            case "key.deserializer": key = try ValueReading(deserializer: text)
            case "value.deserializer": value = try ValueReading(deserializer: text)
            case "headers.deserializer": headers = try ValueReading(deserializer: text)
            default:
                // Settings of deserializers themselves, such as key.deserializer.encoding.
                let families = ["key.deserializer.", "value.deserializer.", "headers.deserializer."]
                if !families.contains(where: name.hasPrefix) { unknown.append(name) }
            }
        }
        return unknown
    }

    /// The names of the properties, for suggestions.
    package static let propertyNames = [
        "print.timestamp", "print.partition", "print.offset", "print.delivery", "print.epoch", "print.headers",
        "print.key", "print.value", "key.separator", "line.separator", "headers.separator", "null.literal",
        "key.deserializer", "value.deserializer", "headers.deserializer",
    ]

    /// How many parts come behind the one that is being printed: a separator stands in front of each but the first, and
    /// the line's end behind the last.
    private struct Parts {
        var left: Int

        mutating func end(_ format: ConsoleFormat, _ out: inout [UInt8]) {
            left -= 1
            out += left > 0 ? format.keySeparator : format.lineSeparator
        }
    }

    package func render(_ record: ShownRecord, of source: TopicPartition, into out: inout [UInt8]) throws(RenderFailure)
    {
        let flags = [
            printsTimestamp, printsPartition, printsOffset, printsDelivery, printsEpoch, printsHeaders, printsKey,
            printsValue,
        ]
        var parts = Parts(left: flags.reduce(0) { $0 + ($1 ? 1 : 0) })
        if printsTimestamp {
            out.append(text: record.isAppendTime ? "LogAppendTime:" : "CreateTime:")
            out.append(decimal: record.timestamp)
            parts.end(self, &out)
        }
        if printsPartition {
            out.append(text: "Partition:")
            out.append(decimal: Int64(source.partition.rawValue))
            parts.end(self, &out)
        }
        if printsOffset {
            out.append(text: "Offset:")
            out.append(decimal: record.offset.rawValue)
            parts.end(self, &out)
        }
        // Kafka's console consumer never knows either: it makes a new record without them.
        if printsDelivery {
            out.append(text: "Delivery:NOT_PRESENT")
            parts.end(self, &out)
        }
        if printsEpoch {
            out.append(text: "Epoch:NOT_PRESENT")
            parts.end(self, &out)
        }
        if printsHeaders {
            try append(record.headers, &out)
            parts.end(self, &out)
        }
        if printsKey {
            try append(record.key, key, &out)
            parts.end(self, &out)
        }
        if printsValue {
            try append(record.value, value, &out)
            parts.end(self, &out)
        }
    }

    private func append(_ headers: [RecordHeader], _ out: inout [UInt8]) throws(RenderFailure) {
        guard !headers.isEmpty else { return out.append(text: "NO_HEADERS") }
        for (index, header) in headers.enumerated() {
            if index > 0 { out += headersSeparator }
            out.append(text: isSafe ? SafeText.line(header.key) : header.key)
            out.append(UInt8(ascii: ":"))
            try append(header.value, self.headers, &out)
        }
    }

    @inline(__always)
    private func append(_ bytes: Bytes?, _ reading: ValueReading, _ out: inout [UInt8]) throws(RenderFailure) {
        guard let bytes else {
            out += nullLiteral
            return
        }
        if reading == .bytes, !isSafe {
            out.append(bytes)
        } else {
            try reading.append(bytes, to: &out, isSafe: isSafe)
        }
    }

    /// Values and nothing else, which is the default, go from the batch into the buffer without a record being made.
    package func render(whole batch: ConsumerBatch, into out: inout [UInt8]) -> Bool {
        let isPlain =
            printsValue && value == .bytes && !isSafe && !printsTimestamp && !printsPartition && !printsOffset
            && !printsDelivery && !printsEpoch && !printsHeaders && !printsKey
        guard isPlain else { return false }
        if lineSeparator.count == 1 {
            let end = lineSeparator[0]
            batch.forEachValue { _, value in
                if let value { out.append(contentsOf: value) } else { out.append(contentsOf: nullLiteral) }
                out.append(end)
            }
        } else {
            batch.forEachValue { _, value in
                if let value { out.append(contentsOf: value) } else { out.append(contentsOf: nullLiteral) }
                out.append(contentsOf: lineSeparator)
            }
        }
        return true
    }
}
