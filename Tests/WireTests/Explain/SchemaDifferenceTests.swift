import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// What changes between versions, against Kafka's own list of fields.
@Suite(.turn) struct SchemaDifferenceTests {
    /// A field of `messages.txt`, as that file has it.
    private struct Known {
        var path: String
        var versions: ClosedRange<Int>
        var nullable: ClosedRange<Int>?
    }

    /// The fields of a message that `version` carries, by path.
    private static func fields(_ lines: [String], version: Int) -> [String: Known] {
        var outer: [(path: String, isPresent: Bool)] = []
        var found: [String: Known] = [:]
        for line in lines {
            let depth = line.prefix { $0 == " " }.count / 2
            let words = line.split(separator: " ").map(String.init)
            outer.removeLast(outer.count - depth)
            let path = (outer.last.map { $0.path + "." } ?? "") + words[0].dropLast()
            let versions = range(words[2].dropFirst())
            let isPresent = (outer.last?.isPresent ?? true) && versions.contains(version)
            let nullable = words.firstIndex(of: "nullable").map { range(words[$0 + 1][...]) }
            if isPresent { found[path] = Known(path: path, versions: versions, nullable: nullable) }
            outer.append((path + (words[1].hasPrefix("[]") ? "[]" : ""), isPresent))
        }
        return found
    }

    private static func range(_ text: Substring) -> ClosedRange<Int> {
        if text.hasSuffix("+") { return (Int(text.dropLast()) ?? 0)...Int(Int16.max) }
        let ends = text.split(separator: "-").compactMap { Int($0) }
        return (ends.first ?? 0)...(ends.last ?? 0)
    }

    /// Every API, each version against the next and the first against the last, in both directions.
    @Test func everyChangeIsKafkas() throws {
        let definitions = try SchemaTests.definitions()
        var changes = 0
        for api in API.all {
            for (type, isResponse) in [(api.request as any WireMessage.Type, false), (api.response, true)] {
                let definition = try #require(definitions[type.wireName])
                let versions = Array(type.versions)
                var pairs = Array(zip(versions, versions.dropFirst()))
                if let first = versions.first, let last = versions.last { pairs.append((first, last)) }
                for (a, b) in pairs + pairs.map({ ($1, $0) }) {
                    let found = SchemaDifference(type, isResponse: isResponse, from: a, to: b)
                    let before = Self.fields(definition.lines, version: Int(a))
                    let after = Self.fields(definition.lines, version: Int(b))
                    let (old, new) = (Set(before.keys), Set(after.keys))
                    #expect(Set(found.added.map(\.path)) == new.subtracting(old), "\(type.wireName) \(a) \(b)")
                    #expect(Set(found.removed.map(\.path)) == old.subtracting(new), "\(type.wireName) \(a) \(b)")
                    func allow(_ fields: [String: Known], _ version: Int16) -> Set<String> {
                        Set(old.intersection(new).filter { fields[$0]?.nullable?.contains(Int(version)) ?? false })
                    }
                    let (first, second) = (allow(before, a), allow(after, b))
                    #expect(Set(found.becameNullable.map(\.path)) == second.subtracting(first), "\(type.wireName)")
                    #expect(Set(found.becameRequired.map(\.path)) == first.subtracting(second), "\(type.wireName)")
                    let flexible = definition.flexible == "none" ? nil : Self.range(definition.flexible[...])
                    #expect(found.isFlexible.before == (flexible?.contains(Int(a)) ?? false))
                    #expect(found.isFlexible.after == (flexible?.contains(Int(b)) ?? false))
                    changes += found.isEmpty ? 0 : 1
                }
            }
        }
        #expect(changes > 300)
    }

    /// The header's versions are in the Java client's vectors.
    @Test func headersAreThoseOfTheVectors() throws {
        for file in GoldenMessageTests.files {
            for vector in try Fixture.json("golden/\(file)") {
                let (type, version, _) = try GoldenMessageTests.parts(vector)
                let isResponse = vector["kind"].text == "response"
                let found = SchemaDifference(type, isResponse: isResponse, from: version, to: version)
                #expect(found.header.before == Int16(try #require(vector["headerVersion"].number)))
                #expect(found.isEmpty)
            }
        }
    }

    /// Read in Kafka's definition by hand.
    @Test func fetchFrom11To13() {
        let request = SchemaDifference(FetchRequest.self, isResponse: false, from: 11, to: 13)
        #expect(request.header == .init(before: 1, after: 2))
        #expect(request.isFlexible == .init(before: false, after: true))
        #expect(request.removed.map(\.path) == ["topics[].topic", "forgottenTopicsData[].topic"])
        #expect(
            request.added.map(\.path) == [
                "topics[].topicId", "topics[].partitions[].lastFetchedEpoch", "forgottenTopicsData[].topicId",
                "clusterId",
            ])
        #expect(request.added.last?.tag == 0)
        #expect(request.added.last?.encodedType(flexible: true) == "compact string")
        let response = SchemaDifference(MetadataResponse.self, isResponse: true, from: 11, to: 12)
        #expect(response.becameNullable.map(\.path) == ["topics[].name"])
    }
}
