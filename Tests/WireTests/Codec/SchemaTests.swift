import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// The messages' definitions against the list taken from Kafka 4.3.
@Suite(.turn) struct SchemaTests {
    @Test func fieldsAreThoseOfKafka() throws {
        let definitions = try Self.definitions()
        for api in API.all {
            for type in [api.request as any WireMessage.Type, api.response] {
                let expected = try #require(definitions[type.wireName], "\(type.wireName) is not in messages.txt")
                #expect(type.schema.sorted() == expected.lines.sorted(), "\(type.wireName)")
                #expect("\(type.flexible)" == expected.flexible, "\(type.wireName)")
                #expect("\(Versions(type.versions.lowerBound, type.versions.upperBound))" == expected.versions)
            }
        }
    }

    @Test func versionsAreThoseOfKafka() throws {
        for line in try Fixture.lines("protocol/apis.tsv").dropFirst() {
            let cells = line.split(separator: "\t")
            guard let key = Int16(cells[0]), let api = API.of(APIKey(rawValue: key)) else { continue }
            #expect(api.name == cells[1])
            #expect("\(api.stableVersions.lowerBound)" == cells[2])
            #expect("\(api.latestStable)" == cells[3])
            #expect("\(api.request.versions.upperBound)" == cells[4])
        }
    }

    struct Definition {
        var versions: String
        var flexible: String
        var lines: [String] = []
    }

    /// A line of `messages.txt`: a field, as deep as it stands in the message or in the shared structure.
    private struct Line {
        var depth: Int
        var words: [String]
    }

    /// `messages.txt`, each line rewritten in the form of the schema dump.
    static func definitions() throws -> [String: Definition] {
        var found: [String: Definition] = [:]
        var current = ""
        var lines: [Line] = []
        // Structures that several fields share stand once, at the end of their message.
        var shared: [String: [Line]] = [:]
        var structure: String?
        func finish() {
            found[current]?.lines = expanded(lines, shared).map { rewritten($0.words, depth: $0.depth) }
            (lines, shared, structure) = ([], [:], nil)
        }
        for line in try Fixture.lines("protocol/messages.txt") {
            let indent = line.prefix { $0 == " " }.count
            let words = line.split(separator: " ").map(String.init)
            if indent == 0 {
                finish()
                guard words.count > 4, ["request", "response", "header", "data"].contains(words[0]) else {
                    current = ""
                    continue
                }
                current = words[1]
                let flexible = words[5] == "0+" ? "0+" : words[5]
                found[current] = Definition(versions: words[3], flexible: flexible)
            } else if words[0] == "struct" {
                structure = words[1]
            } else if let structure {
                shared[structure, default: []].append(Line(depth: indent / 2 - 2, words: words))
            } else {
                lines.append(Line(depth: indent / 2 - 1, words: words))
            }
        }
        finish()
        return found
    }

    /// `lines` with the fields of shared structures under each field that has them.
    private static func expanded(_ lines: [Line], _ shared: [String: [Line]]) -> [Line] {
        lines.flatMap { line in
            let type = line.words[1].filter { $0 != "[" && $0 != "]" }
            let inner = expanded(shared[type] ?? [], shared)
            return [line] + inner.map { Line(depth: line.depth + 1 + $0.depth, words: $0.words) }
        }
    }

    private static func rewritten(_ words: [String], depth: Int) -> String {
        func after(_ word: String) -> String? { words.firstIndex(of: word).map { words[$0 + 1] } }
        var line = String(repeating: "  ", count: depth) + "\(words[0]) \(words[1])  "
        // A tagged field's own versions are those of its tag.
        let tag = words.firstIndex(of: "tag")
        line += tag.map { "v" + words[$0 + 2].dropFirst().dropLast() } ?? words[2]
        if let nullable = after("nullable") {
            // Kafka writes the versions in which null is allowed; they count only where the field exists.
            let versions = words[2].dropFirst()
            let bounds = { (text: Substring) -> (Int, Int) in
                if text.hasSuffix("+") { return (Int(text.dropLast()) ?? 0, Int.max) }
                let ends = text.split(separator: "-").compactMap { Int($0) }
                return (ends.first ?? 0, ends.last ?? 0)
            }
            let (a, b) = (bounds(Substring(nullable)), bounds(versions))
            let both = (max(a.0, b.0), min(a.1, b.1))
            line +=
                "  nullable " + (both.1 == .max ? "\(both.0)+" : both.0 == both.1 ? "\(both.0)" : "\(both.0)-\(both.1)")
        }
        if let tag { line += "  tag \(words[tag + 1])" }
        if let value = after("default")?.filter({ $0 != "\"" }), !["0", "false", ""].contains(value) {
            line += "  default " + (value == "0x7fffffff" ? "2147483647" : value)
        }
        if words.contains("ignorable") { line += "  ignorable" }
        return line
    }
}
