import ChangeText
import JSONLines
import KafkaWire
import RecordText

/// Records in all forms in which the tool prints them. A record is made of the input: what stands before the first zero
/// byte is the key, what stands behind it is the value.
enum RecordPrinting {
    private static func record(_ bytes: [UInt8], _ option: UInt8) -> Record? {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let key = Array(parts[0])
        let value = parts.count > 1 ? Array(parts[1]) : key
        let times = Boundaries.integers(Int64.self)
        let headers = [
            RecordHeader(String(decoding: key.prefix(16), as: UTF8.self), Bytes(Array(value.prefix(16)))),
            RecordHeader("null", nil),
        ]
        var builder = RecordBatchBuilder()
        key.withUnsafeBytes { key in
            value.withUnsafeBytes { value in
                builder.append(
                    key: option & 0x40 == 0 ? key : nil, value: option & 0x80 == 0 ? value : nil, headers: headers,
                    timestamp: times[Int(option & 0x1F) % times.count])
            }
        }
        var options = RecordBatchBuilder.Options()
        options.baseOffset = Offset(times[Int(option) % times.count] & .max)
        guard let batch = try? builder.finish(options) else { return nil }
        return try? RecordBatch(Bytes(batch))?.records().first
    }

    static func check(_ bytes: [UInt8], _ option: UInt8) throws(Finding) {
        let source = TopicPartition("t", 0)
        // The input as a form, too.
        let form = String(decoding: bytes, as: UTF8.self)
        guard let record = record(bytes, option) else { return }
        if let format = try? FormatString(form, isSafe: false) {
            var out: [UInt8] = []
            format.render(ShownRecord(record), of: source, into: &out)
        }
        if let safe = try? FormatString("%t %p %o %T %k %s %h %K %S", isSafe: true) {
            var out: [UInt8] = []
            safe.render(ShownRecord(record), of: TopicPartition(form, 0), into: &out)
            try TerminalCheck.isHarmless(String(decoding: out, as: UTF8.self), allowing: "\n\t")
        }
        for name in readings {
            var format = ConsoleFormat()
            let properties = [
                "print.timestamp", "print.partition", "print.offset", "print.headers", "print.key", "print.value",
            ].map { (name: $0, value: "true") }
            guard
                (try? format.apply(
                    properties + [
                        (name: "key.deserializer", value: name), (name: "value.deserializer", value: name),
                    ])) != nil
            else { continue }
            format.isSafe = true
            var out: [UInt8] = []
            guard (try? format.render(ShownRecord(record), of: source, into: &out)) != nil else { continue }
            try TerminalCheck.isHarmless(String(decoding: out, as: UTF8.self), allowing: "\n\t")
        }
        var json: [UInt8] = []
        JSONRecord().render(ShownRecord(record), of: TopicPartition(form, 0), into: &json)
        try claim(
            Document(Array(json.dropLast())) != nil, "no JSON: \(String(decoding: json, as: UTF8.self))")
        try TerminalCheck.isHarmless(String(decoding: json, as: UTF8.self), allowing: "\n")
    }

    private static let readings = [
        "string", "bytearray", "integer", "long", "short", "float", "double", "uuid", "boolean", "void",
    ].map { name in
        let words = ["bytearray": "ByteArray", "uuid": "UUID"]
        let word = words[name] ?? name.prefix(1).uppercased() + name.dropFirst()
        return "org.apache.kafka.common.serialization.\(word)Deserializer"
    }

    static func changes(_ bytes: [UInt8], _ option: UInt8) throws(Finding) {
        guard let record = record(bytes, option) else { return }
        var printer = ChangePrinter()
        let topic = option & 1 == 0 ? "server.public.t" : String(decoding: bytes.prefix(32), as: UTF8.self)
        for _ in 0..<2 {
            let lines = printer.lines(
                topic: topic, partition: 0, offset: record.offset, timestamp: record.timestamp, key: record.key,
                value: record.value, headers: record.headers)
            for line in lines { try TerminalCheck.isHarmless(line) }
            let json = printer.json(
                topic: topic, partition: 0, offset: record.offset, timestamp: record.timestamp, key: record.key,
                value: record.value, headers: record.headers)
            try claim(Document(Array(json.utf8)) != nil, "no JSON: \(json)")
            try TerminalCheck.isHarmless(json)
        }
    }
}
