#if Compression
    import CZstd

    /// Zstandard (RFC 8878) through the system's library (KIP-110).
    enum Zstd {
        private static let packers = ContextPool(
            make: { ZSTD_createCCtx() }, size: { ZSTD_sizeof_CCtx($0) }, free: { ZSTD_freeCCtx($0) })
        private static let unpackers = ContextPool(make: { ZSTD_createDCtx() }, free: { ZSTD_freeDCtx($0) })

        static func compress(_ bytes: UnsafeRawBufferPointer, level: Int32?) throws(WireError) -> [UInt8] {
            var code: Int?
            let packed = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { buffer, count in
                code = packers.withContext { context, _ in
                    ZSTD_compressCCtx(
                        context, buffer.baseAddress, buffer.count, bytes.baseAddress, bytes.count,
                        level ?? ZSTD_CLEVEL_DEFAULT)
                }
                if let code, ZSTD_isError(code) == 0 { count = code }
            }
            guard let code, ZSTD_isError(code) == 0 else { throw failure("data that zstd cannot pack", code) }
            return packed
        }

        static func decompress(_ input: UnsafeRawBufferPointer, limit: Int) throws(WireError) -> [UInt8] {
            let bound = try unpackedBound(input, limit: limit)
            var code: Int?
            let out = [UInt8](unsafeUninitializedCapacity: min(bound, limit)) { buffer, count in
                code = unpackers.withContext { context, _ in
                    ZSTD_decompressDCtx(
                        context, buffer.baseAddress, min(bound, limit), input.baseAddress, input.count)
                }
                if let code, ZSTD_isError(code) == 0 { count = code }
            }
            guard let code, ZSTD_isError(code) == 0 else {
                if bound > limit, let code, ZSTD_getErrorCode(code) == ZSTD_error_dstSize_tooSmall {
                    throw WireError(.tooLarge(limit: limit))
                }
                throw failure("damaged zstd data", code)
            }
            return out.trimmed()
        }

        private static func failure(_ what: String, _ code: Int?) -> WireError {
            let reason = code.map { String(cString: ZSTD_getErrorName($0)) } ?? "no memory"
            return WireError(.malformed("\(what) (\(reason))"))
        }

        // MARK: - Frames

        /// The most that a block unpacks to (RFC 8878, 3.1.1.2.4).
        private static let blockMaximum = 128 << 10

        /// To how much the frames unpack at most, as their headers and those of their blocks say. Frames of Java's
        /// client do not state their length; going through the blocks is far quicker than unpacking piece by piece.
        private static func unpackedBound(_ input: UnsafeRawBufferPointer, limit: Int) throws(WireError) -> Int {
            var reader = LittleEndianReader(input)
            var bound = 0
            repeat {
                let magic = try reader.integer(UInt32.self)
                if magic & 0xFFFF_FFF0 == 0x184D_2A50 {
                    try reader.skip(Int(try reader.integer(UInt32.self)))
                    continue
                }
                guard magic == 0xFD2F_B528 else { throw WireError(.malformed("no zstd frame"), at: reader.at - 4) }
                let start = reader.at
                let (stated, isChecked) = try header(&reader)
                let blocks = try blocksBound(&reader)
                if isChecked { try reader.skip(4) }
                if let stated {
                    guard stated <= UInt64(blocks) else {
                        throw WireError(.malformed("a zstd frame with a false length"), at: start)
                    }
                    guard stated <= UInt64(max(0, limit - bound)) else { throw WireError(.tooLarge(limit: limit)) }
                    bound += Int(stated)
                } else {
                    bound += blocks
                }
            } while reader.remaining > 0
            return bound
        }

        /// Reads a frame's header (RFC 8878, 3.1.1.1): the length that it states, and whether a checksum ends the frame.
        private static func header(
            _ reader: inout LittleEndianReader
        ) throws(WireError) -> (stated: UInt64?, isChecked: Bool) {
            let descriptor = try reader.integer(UInt8.self)
            let isChecked = descriptor & 1 << 2 != 0
            let isSingleSegment = descriptor & 1 << 5 != 0
            try reader.skip((isSingleSegment ? 0 : 1) + [0, 1, 2, 4][Int(descriptor & 3)])
            switch descriptor >> 6 {
            case 0: return (isSingleSegment ? UInt64(try reader.integer(UInt8.self)) : nil, isChecked)
            case 1: return (UInt64(try reader.integer(UInt16.self)) + 256, isChecked)
            case 2: return (UInt64(try reader.integer(UInt32.self)), isChecked)
            default: return (try reader.integer(UInt64.self), isChecked)
            }
        }

        /// Goes through a frame's blocks (RFC 8878, 3.1.1.2).
        private static func blocksBound(_ reader: inout LittleEndianReader) throws(WireError) -> Int {
            var bound = 0
            while true {
                let header = UInt32(try reader.integer(UInt16.self)) | UInt32(try reader.integer(UInt8.self)) << 16
                let size = Int(header >> 3)
                switch header >> 1 & 3 {
                case 0:
                    try reader.skip(size)
                    bound += size
                case 1:
                    try reader.skip(1)
                    bound += min(size, blockMaximum)
                default:
                    try reader.skip(size)
                    bound += blockMaximum
                }
                if header & 1 == 1 { return bound }
            }
        }
    }
#endif
