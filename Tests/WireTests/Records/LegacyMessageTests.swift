import TestSupport
import Testing

@testable import KafkaWire

/// Message sets of the formats before Kafka 0.11 in what the golden vectors have not: other codecs, timestamp types,
/// and damage that a right checksum covers.
@Suite(.turn) struct LegacyMessageTests {
    /// A message, as Kafka 0.10's documentation lays it out.
    static func message(
        _ magic: Int8, offset: Int64, attributes: UInt8 = 0, timestamp: Int64 = 7, key: [UInt8]? = nil, value: [UInt8]?
    ) -> [UInt8] {
        var body = ByteWriter()
        body.integer(magic)
        body.integer(attributes)
        if magic == 1 { body.integer(timestamp) }
        for part in [key, value] {
            body.integer(part.map { Int32($0.count) } ?? -1)
            body.raw(Bytes(part ?? []))
        }
        var writer = ByteWriter()
        writer.integer(offset)
        writer.integer(Int32(body.count + 4))
        writer.integer(CRC32.checksum(Bytes(body.array())))
        writer.raw(Bytes(body.array()))
        return writer.array()
    }

    static func set(_ magic: Int8, _ codec: Compression, offsets: [Int64], last: Int64, attributes: UInt8 = 0) throws
        -> RecordBatch
    {
        let inner = offsets.enumerated().flatMap { index, offset in
            message(
                magic, offset: offset, timestamp: 100 + Int64(index), key: [UInt8(index)], value: [1, UInt8(index)])
        }
        let packed = try inner.withUnsafeBytes { try codec.compress($0) }
        let outer = message(magic, offset: last, attributes: codec.rawValue | attributes, timestamp: 200, value: packed)
        return try #require(try RecordBatch(Bytes(outer)))
    }

    @Test func theChecksumIsThatOfZlib() { #expect(CRC32.checksum(Bytes(utf8: "123456789")) == 0xCBF4_3926) }

    @Test(arguments: [.gzip, .snappy, .lz4, .zstd] as [Compression])
    func offsetsInsideAreAbsoluteInMagicZeroAndRelativeInMagicOne(codec: Compression) throws {
        let absolute = try Self.set(0, codec, offsets: [40, 41, 45], last: 45)
        try absolute.verifyChecksum()
        #expect(absolute.lastOffset == 45)
        #expect(absolute.recordCount == -1)
        #expect(try absolute.records().map(\.offset) == [40, 41, 45])
        #expect(try absolute.records().map(\.timestamp) == [-1, -1, -1])
        let relative = try Self.set(1, codec, offsets: [0, 1, 5], last: 45)
        #expect(try relative.records().map(\.offset) == [40, 41, 45])
        #expect(try relative.records().map(\.timestamp) == [100, 101, 102])
        #expect(try relative.records().map(\.key) == [[0], [1], [2]])
        #expect(try relative.records().map(\.value) == [[1, 0], [1, 1], [1, 2]])
        #expect(relative.maxTimestamp == 200)
    }

    @Test func theTimeOfAppendingReplacesThoseInside() throws {
        let set = try Self.set(1, .gzip, offsets: [0, 1], last: 9, attributes: 1 << 3)
        #expect(set.attributes.isLogAppendTime)
        #expect(try set.records().map(\.timestamp) == [200, 200])
    }

    @Test func nullsAndHeaders() throws {
        let message = try #require(try RecordBatch(Bytes(Self.message(1, offset: 3, value: nil))))
        let record = try #require(try message.records().first)
        #expect(record.key == nil)
        #expect(record.value == nil)
        #expect(record.headers.isEmpty)
        #expect(record.offset == 3)
        #expect(record.timestamp == 7)
    }

    @Test func aSetIsBoundedAndDoesNotNest() throws {
        let zeros = Self.message(1, offset: 0, value: [UInt8](repeating: 0, count: 1 << 20))
        let packed = try zeros.withUnsafeBytes { try Compression.zstd.compress($0) }
        let once = Self.message(1, offset: 0, attributes: 4, value: packed)
        let set = try #require(try RecordBatch(Bytes(once)))
        #expect(try set.records(limit: 2 << 20).count == 1)
        let error = #expect(throws: WireError.self) { try set.records(limit: 1 << 20) }
        #expect(error?.reason == .tooLarge(limit: 1 << 20))
        let again = try once.withUnsafeBytes { try Compression.zstd.compress($0) }
        let twice = try #require(try RecordBatch(Bytes(Self.message(1, offset: 0, attributes: 4, value: again))))
        #expect(throws: WireError.self) { try twice.records() }
    }

    @Test func whatMakesNoSenseThrows() throws {
        func records(_ message: [UInt8]) throws { _ = try #require(try RecordBatch(Bytes(message))).records() }
        let empty = try [UInt8]().withUnsafeBytes { try Compression.gzip.compress($0) }
        #expect(throws: WireError.self) { try records(Self.message(1, offset: 0, attributes: 1, value: empty)) }
        #expect(throws: WireError.self) { try records(Self.message(1, offset: 0, attributes: 1, value: nil)) }
        #expect(throws: WireError.self) { try records(Self.message(1, offset: 0, attributes: 6, value: [1])) }
        // Offsets that lie further apart than a set can hold messages.
        #expect(throws: WireError.self) { try Self.set(0, .gzip, offsets: [0, .max], last: .max).records() }
        // A set of another magic inside.
        let other = Self.message(0, offset: 0, value: [1])
        let packed = try other.withUnsafeBytes { try Compression.gzip.compress($0) }
        #expect(throws: WireError.self) { try records(Self.message(1, offset: 0, attributes: 1, value: packed)) }
        #expect(throws: WireError.self) { try RecordBatch(Bytes([UInt8](repeating: 0, count: 40))) }
    }

    @Test func formatsMayFollowEachOther() throws {
        var builder = RecordBatchBuilder()
        builder.append(key: nil, value: nil, timestamp: 5)
        let new = try builder.finish()
        let all = Self.message(0, offset: 0, value: [0]) + Self.message(1, offset: 1, value: [1]) + new
        #expect(try Records(Bytes(all)).batches().map(\.magic) == [0, 1, 2])
        #expect(try Records(Bytes(all.dropLast())).batches().map(\.magic) == [0, 1])
    }
}
