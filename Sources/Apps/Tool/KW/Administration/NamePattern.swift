import ToolKit

/// Which names an option such as `--topic` means: a regular expression for the whole name, as in Kafka's tools, where a
/// comma separates alternatives too, and spaces and quotation marks around it do not count.
struct NamePattern {
    /// The expression, in the form in which it is compared.
    let text: String
    private let test: Test

    private enum Test {
        /// Letters, digits, and what else may stand in a topic's name; a dot is any character.
        case plain([[UInt8]])
        case expression(Regex<AnyRegexOutput>)
    }

    /// Every name.
    static var any: NamePattern { NamePattern(text: ".*", test: .plain([])) }

    private init(text: String, test: Test) {
        self.text = text
        self.test = test
    }

    /// Throws where that is no regular expression.
    init(_ pattern: String) throws(ToolFailure) {
        var text = String(pattern.filter { $0 != " " }.map { $0 == "," ? "|" : $0 })
        while text.first == "\"" || text.first == "'" { text.removeFirst() }
        while text.last == "\"" || text.last == "'" { text.removeLast() }
        self.text = text
        if text == ".*" {
            test = .plain([])
        } else if text.utf8.allSatisfy({ Self.isPlain($0) || $0 == UInt8(ascii: "|") }) {
            test = .plain(
                text.utf8.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false).map(Array.init))
        } else {
            do { test = .expression(try Regex(text).matchingSemantics(.unicodeScalar)) } catch {
                throw ToolFailure("\(text) is no regular expression; a topic's name is one too")
            }
        }
    }

    /// Whether the whole name is meant.
    func matches(_ name: String) -> Bool {
        switch test {
        case .plain(let alternatives):
            alternatives.isEmpty
                || alternatives.contains { pattern in
                    name.utf8.count == pattern.count
                        && zip(name.utf8, pattern).allSatisfy { $0 == $1 || $1 == UInt8(ascii: ".") }
                }
        case .expression(let expression): (try? expression.wholeMatch(in: name)) != nil
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
