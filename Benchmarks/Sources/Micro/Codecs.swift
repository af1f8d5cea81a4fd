import CLZ4
import CSnappy
import CZlib
import CZstd
import KafkaWire

/// The codecs beside the C libraries called directly, as a careful C program does it: contexts and output kept, the
/// same parameters. What is packed are 100 KB of records: change events with a key and a time.
enum Codecs {
    static func run() throws -> [Measurement] {
        let records = try payload()
        let bytes = Bytes(records)
        var found: [Measurement] = []
        for (codec, library) in [
            (Compression.gzip, ZlibDirect() as any DirectCodec), (.snappy, SnappyDirect()), (.lz4, LZ4Direct()),
            (.zstd, ZstdDirect()),
        ] {
            let packed = Bytes(try bytes.withUnsafeBytes { try codec.compress($0) })
            try check(codec, library, bytes, packed)
            let pack = try Stopwatch.compare {
                try bytes.withUnsafeBytes { consume(try codec.compress($0).count) }
            } _: {
                bytes.withUnsafeBytes { consume(library.pack($0)) }
            }
            let unpack = try Stopwatch.compare {
                consume(try codec.decompress(packed).count)
            } _: {
                packed.withUnsafeBytes { consume(library.unpack($0)) }
            }
            for (what, times) in [("pack", pack), ("unpack", unpack)] {
                found.append(
                    Measurement(name: "\(codec.name): \(what) 100 KB", value: times.first / 1000, unit: "µs"))
                found.append(
                    Measurement(
                        name: "\(codec.name): \(what) 100 KB, ratio", value: times.first / times.second,
                        unit: "× the C library"))
            }
        }
        return found
    }

    /// Both ways must give the same bytes, or they are not comparable.
    private static func check(
        _ codec: Compression, _ library: any DirectCodec, _ bytes: Bytes, _ packed: Bytes
    ) throws {
        let size = bytes.withUnsafeBytes { library.pack($0) }
        let isSame = packed.withUnsafeBytes { $0.elementsEqual(library.output.prefix(size)) }
        let unpacked = packed.withUnsafeBytes { library.unpack($0) }
        let isBack = bytes.withUnsafeBytes { $0.elementsEqual(library.output.prefix(unpacked)) }
        guard isSame, isBack, try codec.decompress(packed) == bytes else {
            fatalError("\(codec.name) and its library do not agree")
        }
    }

    /// Records as a batch holds them, without the batch's header.
    private static func payload() throws -> [UInt8] {
        var builder = RecordBatchBuilder(capacity: 120_000)
        var random: UInt64 = 42
        var number = 0
        while builder.size < 100_000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let key = Array("customer-\(random >> 52)".utf8)
            let value = Array(
                """
                {"id":\(1_000_000 + number),"account":\(random >> 44),"amount":"\(random >> 50).\(random >> 58)",\
                "currency":"EUR","merchant":"shop \(random >> 56)","country":"DE","status":"settled",\
                "created_at":\(1_700_000_000_000 + Int(random >> 40))}
                """.utf8)
            key.withUnsafeBytes { key in
                value.withUnsafeBytes { value in
                    builder.append(key: key, value: value, timestamp: 1_700_000_000_000 + Int64(number))
                }
            }
            number += 1
        }
        return Array(try builder.finish().dropFirst(RecordBatch.Layout.headerSize))
    }
}

/// A library called directly. What it writes stands at the beginning of `output`.
private protocol DirectCodec: AnyObject {
    var output: UnsafeMutableRawBufferPointer { get }
    func pack(_ bytes: UnsafeRawBufferPointer) -> Int
    func unpack(_ bytes: UnsafeRawBufferPointer) -> Int
}

private let roomForOutput = 1 << 18

private final class ZlibDirect: DirectCodec {
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: roomForOutput, alignment: 16)
    private let packer = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let unpacker = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    init() {
        let size = Int32(MemoryLayout<z_stream>.size)
        packer.initialize(to: z_stream())
        unpacker.initialize(to: z_stream())
        deflateInit2_(packer, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        inflateInit2_(unpacker, 31, ZLIB_VERSION, size)
    }

    func pack(_ bytes: UnsafeRawBufferPointer) -> Int {
        deflateReset(packer)
        point(packer, bytes)
        guard deflate(packer, Z_FINISH) == Z_STREAM_END else { return -1 }
        return output.count - Int(packer.pointee.avail_out)
    }

    func unpack(_ bytes: UnsafeRawBufferPointer) -> Int {
        inflateReset(unpacker)
        point(unpacker, bytes)
        guard inflate(unpacker, Z_FINISH) == Z_STREAM_END else { return -1 }
        return output.count - Int(unpacker.pointee.avail_out)
    }

    private func point(_ stream: UnsafeMutablePointer<z_stream>, _ bytes: UnsafeRawBufferPointer) {
        stream.pointee.next_in = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?
            .assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(bytes.count)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(output.count)
    }
}

