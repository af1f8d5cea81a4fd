import ChangeEvents
import TestSupport
import Testing

/// Remembered shapes against plain scans: the same results, also for events that only resemble those before.
@Suite(.turn) struct EventShapeTests {
    private static let event =
        #"{"before":null,"after":{"id":1,"user_id":2,"amount":"BalP","card_type":"VISA","merchant_id":7,"#
        + #""created_at":1795234901060297},"source":{"name":"s","ts_ms":5000,"snapshot":"false","#
        + #""sequence":"[null,\"26\"]","schema":"public","table":"transactions","txId":9,"xmin":null},"#
        + #""transaction":null,"op":"c","ts_ms":5001}"#

    /// Expects the decoder that knows the first text to read the second one as a decoder without memory does.
    private static func compare(_ known: String, _ other: String, _ options: (Bool) -> ChangeEventDecoder.Options) {
        for hasOldKey in [false, true] {
            var with = ChangeEventDecoder(options(true))
            for _ in 0..<3 { _ = with.decode(known) }
            var without = ChangeEventDecoder(options(false))
            let bytes = Array(other.utf8)
            #expect(
                with.decode(bytes, hasOldKey: hasOldKey) == without.decode(bytes, hasOldKey: hasOldKey), "\(other)")
        }
    }

    private static let replacements: [(String, String)] = [
        (#""id":1"#, #""id":"#), (#""id":1"#, #""id":01"#), (#""id":1"#, #""id":-"#), (#""id":1"#, #""id":1.5"#),
        (#""id":1"#, #""id":{"user_id":5}"#), (#""id":1"#, #""id":1,"user_id":5"#), (#""id":1"#, #""id":1 "#),
        (#""id":1"#, #""id":12345678901234567890"#), (#""user_id":2"#, #""user_id":null"#),
        (#""user_id":2"#, #""user_id":nul"#), (#""user_id":2"#, #""user_\u0069d":2"#),
        (#""BalP""#, "3710.23"), (#""BalP""#, #""3710.23""#), (#""BalP""#, #""\u0042alP""#), (#""BalP""#, #""BalP"#),
        (#""BalP""#, "\"\u{1}\""), (#""BalP""#, #""\ud83d""#), (#""BalP""#, "null"), (#""VISA""#, "null"),
        (#""VISA""#, #""V\u0049SA""#), (#""VISA""#, #""Ж""#), (#""VISA""#, "[1,[2,{}]]"), (#""VISA""#, "[1,[2,{}]"),
        (":7,", ":null,"), (":7,", ":true,"), (":7,", ":7,,"), ("1795234901060297", "null"), ("1795234901060297", "0"),
        ("1795234901060297", #""2026-11-21T06:26:00Z""#), ("5000", "null"), ("5000", #""x""#), ("5000", "1e3"),
        (#"\"26\""#, #"\"27\",\"28\""#), (#"\"26\""#, #"\x"#), (#""public""#, #""audit""#), (#""public""#, "3"),
        (#""transactions""#, #""orders""#), (#""transactions""#, "null"), (#""transactions""#, #""trans\u0061ctions""#),
        (#""op":"c""#, #""op":"r""#), (#""op":"c""#, #""op":"u""#), (#""op":"c""#, #""op":1"#),
        (#""op":"c""#, #""op":"c","op":"d""#), (#""op":"c""#, #""op":"c","after":null"#),
        (#""op":"c""#, #""op":"c","payload":null"#), (#""op":"c""#, #""op":"c","schema":{"type":"string"}"#),
        (#""op":"c""#, #""op":"c","source":{"table":"orders"}"#), ("5001}", "5001"), ("5001}", "5001}}"),
        ("5001}", "5001} "), ("5001}", "5001}x"), ("5001}", "5001,}"), ("5001}", "{}}"), ("5001", "[{\"a\":[]}]"),
        (#""before":null"#, #""before":{"id":1}"#), (#""transaction":null"#, #""transaction":{"id":"4:5"}"#),
    ]

    @Test(arguments: replacements)
    func anEventThatResemblesTheLastOne(_ part: String, _ replacement: String) {
        let other = Self.event.replacing(part, with: replacement)
        #expect(other != Self.event)
        let wrap = { (text: String) in #"{"schema":{"type":"struct"},"payload":\#(text)}"# }
        let suffixed = { (text: String) in
            #"{"schema":null,"payload":\#(text),"schema":{"fields":[{"field":"after","fields":[{"type":"string","#
                + #""field":"amount"}]}]}}"#
        }
        for form in [{ $0 }, wrap, suffixed] {
            Self.compare(form(Self.event), form(other)) { .init(remembersPrefixes: $0) }
            Self.compare(form(other), form(Self.event)) { .init(remembersPrefixes: $0) }
            Self.compare(form(Self.event), form(other)) { .init(schema: "public", remembersPrefixes: $0) }
        }
    }

    /// Values that decide the answer, in forms that would be slots elsewhere.
    @Test(arguments: [
        (#""transactions""#, #""trans\u0061ctions""#, #""ord\u0065rs""#), (#""transactions""#, "3", #""orders""#),
        (#""public""#, #""p\u0075blic""#, #""\u0061udit""#), (#""public""#, "[3]", #""audit""#),
        (#""op":"c""#, #""op":"u","after":3"#, #""op":"u","after":{"id":1}"#),
        (#""op":"c""#, #""op":"c","source":3"#, #""op":"c","source":{"table":"orders"}"#),
        (#""op":"c""#, #""status":"B\u0045GIN""#, #""status":"B\u0045GUN""#),
    ])
    func whatDecidesIsNoSlot(_ part: String, _ known: String, _ other: String) {
        for (start, end) in [("", ""), (#"{"schema":null,"payload":"#, "}")] {
            let first = start + Self.event.replacing(part, with: known) + end
            let second = start + Self.event.replacing(part, with: other) + end
            Self.compare(first, second) { .init(schema: "public", remembersPrefixes: $0) }
        }
    }

    @Test(arguments: [59, 60, 61, 62, 63, 64])
    func nestingHasTheSameLimitInASlot(_ depth: Int) {
        let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        for place in ["7", "5001", "9"] {
            let other = Self.event.replacing(":\(place)", with: ":" + nested)
            Self.compare(Self.event, other) { .init(remembersPrefixes: $0) }
            Self.compare(#"{"schema":1,"payload":\#(Self.event)}"#, #"{"schema":1,"payload":\#(other)}"#) {
                .init(remembersPrefixes: $0)
            }
        }
    }

    /// More shapes than are kept, long enough in a row for shapes to be given up and taken up again.
    @Test func manyShapes() {
        var with = ChangeEventDecoder()
        var without = ChangeEventDecoder(.init(remembersPrefixes: false))
        for number in 0..<3_000 {
            let shapes = number < 1_500 ? 20 : 2
            let text = Self.event.replacing(#""name":"s""#, with: "\"name\":\"s\(number % shapes)\"")
                .replacing(#""id":1"#, with: "\"id\":\(number)")
            let result = with.decode(text)
            if result.transaction?.id != Int64(number) || result != without.decode(text) {
                Issue.record("event \(number)")
            }
        }
    }
}
