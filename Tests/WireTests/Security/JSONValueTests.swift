import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// JSON as RFC 8259 has it, and no more of it than is bounded; base 64 in one spelling.
@Suite(.turn) struct JSONValueTests {
    @Test(arguments: [
        ("null", JSONValue.null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .number(0)),
        ("-0", .number(0)),
        ("-12.5e+2", .number(-1250)), ("1E-2", .number(0.01)), ("1e308", .number(1e308)), ("\"\"", .string("")),
        (#""\"\\\/\b\f\n\r\t\u00e4\ud83d\udddd""#, .string("\"\\/\u{8}\u{C}\n\r\tä🗝")), ("\"ä鍵\"", .string("ä鍵")),
        ("[]", .array([])), ("[ 1 , [ ] , {} ]", .array([.number(1), .array([]), .object([:])])),
        ("{\"a\" : {\"b\":[null]} , \"c\":1}", .object(["a": .object(["b": .array([.null])]), "c": .number(1)])),
    ])
    func reads(text: String, expected: JSONValue) throws { #expect(try JSONValue(Array(text.utf8)) == expected) }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "01", "-", "1.", ".5", "1e", "1e400", "+1", "0x1", "NaN", "\"", "\"a",
        "\"\n\"",
        "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\", "[", "[1", "[1,]", "[,1]",
        "[1 2]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
        "1 2",
        "'a'", "[1]]", "// x\n1", "\u{FEFF}1", "\"\\u+123\"",
    ])
    func refuses(text: String) { #expect(throws: JSONValue.Failure.self) { try JSONValue(Array(text.utf8)) } }

    @Test(arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]])
    func refusesWhatIsNoText(bytes: [UInt8]) { #expect(throws: JSONValue.Failure.self) { try JSONValue(bytes) } }

    @Test func isBounded() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array(String(repeating: "[", count: depth).utf8) + Array(String(repeating: "]", count: depth).utf8)
        }
        _ = try JSONValue(nested(32))
        #expect(throws: JSONValue.Failure.self) { try JSONValue(nested(33)) }
        #expect(throws: JSONValue.Failure.self) { try JSONValue([UInt8](repeating: 0x5B, count: 1 << 20)) }
        #expect(throws: JSONValue.Failure.self) { try JSONValue([UInt8](repeating: 0x20, count: 1 << 20 + 1)) }
    }

    /// What it writes, Foundation reads as the same; and so does it.
    @Test(arguments: ["", "a", "\"\\/", "\u{0}\u{1F}\n\t\r", "ä鍵🗝\u{2028}", "\u{7F}"]) func quotes(text: String) throws
    {
        let quoted = JSONValue.quoted(text)
        let found = try JSONSerialization.jsonObject(with: Data("[\(quoted)]".utf8)) as? [String]
        #expect(found == [text])
        #expect(try JSONValue(Array(quoted.utf8)) == .string(text))
    }

    @Test func base64AsFoundationHasIt() {
        var random = RandomSource(seed: 4648)
        for count in 0..<70 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(Base64.decode(Data(bytes).base64EncodedString().utf8) == bytes)
            #expect(Base64.decode(Base64.encode(bytes, .urlSafe).utf8, .urlSafe) == bytes)
        }
    }

    @Test(arguments: [
        ("A", Base64.Alphabet.standard), ("AA", .standard), ("AAA", .standard), ("AAAAA", .standard),
        ("AB==", .standard),
        ("AAB=", .standard), ("A===", .standard), ("====", .standard), ("AA=A", .standard), ("AA==AAAA", .standard),
        ("AA-_", .standard), ("A A=", .standard), ("AAA=\n", .standard), ("A", .urlSafe), ("AB", .urlSafe),
        ("AAB", .urlSafe), ("AA==", .urlSafe), ("AA+/", .urlSafe), ("AAAAA", .urlSafe),
    ])
    func base64IsStrict(text: String, alphabet: Base64.Alphabet) { #expect(Base64.decode(text.utf8, alphabet) == nil) }
}
