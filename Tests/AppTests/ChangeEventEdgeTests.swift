import ChangeEvents
import TestSupport
import Testing

/// Hand-made events, a row for each rule.
@Suite(.turn) struct ChangeEventEdgeTests {
    private static func event(_ after: String, op: String = "c", source: String = #""ts_ms":5000"#) -> String {
        #"{"before":null,"after":{\#(after)},"source":{\#(source)},"op":"\#(op)"}"#
    }

    private static func amount(_ json: String) -> String {
        event(#""id":1,"user_id":2,"amount":\#(json),"created_at":1795234901060297"#)
    }

    @Test(arguments: [
        (#""BalP""#, "3710.23"), ("3710.23", "3710.23"), (#""3710.23""#, "3710.23"), (#""-0.01""#, "-0.01"),
        ("9.999999999E7", "99999999.99"), ("-9.999999999E7", "-99999999.99"), ("0.0", "0.00"), ("-0", "0.00"),
        ("12", "12.00"), ("1e2", "100.00"), ("1.005", "1.01"), ("-1.005", "-1.01"),
        ("1.00000000000000000000000", "1.00"),
        (#""AA==""#, "0.00"), (#""/w==""#, "-0.01"), (#""\/w==""#, "-0.01"), (#""\u002Fw==""#, "-0.01"),
        (#""f/////////8=""#, "92233720368547758.07"), (#""gAAAAAAAAAA=""#, "-92233720368547758.08"),
        (#""AAAAAAAAAAAAAAAB""#, "0.01"), (#""12345678""#, "-446076493703.72"),
    ])
    func amountsAreExact(_ json: String, _ text: String) {
        var decoder = ChangeEventDecoder()
        #expect(decoder.decode(Self.amount(json)).transaction?.amount.description == text)
    }

    @Test(arguments: [
        ("null", Malformed.Problem.null(.amount)), ("true", .wrongForm(.amount)), ("{}", .wrongForm(.amount)),
        (#""""#, .wrongForm(.amount)), (#""BalP=""#, .wrongForm(.amount)), (#""Ba P""#, .wrongForm(.amount)),
        (#""====""#, .wrongForm(.amount)), (#""AB==""#, .wrongForm(.amount)), (#""NaN.""#, .wrongForm(.amount)),
        (#""1.2.3""#, .wrongForm(.amount)), (#""-""#, .wrongForm(.amount)), ("1e400", .outOfRange(.amount)),
        ("1e-30", .outOfRange(.amount)), ("123456789012345678901.5", .outOfRange(.amount)),
        (#""gAAAAAAAAAAA""#, .outOfRange(.amount)), ("01", .badNumber), ("1.", .badNumber), ("NaN", .unexpectedByte),
        (#""\ud83d""#, .badEscape), (#""\x""#, .badEscape), ("\"\u{1}\"", .badString),
    ])
    func badAmountsAreNeverZero(_ json: String, _ problem: Malformed.Problem) {
        var decoder = ChangeEventDecoder()
        #expect(decoder.decode(Self.amount(json)).problem == problem)
    }

    @Test func theSettingDecidesWhatTheValueCannot() {
        var text = ChangeEventDecoder(.init(amount: .string))
        #expect(text.decode(Self.amount(#""12345678""#)).transaction?.amount.description == "12345678.00")
        var base64 = ChangeEventDecoder(.init(amount: .base64(scale: 4)))
        #expect(base64.decode(Self.amount(#""BalP""#)).transaction?.amount.description == "37.10")
        #expect(base64.decode(Self.amount("1.5")).problem == .wrongForm(.amount))
        var double = ChangeEventDecoder(.init(amount: .double))
        #expect(double.decode(Self.amount(#""BalP""#)).problem == .wrongForm(.amount))
    }

    @Test(arguments: [
        ("1795234901060297", 1_795_234_901_060_297, Transaction.TimeSource.column),
        ("1795234901060", 1_795_234_901_060_000, .column),
        ("1795234901060297123", 1_795_234_901_060_297, .column),
        (#""2026-11-21T06:26:00.5Z""#, 1_795_242_360_500_000, .column),
        (#""2026-11-21T08:26:00+02:00""#, 1_795_242_360_000_000, .column),
        (#""1969-12-31 23:59:59.999999""#, -1, .column),
        (#""+12026-01-01T00:00:00Z""#, 317_336_745_600_000_000, .column),
        (#""-0043-03-15T12:00:00Z""#, -63_517_780_800_000_000, .column),
        ("null", 5_000_000, .commit), ("0", 5_000_000, .commit),
        // A date says no time.
        ("20778", 5_000_000, .commit), (#""2026-11-21Z""#, 5_000_000, .commit), (#""2026-11-21""#, 5_000_000, .commit),
    ])
    func times(_ json: String, _ microseconds: Int64, _ source: Transaction.TimeSource) {
        var decoder = ChangeEventDecoder()
        let row = decoder.decode(Self.event(#""id":1,"user_id":2,"amount":1.5,"created_at":\#(json)"#)).transaction
        #expect(row?.createdAt.microseconds == microseconds)
        #expect(row?.timeSource == source)
    }

    @Test(arguments: [
        (#""infinity""#, Malformed.Problem.outOfRange(.createdAt)), (#""-infinity""#, .outOfRange(.createdAt)),
        (#""+294247-01-10T04:00:25.2Z""#, .outOfRange(.createdAt)),
        (#""+999999999-01-01T00:00:00Z""#, .outOfRange(.createdAt)),
        ("9223372036825200000", .outOfRange(.createdAt)), ("-9223372036832400000", .outOfRange(.createdAt)),
        ("9223372036825200", .outOfRange(.createdAt)), ("9223372036854775807", .outOfRange(.createdAt)),
        ("9223372036854775808", .outOfRange(.createdAt)), (#""2026-02-30Z""#, .wrongForm(.createdAt)),
        (#""06:26:00Z""#, .wrongForm(.createdAt)), ("1.5", .wrongForm(.createdAt)),
    ])
    func whatIsNoMomentIsNoTime(_ json: String, _ problem: Malformed.Problem) {
        var decoder = ChangeEventDecoder()
        let event = decoder.decode(Self.event(#""id":1,"user_id":2,"amount":1.5,"created_at":\#(json)"#))
        #expect(event.problem == problem)
    }

    @Test(arguments: [
        ("", Malformed.Problem.empty), ("  ", .empty), ("[]", .notAnObject), ("{}", .missing(.operation)),
        ("{} x", .trailingBytes), (#"{"op":"x"}"#, .unknownOperation), (#"{"op":"c"}"#, .missing(.after)),
        (#"{"op":"c","after":null}"#, .null(.after)), (#"{"op":null}"#, .null(.operation)),
        (#"{"op":"c",}"#, .unexpectedByte), (#"{"op" "c"}"#, .unexpectedByte), ("{\"a\":\"\u{7f}", .truncated),
        (#"{"op":"c","after":{"id":1,"user_id":99999999999999999999,"amount":1.5}}"#, .outOfRange(.userID)),
        (#"{"op":"c","after":{"id":1,"user_id":1.0,"amount":1.5}}"#, .wrongForm(.userID)),
        (#"{"op":"c","after":{"id":1,"user_id":"7","amount":1.5}}"#, .wrongForm(.userID)),
        (#"{"op":"c","after":{"id":1,"amount":1.5}}"#, .missing(.userID)),
        (#"{"op":"c","after":{"id":1,"user_id":2}}"#, .missing(.amount)),
        (#"{"op":"c","after":{"id":1,"user_id":2,"amount":1.5}}"#, .missing(.createdAt)),
    ])
    func problems(_ text: String, _ problem: Malformed.Problem) {
        var decoder = ChangeEventDecoder()
        let result = decoder.decode(text)
        #expect(result.problem == problem)
        if case .malformed(let flaw) = result { #expect(flaw.description.contains("at byte \(flaw.offset)")) }
    }

    @Test func otherOperations() {
        var decoder = ChangeEventDecoder()
        #expect(decoder.decode(Self.event("", op: "t")) == .notATransaction(.truncate))
        #expect(decoder.decode(Self.event("", op: "m")) == .notATransaction(.message))
        #expect(decoder.decode(#"{"schema":null,"payload":null}"#) == .notATransaction(.tombstone))
        let other = Self.event(#""amount":"?""#, source: #""table":"orders""#)
        #expect(decoder.decode(other) == .notATransaction(.otherTable))
    }

    @Test func namesMayBeWrittenWithEscapesAndSpaces() {
        var decoder = ChangeEventDecoder()
        let text =
            "{ \"\\u0061fter\" :\n{\"id\":1,\"user\\u005fid\":2,\"amount\":\"1.50\",\"created_at\":1795234901060297} , \"op\":\"r\" }"
        #expect(decoder.decode(text).transaction?.userID == 2)
    }

    @Test func nestingHasALimit() {
        var decoder = ChangeEventDecoder()
        func nested(_ depth: Int) -> String {
            #"{"x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        }
        #expect(decoder.decode(nested(63)).problem == .missing(.operation))
        #expect(decoder.decode(nested(64)).problem == .tooDeep)
        #expect(decoder.decode(String(repeating: #"{"schema":{"fields":["#, count: 9_000)).problem != nil)
    }
}
