import JSONLines
import KafkaWire

/// Reads what ``JSONRecord`` writes: a record from an object on a line of its own.
///
/// `value` and `key` are strings or null, or stand in base 64 as `valueBase64` and `keyBase64`; `headers` are a list of such
/// pairs; `timestamp` is in milliseconds since 1970, and without it, or below 0, the producer's own time counts; `partition` is
/// where the record goes. All of them may be missing. The topic and the offset, and fields that others have added, are passed
/// over.
package struct JSONRecordReader: Sendable {
    private let topic: String
    /// Whether the producer chooses partitions, by the keys, and those in the lines do not count.
    private let choosesPartitions: Bool

    package init(topic: String, choosesPartitions: Bool) {
        self.topic = topic
        self.choosesPartitions = choosesPartitions
    }

    /// The record of a line; `time` is that of records without one. Throws a sentence that names the line's number.
    package func record(_ line: [UInt8], number: Int, at time: Int64) throws(RenderFailure) -> ProducerRecord {
        guard case .object(let fields)? = Document(line, isStrict: true) else {
            throw RenderFailure("line \(number) is no JSON object such as kw consume --json prints")
        }
        let object = Document.object(fields)
        func wrong(_ name: String, _ wanted: String) -> RenderFailure {
            RenderFailure("line \(number): \(name) is \(wanted)")
        }
        func whole(_ name: String) throws(RenderFailure) -> Int64? {
            switch object[name] {
            case nil, .null?: return nil
            case let value?:
                guard let number = value.number else { throw wrong(name, "a whole number") }
                return number
            }
        }
        var record = ProducerRecord(topic: topic, key: try Self.bytes("key", of: object, wrong), value: nil)
        record.value = try Self.bytes("value", of: object, wrong)
        record.timestamp = try whole("timestamp").flatMap { $0 < 0 ? nil : $0 } ?? time
        if !choosesPartitions, let partition = try whole("partition") {
            guard let number = Int32(exactly: partition), number >= 0 else {
                throw wrong("partition", "a number from 0 on")
            }
            record.partition = PartitionID(number)
        }
        switch object["headers"] {
        case nil, .null?: break
        case .array(let headers)?:
            for header in headers {
                guard let key = header["key"]?.text else {
                    throw wrong("headers", "a list of objects with a key and a value")
                }
                record.headers.append(RecordHeader(key, try Self.bytes("value", of: header, wrong)))
            }
        default: throw wrong("headers", "a list of objects with a key and a value")
        }
        return record
    }

    private static func bytes(
        _ name: String, of object: Document, _ wrong: (String, String) -> RenderFailure
    ) throws(RenderFailure) -> Bytes? {
        switch object[name] {
        case nil, .null?: break
        case .string(let text)?: return Bytes(utf8: text)
        default: throw wrong(name, "text or null; what is no text stands as \(name)Base64")
        }
        switch object[name + "Base64"] {
        case nil, .null?: return nil
        case .string(let text)?:
            guard let bytes = Base64Text.bytes(text) else { throw wrong(name + "Base64", "not in base 64") }
            return Bytes(bytes)
        default: throw wrong(name + "Base64", "text in base 64")
        }
    }
}
