import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// Every byte has its row, and the rows say what the Java client says.
@Suite(.turn) struct ExplanationTests {
    @Test(arguments: GoldenMessageTests.files) func everyByteIsExplainedOnceAndRight(file: String) throws {
        for vector in try Fixture.json("golden/\(file)") {
            let (type, version, bytes) = try GoldenMessageTests.parts(vector)
            for bytes in [bytes] + [vector["alsoDecodes"].hex].compactMap({ $0 }) {
                let explanation = Explanation(body: bytes, of: type, version: version)
                #expect(explanation.failure == nil)
                Self.expectCoverage(explanation, bytes)
                Self.expectValues(explanation, vector["json"])
            }
        }
    }

    @Test func embeddedStructuresAreExplained() throws {
        for vector in try Fixture.json("golden/embedded.jsonl") {
            let bytes = try #require(vector["hex"].hex)
            let version = Int16(try #require(vector["version"].number))
            let explanation =
                switch vector["api"].text {
                case "RequestHeaderData": Explanation(header: bytes, of: RequestHeader.self, version: version)
                case "ResponseHeaderData": Explanation(header: bytes, of: ResponseHeader.self, version: version)
                case "ConsumerProtocolSubscription":
                    Explanation(embedded: bytes, of: ConsumerProtocolSubscription.self, version: version)
                case "ConsumerProtocolAssignment":
                    Explanation(embedded: bytes, of: ConsumerProtocolAssignment.self, version: version)
                case "LeaderChangeMessage": Explanation(embedded: bytes, of: LeaderChangeMessage.self, version: version)
                case "EndTxnMarker": Explanation(embedded: bytes, of: EndTxnMarker.self, version: version)
                default: Explanation(embedded: bytes, of: ControlRecordTypeSchema.self, version: version)
                }
            #expect(explanation.failure == nil)
            Self.expectCoverage(explanation, bytes)
            Self.expectValues(explanation, vector["json"])
        }
    }

    /// What the decoder refuses the explainer refuses, in the same place; and it still accounts for every byte. Thinned
    /// out for time: every third length and every 17th bit, other ones in each vector of a file.
    @Test(arguments: GoldenMessageTests.files) func brokenBytesAreExplainedUpToTheBreak(file: String) throws {
        for (index, vector) in try Fixture.json("golden/\(file)").enumerated()
        where (vector["hex"].text?.count ?? 0) < 200 {
            let (type, version, bytes) = try GoldenMessageTests.parts(vector)
            for length in stride(from: index % 3, to: bytes.count, by: 3) {
                try Self.expectAgreement(type, version, bytes[0..<length])
            }
            var mutated = bytes.copy()
            for bit in stride(from: index % 17, to: mutated.count * 8, by: 17) {
                mutated[bit / 8] ^= 1 << UInt8(bit % 8)
                try Self.expectAgreement(type, version, Bytes(mutated))
                mutated[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    private static func expectAgreement(_ type: any WireMessage.Type, _ version: Int16, _ bytes: Bytes) throws {
        let explanation = Explanation(body: bytes, of: type, version: version)
        expectCoverage(explanation, bytes)
        do throws(WireError) {
            _ = try type.decode(bytes, version: version)
            // The decoder does not look into record batches.
            #expect(explanation.failure == nil || explanation.failure?.message == "RecordBatch")
        } catch {
            if explanation.failure?.message != "RecordBatch" {
                #expect(explanation.failure?.reason == error.reason)
                #expect(explanation.failure?.offset == error.offset)
            }
            #expect(explanation.rows.contains { $0.kind == .unread })
        }
    }

    /// Rows of bytes follow each other without gap or overlap, from the first byte to the last; headings span theirs.
    static func expectCoverage(_ explanation: Explanation, _ bytes: Bytes) {
        var at = 0
        for row in explanation.rows where !row.isUnpacked {
            guard row.offset == at else {
                Issue.record("\(row.path) begins at \(row.offset), not at \(at)")
                return
            }
            #expect(bytes[row.offset..<row.offset + row.bytes.count] == row.bytes)
            if row.kind != .group { at += row.bytes.count }
        }
        #expect(at == bytes.count)
    }

    /// Every value of Kafka's JSON stands in the row of its path.
    static func expectValues(_ explanation: Explanation, _ json: JSON) {
        var rows: [String: Explanation.Row] = [:]
        for row in explanation.rows where row.kind == .field { rows[row.path] = row }
        func walk(_ json: JSON, _ path: String) {
            let expected: String
            switch json {
            case .null: expected = "null"
            case .bool(let value): expected = "\(value)"
            case .int(let value): expected = "\(value)"
            case .double(let value): expected = "\(value)"
            case .string(let text):
                let type = rows[path]?.type ?? ""
                // Bytes and records are base64 in the JSON, and their own bytes in the rows.
                if type.hasSuffix("bytes") || type.hasSuffix("records") { return }
                // A setting without a name, as the golden messages have it, may be a secret.
                let isHidden = rows[path]?.value.hasSuffix(" bytes, hidden") == true && path.hasSuffix("alue")
                expected =
                    isHidden
                    ? "\(text.utf8.count) bytes, hidden" : type == "uuid" ? text : Meaning.quoted(text)
            case .array(let elements):
                expected = elements.count == 1 ? "1 element" : "\(elements.count) elements"
                for (index, element) in elements.enumerated() { walk(element, "\(path)[\(index)]") }
            case .object(let fields):
                for (name, value) in fields { walk(value, path.isEmpty ? name : "\(path).\(name)") }
                return
            }
            #expect(rows[path]?.value == expected, "\(path)")
        }
        walk(json, "")
    }
}
