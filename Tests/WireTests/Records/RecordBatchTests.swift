import Conformance
import Testing

@testable import KafkaWire

/// Record batches that the Java client wrote.
@Suite struct RecordBatchTests {
    static let vectors: [JSON] = (try? Fixture.json("golden/record-batches.jsonl")) ?? []

    @Test func thereAreVectors() {
        #expect(Self.vectors.count == 82)
        let codecs = Self.vectors.flatMap { $0["batches"].elements.compactMap { $0["codec"].text } }
        #expect(Set(codecs) == ["none", "gzip", "snappy", "lz4", "zstd"])
    }

    @Test(arguments: vectors.indices) func decodesWhatJavaWrote(index: Int) throws {
        let vector = Self.vectors[index]
        let batches = try Records(try #require(vector["hex"].hex)).batches()
        let expected = vector["batches"].elements
        try #require(batches.count == expected.count)
        for (batch, json) in zip(batches, expected) {
            try batch.verifyChecksum()
            let records = try batch.records()
            #expect(Int64(batch.magic) == json["magic"].number)
            // A packed set of the old formats says its first offset only inside.
            let firstOffset = batch.recordCount < 0 ? records.first?.offset : batch.baseOffset
            #expect(firstOffset == json["baseOffset"].number)
            #expect(Int64(batch.bytes.count) == json["sizeInBytes"].number)
            #expect(Int64(batch.partitionLeaderEpoch) == json["partitionLeaderEpoch"].number)
            #expect(Int64(batch.crc) == json["crc"].number)
            #expect(batch.attributes.compression?.name == json["codec"].text)
            let timestampType = batch.attributes.isLogAppendTime ? "LogAppendTime" : "CreateTime"
            #expect((batch.magic == 0 ? "NoTimestampType" : timestampType) == json["timestampType"].text)
            let horizon = batch.attributes.hasDeleteHorizon ? batch.baseTimestamp : -1
            #expect(horizon == json["deleteHorizonMs"].number)
            #expect(.bool(batch.attributes.isTransactional) == json["transactional"])
            #expect(.bool(batch.attributes.isControl) == json["control"])
            #expect(batch.lastOffset == json["lastOffset"].number)
            #expect(batch.maxTimestamp == json["maxTimestamp"].number)
            #expect(batch.producerId == json["producerId"].number)
            #expect(Int64(batch.producerEpoch) == json["producerEpoch"].number)
            #expect(Int64(batch.baseSequence) == json["baseSequence"].number)
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
            where batch.magic == 2 && batch.attributes.compression == Compression.none {
                #expect(try Bytes(Self.rewritten(batch)) == batch.bytes)
                count += 1
            }
        }
        #expect(count == 18)
    }

    @Test(arguments: Compression.allCases) func everyCodecUnpacksWhatItPacked(codec: Compression) throws {
        for vector in Self.vectors {
            for batch in try Records(try #require(vector["hex"].hex)).batches() where batch.magic == 2 {
                let packed = try #require(try RecordBatch(Bytes(Self.rewritten(batch, compression: codec))))
                try packed.verifyChecksum()
                #expect(packed.attributes.compression == codec)
                #expect(try packed.records().map(\.value) == batch.records().map(\.value))
            }
        }
    }

    /// All bits of small vectors, a sample of large ones.
    @Test(arguments: vectors.indices) func everyPrefixAndEveryFlippedBitDecodesOrThrows(index: Int) throws {
        let vector = Self.vectors[index]
        let bytes = try #require(vector["hex"].hex)
        for length in 0..<bytes.count {
            // Cut off, a batch is not there; the batches before it are.
            #expect(try Records(bytes[0..<length]).batches().count < vector["batches"].elements.count)
        }
        var mutated = bytes.copy()
        for bit in stride(from: 0, to: mutated.count * 8, by: 1 + mutated.count / 600) {
            mutated[bit / 8] ^= 1 << UInt8(bit % 8)
            do throws(WireError) {
                for batch in try Records(Bytes(mutated)).batches() { _ = try batch.records(limit: 1 << 20).count }
            } catch {
                #expect(!error.description.isEmpty)
            }
            mutated[bit / 8] ^= 1 << UInt8(bit % 8)
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

    private static func starts(_ bytes: Bytes) throws -> [Int] {
        try Records(bytes).batches().reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.bytes.count) }
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
