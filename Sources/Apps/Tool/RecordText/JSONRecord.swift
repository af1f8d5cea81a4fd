import JSONLines
import KafkaWire

/// A record as a JSON object on a line of its own. Keys, values and values of headers are strings; one that is no UTF-8
/// stands in base 64 under a name that says so (`keyBase64`, `valueBase64`), in place of the other.
///
/// ```
/// {"topic":"t","partition":0,"offset":7,"timestamp":1767823229594,"timestampType":"CreateTime",
///  "key":null,"value":"v","headers":[{"key":"trace","value":"a1"}]}
/// ```
package struct JSONRecord: RecordRenderer {
    package init() {}

    package func render(_ record: ShownRecord, of source: TopicPartition, into out: inout [UInt8]) {
        out.append(text: "{\"topic\":")
        append(Bytes(utf8: source.topic), &out)
        out.append(text: ",\"partition\":")
        out.append(decimal: Int64(source.partition.rawValue))
        out.append(text: ",\"offset\":")
        out.append(decimal: record.offset.rawValue)
        out.append(text: ",\"timestamp\":")
        out.append(decimal: record.timestamp)
        out.append(text: ",\"timestampType\":\"")
        out.append(text: record.isAppendTime ? "LogAppendTime" : "CreateTime")
        out.append(text: "\",")
        append("key", record.key, &out)
        out.append(UInt8(ascii: ","))
        append("value", record.value, &out)
        out.append(text: ",\"headers\":[")
        for (index, header) in record.headers.enumerated() {
            out.append(text: index > 0 ? ",{\"key\":" : "{\"key\":")
            append(Bytes(utf8: header.key), &out)
            out.append(UInt8(ascii: ","))
            append("value", header.value, &out)
            out.append(UInt8(ascii: "}"))
        }
        out.append(text: "]}\n")
    }

    /// A field of bytes, as text where they are some.
    private func append(_ name: String, _ bytes: Bytes?, _ out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        out.append(text: name)
        guard let bytes else { return out.append(text: "\":null") }
        let isText = bytes.withUnsafeBytes { buffer in
            buffer.allSatisfy { $0 < 0x80 } || String(validating: buffer, as: UTF8.self) != nil
        }
        out.append(text: isText ? "\":" : "Base64\":\"")
        if isText {
            append(bytes, &out)
        } else {
            out.append(text: Base64.encode(bytes.copy()))
            out.append(UInt8(ascii: "\""))
        }
    }

    /// UTF-8 as a JSON string. What would steer a terminal is escaped, as ``JSONText/string(_:)`` does it.
    private func append(_ text: Bytes, _ out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        text.withUnsafeBytes { bytes in
            // From here on nothing was appended yet.
            var start = 0
            var at = 0
            func flush(_ out: inout [UInt8]) {
                if at > start { out.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<at])) }
            }
            while at < bytes.count {
                let byte = bytes[at]
                if (0x20..<0x7F).contains(byte), byte != 0x22, byte != 0x5C {
                    at += 1
                    continue
                }
                let scalar = Self.scalar(bytes[at...])
                let width = UTF8.width(scalar)
                if byte >= 0x80, !JSONText.isSteering(scalar) {
                    at += width
                    continue
                }
                flush(&out)
                switch byte {
                case 0x22: out.append(text: "\\\"")
                case 0x5C: out.append(text: "\\\\")
                case 0x0A: out.append(text: "\\n")
                case 0x0D: out.append(text: "\\r")
                case 0x09: out.append(text: "\\t")
                default: out.append(text: JSONText.escaped(scalar))
                }
                at += width
                start = at
            }
            flush(&out)
        }
        out.append(UInt8(ascii: "\""))
    }

    /// The first character of UTF-8.
    private static func scalar(_ bytes: Slice<UnsafeRawBufferPointer>) -> Unicode.Scalar {
        var rest = bytes.makeIterator()
        var decoder = UTF8()
        if case .scalarValue(let scalar) = decoder.decode(&rest) { return scalar }
        return Unicode.Scalar(bytes[bytes.startIndex])
    }
}
