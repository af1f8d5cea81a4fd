import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// Record batches inside explanations.
@Suite(.turn) struct ExplainedRecordsTests {
    /// Every batch of the Java client, in every codec and format.
    @Test func everyByteIsExplainedOnce() throws {
        for vector in try Fixture.json("golden/record-batches.jsonl") {
            let bytes = try #require(vector["hex"].hex)
            let explanation = Explanation(records: bytes)
            #expect(explanation.failure == nil)
            ExplanationTests.expectCoverage(explanation, bytes)
            #expect(!explanation.rows.contains { $0.kind == .unread })
            for (index, batch) in vector["batches"].elements.enumerated() where batch["magic"].number == 2 {
                try expectBatch(explanation, "[\(index)]", batch)
            }
        }
    }

    private func expectBatch(_ explanation: Explanation, _ path: String, _ json: JSON) throws {
        func value(_ name: String) -> Explanation.Row? { explanation.rows.first { $0.path == "\(path).\(name)" } }
        for name in ["baseOffset", "partitionLeaderEpoch", "producerId", "producerEpoch", "baseSequence"] {
            #expect(value(name)?.value == json[name].number.map { "\($0)" })
        }
        #expect(value("crc")?.note.hasSuffix("matches") == true)
        let codec = json["codec"].text ?? ""
        for (index, record) in json["records"].elements.enumerated() {
            let prefix = codec == "none" ? "[\(index)]" : "records[\(index)]"
            let keys = explanation.rows.first { $0.path == path + (codec == "none" ? "" : ".") + prefix + ".key" }
            // A control record's key is explained field by field; its row has the length alone.
            guard json["control"] == .bool(false) else { continue }
            #expect(keys?.isUnpacked == (codec != "none"))
            #expect(keys.map { $0.bytes.description.hasSuffix(record["key"].text ?? "01") } == true)
        }
    }

    @Test(arguments: ["legacy-v0-gzip", "legacy-v1-gzip"]) func aPackedSetOfTheOldFormatsIsUnpacked(name: String) throws
    {
        let vector = try #require(try Fixture.json("golden/record-batches.jsonl").first { $0["name"].text == name })
        let explanation = Explanation(records: try #require(vector["hex"].hex))
        let records = try #require(vector["batches"].elements.first)["records"].elements
        let rows = explanation.rows.filter(\.isUnpacked)
        let keys = rows.filter { $0.name == "key" }
        #expect(keys.count == 3)
        for (row, record) in zip(keys, records) { #expect(row.bytes.description.hasSuffix(record["key"].text ?? "?")) }
        #expect(rows.filter { $0.name == "crc" }.allSatisfy { $0.note.hasSuffix("matches") })
    }

    @Test func aWrongChecksumIsShown() throws {
        let vector = try #require(try Fixture.json("golden/record-batches.jsonl").first)
        var bytes = try #require(vector["hex"].hex).copy()
        bytes[bytes.count - 1] ^= 1
        let explanation = Explanation(records: Bytes(bytes))
        guard case .checksum = explanation.failure?.reason else {
            Issue.record("\(String(describing: explanation.failure))")
            return
        }
        #expect(explanation.failure?.offset == 17)
        #expect(
            explanation.rows.contains {
                $0.name == "crc" && $0.note.contains("to the end (21 to \(bytes.count - 1)): WRONG, computed 0x")
            })
        ExplanationTests.expectCoverage(explanation, Bytes(bytes))
    }

    @Test func everyPrefixAndFlippedBitIsExplained() throws {
        for vector in try Fixture.json("golden/record-batches.jsonl") where (vector["hex"].text?.count ?? 0) < 400 {
            let bytes = try #require(vector["hex"].hex)
            for length in 0..<bytes.count {
                ExplanationTests.expectCoverage(Explanation(records: bytes[0..<length]), bytes[0..<length])
            }
            var mutated = bytes.copy()
            for bit in 0..<mutated.count * 8 {
                mutated[bit / 8] ^= 1 << UInt8(bit % 8)
                ExplanationTests.expectCoverage(Explanation(records: Bytes(mutated)), Bytes(mutated))
                mutated[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    @Test func aMarkerSaysWhatBecameOfTheTransaction() throws {
        let vectors = try Fixture.json("golden/record-batches.jsonl")
        for (name, meaning) in [("commit-marker", "COMMIT"), ("abort-marker", "ABORT")] {
            let vector = try #require(vectors.first { $0["name"].text == name })
            let explanation = Explanation(records: try #require(vector["hex"].hex))
            let type = explanation.rows.first { $0.path == "[0][0].key.type" }
            #expect(type?.note == meaning)
            #expect(explanation.rows.first { $0.path == "[0][0].value.coordinatorEpoch" }?.value == "9")
        }
    }

    /// Brokers fill a fetch with part of a batch; a producer's last batch is whole.
    @Test func onlyAFetchMayEndInPartOfABatch() throws {
        let vector = try #require(try Fixture.json("golden/record-batches.jsonl").first)
        let batch = try #require(vector["hex"].hex)
        let part = batch[0..<batch.count - 1]
        #expect(Explanation(records: part).failure != nil)
        let response = FetchResponse.with {
            $0.responses = [.with { $0.partitions = [.with { $0.records = Records(part) }] }]
        }
        let body = Bytes(try response.encode(version: 11))
        let explanation = Explanation(body: body, of: FetchResponse.self, version: 11)
        #expect(explanation.failure == nil)
        ExplanationTests.expectCoverage(explanation, body)
    }
}
