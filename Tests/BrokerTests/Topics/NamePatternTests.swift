import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Expressions over names, held against Swift's own regular expressions.
@Suite(.turn) struct NamePatternTests {
    private static let names = [
        "", "a", "b", "ab", "abb", "aab", "abc", "a.b", "a-b", "a1", "12", "A_9", "orders-eu-1", "orders", "é", "a\nb",
        "]",
        "^", "{", "a{2}", "aa", "aaa", "aaaa",
    ]

    private static let patterns = [
        "", "a", "a.b", "a\\.b", ".*", ".+", "a?b", "a*b+", "ab|c", "(ab|a)(b|)", "(?:a|b){2}", "a{2}", "a{2,}",
        "a{2,3}",
        "a{0}", "(a{1,2}){2}", "[ab]+", "[^ab]", "[a-c]+", "[\\]^]", "[]a]", "[a-]+", "[\\d_A-Z]+", "\\d+", "\\w+",
        "\\W",
        "\\D*", "\\S+", "a\\nb", "^a$", "a^b", "(^a)b", "orders-(eu|us)-\\d", "a+?", "(a|b)*?b", "((a))", "()", "(|a)",
        "é",
        "(a*)*", "(a+)+b", "\\{", "a{", "a{x}",
    ]

    @Test(arguments: patterns) func agreesWithSwift(text: String) throws {
        let pattern = try NamePattern(text)
        // Swift reads a brace that is no count, and a bracket in front, in its own way.
        let spelled = ["a{": "a\\{", "a{x}": "a\\{x\\}", "[]a]": "[\\]a]", "a+?": "a+", "a^b": "b^a"][text] ?? text
        let swift = try Regex(spelled).matchingSemantics(.unicodeScalar).asciiOnlyWordCharacters()
        for name in Self.names {
            #expect(pattern.matches(name) == (try swift.wholeMatch(in: name) != nil), "\(text) on \(name)")
        }
    }

    @Test(arguments: [
        "(", ")", "a)", "(a", "[", "[a", "[b-a]", "*", "+a", "a|*", "a**", "a{2}+?*", "a\\", "\\p{L}", "\\b", "(?i)a",
        "(?=a)",
        "(?<n>a)", "[[:alpha:]]", "[\\D]", "a{1001}", "a{3,2}", "a{99999999999999999999}", "(((a{100}){100}){100})",
        "(((((){1000}){1000}){1000}){1000})", String(repeating: "(", count: 900), String(repeating: "x", count: 1001),
    ])
    func refusesWhatItDoesNotKnow(text: String) {
        #expect((try? NamePattern(text)) == nil)
    }

    @Test func takesTimeWithTheLengthAlone() throws {
        let name = String(repeating: "a", count: 5000)
        #expect(try NamePattern("(a|a)*(a+)+(a*)*").matches(name))
        #expect(try !NamePattern("(a+)+(a|a)*b").matches(name))
    }

    @Test func randomTextDoesNotTrap() {
        let pieces = [
            "a", "b", "(", ")", "(?:", "[", "]", "[^", "-", "{", "}", "{2}", "{1,", "*", "+", "?", "|", "^", "$", ".",
            "\\",
            "\\d", "é", "1",
        ]
        var random = RandomSource(seed: 11)
        var count = 0
        for _ in 0..<20_000 {
            let text = (0..<1 + Int(random.next() % 8)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }
                .joined()
            guard let pattern = try? NamePattern(text) else { continue }
            count += 1
            _ = pattern.matches("ab1")
        }
        #expect(count > 1000)
    }
}
