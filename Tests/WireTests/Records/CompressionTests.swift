import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// The codecs, without record batches around: framing, limits, damage, levels.
@Suite(.turn) struct CompressionTests {
    static let codecs: [Compression] = [.gzip, .snappy, .lz4, .zstd]
    /// Lengths around the edges of snappy's, lz4's and zstd's blocks.
    static let lengths = [0, 1, 15, 1000, 32767, 32768, 32769, 65536, 65537, 131_072, 131_073, 300_000]

    /// Half text, half noise, the same in every run.
    static func sample(_ count: Int) -> [UInt8] {
        var state: UInt64 = 42
        return (0..<count).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return index / 64 % 2 == 0 ? UInt8(index % 64) : UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    static func packed(_ bytes: [UInt8], _ codec: Compression, level: Int? = nil) throws -> Bytes {
        Bytes(try bytes.withUnsafeBytes { try codec.compress($0, level: level) })
    }

    static func hex(_ text: String) throws -> Bytes { Bytes(try #require(Hex.decode(text))) }

    @Test(arguments: codecs) func unpacksWhatItPacked(codec: Compression) throws {
        for length in Self.lengths {
            let plain = Self.sample(length)
            let packed = try Self.packed(plain, codec)
            #expect(try codec.decompress(packed).copy() == plain, "\(length) bytes")
            // Just enough room is enough, and a byte less is not.
            #expect(try codec.decompress(packed, limit: length).copy() == plain, "\(length) bytes")
            if length > 0 {
                let error = #expect(throws: WireError.self) { try codec.decompress(packed, limit: length - 1) }
                #expect(error?.reason == .tooLarge(limit: length - 1), "\(length) bytes")
            }
        }
    }

    @Test(arguments: codecs) func aBombIsRefused(codec: Compression) throws {
        let packed = try Self.packed([UInt8](repeating: 0, count: 4 << 20), codec)
        #expect(packed.count < 250_000)
        let error = #expect(throws: WireError.self) { try codec.decompress(packed, limit: 1 << 20) }
        #expect(error?.reason == .tooLarge(limit: 1 << 20))
        #expect(try codec.decompress(packed, limit: 4 << 20).count == 4 << 20)
    }

    @Test(arguments: codecs) func everyPrefixThrows(codec: Compression) throws {
        let packed = try Self.packed(Self.sample(700), codec)
        for length in 0..<packed.count {
            // Snappy's frames have no end: whole blocks, and none, are a stream of their own.
            if codec == .snappy, length == 16 { continue }
            #expect(throws: WireError.self, "\(length) bytes") { try codec.decompress(packed[0..<length]) }
        }
    }

    @Test(arguments: codecs) func everyFlippedBitUnpacksOrThrows(codec: Compression) throws {
        for length in [300, 70_000] {
            var packed = try Self.packed(Self.sample(length), codec).copy()
            for bit in stride(from: 0, to: packed.count * 8, by: 1 + packed.count / 300) {
                packed[bit / 8] ^= 1 << UInt8(bit % 8)
                if let found = try? codec.decompress(Bytes(packed), limit: 1 << 20) { #expect(found.count <= 1 << 20) }
                packed[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    /// Contexts of the C libraries are used again, by one task at a time.
    @Test(arguments: codecs) func manyTasksPackAndUnpackAtOnce(codec: Compression) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<16 {
                group.addTask {
                    let plain = Self.sample(2000 + 37 * task)
                    return try (0..<20).allSatisfy { _ in
                        try codec.decompress(Self.packed(plain, codec)).copy() == plain
                    }
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
    }

    @Test func levelsMakeADifference() throws {
        let plain = (0..<20_000).flatMap { Array("\($0 &* 7919 % 10_007),".utf8) }
        for codec in [Compression.gzip, .lz4, .zstd] {
            let levels = try #require(codec.levels)
            // Levels far below 0 do not pack at all.
            let fast = try Self.packed(plain, codec, level: max(levels.lowerBound, -5))
            let thorough = try Self.packed(plain, codec, level: levels.upperBound)
            #expect(thorough.count < fast.count, "\(codec)")
            #expect(try codec.decompress(thorough).copy() == plain)
            #expect(try codec.decompress(fast).copy() == plain)
            // Beyond the range counts as its end.
            #expect(try Self.packed(plain, codec, level: .max) == thorough)
        }
        #expect(Compression.none.levels == nil)
        #expect(Compression.snappy.levels == nil)
    }

    // MARK: - What the formats' own programs wrote

    static let folder = Fixture.folder + "compression/"
    static let text = Array(
        (0..<12_000).map { "\($0 * $0 % 97) records of \($0 % 13), " }.joined().utf8.prefix(150_000))

    @Test(arguments: [
        "gzip-two-members.gz", "lz4-4MiB-content-size.lz4", "lz4-block-checksums-content-size.lz4",
        "lz4-content-checksum.lz4", "lz4-dependent-block-checksums.lz4", "lz4-dependent.lz4", "lz4-independent.lz4",
        "zstd-content-size-checksum.zst", "zstd-long-window.zst", "zstd-plain.zst",
    ])
    func framesOfEveryKindAreRead(name: String) throws {
        let codec: Compression = name.hasSuffix("gz") ? .gzip : name.hasSuffix("lz4") ? .lz4 : .zstd
        let file = Bytes(try FileContent.bytes(Self.folder + name))
        #expect(try codec.decompress(file).copy() == Self.text)
        #expect(try codec.decompress(file, limit: 150_000).count == 150_000)
        let error = #expect(throws: WireError.self) { try codec.decompress(file, limit: 149_999) }
        #expect(error?.reason == .tooLarge(limit: 149_999))
        for length in stride(from: 0, to: file.count, by: 37) where length < file.count {
            #expect(throws: WireError.self, "\(length) bytes") { try codec.decompress(file[0..<length]) }
        }
    }

    // MARK: - Snappy

    @Test func snappyIsWrittenAsSnappyJavaDoes() throws {
        let packed = try Self.packed(Self.sample(70_000), .snappy)
        #expect(packed[0..<16].description == "82534e41505059000000000100000001")
        var reader = ByteReader(packed[16..<packed.count])
        var sizes: [Int32] = []
        while reader.remaining > 0 {
            let block = try reader.slice(Int(try reader.integer(Int32.self)))
            var inner = ByteReader(block)
            sizes.append(Int32(try inner.unsignedVarint()))
        }
        #expect(sizes == [32768, 32768, 4464])
    }

    @Test func bareSnappyBlocksAreRead() throws {
        // Five bytes as they are: the length, a literal's tag, the literal.
        #expect(try Compression.snappy.decompress(Self.hex("051068656c6c6f")).text == "hello")
        #expect(try Compression.snappy.decompress(Self.hex("00")).isEmpty)
    }

    @Test func snappyStreamsMayFollowEachOther() throws {
        let stream = try Self.packed(Array("hello ".utf8), .snappy).copy()
        #expect(try Compression.snappy.decompress(Bytes(stream + stream)).text == "hello hello ")
    }

    @Test func falseLengthsInSnappyAreRefused() throws {
        // A bare block that says 4 GiB - 1, one that says 64 MiB, and a frame whose block says so.
        for (text, wanted) in [
            ("ffffffff0f1068656c6c6f", "a false length"), ("808080201068656c6c6f", "a false length"),
            ("82534e4150505900000000010000000100000009808080201068656c6c6f", "29 wanted, 9 left"),
        ] {
            #expect(throws: WireError.self, "\(wanted)") { try Compression.snappy.decompress(Self.hex(text)) }
        }
        for text in ["82534e415050590000000001000000017fffffff00", "82534e41505059000000000100000001ffffffff00"] {
            let error = #expect(throws: WireError.self) { try Compression.snappy.decompress(Self.hex(text)) }
            guard case .badLength = error?.reason else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    // MARK: - LZ4

    @Test func lz4IsWrittenAsJavaReadsIt() throws {
        let packed = try Self.packed(Self.sample(200_000), .lz4)
        // Version 1, independent blocks, nothing else; 64 KiB; the checksum of these two bytes.
        #expect(packed[0..<7].description == "04224d18604082")
        #expect(packed[packed.count - 4..<packed.count] == [0, 0, 0, 0])
    }

    @Test func falseLengthsInLZ4AreRefused() throws {
        var bytes = try FileContent.bytes(Self.folder + "lz4-block-checksums-content-size.lz4")
        #expect(bytes[6..<14] == [0xF0, 0x49, 2, 0, 0, 0, 0, 0])
        for wrong in [[0xF1, 0x49, 2, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0, 0, 0], [UInt8](repeating: 0xFF, count: 8)] {
            bytes.replaceSubrange(6..<14, with: wrong)
            // Without a look at the header's checksum, which has become wrong with it.
            #expect(throws: WireError.self) {
                try bytes.withUnsafeBytes { try LZ4.decompress($0, limit: 1 << 20, isOld: true) }
            }
        }
    }

    /// A context of lz4's that is used again may remember what a damaged frame said of its length.
    @Test func aDamagedFrameLeavesNothingBehind() throws {
        var damaged = try FileContent.bytes(Self.folder + "lz4-block-checksums-content-size.lz4")
        damaged[5000] ^= 1
        let sound = try Self.packed(Self.sample(1000), .lz4)
        for _ in 0..<10 {
            #expect(throws: WireError.self) { try Compression.lz4.decompress(Bytes(damaged)) }
            #expect(try Compression.lz4.decompress(sound).copy() == Self.sample(1000))
        }
    }

    /// Writers of magic 0 computed the header's checksum over the magic number too (KAFKA-3160).
    @Test(arguments: [("lz4-independent.lz4", 6), ("lz4-block-checksums-content-size.lz4", 14)])
    func theOldHeaderChecksumIsReadInMagicZeroOnly(name: String, at: Int) throws {
        var bytes = try FileContent.bytes(Self.folder + name)
        let sound = try bytes.withUnsafeBytes { try LZ4.decompress($0, limit: 1 << 20, isOld: true) }
        #expect(sound == Self.text)
        bytes[at] ^= 0x55
        #expect(throws: WireError.self) { try Compression.lz4.decompress(Bytes(bytes)) }
        let found = try bytes.withUnsafeBytes { try LZ4.decompress($0, limit: 1 << 20, isOld: true) }
        #expect(found == Self.text)
    }

    // MARK: - Zstandard

    @Test func zstdFramesMayFollowEachOther() throws {
        let frame = try Self.packed(Array("hello ".utf8), .zstd).copy()
        let skippable = try Self.hex("502a4d1803000000010203").copy()
        #expect(try Compression.zstd.decompress(Bytes(frame + skippable + frame)).text == "hello hello ")
    }

    @Test func falseLengthsInZstdAreRefused() throws {
        // A single segment that says 2^64 - 1 bytes and holds one; the same with 64 MiB.
        for text in ["28b52ffde0ffffffffffffffff09000061", "28b52ffda00000000409000061"] {
            #expect(throws: WireError.self) { try Compression.zstd.decompress(Self.hex(text)) }
        }
        // A run of 128 KiB in four bytes, 4,096 times over: 512 MiB that nothing states in front.
        let bomb = Array(
            try Self.hex("28b52ffd0058").copy() + [[UInt8]](repeating: [2, 0, 0x10, 0], count: 4096).joined())
        let error = #expect(throws: WireError.self) {
            try Compression.zstd.decompress(Bytes(bomb + [3, 0, 0x10, 0]), limit: 1 << 20)
        }
        #expect(error?.reason == .tooLarge(limit: 1 << 20))
    }

    @Test func membersOfGzipMayFollowEachOther() throws {
        let member = try Self.packed(Array("hello ".utf8), .gzip).copy()
        #expect(try Compression.gzip.decompress(Bytes(member + member)).text == "hello hello ")
    }

    @Test func aFalseLengthInGzipIsOnlyAHint() throws {
        var packed = try Self.packed(Self.sample(5000), .gzip).copy()
        packed[packed.count - 1] = 0x7F
        #expect(throws: WireError.self) { try Compression.gzip.decompress(Bytes(packed)) }
    }

    @Test func aProducerRefusesALevelThatItsCodecLacks() throws {
        var configuration = KafkaProducer.Configuration(bootstrapServers: ["localhost:9092"])
        configuration.compression = .zstd
        configuration.compressionLevel = 22
        #expect(throws: Never.self) { try configuration.validated() }
        configuration.compressionLevel = 23
        #expect(throws: KafkaError.self) { try configuration.validated() }
        configuration.compression = .snappy
        configuration.compressionLevel = 1
        #expect(throws: KafkaError.self) { try configuration.validated() }
    }
}
