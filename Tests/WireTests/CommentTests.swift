import TestSupport
import Testing

/// Public symbols have comments. `swift format` refuses those without (`AllPublicDeclarationsHaveDocumentation`), but passes
/// over cases and requirements, and over `Messages`, whose fields are Kafka's: what it does not see is looked at here.
@Suite(.turn) struct CommentTests {
    private static let messages = "Sources/KafkaWire/Messages"

    /// Public declarations of a file for which nobody looks otherwise: types, cases, requirements. A case whose raw value is a
    /// text says with it what it is.
    static func uncommented(in text: String, types: Bool = false) -> [Substring] {
        let type = #/ *public (?:indirect |final )*(enum|protocol|struct|class|actor) .*/#
        let requirement = #/ *(?:static |mutating |associatedtype |var |func |init).*/#
        var found: [Substring] = []
        /// The innermost enum or protocol, by its indentation: the formatter sees to that.
        var open: [(indentation: Int, isProtocol: Bool)] = []
        var last: Substring = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let indentation = line.prefix { $0 == " " }.count
            let bare = line.dropFirst(indentation)
            if let current = open.last, bare == "}", indentation == current.indentation { open.removeLast() }
            var isLookedAt = false
            if let match = line.wholeMatch(of: type) {
                isLookedAt = types
                let isEnum = match.output.1 == "enum"
                if isEnum || match.output.1 == "protocol", bare.last != "}" { open.append((indentation, !isEnum)) }
            } else if let current = open.last, indentation == current.indentation + 4 {
                isLookedAt =
                    current.isProtocol
                    ? bare.wholeMatch(of: requirement) != nil : bare.hasPrefix("case ") && !bare.contains(" = \"")
            }
            // What stands between a comment and its declaration.
            if bare.hasPrefix("@"), !bare.contains(" ") { continue }
            if isLookedAt, !last.hasPrefix("///") { found.append(bare) }
            last = bare
        }
        return found
    }

    @Test(arguments: LayerTests.libraries) func casesAndRequirementsHaveComments(library: LayerTests.Library) {
        for path in LayerTests.files(in: library.folder) where !path.hasPrefix(Self.messages) {
            for line in Self.uncommented(in: LayerTests.text(path)) {
                Issue.record("\(path): write a comment above \"\(line)\"")
            }
        }
    }

    @Test func typesOfMessagesHaveComments() {
        let paths = LayerTests.files(in: Self.messages)
        #expect(paths.count > 80)
        for path in paths {
            for line in Self.uncommented(in: LayerTests.text(path), types: true) {
                Issue.record("\(path): write a comment above \"\(line)\"")
            }
        }
    }

    /// Messages are formatted as everything else is, but for the one rule.
    @Test func messagesAreFreeOfOneRule() {
        let rule = "\"AllPublicDeclarationsHaveDocumentation\": "
        let whole = LayerTests.text(".swift-format")
        #expect(whole.contains(rule + "true"))
        #expect(
            LayerTests.text(Self.messages + "/.swift-format") == whole.replacing(rule + "true", with: rule + "false"))
    }

    @Test(arguments: [
        ("public enum A {\n    case planted\n}", ["case planted"]),
        ("public enum A {\n    /// Said.\n    case a\n    case planted(Int)\n}", ["case planted(Int)"]),
        ("public enum A: String {\n    case a = \"what it is\"\n}", []),
        ("enum A {\n    case a\n}", []),
        ("public protocol A {\n    /// Said.\n    var a: Int { get }\n    func planted()\n}", ["func planted()"]),
        ("public protocol A {\n    /// Said.\n    @discardableResult\n    func a() -> Int\n}", []),
        (
            "public enum A {\n    public enum B { case a }\n    case planted\n    var b: Int {\n        0\n    }\n}",
            ["case planted"]
        ),
        ("/// Said.\npublic enum A {\n    /// Said.\n    case a\n}\nextension A {\n    var b: Int { 0 }\n}", []),
    ])
    func whatHasNoCommentIsFound(code: String, expected: [String]) {
        #expect(Self.uncommented(in: code).map(String.init) == expected)
    }

    @Test func aTypeWithoutACommentIsFound() {
        let code = "public struct Planted: WireStruct {\n}\n/// Said.\npublic struct B {\n}"
        #expect(Self.uncommented(in: code, types: true) == ["public struct Planted: WireStruct {"])
    }
}