private final class SnappyDirect: DirectCodec {
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: roomForOutput, alignment: 16)

    /// snappy-java's framing: a header of 16 bytes, then blocks of at most 32 KiB, each behind its length.
    func pack(_ bytes: UnsafeRawBufferPointer) -> Int {
        output.copyBytes(from: [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1] as [UInt8])
        var at = 16
        var from = 0
        while from < bytes.count {
            var size = output.count - at - 4
            let length = min(32 << 10, bytes.count - from)
            guard snappy_compress(chars(bytes, from), length, chars(at + 4), &size) == SNAPPY_OK else { return -1 }
            output.storeBytes(of: UInt32(size).bigEndian, toByteOffset: at, as: UInt32.self)
            at += 4 + size
            from += length
        }
        return at
    }

    func unpack(_ bytes: UnsafeRawBufferPointer) -> Int {
        var at = 0
        var from = 16
        while from < bytes.count {
            let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: from, as: UInt32.self)))
            var size = output.count - at
            guard snappy_uncompress(chars(bytes, from + 4), length, chars(at), &size) == SNAPPY_OK else { return -1 }
            at += size
            from += 4 + length
        }
        return at
    }

    private func chars(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UnsafePointer<CChar>? {
        bytes.baseAddress.map { ($0 + at).assumingMemoryBound(to: CChar.self) }
    }

    private func chars(_ at: Int) -> UnsafeMutablePointer<CChar>? {
        output.baseAddress.map { ($0 + at).assumingMemoryBound(to: CChar.self) }
    }
}

private final class LZ4Direct: DirectCodec {
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: roomForOutput, alignment: 16)
    private var preferences = LZ4F_preferences_t()
    private var options = LZ4F_decompressOptions_t()
    private var packer: OpaquePointer?
    private var unpacker: OpaquePointer?

    init() {
        preferences.frameInfo.blockSizeID = LZ4F_max64KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        options.stableDst = 1
        _ = LZ4F_createCompressionContext(&packer, UInt32(LZ4F_VERSION))
        _ = LZ4F_createDecompressionContext(&unpacker, UInt32(LZ4F_VERSION))
    }

    func pack(_ bytes: UnsafeRawBufferPointer) -> Int {
        let begun = LZ4F_compressBegin(packer, output.baseAddress, output.count, &preferences)
        guard LZ4F_isError(begun) == 0, let base = output.baseAddress else { return -1 }
        let packed = LZ4F_compressUpdate(
            packer, base + begun, output.count - begun, bytes.baseAddress, bytes.count, nil)
        guard LZ4F_isError(packed) == 0 else { return -1 }
        let ended = LZ4F_compressEnd(packer, base + begun + packed, output.count - begun - packed, nil)
        return LZ4F_isError(ended) == 0 ? begun + packed + ended : -1
    }

    func unpack(_ bytes: UnsafeRawBufferPointer) -> Int {
        var room = output.count
        var left = bytes.count
        let code = LZ4F_decompress(unpacker, output.baseAddress, &room, bytes.baseAddress, &left, &options)
        return code == 0 && left == bytes.count ? room : -1
    }
}

private final class ZstdDirect: DirectCodec {
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: roomForOutput, alignment: 16)
    private let packer = ZSTD_createCCtx()
    private let unpacker = ZSTD_createDCtx()

    func pack(_ bytes: UnsafeRawBufferPointer) -> Int {
        let size = ZSTD_compressCCtx(
            packer, output.baseAddress, output.count, bytes.baseAddress, bytes.count, ZSTD_CLEVEL_DEFAULT)
        return ZSTD_isError(size) == 0 ? size : -1
    }

    func unpack(_ bytes: UnsafeRawBufferPointer) -> Int {
        let size = ZSTD_decompressDCtx(unpacker, output.baseAddress, output.count, bytes.baseAddress, bytes.count)
        return ZSTD_isError(size) == 0 ? size : -1
    }
}
