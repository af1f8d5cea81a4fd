#if Compression
    import CLZ4

    /// LZ4 frames through the system's library, written as Java reads them: independent blocks of 64 KiB, without
    /// checksums of the content (Java's client reads no dependent blocks). Frames of every kind are read.
    enum LZ4 {
        private static let unpackers = ContextPool(
            make: {
                var context: OpaquePointer?
                return LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0
                    ? context : nil
            },
            free: { _ = LZ4F_freeDecompressionContext($0) })

        static func compress(_ bytes: UnsafeRawBufferPointer, level: Int32?) throws(WireError) -> [UInt8] {
            var preferences = LZ4F_preferences_t()
            preferences.frameInfo.blockSizeID = LZ4F_max64KB
            preferences.frameInfo.blockMode = LZ4F_blockIndependent
            preferences.compressionLevel = min(level ?? 0, LZ4F_compressionLevel_max())
            var code = 0
            let bound = LZ4F_compressFrameBound(bytes.count, &preferences)
            let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
                code = LZ4F_compressFrame(buffer.baseAddress, bound, bytes.baseAddress, bytes.count, &preferences)
                if LZ4F_isError(code) == 0 { count = code }
            }
            guard LZ4F_isError(code) == 0 else { throw failure("data that lz4 cannot pack", code) }
            return packed
        }

        /// With `isOld`, the frame stands in a message of magic 0, whose writers computed the header's checksum over too
        /// much (KAFKA-3160): it is not looked at.
        static func decompress(
            _ input: UnsafeRawBufferPointer, limit: Int, isOld: Bool = false
        ) throws(WireError) -> [UInt8] {
            var reader = LittleEndianReader(input)
            let first = try FrameHeader(&reader)
            var bound = try first.unpackedBound(&reader, limit: limit)
            while reader.remaining > 0 {
                let next = try FrameHeader(&reader)
                bound += try next.unpackedBound(&reader, limit: limit - min(bound, limit))
            }
            let capacity = min(bound, limit)
            var outcome = Outcome.damaged(nil)
            let out = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                let out = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: capacity)
                let result = unpackers.withContext { context, isReusable in
                    let result = unpack(
                        context, input, into: out, &count, replacing: isOld ? first.corrected(input) : [])
                    // Up to lz4 1.9, what a damaged frame states of its length outlives a reset of the context, and makes
                    // a sound frame after it fail.
                    isReusable = result == .finished
                    return result
                }
                outcome = result ?? .damaged(nil)
            }
            switch outcome {
            case .finished: return out.trimmed()
            case .full where bound > limit: throw WireError(.tooLarge(limit: limit))
            case .full, .unfinished: throw WireError(.malformed("an lz4 frame with a false length, or cut off"))
            case .damaged(let code): throw failure("damaged lz4 data", code)
            }
        }

        private enum Outcome: Equatable { case finished, unfinished, full, damaged(Int?) }

        /// Unpacks `input`, with `header` in place of its beginning.
        private static func unpack(
            _ context: OpaquePointer, _ input: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer,
            _ count: inout Int, replacing header: [UInt8]
        ) -> Outcome {
            let begun = header.withUnsafeBytes { $0.isEmpty ? .unfinished : unpack(context, $0, into: out, &count) }
            guard begun == .unfinished else { return begun }
            return unpack(context, UnsafeRawBufferPointer(rebasing: input[header.count...]), into: out, &count)
        }

        private static func unpack(
            _ context: OpaquePointer, _ input: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer,
            _ count: inout Int
        ) -> Outcome {
            // What is written stays where it is, so that dependent blocks need no copy of it.
            var options = LZ4F_decompressOptions_t()
            options.stableDst = 1
            var read = 0
            while true {
                var room = out.count - count
                var left = input.count - read
                let code = LZ4F_decompress(
                    context, out.baseAddress.map { $0 + count }, &room, input.baseAddress.map { $0 + read }, &left,
                    &options)
                guard LZ4F_isError(code) == 0 else { return .damaged(code) }
                count += room
                read += left
                if read == input.count, code == 0 { return .finished }
                if room == 0, left == 0 { return read == input.count ? .unfinished : .full }
            }
        }

        private static func failure(_ what: String, _ code: Int?) -> WireError {
            let reason = code.map { String(cString: LZ4F_getErrorName($0)) } ?? "no memory"
            return WireError(.malformed("\(what) (\(reason))"))
        }
    }

    extension LZ4 {
        /// What stands in front of a frame's blocks (lz4_Frame_format.md).
        struct FrameHeader {
            private var size = 0
            private var blockMaximum = 0
            private var blocksAreChecked = false
            private var contentIsChecked = false
            private var stated: UInt64?

            init(_ reader: inout LittleEndianReader) throws(WireError) {
                let start = reader.at
                guard try reader.integer(UInt32.self) == 0x184D_2204 else {
                    throw WireError(.malformed("no lz4 frame"), at: start)
                }
                let flags = try reader.integer(UInt8.self)
                let descriptor = try reader.integer(UInt8.self)
                guard descriptor >> 4 & 7 >= 4 else {
                    throw WireError(.malformed("an lz4 frame with an unknown block size"), at: start + 5)
                }
                blockMaximum = 1 << (8 + 2 * Int(descriptor >> 4 & 7))
                blocksAreChecked = flags & 1 << 4 != 0
                contentIsChecked = flags & 1 << 2 != 0
                if flags & 1 << 3 != 0 { stated = try reader.integer(UInt64.self) }
                if flags & 1 != 0 { try reader.skip(4) }
                try reader.skip(1)
                size = reader.at - start
            }

            /// Goes through the frame's blocks: to how much they unpack at most. A byte stands for at most 255.
            func unpackedBound(_ reader: inout LittleEndianReader, limit: Int) throws(WireError) -> Int {
                var bound = 0
                while true {
                    let header = try reader.integer(UInt32.self)
                    if header == 0 { break }
                    let size = Int(header & 0x7FFF_FFFF)
                    try reader.skip(size + (blocksAreChecked ? 4 : 0))
                    bound += min(blockMaximum, header >> 31 == 1 ? size : size * 255)
                }
                if contentIsChecked { try reader.skip(4) }
                guard let stated else { return bound }
                guard stated <= UInt64(bound) else {
                    throw WireError(.malformed("an lz4 frame with a false length"))
                }
                guard stated <= UInt64(limit) else { throw WireError(.tooLarge(limit: limit)) }
                return Int(stated)
            }

            /// The header at the beginning of `input`, with the checksum that the format asks for.
            func corrected(_ input: UnsafeRawBufferPointer) -> [UInt8] {
                var header = Array(input.prefix(size))
                header[size - 1] = UInt8(truncatingIfNeeded: Self.shortXXH32(header[4..<size - 1]) >> 8)
                return header
            }

            /// XXH32 with seed 0 of fewer than 16 bytes (xxhash_spec.md), which is what a header has.
            private static func shortXXH32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
                func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
                let primes: [UInt32] = [0, 0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D, 0x27D4_EB2F, 0x1656_67B1]
                var hash = primes[5] &+ UInt32(bytes.count)
                var rest = bytes
                while rest.count >= 4 {
                    let word = rest.prefix(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
                    hash = rotated(hash &+ word &* primes[3], 17) &* primes[4]
                    rest = rest.dropFirst(4)
                }
                for byte in rest { hash = rotated(hash &+ UInt32(byte) &* primes[5], 11) &* primes[1] }
                hash = (hash ^ hash >> 15) &* primes[2]
                hash = (hash ^ hash >> 13) &* primes[3]
                return hash ^ hash >> 16
            }
        }
    }
#endif
