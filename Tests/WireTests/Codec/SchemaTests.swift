import Conformance
import Testing

@testable import KafkaWire

/// The messages' definitions against the list taken from Kafka 4.3.
@Suite struct SchemaTests {
    @Test func fieldsAreThoseOfKafka() throws {
        let definitions = try Self.definitions()
        for api in API.all {
            for type in [api.request as any WireMessage.Type, api.response] {
                let expected = try #require(definitions[type.wireName], "\(type.wireName) is not in messages.txt")
                #expect(Set(type.schema) == Set(expected.lines), "\(type.wireName)")
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

    /// `messages.txt`, each line rewritten in the form of the schema dump.
    static func definitions() throws -> [String: Definition] {
        var found: [String: Definition] = [:]
        var current = ""
        for line in try Fixture.lines("protocol/messages.txt") {
            let indent = line.prefix { $0 == " " }.count
            let words = line.split(separator: " ").map(String.init)
            if indent == 0 {
                guard words.count > 4, ["request", "response", "header", "data"].contains(words[0]) else {
                    current = ""
                    continue
                }
                current = words[1]
                let flexible = words[5] == "0+" ? "0+" : words[5]
                found[current] = Definition(versions: words[3], flexible: flexible)
            } else if !current.isEmpty, words[0] != "struct" {
                // The fields of a structure that several fields share are indented like those of one field's own.
                found[current]?.lines.append(rewritten(words, depth: indent / 2 - 1))
            }
        }
        return found
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
