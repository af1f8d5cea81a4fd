import Conformance
import Testing

@testable import KafkaWire

/// Record batches that the Java client wrote.
@Suite struct RecordBatchTests {
    /// The vectors whose codecs this library reads.
    static let vectors: [JSON] = {
        let all = (try? Fixture.json("golden/record-batches.jsonl")) ?? []
        return all.filter { vector in
            vector["batches"].elements.allSatisfy {
                $0["magic"].number == 2 && ["none", "gzip"].contains($0["codec"].text)
            }
        }
    }()

    @Test func thereAreVectors() { #expect(Self.vectors.count == 32) }

    @Test(arguments: vectors.indices) func decodesWhatJavaWrote(index: Int) throws {
        let vector = Self.vectors[index]
        let batches = try Records(try #require(vector["hex"].hex)).batches()
        let expected = vector["batches"].elements
        try #require(batches.count == expected.count)
        for (batch, json) in zip(batches, expected) {
            try batch.verifyChecksum()
            #expect(batch.baseOffset == json["baseOffset"].number)
            #expect(Int64(batch.bytes.count) == json["sizeInBytes"].number)
            #expect(Int64(batch.partitionLeaderEpoch) == json["partitionLeaderEpoch"].number)
            #expect(Int64(batch.crc) == json["crc"].number)
            #expect(batch.attributes.compression?.name == json["codec"].text)
            #expect((batch.attributes.isLogAppendTime ? "LogAppendTime" : "CreateTime") == json["timestampType"].text)
            #expect(.bool(batch.attributes.isTransactional) == json["transactional"])
            #expect(.bool(batch.attributes.isControl) == json["control"])
            #expect(batch.lastOffset == json["lastOffset"].number)
            #expect(batch.maxTimestamp == json["maxTimestamp"].number)
            #expect(batch.producerId == json["producerId"].number)
            #expect(Int64(batch.producerEpoch) == json["producerEpoch"].number)
            #expect(Int64(batch.baseSequence) == json["baseSequence"].number)
            let records = try batch.records()
            #expect(records.count == json["records"].elements.count)
            for (record, wanted) in zip(records, json["records"].elements) {
                #expect(record.offset == wanted["offset"].number)
                #expect(record.timestamp == wanted["timestamp"].number)
                #expect(record.key == wanted["key"].hex)
                #expect(record.value == wanted["value"].hex)
                let headers = wanted["headers"].elements.map { pair in
                    RecordHeader(pair.elements[0].text ?? "", pair.elements[1].hex)
                }
                #expect(record.headers == headers)
            }
        }
    }

    @Test func uncompressedBatchesEncodeBackToTheSameBytes() throws {
        var count = 0
        for vector in Self.vectors {
            for batch in try Records(try #require(vector["hex"].hex)).batches()
            where batch.attributes.compression == Compression.none {
                #expect(try Bytes(Self.rewritten(batch)) == batch.bytes)
                count += 1
            }
        }
        #expect(count == 17)
    }

    @Test func gzipUnpacksWhatItPacked() throws {
        for vector in Self.vectors {
            for batch in try Records(try #require(vector["hex"].hex)).batches() {
                let packed = try #require(try RecordBatch(Bytes(Self.rewritten(batch, compression: .gzip))))
                try packed.verifyChecksum()
                #expect(packed.attributes.compression == .gzip)
                #expect(try packed.records().map(\.value) == batch.records().map(\.value))
            }
        }
    }

    @Test func everyPrefixAndEveryFlippedBitDecodesOrThrows() throws {
        for vector in Self.vectors where (vector["hex"].text?.count ?? 0) < 1200 {
            let bytes = try #require(vector["hex"].hex)
            for length in 0..<bytes.count {
                // Cut off, a batch is not there; the batches before it are.
                #expect(try Records(bytes[0..<length]).batches().count < vector["batches"].elements.count)
            }
            var mutated = bytes.copy()
            for bit in 0..<mutated.count * 8 {
                mutated[bit / 8] ^= 1 << UInt8(bit % 8)
                do throws(WireError) {
                    for batch in try Records(Bytes(mutated)).batches() { _ = try batch.records(limit: 1 << 20).count }
                } catch {
                    #expect(!error.description.isEmpty)
                }
                mutated[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    @Test func aFlippedBitIsFoundByTheChecksum() throws {
        let bytes = try #require(Self.vectors[0]["hex"].hex)
        for bit in RecordBatch.Layout.attributes * 8..<bytes.count * 8 {
            var mutated = bytes.copy()
            mutated[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let batch = try? RecordBatch(Bytes(mutated)) else { continue }
            #expect(throws: WireError.self) { try batch.verifyChecksum() }
        }
    }

    @Test func aBombIsRefused() throws {
        let zeros = [UInt8](repeating: 0, count: 4 << 20)
        let packed = try zeros.withUnsafeBytes { try Compression.gzip.compress($0) }
        #expect(packed.count < 8192)
        let error = #expect(throws: WireError.self) {
            try Compression.gzip.decompress(Bytes(packed), limit: 1 << 20)
        }
        #expect(error?.reason == .tooLarge(limit: 1 << 20))
        #expect(try Compression.gzip.decompress(Bytes(packed), limit: 4 << 20).count == 4 << 20)
    }

    /// The batch, built anew from its decoded records.
    static func rewritten(_ batch: RecordBatch, compression: Compression = .none) throws -> [UInt8] {
        var builder = RecordBatchBuilder(baseTimestamp: batch.baseTimestamp)
        let base = batch.baseTimestamp
        let records = try batch.records()
        for record in records {
            // The time of appending replaces the records' own, which are still in the deltas.
            let time = batch.attributes.isLogAppendTime ? base &+ record.entry.timestampDelta : record.timestamp
            Self.withBytes(record.key) { key in
                Self.withBytes(record.value) { value in
                    builder.append(
                        key: key, value: value, headers: record.headers, timestamp: time,
                        offsetDelta: record.entry.offsetDelta)
                }
            }
        }
        var options = RecordBatchBuilder.Options()
        options.compression = compression
        options.producerId = batch.producerId
        options.producerEpoch = batch.producerEpoch
        options.baseSequence = batch.baseSequence
        options.marks = batch.attributes
        options.baseOffset = batch.baseOffset
        options.partitionLeaderEpoch = batch.partitionLeaderEpoch
        options.lastOffsetDelta = batch.lastOffsetDelta
        options.maxTimestamp = batch.maxTimestamp
        return try builder.finish(options)
    }

    private static func withBytes(_ bytes: Bytes?, _ body: (UnsafeRawBufferPointer?) -> Void) {
        if let bytes { bytes.withUnsafeBytes { body($0) } } else { body(nil) }
    }
}
