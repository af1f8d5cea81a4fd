import ChangeEvents
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaSchemas
@testable import KafkaWire

/// What Confluent's `JsonSchemaConverter` notes in its schemas of Connect's types. There is no such converter here to record from: the
/// rules are those of its source (`JsonSchemaData`, Schema Registry 8.4) and the examples of its tests.
@Suite(.turn) struct ConnectNotesTests {
    /// A decimal of two places, as the converter's tests have it.
    private static let decimal =
        #""title":"org.apache.kafka.connect.data.Decimal","connect.version":1,"connect.parameters":{"scale":"2"},"#
        + #""connect.type":"bytes""#

    private static let cases: [(String, String?)] = [
        (
            #"{"type":"string",\#(decimal)}"#,
            #"{"name":"org.apache.kafka.connect.data.Decimal","optional":false,"parameters":{"scale":"2"},"type":"bytes","version":1}"#
        ),
        (#"{"type":"integer","connect.type":"int8"}"#, #"{"optional":false,"type":"int8"}"#),
        (#"{"type":"number","connect.type":"float32"}"#, #"{"optional":false,"type":"float"}"#),
        (
            #"{"oneOf":[{"type":"null"},{"type":"number","connect.type":"float64"}],"connect.index":3}"#,
            #"{"optional":true,"type":"double"}"#
        ),
        (
            #"{"type":"array","items":{"type":"integer","connect.type":"int16"}}"#,
            #"{"items":{"optional":false,"type":"int16"},"optional":false,"type":"array"}"#
        ),
        (
            #"{"type":"object","connect.type":"map","additionalProperties":{"type":"boolean"}}"#,
            #"{"keys":{"optional":false,"type":"string"},"optional":false,"type":"map","values":{"optional":false,"type":"boolean"}}"#
        ),
        (
            #"{"type":"object","title":"r","properties":{"z":{"type":"string","connect.index":0},"u":{"enum":["A"]},"#
                + #""a":{"type":"integer","connect.type":"int64","connect.index":1}}}"#,
            #"{"fields":[{"field":"z","optional":false,"type":"string"},{"field":"a","optional":false,"type":"int64"}],"#
                + #""name":"r","optional":false,"type":"struct"}"#
        ),
        // Nothing is noted, or nothing that Connect's JSON converter could say.
        (#"{"type":"object","properties":{"a":{"type":"integer"}}}"#, nil), ("{}", nil),
        ("not JSON \"connect.type\"", nil),
        (#"{"connect.type":"map","type":"array","items":{"type":"object"}}"#, nil),
        (#"{"oneOf":[{"type":"string"},{"type":"integer","connect.type":"int8"}]}"#, nil),
        (
            String(repeating: #"{"type":"array","connect.index":0,"items":"#, count: 50) + "1"
                + String(repeating: "}", count: 50), nil
        ),
    ]

    @Test(arguments: cases) func aSchemaSaysWhatIsNoted(_ schema: String, _ expected: String?) {
        #expect(ConnectNotes.connectSchema(of: schema) == expected)
    }

    /// A schema of Connect as the converter makes a JSON Schema of it.
    private static func jsonSchema(of connect: [String: Any], index: Int?, _ decimals: String) -> [String: Any] {
        var schema: [String: Any] = [:]
        let type = connect["type"] as? String ?? ""
        switch type {
        case "struct":
            schema["type"] = "object"
            var properties: [String: Any] = [:]
            for (place, field) in (connect["fields"] as? [[String: Any]] ?? []).enumerated() {
                properties[field["field"] as? String ?? ""] = jsonSchema(of: field, index: place, decimals)
            }
            schema["properties"] = properties
        case "array":
            schema["type"] = "array"
            schema["items"] = jsonSchema(of: connect["items"] as? [String: Any] ?? [:], index: nil, decimals)
        case "map":
            (schema["type"], schema["connect.type"]) = ("object", "map")
            let values = connect["values"] as? [String: Any] ?? [:]
            schema["additionalProperties"] = jsonSchema(of: values, index: nil, decimals)
        case "string", "boolean": schema["type"] = type
        case "bytes":
            let isDecimal = (connect["name"] as? String)?.hasSuffix(".Decimal") ?? false
            (schema["type"], schema["connect.type"]) = (isDecimal ? decimals : "string", "bytes")
        case "float", "double":
            (schema["type"], schema["connect.type"]) = ("number", type == "float" ? "float32" : "float64")
        default: (schema["type"], schema["connect.type"]) = ("integer", type)
        }
        (schema["title"], schema["description"]) = (connect["name"], connect["doc"])
        (schema["connect.version"], schema["connect.parameters"]) = (connect["version"], connect["parameters"])
        schema["default"] = connect["default"]
        if connect["optional"] as? Bool == true { schema = ["oneOf": [["type": "null"], schema]] }
        schema["connect.index"] = index
        return schema
    }

    /// An event with its schema in front, as a value of the registry's wire format by schema 1, and that schema.
    private static func split(
        _ event: [UInt8], decimals: String = "string"
    ) throws -> (schema: String, value: Bytes)? {
        let text = String(decoding: event, as: UTF8.self)
        let document = try JSONSerialization.jsonObject(with: Data(event)) as? [String: Any]
        guard let connect = document?["schema"] as? [String: Any], let place = text.range(of: "},\"payload\":") else {
            return nil
        }
        let schema = try JSONSerialization.data(withJSONObject: jsonSchema(of: connect, index: nil, decimals))
        let value = [0, 0, 0, 0, 1] + Array(text[place.upperBound...].dropLast().utf8)
        return (String(decoding: schema, as: UTF8.self), Bytes(value))
    }

    /// Each recorded event with a schema says the same by a JSON Schema with Connect's notes.
    @Test(arguments: [
        "dbserver1.public.transactions", "precise-adaptive.forms.transactions", "double-connect.forms.transactions",
        "double-nanoseconds.forms.transactions", "string-isostring.forms.transactions", "whole.shop.transactions",
        "unwrapped.shop.transactions",
    ]) func whatJSONSchemaSaysIsWhatTheSchemaInFrontSays(_ file: String) throws {
        var (plain, noted) = (ChangeEventDecoder(), ChangeEventDecoder())
        var count = 0
        for event in try RecordedEvent.file(file) {
            guard let value = event.value, let (schema, message) = try Self.split(value) else { continue }
            var schemas = EventSchemas()
            schemas.learn(1, .json(schema), at: Instant(nanoseconds: 0))
            let json = try #require(schemas.json(of: message))
            func read(_ decoder: inout ChangeEventDecoder, _ value: [UInt8]) -> String {
                let event = RecordedEvent(
                    key: event.key, value: value, hasOldKey: event.hasOldKey, operation: event.operation)
                // Where in the document it stands differs.
                return "\(decoder.decode(event))".replacing(/at byte [0-9]+/, with: "")
            }
            #expect(read(&noted, json) == read(&plain, value))
            count += 1
        }
        #expect(count > 3, "\(file): \(count)")
    }

    /// Numbers in place of base64 (`decimal.format=NUMERIC`).
    @Test func decimalsMayBeNumbers() throws {
        let schema =
            #"{"type":"object","properties":{"after":{"oneOf":[{"type":"null"},{"type":"object","properties":{"amount":"#
            + #"{"type":"number",\#(Self.decimal)},"created_at":{"type":"integer","connect.type":"int64","#
            + #""title":"io.debezium.time.MicroTimestamp"}}}],"connect.index":0}}}"#
        var schemas = EventSchemas()
        schemas.learn(1, .json(schema), at: Instant(nanoseconds: 0))
        let event =
            #"{"op":"c","after":{"id":1,"user_id":2,"amount":1.56,"card_type":"VISA","merchant_id":3,"created_at":1795234901000000}}"#
        let json = try #require(schemas.json(of: Bytes([0, 0, 0, 0, 1] + Array(event.utf8))))
        #expect(json.starts(with: Array("{\"schema\":".utf8)))
        var decoder = ChangeEventDecoder()
        let row = try #require(decoder.decode(json).transaction)
        #expect(row.amount == Amount("1.56", encoding: .string))
    }
}
