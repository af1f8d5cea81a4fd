import ChangeText
import FuzzChecks
import JSONLines
import KafkaWire
import TestSupport
import Testing

/// Types beyond those of the exercise's table, as Debezium's documentation of its PostgreSQL connector describes them;
/// and what is no change event.
@Suite(.turn) struct ChangeFormTests {
    private static let prefix = "t 0:0  @5  "

    private static func lines(_ value: String?, key: String? = nil, _ printer: inout ChangePrinter) -> [String] {
        printer.lines(
            topic: "t", partition: PartitionID(index: 0), offset: 0, timestamp: 5, key: key.map { Bytes(utf8: $0) },
            value: value.map { Bytes(utf8: $0) })
    }

    private static func lines(_ value: String?, key: String? = nil) -> [String] {
        var printer = plainPrinter()
        return lines(value, key: key, &printer)
    }

    private static func event(_ field: String, _ before: String, _ after: String) -> String {
        let row = #"{"type":"struct","fields":[\#(field)],"optional":true,"field":"#
        return #"{"schema":{"type":"struct","fields":[\#(row)"before"},\#(row)"after"}]},"payload":"#
            + bare(before, after) + "}"
    }

    private static func bare(_ before: String, _ after: String, op: String = "u", column: String = "c") -> String {
        #"{"before":{"\#(column)":\#(before)},"after":{"\#(column)":\#(after)},"#
            + #""source":{"schema":"s","table":"n","ts_ms":1},"op":"\#(op)"}"#
    }

