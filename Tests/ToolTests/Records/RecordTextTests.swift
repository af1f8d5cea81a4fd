import AppSupport
import JSONLines
import KafkaWire
import RecordText
import TestSupport
import Testing

@testable import KW

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Lines taken apart, and records put into text: what Kafka's tools do, as tables.
@Suite(.turn) struct RecordTextTests {
    // MARK: - Lines

    private static func parser(_ properties: String) -> LineParser {
        var parser = LineParser()
        for property in properties.split(separator: " ") {
            let parts = property.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let isKnown = parser.apply(String(parts[0]), String(parts[1]))
            #expect(isKnown)
        }
        return parser
    }

    /// `KEY VALUE HEADERS` of a line, `-` for null; nil where it is refused.
    private static func parse(_ line: String, _ properties: String) -> String? {
        let parser = parser(properties)
        return Array(line.utf8).withUnsafeBytes { bytes in
            guard let parts = try? parser.parse(bytes, number: 3) else { return nil }
            func text(_ part: UnsafeRawBufferPointer?) -> String {
                part.map { String(decoding: $0, as: UTF8.self) } ?? "-"
            }
            let headers = parts.headers.map { "\($0.key)=\($0.value?.text ?? "-")" }.joined(separator: ";")
            return "\(text(parts.key))|\(text(parts.value))|\(headers)"
        }
    }

    @Test(arguments: [
        ("a\tb", "", "-|a\tb|"), ("", "", "-||"),
        ("a\tb\tc", "parse.key=true", "a|b\tc|"), ("ab", "parse.key=true", nil),
        ("ab", "parse.key=true ignore.error=true", "-|ab|"), ("\tb", "parse.key=TRUE", "|b|"),
        ("a\t", "parse.key=true", "a||"),
        ("a::b", "parse.key=true key.separator=::", "a|b|"), ("a:b::c", "parse.key=true key.separator=::", "a:b|c|"),
        ("a:b", "parse.key=true key.separator=::", nil), (":", "parse.key=true key.separator=::", nil),
        ("N\tN", "parse.key=true null.marker=N", "-|-|"), ("NN\tN1", "parse.key=true null.marker=N", "NN|N1|"),
        ("h:1,g:2\tv", "parse.headers=true", "-|v|h=1;g=2"),
        ("h:1\tk\tv", "parse.headers=true parse.key=true", "k|v|h=1"),
        ("N\tk\tv", "parse.headers=true parse.key=true null.marker=N", "k|v|"),
        ("h:N,g:\tv", "parse.headers=true null.marker=N", "-|v|h=-;g="),
        ("N:1\tv", "parse.headers=true null.marker=N", nil),
        ("h:1,\tv", "parse.headers=true", "-|v|h=1"), ("\tv", "parse.headers=true", nil),
        ("h\tv", "parse.headers=true", nil),
        ("h\tv", "parse.headers=true ignore.error=true", "-|v|h=-"), ("v", "parse.headers=true", nil),
        (
            "h=1;g=2|v", "parse.headers=true headers.delimiter=| headers.separator=; headers.key.separator==",
            "-|v|h=1;g=2"
        ),
    ])
    func lines(_ line: String, _ properties: String, _ parts: String?) {
        #expect(Self.parse(line, properties) == parts)
    }

    @Test(arguments: [
        "headers.separator=:", "headers.delimiter=,", "null.marker=:", "key.separator=N null.marker=N",
        "key.separator=",
    ])
    func separatorsThatCannotBeToldApart(_ properties: String) {
        let parser = Self.parser(properties)
        #expect(throws: RenderFailure.self) { try parser.check() }
    }

