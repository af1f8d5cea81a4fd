#if Compression
    import CZlib

    /// gzip (RFC 1952) through the system's zlib.
    enum Gzip {
        /// `windowBits` for gzip framing with the largest window (zlib manual, `deflateInit2`).
        private static let window: Int32 = 15 + 16

        static func compress(_ bytes: UnsafeRawBufferPointer, level: Int32?) throws(WireError) -> [UInt8] {
            var stream = z_stream()
            let begun = deflateInit2_(
                &stream, level ?? Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size))
            guard begun == Z_OK, let available = UInt32(exactly: bytes.count) else {
                throw WireError(.malformed("data that zlib cannot pack (code \(begun))"))
            }
            defer { deflateEnd(&stream) }
            // zlib declares its input as mutable and does not write to it.
            stream.next_in = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: UInt8.self)
            stream.avail_in = available
            let bound = Int(deflateBound(&stream, UInt(bytes.count)))
            var outcome: Int32 = Z_OK
            let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(clamping: bound)
                outcome = deflate(&stream, Z_FINISH)
                count = bound - Int(stream.avail_out)
            }
            guard outcome == Z_STREAM_END else {
                throw WireError(.malformed("data that zlib cannot pack (code \(outcome))"))
            }
            return packed
        }

        static func decompress(_ input: UnsafeRawBufferPointer, limit: Int) throws(WireError) -> [UInt8] {
            var stream = z_stream()
            guard let available = UInt32(exactly: input.count),
                inflateInit2_(&stream, window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
            else { throw WireError(.malformed("gzip data that zlib cannot begin to read")) }
            defer { inflateEnd(&stream) }
            stream.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: UInt8.self)
            stream.avail_in = available
            var out: [UInt8] = []
            var capacity = firstCapacity(input, limit: limit)
            while true {
                var code: Int32 = Z_OK
                let begin = out
                out = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                    _ = buffer.update(fromContentsOf: begin)
                    stream.next_out = buffer.baseAddress.map { $0 + begin.count }
                    stream.avail_out = UInt32(clamping: capacity - begin.count)
                    repeat {
                        code = inflate(&stream, Z_NO_FLUSH)
                        // Members may follow each other (RFC 1952, section 2.2).
                    } while code == Z_STREAM_END && stream.avail_in > 0 && inflateReset(&stream) == Z_OK
                    count = capacity - Int(stream.avail_out)
                }
                guard out.count <= limit else { throw WireError(.tooLarge(limit: limit)) }
                if code == Z_STREAM_END { return out }
                guard code == Z_OK || code == Z_BUF_ERROR, stream.avail_out == 0 else {
                    throw WireError(
                        .malformed("gzip data that is damaged or cut off (zlib code \(code))"),
                        at: input.count - Int(stream.avail_in))
                }
                guard out.count < limit else { throw WireError(.tooLarge(limit: limit)) }
                capacity = min(limit, capacity * 2)
            }
        }

        /// The length that the last member states of itself (RFC 1952, ISIZE), if it can be true: deflate packs at most
        /// 1,032 to 1 (zlib's technical details).
        private static func firstCapacity(_ input: UnsafeRawBufferPointer, limit: Int) -> Int {
            guard input.count >= 4 else { return 64 }
            let stated = input.loadUnaligned(fromByteOffset: input.count - 4, as: UInt32.self)
            return max(64, min(limit, Int(UInt32(littleEndian: stated)), input.count * 1032))
        }
    }
#endif