    /// Type, logical name and parameters; a value; what is read.
    @Test(arguments: [
        (
            #""type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}"#, #""B5V5""#,
            "4970.17"
        ),
        (
            #""type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"0"}"#, #""/w==""#,
            "-1"
        ),
        (#""type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"x"}"#, #""AQ==""#, "1"),
        (#""type":"struct","name":"io.debezium.data.VariableScaleDecimal""#, #"{"scale":3,"value":"fw=="}"#, "0.127"),
        (#""type":"int64","name":"io.debezium.time.MicroTimestamp""#, "-1", "1969-12-31T23:59:59.999999Z"),
        (#""type":"int64","name":"io.debezium.time.MicroTimestamp""#, "9223372036825200000", "infinity"),
        (#""type":"int64","name":"io.debezium.time.MicroTimestamp""#, "-9223372036832400000", "-infinity"),
        (#""type":"int64","name":"io.debezium.time.Timestamp""#, "1795234901060", "2026-11-21T04:21:41.060Z"),
        (#""type":"int64","name":"io.debezium.time.Timestamp""#, "9223372036854775807", "9223372036854775807"),
        (#""type":"int64","name":"org.apache.kafka.connect.data.Timestamp""#, "0", "1970-01-01T00:00:00.000Z"),
        (
            #""type":"int64","name":"io.debezium.time.NanoTimestamp""#, "1795234901060297001",
            "2026-11-21T04:21:41.060297001Z"
        ),
        (
            #""type":"string","name":"io.debezium.time.ZonedTimestamp""#, #""2026-11-21T04:21:41Z""#,
            "2026-11-21T04:21:41Z"
        ),
        (#""type":"int32","name":"io.debezium.time.Date""#, "20778", "2026-11-21"),
        (#""type":"int32","name":"io.debezium.time.Date""#, "-719529", "-0001-12-31"),
        (#""type":"int32","name":"io.debezium.time.Date""#, "9223372036854775807", "9223372036854775807"),
        (#""type":"int32","name":"org.apache.kafka.connect.data.Date""#, "0", "1970-01-01"),
        (#""type":"int64","name":"io.debezium.time.MicroTime""#, "23160000001", "06:26:00.000001"),
        (#""type":"int64","name":"io.debezium.time.MicroTime""#, "86400000000", "24:00:00.000000"),
        (#""type":"int32","name":"io.debezium.time.Time""#, "1", "00:00:00.001"),
        (#""type":"int64","name":"io.debezium.time.NanoTime""#, "-1", "-1"),
        (#""type":"int64","name":"io.debezium.time.MicroDuration""#, "93600500000", "26:00:00.500000"),
        (#""type":"int64","name":"io.debezium.time.MicroDuration""#, "-1500000", "-00:00:01.500000"),
        (#""type":"bytes""#, #""3q2+7w==""#, #"\xdeadbeef"#),
        (#""type":"bytes""#, #""no base 64""#, "no base 64"),
        (#""type":"bytes","name":"io.debezium.data.Bits","parameters":{"length":"10"}"#, #""BQI=""#, "1000000101"),
        (#""type":"boolean""#, "true", "true"), (#""type":"string""#, "null", "null"),
        (#""type":"string""#, #""null""#, #""null""#),
        (#""type":"string""#, #""a\u001b[31mb\n""#, #"a\x1b[31mb\n"#),
        (#""type":"double""#, "1.50e-7", "1.50e-7"), (#""type":"int64""#, "9007199254740993", "9007199254740993"),
        (#""type":"string""#, #""__debezium_unavailable_value""#, "(not in the event)"),
        (#""type":"bytes""#, #""X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==""#, "(not in the event)"),
        (#""type":"array","items":{"type":"string"}"#, #"["__debezium_unavailable_value"]"#, "(not in the event)"),
        (
            #""type":"array","items":{"type":"int32","name":"io.debezium.time.Date"}"#, "[0,1,null]",
            #"["1970-01-01","1970-01-02",null]"#
        ),
        (#""type":"map","keys":{"type":"string"},"values":{"type":"bytes"}"#, #"{"k":"AQ=="}"#, #"{"k":"\\x01"}"#),
        (
            #""type":"struct","fields":[{"type":"int32","name":"io.debezium.time.Date","field":"d"}]"#,
            #"{"d":0,"e":"x"}"#, #"{"d":"1970-01-01","e":"x"}"#
        ),
        // What does not have its form stays what it is.
        (#""type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}"#, "12.5", "12.5"),
        (#""type":"int32","name":"io.debezium.time.Date""#, #""soon""#, "soon"),
    ]) func typesAreRead(schema: String, value: String, shown: String) {
        // Read as the old value, since an unavailable new one is no change.
        let event = Self.event(#"{\#(schema),"field":"c"}"#, value, #""other""#)
        #expect(Self.lines(event) == [Self.prefix + "UPDATE s.n", "    c  \(shown) → other"])
    }

    @Test func whatWasNotLoggedIsNoChange() {
        let text = #""__debezium_unavailable_value""#
        #expect(Self.lines(Self.bare(#""long""#, text)) == [Self.prefix + "UPDATE s.n", "    no column has changed"])
    }

    @Test func fieldsOfStructuresAreComparedOneByOne() {
        let event = Self.bare(#"{"city":"A","zip":1,"at":{"x":1}}"#, #"{"city":"B c","zip":1,"at":{"y":null}}"#)
        #expect(
            Self.lines(event) == [
                Self.prefix + "UPDATE s.n", "    c.city  A → B c", "    c.at.y  (none) → null",
                "    c.at.x  1 → (none)",
            ])
    }

    /// A topic's earlier events teach what the columns of later ones are.
    @Test func schemasAreRemembered() {
        var printer = plainPrinter()
        let decimal =
            #"{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"3"},"field":"c"}"#
        let bare = Self.bare(#""AQ==""#, #""Ag==""#)
        #expect(Self.lines(bare, &printer)[1] == "    c  AQ== → Ag==")
        let key =
            #"{"schema":{"type":"struct","fields":[{"type":"int32","name":"io.debezium.time.Date","field":"d"}]},"payload":{"d":0}}"#
        #expect(
            Self.lines(Self.event(decimal, #""AQ==""#, #""Aw==""#), key: key, &printer)[1] == "    c  0.001 → 0.003")
        #expect(
            Self.lines(bare, key: #"{"d":1}"#, &printer) == [
                Self.prefix + "UPDATE s.n  d=1970-01-02", "    c  0.001 → 0.002",
            ])
    }

    @Test func otherOperationsAreShown() {
        let source = #""source":{"schema":"s","table":"n","ts_ms":1}"#
        #expect(
            Self.lines(#"{"before":null,"after":null,\#(source),"op":"t"}"#) == [Self.prefix + "TRUNCATE s.n"])
        #expect(
            Self.lines(#"{"op":"m",\#(source),"message":{"prefix":"audit","content":"aGk="}}"#) == [
                Self.prefix + "MESSAGE s.n", "    prefix=audit  content=hi",
            ])
        #expect(Self.lines(nil, key: "plain key") == [Self.prefix + "TOMBSTONE  plain key"])
        #expect(Self.lines(nil) == [Self.prefix + "TOMBSTONE"])
        #expect(
            Self.lines(#"{"ts_ms":7}"#, key: #"{"serverName":"db"}"#) == [Self.prefix + "HEARTBEAT  serverName=db"])
        #expect(
            Self.lines(#"{"before":null,"after":{"a b":"c d","e":"f=g"},\#(source),"op":"c"}"#)[1]
                == #"    a b="c d"  e="f=g""#)
    }

    @Test(arguments: [
        ("", "it is no JSON", "    value  "), ("text\u{1B}[2J", "it is no JSON", #"    value  text\x1b[2J"#),
        ("[1]", "it is JSON, but no object with a change", "    value  [1]"),
        ("7", "it is JSON, but no object with a change", "    value  7"),
        (
            #"{"id":1}"#,
            #"it has no "op", which every change event of Debezium has unless a transform has unwrapped it"#,
            #"    value  {"id":1}"#
        ),
        (#"{"op":"x\n"}"#, #"its operation "x\n" is none that Debezium has"#, #"    value  {"op":"x\n"}"#),
        (#"{"op":"c"}"#, #"it has no "source", which every change event of Debezium has"#, #"    value  {"op":"c"}"#),
    ]) func whatIsNoChangeIsShownWithTheReason(value: String, reason: String, shown: String) throws {
        #expect(Self.lines(value, key: "k") == [Self.prefix + "MALFORMED  k", "    \(reason)", shown])
        var printer = plainPrinter()
        let json = try #require(
            JSON(
                printer.json(
                    topic: "t", partition: PartitionID(index: 0), offset: 0, timestamp: 5, key: nil,
                    value: Bytes(utf8: value))))
        #expect(json["op"].text == "malformed" && json["error"].text?.isEmpty == false)
    }

    @Test func aRegistrysBytesAreNamed() {
        var printer = plainPrinter()
        let lines = printer.lines(
            topic: "t\u{1B}", partition: PartitionID(index: 3), offset: 9, timestamp: -1, key: Bytes([0xFF, 0]),
            value: Bytes([0, 0, 0, 0, 1, 2]))
        #expect(
            lines == [
                #"t\x1b 3:9  @-1  MALFORMED  \xff\x00"#,
                "    it is written with a schema registry (it begins with a zero byte), not as JSON",
                #"    value  \x00\x00\x00\x00\x01\x02"#,
            ])
        #expect(ChangePrinter.localTime(-1) == "-")
        #expect(ChangePrinter.localTime(.max) == "-")
    }

    /// Cut anywhere and changed in any way, events become lines, of which none steers a terminal, and JSON.
    @Test func brokenEventsNeverTrap() throws {
        let records = try RecordedChange.tables.flatMap { table in
            let all = try RecordedChange.all("\(table).public.transactions")
            return [all[0], all[97], all[100], all[108], all[110]]
        }
        var printer = plainPrinter(width: 40, verbose: true)
        var mutate = Mutation(seed: 42)
        func feed(_ key: Bytes?, _ value: Bytes?, _ headers: [RecordHeader]) {
            let lines = printer.lines(
                topic: "t", partition: PartitionID(index: 0), offset: 0, timestamp: 0, key: key, value: value,
                headers: headers)
            let isHarmless = lines.allSatisfy { line in
                line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }
            }
            #expect(!lines.isEmpty && isHarmless)
            let json = printer.json(
                topic: "t", partition: PartitionID(index: 0), offset: 0, timestamp: 0, key: key, value: value,
                headers: headers)
            #expect(JSON(json) != nil)
        }
        for record in records {
            let value = try #require(record.value)
            for end in stride(from: 0, to: value.count, by: max(1, value.count / 25)) {
                feed(record.key?[0..<min(end, record.key?.count ?? 0)], value[0..<end], record.headers)
            }
            for _ in 0..<25 { feed(record.key.map { mutate($0) }, mutate(value), record.headers) }
        }
    }
}
