import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// Record batches that the Java client wrote.
@Suite(.turn) struct RecordBatchTests {
    static let vectors: [JSON] = (try? Fixture.json("golden/record-batches.jsonl")) ?? []

    @Test func thereAreVectors() {
        #expect(Self.vectors.count == 82)
        let codecs = Self.vectors.flatMap { $0["batches"].elements.compactMap { $0["codec"].text } }
        #expect(Set(codecs) == ["none", "gzip", "snappy", "lz4", "zstd"])
    }

    /// Decoded, compared, encoded back, cut off at every length, with flipped bits: as `kw conformance` does it.
    @Test(arguments: vectors.indices) func isWhatJavaWrote(index: Int) {
        #expect(RecordBatchVector.failure(Self.vectors[index]) == nil)
    }

    @Test func uncompressedBatchesEncodeBackToTheSameBytes() throws {
        var count = 0
        for vector in Self.vectors {
            for batch in try Records(try #require(vector["hex"].hex)).batches()
            where batch.magic == 2 && batch.attributes.compression == Compression.none {
                #expect(try Bytes(RecordBatchVector.rewritten(batch)) == batch.bytes)
                count += 1
            }
        }
        #expect(count == 18)
    }

    @Test(arguments: Compression.allCases) func everyCodecUnpacksWhatItPacked(codec: Compression) throws {
        for vector in Self.vectors {
            for batch in try Records(try #require(vector["hex"].hex)).batches() where batch.magic == 2 {
                let packed = try #require(
                    try RecordBatch(Bytes(RecordBatchVector.rewritten(batch, compression: codec))))
                try packed.verifyChecksum()
                #expect(packed.attributes.compression == codec)
                #expect(try packed.records().map(\.value) == batch.records().map(\.value))
            }
        }
    }

    @Test(arguments: ["none-0-0", "legacy-v0-gzip", "legacy-v1-none"])
    func aFlippedBitIsFoundByTheChecksum(name: String) throws {
        let bytes = try #require(Self.vectors.first { $0["name"].text == name }?["hex"].hex)
        for (start, batch) in zip(try Self.starts(bytes), try Records(bytes).batches()) {
            for bit in (start + batch.checksumStart) * 8..<(start + batch.bytes.count) * 8 {
                var mutated = bytes.copy()
                mutated[bit / 8] ^= 1 << UInt8(bit % 8)
                let rest = Bytes(mutated)[start..<mutated.count]
                guard let damaged = try? RecordBatch(rest) else { continue }
                #expect(throws: WireError.self) { try damaged.verifyChecksum() }
            }
        }
    }

    /// Where an index below 0 or beyond the records ended the program.
    @Test func valuesAreGivenAsFarAsThereAreSome() throws {
        let bytes = try #require(Self.vectors.first { $0["name"].text == "none-0-0" }?["hex"].hex)
        let records = try #require(try Records(bytes).batches().first).records()
        func indices(_ from: Int, _ to: Int) -> [Int] {
            var found: [Int] = []
            records.forEachValue(from: from, to: to) { index, _ in found.append(index) }
            return found
        }
        let all = Array(0..<records.count)
        #expect(!all.isEmpty)
        for from in [.min, -1, 0, 1, records.count, .max] {
            for to in [.min, -1, 0, 1, records.count, .max] {
                #expect(indices(from, to) == all.filter { $0 >= from && $0 < to })
            }
        }
    }

    private static func starts(_ bytes: Bytes) throws -> [Int] {
        try Records(bytes).batches().reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.bytes.count) }
    }
}