    @Test func aFailureNamesTheLineAndShowsNothingThatSteersATerminal() {
        let parser = Self.parser("parse.key=true")
        let error = #expect(throws: RenderFailure.self) {
            _ = try Array("\u{1B}[2J\(String(repeating: "x", count: 200))".utf8).withUnsafeBytes {
                _ = try parser.parse($0, number: 7)
            }
        }
        #expect(error?.description.hasPrefix("line 7 has no key separator \"\\t\": \"\\x1b[2Jxxx") == true)
        #expect((error?.description.utf8.count ?? 0) < 200)
    }

    /// Whatever the reader's memory and however the input is cut, the lines are the same.
    @Test(arguments: [1, 2, 3, 7, 64, 4096]) func readingLines(size: Int) throws {
        let input = "a\nbb\r\nccc\rdddd\n\n\r\n\u{E9}\r\r\n" + String(repeating: "long", count: 100) + "\nlast"
        let lines = ["a", "bb", "ccc", "dddd", "", "", "\u{E9}", "", String(repeating: "long", count: 100), "last"]
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let bytes = Array(input.utf8)
        let reader = LineReader(ends[0], name: "a pipe", size: size)
        var found: [String] = []
        var at = 0
        while true {
            if at < bytes.count {
                let part = bytes[at..<min(at + 5, bytes.count)]
                _ = Array(part).withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
                at += 5
                if at >= bytes.count { close(ends[1]) }
            }
            guard try reader.fill() else { break }
            while let line = reader.next() { found.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(found == lines)
        #expect(reader.number == lines.count)
    }

    @Test(arguments: [
        ([(7, 1)], "line 7"), ([(1, 3)], "lines 1-3"), ([(1, 3), (5, 1)], "lines 1-3, 5"),
        ([(1, 1), (3, 1), (5, 1), (7, 1), (9, 1), (11, 4)], "lines 1, 3, 5, 7, 9 and 4 more"),
    ])
    func namesOfLines(_ runs: [(Int, Int)], _ name: String) {
        #expect(LineLedger.name(runs.map { (first: $0.0, count: $0.1) }) == name)
    }

    // MARK: - Times

    /// Against `date -u -d`.
    @Test(arguments: [
        ("2026-01-07T22:00:00Z", 1_767_823_200_000), ("2026-01-07T22:00:00", 1_767_823_200_000),
        ("2026-01-07 22:00", 1_767_823_200_000), ("2026-01-07", 1_767_744_000_000),
        ("2026-01-07T22:00:00.5Z", 1_767_823_200_500), ("2026-01-07T22:00:00.123456Z", 1_767_823_200_123),
        ("2026-01-07T22:00:00+01:00", 1_767_819_600_000), ("2026-01-07T22:00:00-0530", 1_767_843_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("1970-01-01", 0), ("2100-03-01", 4_107_542_400_000),
        ("@42", 42), ("10s", 90_000), ("1m", 40_000), ("500ms", 99_500),
    ])
    func moments(_ text: String, _ milliseconds: Int64) {
        #expect(Moment(text, now: 100_000)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "now", "2026", "2026-13-01", "2026-02-29", "2026-01-07T24:00:00Z", "2026-01-07T22", "2026-01-07T22:00:00X",
        "2026-01-07T22:00:00.Z", "@x", "@-1", "10", "1h", "2026-01-07T22:00:00+1", "2026-01-07T22:00:00Z ",
    ])
    func noMoments(_ text: String) { #expect(Moment(text, now: 100_000) == nil) }

    // MARK: - Values

    /// What Java 17 prints for the same bits (`new DoubleDeserializer()…toString()`).
    @Test(arguments: [
        ("DoubleDeserializer", "3ff0000000000000", "1.0"), ("DoubleDeserializer", "c059000000000000", "-100.0"),
        ("DoubleDeserializer", "416312d000000000", "1.0E7"), ("DoubleDeserializer", "416312cfe0000000", "9999999.0"),
        ("DoubleDeserializer", "3f50624dd2f1a9fc", "0.001"), ("DoubleDeserializer", "3f1a36e2eb1c432d", "1.0E-4"),
        ("DoubleDeserializer", "400921fb54442d18", "3.141592653589793"),
        ("DoubleDeserializer", "7ff8000000000000", "NaN"),
        ("DoubleDeserializer", "fff0000000000000", "-Infinity"), ("DoubleDeserializer", "8000000000000000", "-0.0"),
        ("DoubleDeserializer", "40fe240c9fbe76c9", "123456.789"),
        ("DoubleDeserializer", "7fefffffffffffff", "1.7976931348623157E308"),
        ("FloatDeserializer", "3dcccccd", "0.1"), ("FloatDeserializer", "4b189680", "1.0E7"),
        ("IntegerDeserializer", "fffffffe", "-2"), ("LongDeserializer", "8000000000000000", "-9223372036854775808"),
        ("ShortDeserializer", "ffff", "-1"), ("BooleanDeserializer", "01", "true"),
        ("StringDeserializer", "61ff62", "a\u{FFFD}b"),
        ("BytesDeserializer", "615c00ff7e", "a\\x5C\\x00\\xFF~"),
        (
            "org.apache.kafka.common.serialization.UUIDDeserializer",
            "45354434413042422d303030302d313030302d383030302d303030303030303030303030",
            "e5d4a0bb-0000-1000-8000-000000000000"
        ),
        ("IntegerDeserializer", "ff", nil), ("BooleanDeserializer", "02", nil), ("UUIDDeserializer", "61", nil),
    ])
    func deserializers(_ name: String, _ hex: String, _ text: String?) throws {
        var format = ConsoleFormat()
        _ = try format.apply([("value.deserializer", name)])
        let record = try Self.record(value: Hex.decode(hex))
        var out: [UInt8] = []
        let outcome: String?
        do {
            try format.render(ShownRecord(record), of: TopicPartition("t", 0), into: &out)
            outcome = String(decoding: out, as: UTF8.self)
        } catch { outcome = nil }
        #expect(outcome == text.map { $0 + "\n" })
    }

    @Test func unknownNames() throws {
        var format = ConsoleFormat()
        let unknown = try format.apply([("print.keys", "true"), ("key.deserializer.encoding", "x")])
        #expect(unknown == ["print.keys"])
        #expect(throws: RenderFailure.self) { _ = try format.apply([("key.deserializer", "com.example.Mine")]) }
        for form in ["%q", "a%", "\\x1", "\\"] {
            #expect(throws: RenderFailure.self) { _ = try FormatString(form, isSafe: false) }
        }
    }

    static func record(
        key: [UInt8]? = nil, value: [UInt8]?, headers: [RecordHeader] = [], timestamp: Int64 = 5,
        appendTime: Bool = false
    ) throws -> Record {
        var builder = RecordBatchBuilder()
        func with(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> Void) {
            if let bytes { bytes.withUnsafeBytes { body($0) } } else { body(nil) }
        }
        with(key) { key in
            with(value) { builder.append(key: key, value: $0, headers: headers, timestamp: timestamp) }
        }
        var options = RecordBatchBuilder.Options()
        options.baseOffset = 7
        options.marks = .init(rawValue: appendTime ? 1 << 3 : 0)
        let batch = try #require(try RecordBatch(Bytes(try builder.finish(options))))
        return try #require(try batch.records().first)
    }

    @Test func jsonKeepsWhatIsNoText() throws {
        let record = try Self.record(
            key: [0xFF, 0x00], value: Array("\"\\\n\u{1}\u{85}\u{7F}é€😀".utf8),
            headers: [RecordHeader("h\"", nil), RecordHeader("g", [0x80])], appendTime: true)
        var out: [UInt8] = []
        JSONRecord().render(ShownRecord(record), of: TopicPartition("t", 3), into: &out)
        #expect(
            String(decoding: out, as: UTF8.self) == """
                {"topic":"t","partition":3,"offset":7,"timestamp":5,"timestampType":"LogAppendTime","keyBase64":"/wA=",\
                "value":"\\"\\\\\\n\\u0001\\u0085\\u007fé€😀","headers":[{"key":"h\\"","value":null},{"key":"g","valueBase64":"gA=="}]}

                """)
        #expect(JSON(String(decoding: out.dropLast(), as: UTF8.self)) != nil)
    }

    // MARK: - JSON that is read

    @Test func whatConsumePrintsIsRead() throws {
        let record = try Self.record(
            key: [0xFF, 0x00], value: Array("\"\\\n\u{1}\u{85}é€😀".utf8),
            headers: [RecordHeader("h\"", nil), RecordHeader("g", [0x80]), RecordHeader("", Bytes(utf8: ""))])
        var out: [UInt8] = []
        JSONRecord().render(ShownRecord(record), of: TopicPartition("t", 3), into: &out)
        let read = try JSONRecordReader(topic: "u", choosesPartitions: false).record(
            Array(out.dropLast()), number: 1, at: 99)
        #expect(read.topic == "u" && read.partition == 3 && read.timestamp == record.timestamp)
        #expect(read.key == record.key && read.value == record.value && read.headers == record.headers)
        let anew = try JSONRecordReader(topic: "u", choosesPartitions: true).record(
            Array(out.dropLast()), number: 1, at: 0)
        #expect(anew.partition == nil && anew.key == record.key)
    }

    @Test(arguments: [
        ("{}", "null null 77 - []"), (#"{"key":null,"value":"v","extra":[1]}"#, "null v 77 - []"),
        (#"{"timestamp":-1,"value":"v"}"#, "null v 77 - []"),
        (#"{"timestamp":5,"partition":0,"value":""}"#, "null  5 0 []"),
        (#"{"valueBase64":"AGE=","key":"k","headers":null}"#, "k \0a 77 - []"),
        (#"{"headers":[{"key":"a","value":"b"},{"key":"c"}]}"#, "null null 77 - [a=b c=null]"),
    ]) func fieldsMayBeMissing(line: String, shown: String) throws {
        let record = try JSONRecordReader(topic: "t", choosesPartitions: false).record(
            Array(line.utf8), number: 1, at: 77)
        let headers = record.headers.map { "\($0.key)=\($0.value?.text ?? "null")" }.joined(separator: " ")
        let text =
            "\(record.key?.text ?? "null") \(record.value?.text ?? "null") \(record.timestamp ?? -1) "
            + "\(record.partition.map { "\($0)" } ?? "-") [\(headers)]"
        #expect(text == shown)
    }

    @Test(arguments: [
        ("", "no JSON object"), ("[]", "no JSON object"), ("{", "no JSON object"), ("one", "no JSON object"),
        (#"{"key":1}"#, "key is text or null"), (#"{"value":{"a":1}}"#, "value is text or null"),
        (#"{"valueBase64":"!"}"#, "valueBase64 is not in base 64"),
        (#"{"timestamp":"x"}"#, "timestamp is a whole number"),
        (#"{"timestamp":1.5}"#, "timestamp is a whole number"),
        (#"{"partition":-1}"#, "partition is a number from 0 on"),
        (#"{"partition":99999999999}"#, "partition is a number from 0 on"), (#"{"headers":{}}"#, "headers is a list"),
        (#"{"headers":[{"value":"v"}]}"#, "headers is a list"),
    ]) func whatIsNoRecordIsASentence(line: String, part: String) {
        let failure = #expect(throws: RenderFailure.self) {
            try JSONRecordReader(topic: "t", choosesPartitions: false).record(Array(line.utf8), number: 7, at: 0)
        }
        #expect(failure?.description.hasPrefix("line 7") == true && failure?.description.contains(part) == true)
    }

    /// What turns the direction of text went out raw in keys, values, headers and topics.
    @Test func jsonHoldsNoCharacterThatSteersATerminal() throws {
        let steering = "a\u{202E}b\u{2066}c\u{FEFF}d\u{61C}e\u{E0001}"
        let record = try Self.record(
            key: Array(steering.utf8), value: Array(steering.utf8),
            headers: [RecordHeader(steering, Bytes(utf8: steering))])
        var out: [UInt8] = []
        JSONRecord().render(ShownRecord(record), of: TopicPartition(steering, 0), into: &out)
        let text = String(decoding: out.dropLast(), as: UTF8.self)
        #expect(!text.unicodeScalars.contains(where: JSONText.isSteering))
        #expect(text.contains("\"key\":\"a\\u202eb\\u2066c\\ufeffd\\u061ce\\udb40\\udc01\""))
        let json = try #require(JSON(text))
        #expect([json["topic"].text, json["key"].text, json["value"].text] == [steering, steering, steering])
        #expect(json["headers"].elements.first?["key"].text == steering)
    }

    @Test func aTerminalIsNotSteered() throws {
        var format = ConsoleFormat()
        format.isSafe = true
        _ = try format.apply([("print.key", "true"), ("print.headers", "true")])
        let record = try Self.record(
            key: Array("\u{1B}]0;x".utf8), value: [0x1B, 0x5B, 0xFF],
            headers: [RecordHeader("\u{1B}h", Bytes(utf8: "\u{202E}"))])
        var out: [UInt8] = []
        try format.render(ShownRecord(record), of: TopicPartition("t", 0), into: &out)
        try FormatString("%k %s %h\n", isSafe: true).render(ShownRecord(record), of: TopicPartition("t", 0), into: &out)
        #expect(
            !out.contains(0x1B) && !out.contains(0xFF) && !String(decoding: out, as: UTF8.self).contains("\u{202E}"))
    }
}
