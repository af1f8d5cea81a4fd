import ChangeEvents
import TestSupport
import Testing

/// What becomes of an amount in each form in which a converter writes one: a number is exact, what is no number is malformed,
/// never some other number. "Infinity" was $378982984692.34.
@Suite(.turn) struct AmountFormTests {
    /// An event, its amount as JSON; with a column's schema embedded, as Connect's JSON converter does it.
    private static func event(_ amount: String, schema: String? = nil) -> String {
        let payload =
            #"{"before":null,"after":{"id":1,"user_id":2,"amount":\#(amount),"created_at":1795234901060297},"#
            + #""source":{"table":"transactions"},"op":"c"}"#
        guard let schema else { return payload }
        return #"{"schema":{"type":"struct","fields":[{"type":"struct","fields":["#
            + #"{"type":"int32","field":"id"},{\#(schema),"field":"amount"}],"field":"after"}]},"payload":\#(payload)}"#
    }

    private static let decimal =
        #""type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}"#
    private static let variable = #""type":"struct","name":"io.debezium.data.VariableScaleDecimal","fields":[]"#

    /// What a double is in JSON that is no number (Connect's converter quotes it), what Debezium writes with
    /// `decimal.handling.mode=string` (`SpecialValueDecimal`), and what PostgreSQL calls it.
    static let noNumbers = [
        #""NaN""#, #""Infinity""#, #""-Infinity""#, #""+Infinity""#, #""NAN""#, #""POSITIVE_INFINITY""#,
        #""NEGATIVE_INFINITY""#, #""infinity""#, #""INFINITY""#, #""-infinity""#, #""nan""#, #""Inf""#, #""""#, #"" ""#,
        #""\u0049nfinity""#, "{}", "[]", "true", #"{"scale":2,"value":"NaN"}"#,
    ]

    static let settings: [AmountEncoding] = [.automatic(scale: 2), .base64(scale: 2), .double, .string]

    @Test(arguments: noNumbers) func whatIsNoNumberIsMalformedInEveryFormWithoutASchema(_ json: String) {
        for setting in Self.settings {
            for remembers in [true, false] {
                var decoder = ChangeEventDecoder(.init(amount: setting, remembersPrefixes: remembers))
                // By its shape, too.
                for _ in 0..<3 {
                    #expect(decoder.decode(Self.event(json)).problem == .wrongForm(.amount), "\(setting)")
                }
            }
        }
    }

    @Test(arguments: noNumbers) func whatIsNoNumberIsMalformedWhateverTheSchemaSays(_ json: String) {
        for schema in [#""type":"double""#, #""type":"string""#, #""type":"float""#, #""type":"bytes""#, Self.variable]
        {
            var decoder = ChangeEventDecoder()
            for _ in 0..<3 {
                #expect(
                    decoder.decode(Self.event(json, schema: schema)).problem == .wrongForm(.amount), "\(schema)")
            }
        }
    }

    /// The schema decides where there is one: by Decimal's all letters are bytes.
    @Test(arguments: [
        (decimal, #""BalP""#, "3710.23"), (decimal, #""Infinity""#, "378982984692.34"),
        // `decimal.format=NUMERIC` (KIP-481).
        (decimal, "3710.23", "3710.23"), (decimal, "10", "10.00"),
        (#""type":"double""#, "3710.23", "3710.23"), (#""type":"string""#, #""3710.23""#, "3710.23"),
        (#""type":"string""#, #""12345678""#, "12345678.00"), (#""type":"int64""#, "7", "7.00"),
        // PostgreSQL's numeric without a scale, and Oracle's NUMBER.
        (variable, #"{"scale":2,"value":"BalP"}"#, "3710.23"), (variable, #"{"value":"AQ==","scale":-3}"#, "1000.00"),
        (variable, #"{"scale":7,"value":"B1vNFQ=="}"#, "12.35"),
    ])
    func aNumberIsReadAsTheSchemaSays(_ schema: String, _ json: String, _ amount: String) {
        var decoder = ChangeEventDecoder(.init(amount: .double))
        #expect(decoder.decode(Self.event(json, schema: schema)).transaction?.amount.description == amount)
    }

    /// Bytes that are no Decimal were taken for the setting's base64.
    @Test(arguments: [
        (#""type":"bytes""#, #""BalP""#),
        (#""type":"bytes","name":"org.apache.kafka.connect.data.Decimal""#, #""BalP""#),
        (#""type":"bytes","name":"io.debezium.data.Bits","parameters":{"scale":"2"}"#, #""BalP""#),
        (#""type":"boolean""#, "true"), (variable, #"{"scale":2}"#), (variable, #"{"scale":"2","value":"BalP"}"#),
        (variable, #""BalP""#), (#""type":"double""#, #""BalP""#),
        (#""type":"string""#, #""BalP""#), (#""type":"string""#, "3710.23"), (decimal, #""NaN""#),
        (decimal, #""Ba P""#),
    ])
    func whatTheSchemaDoesNotAllowIsMalformed(_ schema: String, _ json: String) {
        var decoder = ChangeEventDecoder()
        #expect(decoder.decode(Self.event(json, schema: schema)).problem == .wrongForm(.amount))
    }

    @Test func textIsNoAmountEither() {
        for setting in Self.settings {
            for word in ["Infinity", "NaN", "-Infinity", ""] { #expect(Amount(word, encoding: setting) == nil) }
        }
        #expect(Amount("BalP", encoding: .automatic(scale: 2))?.description == "3710.23")
    }
}
