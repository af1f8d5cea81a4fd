#if Compression
    import CSnappy

    /// Snappy through the system's library, in the framing of snappy-java: a header of 16 bytes, then blocks of at most
    /// 32 KiB, each behind its packed length. Several clients write one bare block instead; both are read.
    enum Snappy {
        /// snappy-java's `SnappyCodec.MAGIC_HEADER`.
        private static let magic: [UInt8] = [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0x00]
        /// Magic, version and the lowest compatible version, both 1.
        private static let header: [UInt8] = magic + [0, 0, 0, 1, 0, 0, 0, 1]
        private static let blockSize = 32 << 10
        /// A copy of 64 bytes takes three (snappy's format_description.txt, 2.2.2): no block unpacks to more.
        private static let mostPerByte = 22

        static func compress(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> [UInt8] {
            let blocks = (bytes.count + blockSize - 1) / blockSize
            let bound = header.count + blocks * (4 + snappy_max_compressed_length(blockSize))
            var failed = false
            let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
                let out = UnsafeMutableRawBufferPointer(buffer)
                out.copyBytes(from: header)
                count = header.count
                for start in stride(from: 0, to: bytes.count, by: blockSize) {
                    let block = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + blockSize, bytes.count)])
                    let room = UnsafeMutableRawBufferPointer(rebasing: out[(count + 4)...])
                    var size = room.count
                    guard snappy_compress(chars(block), block.count, chars(room), &size) == SNAPPY_OK else {
                        failed = true
                        return
                    }
                    out.storeBytes(of: UInt32(truncatingIfNeeded: size).bigEndian, toByteOffset: count, as: UInt32.self)
                    count += 4 + size
                }
            }
            if failed { throw WireError(.malformed("data that snappy cannot pack")) }
            return packed
        }

        static func decompress(_ input: UnsafeRawBufferPointer, limit: Int) throws(WireError) -> [UInt8] {
            let blocks =
                input.starts(with: magic)
                ? try blocks(input) : [input.startIndex..<input.endIndex]
            var sizes: [Int] = []
            var total = 0
            for block in blocks {
                let size = try unpackedSize(UnsafeRawBufferPointer(rebasing: input[block]), at: block.lowerBound)
                guard size <= limit - total else { throw WireError(.tooLarge(limit: limit)) }
                total += size
                sizes.append(size)
            }
            var damaged: Int?
            let out = [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
                for (block, size) in zip(blocks, sizes) {
                    let packed = UnsafeRawBufferPointer(rebasing: input[block])
                    let room = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                    var written = size
                    guard snappy_uncompress(chars(packed), packed.count, chars(room), &written) == SNAPPY_OK else {
                        damaged = block.lowerBound
                        return
                    }
                    count += written
                }
            }
            if let damaged { throw WireError(.malformed("damaged snappy data"), at: damaged) }
            return out
        }

        /// Where the blocks of framed data stand. Streams may follow each other, each with its header, as in
        /// `SnappyInputStream`.
        private static func blocks(_ input: UnsafeRawBufferPointer) throws(WireError) -> [Range<Int>] {
            var found: [Range<Int>] = []
            var at = 0
            while at < input.count {
                if input[at...].starts(with: magic) {
                    guard input.count - at >= header.count else {
                        throw WireError(.truncated(needed: header.count, available: input.count - at), at: at)
                    }
                    at += header.count
                    continue
                }
                guard input.count - at >= 4 else {
                    throw WireError(.truncated(needed: 4, available: input.count - at), at: at)
                }
                let size = Int(Int32(bigEndian: input.loadUnaligned(fromByteOffset: at, as: Int32.self)))
                guard size > 0, size <= input.count - at - 4 else {
                    throw WireError(.badLength(size, limit: input.count - at - 4), at: at)
                }
                found.append(at + 4..<at + 4 + size)
                at += 4 + size
            }
            return found
        }

        /// The length that a block states of itself.
        private static func unpackedSize(_ block: UnsafeRawBufferPointer, at offset: Int) throws(WireError) -> Int {
            var size = 0
            guard snappy_uncompressed_length(chars(block), block.count, &size) == SNAPPY_OK, size >= 0,
                size <= block.count * mostPerByte
            else { throw WireError(.malformed("damaged snappy data, or a false length in front of it"), at: offset) }
            return size
        }

        private static func chars(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
            bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        }

        private static func chars(_ bytes: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<CChar>? {
            bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        }
    }
#endif
