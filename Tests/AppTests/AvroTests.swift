import KafkaSchemas
import TestSupport
import Testing

/// Avro's binary encoding: values of the specification, and bytes that are none.
@Suite(.turn) struct AvroTests {
    private static let record =
        #"{"type":"record","name":"n.R","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"}]}"#

    /// A schema, bytes, and the value as JSON.
    @Test(
        arguments: [
            (#""null""#, [], "null"), (#""boolean""#, [1], "true"), (#""int""#, [0x7F], "-64"),
            (#""int""#, [0x80, 0x01], "64"), (#""long""#, [0x01], "-1"),
            (#""long""#, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], "-9223372036854775808"),
            (#""long""#, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], "9223372036854775807"),
            (#""float""#, [0, 0, 0xC0, 0x3F], "1.5"), (#""double""#, [0, 0, 0, 0, 0, 0, 0xF8, 0xBF], "-1.5"),
            (#""string""#, [6, 0x66, 0x6F, 0x6F], #""foo""#), (#""bytes""#, [4, 1, 0xFF], #""Af8=""#),
            (record, [0x36, 6, 0x66, 0x6F, 0x6F], #"{"a":27,"b":"foo"}"#),
            (#"{"type":"enum","name":"E","symbols":["A","B"]}"#, [2], #""B""#),
            (#"{"type":"array","items":"boolean"}"#, [4, 1, 0, 0], "[true,false]"),
            (#"{"type":"array","items":"long"}"#, [4, 6, 0x36, 0], "[3,27]"),
            (#"{"type":"array","items":"long"}"#, [3, 4, 6, 0x36, 0], "[3,27]"),
            (#"{"type":"map","values":"int"}"#, [2, 2, 0x6B, 2, 0], #"{"k":1}"#),
            (#"["null","string"]"#, [0], "null"), (#"["null","string"]"#, [2, 2, 0x61], #""a""#),
            (#"{"type":"fixed","name":"F","size":2}"#, [1, 2], #""AQI=""#),
            (#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#, [4, 0xFB, 0x2E], #""-12.34""#),
            (#"{"type":"bytes","logicalType":"decimal","scale":2}"#, [0], #""0.00""#),
            (#"{"type":"bytes","logicalType":"decimal","scale":0}"#, [2, 0x80], #""-128""#),
            (
                #"{"type":"bytes","logicalType":"decimal","scale":3}"#, [18, 0x01, 0, 0, 0, 0, 0, 0, 0, 0],
                #""18446744073709551.616""#
            ),
            // A type that holds itself.
            (
                #"{"type":"record","name":"L","fields":[{"name":"v","type":"int"},{"name":"n","type":["null","L"]}]}"#,
                [2, 2, 4, 0], #"{"v":1,"n":{"v":2,"n":null}}"#
            ),
            // Names without a dot are of the namespace that they stand in.
            (
                #"{"type":"record","name":"R","namespace":"x","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":"F"},{"name":"c","type":"x.F"}]}"#,
                [1, 2, 3], #"{"a":"AQ==","b":"Ag==","c":"Aw=="}"#
            ),
        ] as [(String, [UInt8], String)])
    func valuesAreRead(schema: String, bytes: [UInt8], json: String) throws {
        #expect(try AvroSchema(json: schema).value(of: bytes).json() == json)
    }

    @Test(
        arguments: [
            (#""boolean""#, [2], .malformed), (#""int""#, [], .truncated), (#""int""#, [0x80], .truncated),
            (#""int""#, [0xFF, 0xFF, 0xFF, 0xFF, 0x7F], .malformed), (#""null""#, [0], .trailing),
            (#""long""#, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], .malformed),
            (#""string""#, [4, 0x61], .truncated), (#""string""#, [1], .malformed),
            (#""string""#, [2, 0xFF], .malformed),
            (#""bytes""#, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], .truncated),
            (#"["null","int"]"#, [4], .malformed), (#"["null","int"]"#, [1], .malformed),
            (#"{"type":"enum","name":"E","symbols":["A"]}"#, [2], .malformed),
            // A billion of nothing.
            (#"{"type":"array","items":"null"}"#, [0x80, 0xA8, 0xD6, 0xB9, 0x07], .tooLarge),
            (
                #"{"type":"array","items":"null"}"#, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0],
                .tooLarge
            ),
            (#"{"type":"array","items":"int"}"#, [4, 2], .truncated),
        ] as [(String, [UInt8], AvroError.Reason)])
    func whatIsNoValueIsRefused(schema: String, bytes: [UInt8], reason: AvroError.Reason) throws {
        let made = try AvroSchema(json: schema)
        #expect(throws: AvroError.self) { try made.value(of: bytes) }
        do throws(AvroError) { _ = try made.value(of: bytes) } catch { #expect(error.reason == reason, "\(error)") }
    }

    @Test func whatHoldsItselfForEverIsRefused() throws {
        let list = try AvroSchema(
            json: #"{"type":"record","name":"L","fields":[{"name":"n","type":["null","L"]}]}"#)
        #expect(throws: AvroError.self) { try list.value(of: [UInt8](repeating: 2, count: 1000)) }
        #expect(list.connectSchema == nil)
    }

    @Test(arguments: [
        "", "{", #""nothing""#, #"{"type":"record","name":"R"}"#, #"{"type":"enum","name":"E"}"#,
        #"{"type":"fixed","name":"F","size":-1}"#, #"{"type":"array"}"#, #"{"name":"x"}"#, "1",
        #"{"type":"enum","symbols":[]}"#,
        #"[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}]"#,
        String(repeating: #"{"type":"array","items":"#, count: 80) + #""int""# + String(repeating: "}", count: 80),
    ]) func whatIsNoSchemaIsRefused(json: String) {
        #expect(throws: AvroError.self) { try AvroSchema(json: json) }
    }

    @Test(arguments: [([0, 0, 0, 0, 7, 9], 7, 1), ([0, 255, 255, 255, 255], -1, 0)] as [([UInt8], Int32, Int)])
    func theFrontIsRead(bytes: [UInt8], id: Int32, rest: Int) throws {
        let message = try #require(SchemaMessage(bytes))
        #expect(message.schemaID == id && message.payload.count == rest)
    }

    @Test(arguments: [[], [0, 0, 0, 0], [1, 0, 0, 0, 7], Array("{\"a\":1}".utf8)] as [[UInt8]])
    func whatHasNoFrontIsLeft(bytes: [UInt8]) { #expect(SchemaMessage(bytes) == nil) }
}
