import ChangeText
import KafkaSchemas
import KafkaWire
import RecordText
import TestSupport
import Testing

/// Keys and values in a registry's wire format, as text: what Confluent's `AvroConverter` wrote, and what nobody can read.
@Suite(.turn) struct RegistryTextTests {
    private static let start = Instant(nanoseconds: 0)

    /// Bytes in the wire format.
    static func wire(_ id: Int32, _ payload: [UInt8]) -> [UInt8] {
        [0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: id >> $0) } + payload
    }

    /// What knows the recorded schemas, and a JSON Schema as number 20.
    private static func texts(_ form: RegistryText.Form) throws -> RegistryText {
        var texts = RegistryText(form)
        for (id, json) in try RecordedChange.schemas() {
            let told = texts.learn(id, .success(.avro(try AvroSchema(json: json))), for: .value, at: start)
            #expect(told == nil)
        }
        #expect(texts.learn(20, .success(.json("{}")), for: .value, at: start) == nil)
        return texts
    }

    /// Bytes and the text in their place; nil leaves them as they are.
    @Test(
        arguments: [
            (wire(9, [2]), #"{"id":1}"#), (wire(9, [0xCC, 0x01]), #"{"id":102}"#),
            (wire(20, Array(#"{"a": 1.50}"#.utf8)), #"{"a": 1.50}"#), (wire(20, Array("null".utf8)), "null"),
            // Damaged, longer than its schema says, no JSON, of a schema that is not known.
            (wire(9, []), nil), (wire(9, [2, 2]), nil), (wire(10, [0, 2, 2]), nil), (wire(20, Array("{".utf8)), nil),
            (wire(99, [2]), nil), (wire(-1, [2]), nil),
            // In no wire format.
            ([], nil), ([0], nil), ([0, 0, 0, 9], nil), ([1, 0, 0, 0, 9, 2], nil), (Array("text".utf8), nil),
        ] as [([UInt8], String?)])
    func bytesAndTheirText(bytes: [UInt8], text: String?) throws {
        var texts = try Self.texts(.plain)
        #expect(texts.read(Bytes(bytes), .value).text == text.map { Bytes(utf8: $0) } ?? Bytes(bytes))
    }

    @Test func recordedEventsArePlainJSON() throws {
        var texts = try Self.texts(.plain)
        let first = try #require(try RecordedChange.all("avro.shop.transactions").first)
        let (text, trouble) = texts.read(try #require(first.value), .value)
        #expect(trouble == nil)
        #expect(
            text.text.hasPrefix(
                #"{"before":null,"after":{"id":1,"user_id":2001,"amount":"12.50","card_type":"VISA","merchant_id":7,"#
                    + #""created_at":1795242360000001,"note":null},"source":{"version":"3.6.3.Final","#), "\(text.text)"
        )
    }

    /// The same rows of the same tables, by `AvroConverter` and by `JsonConverter`.
    @Test func changeEventsAreShownAsThoseInJSON() throws {
        var texts = try Self.texts(.connect)
        func lines(_ name: String) throws -> [String] {
            var printer = plainPrinter()
            return try RecordedChange.all(name).map { event in
                var event = event
                event.key = event.key.map { texts.read($0, .key).text }
                event.value = event.value.map { texts.read($0, .value).text }
                // The first line has the time.
                let lines = event.lines(&printer)
                return (lines.dropFirst() + lines[0].split(separator: " ").dropFirst(3).map(String.init)).joined(
                    separator: " ")
            }
        }
        let avro = try lines("avro-forms.forms.transactions")
        #expect(avro == (try lines("precise-adaptive.forms.transactions")))
        #expect(avro.count == 26 && avro.contains { $0.contains("amount=-12345678901234.5678") })
        let life = try lines("avro.shop.transactions")
        #expect(life.count == 19 && !life.contains { $0.contains("MALFORMED") })
    }

    /// What Connect has noted in a JSON Schema stands in front, as of Avro; what is no JSON is not made any by it.
    @Test func aJSONSchemaWithNotesIsConnects() throws {
        var texts = RegistryText(.connect)
        let schema = SchemaRegistryClient.Schema.json(#"{"type":"integer","connect.type":"int8"}"#)
        _ = texts.learn(1, .success(schema), for: .value, at: Self.start)
        let value = Bytes(Self.wire(1, Array("7".utf8)))
        #expect(
            texts.read(value, .value).text
                == Bytes(utf8: #"{"schema":{"optional":false,"type":"int8"},"payload":7}"#))
        let broken = Bytes(Self.wire(1, Array(#"7},"payload":{"a":1"#.utf8)))
        #expect(texts.read(broken, .value).text == broken)
    }

    /// Types that Connect has not are JSON without a schema.
    @Test func whatConnectHasNotIsPlain() throws {
        var texts = RegistryText(.connect)
        let schema = try AvroSchema(json: #"["null","int","string"]"#)
        _ = texts.learn(1, .success(.avro(schema)), for: .value, at: Self.start)
        #expect(texts.read(Bytes(Self.wire(1, [2, 14])), .value).text == Bytes(utf8: "7"))
    }

    @Test func eachSchemaIsToldOnce() throws {
        var texts = try Self.texts(.plain)
        let damaged = Bytes(Self.wire(9, []))
        #expect(
            texts.read(damaged, .key).trouble
                == "the key is not what schema 9 says (id, byte 0: a number is cut off), and is shown as it is; it is damaged, or "
                + "its producer uses another registry")
        #expect(texts.read(damaged, .key).trouble == nil && texts.read(damaged, .value).trouble == nil)
        #expect(
            texts.learn(21, .success(.other("PROTOBUF")), for: .value, at: Self.start)
                == "schema 21 is PROTOBUF: only Avro and JSON Schema are read; the value is shown as it is")
        let later = Self.start + KnownSchemas.patience
        #expect(texts.learn(21, .success(.other("PROTOBUF")), for: .value, at: later) == nil)
        let unknown = SchemaRegistryError(.unknown, "the registry does not know schema 22")
        #expect(
            texts.learn(22, .failure(unknown), for: .key, at: Self.start)
                == "the registry does not know schema 22; the key is shown as it is; is it the registry that the producer uses?"
        )
    }

    /// Bytes that only look like a registry's have any number of ids.
    @Test func idsThatNobodyKnowsAreBounded() {
        var texts = RegistryText(.plain)
        let unknown = SchemaRegistryError(.unknown, "no")
        var told: [String] = []
        for id in 0..<Int32(2 * KnownSchemas.mostKept) {
            let value = Bytes(Self.wire(id, [1]))
            #expect(texts.wanted(by: value, at: Self.start) == id)
            if let sentence = texts.learn(id, .failure(unknown), for: .value, at: Self.start) { told.append(sentence) }
            #expect(texts.wanted(by: value, at: Self.start) == nil)
        }
        #expect(told.count == RegistryText.mostTold && told.last?.hasSuffix("of other schemas no more is told") == true)
        // The oldest are forgotten, the newest asked for again after a while.
        #expect(texts.wanted(by: Bytes(Self.wire(0, [])), at: Self.start) == 0)
        let newest = Bytes(Self.wire(Int32(KnownSchemas.mostKept) + 1, []))
        #expect(texts.wanted(by: newest, at: Self.start) == nil)
        #expect(texts.wanted(by: newest, at: Self.start + KnownSchemas.patience) != nil)
        #expect(texts.wanted(by: nil, at: Self.start) == nil)
    }

    /// A name in the schema, as often as there are records of no bytes.
    @Test func textIsBounded() throws {
        let name = String(repeating: "n", count: 1 << 20)
        let schema =
            #"{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"\#(name)","type":"null"}]}}"#
        var texts = RegistryText(.plain)
        _ = texts.learn(1, .success(.avro(try AvroSchema(json: schema))), for: .value, at: Self.start)
        // 100 records, and 10,000.
        #expect(texts.read(Bytes(Self.wire(1, [0x50, 0])), .value).text.count > 40 << 20)
        let read = texts.read(Bytes(Self.wire(1, [0xA0, 0x9C, 0x01, 0])), .value)
        #expect(read.text.count == 9 && read.trouble?.contains("bytes of JSON") == true, "\(read.trouble ?? "")")
    }

    /// A form, and whether keys and values are printed as bytes.
    @Test(arguments: [("%s", "value"), ("%k", "key"), ("%R %t", "value"), ("%K %S", "key value"), ("%o", "")])
    func whatFormatsShow(form: String, sides: String) throws {
        let format = try FormatString(form, isSafe: false)
        #expect(RecordSide.allCases.filter(format.shows).map(\.rawValue).joined(separator: " ") == sides)
    }

    @Test(arguments: [
        ("", "value"), ("print.key=true", "key value"), ("print.value=false", ""),
        ("print.key=true key.deserializer=LongDeserializer", "value"), ("value.deserializer=StringDeserializer", ""),
    ])
    func whatPropertiesShow(properties: String, sides: String) throws {
        var format = ConsoleFormat()
        for property in properties.split(separator: " ") {
            let parts = property.split(separator: "=").map(String.init)
            #expect(try format.apply([(parts[0], parts[1])]).isEmpty)
        }
        #expect(RecordSide.allCases.filter(format.shows).map(\.rawValue).joined(separator: " ") == sides)
        #expect(RecordSide.allCases.filter(NoOutput().shows).isEmpty)
    }
}
