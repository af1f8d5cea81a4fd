#if Compression
    import CZlib

    /// gzip (RFC 1952) through the system's zlib.
    enum Gzip {
        /// `windowBits` for gzip framing with the largest window (zlib manual, `deflateInit2`).
        private static let gzipWindow: Int32 = 15 + 16

        static func compress(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> [UInt8] {
            var stream = z_stream()
            let begun = deflateInit2_(
                &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzipWindow, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
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

        static func decompress(_ bytes: Bytes, limit: Int) throws(WireError) -> [UInt8] {
            var stream = z_stream()
            guard inflateInit2_(&stream, gzipWindow, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                throw WireError(.malformed("gzip data that zlib cannot begin to read"))
            }
            defer { inflateEnd(&stream) }
            let outcome: Result<[UInt8], WireError> = bytes.withUnsafeBytes { input in
                do throws(WireError) { return .success(try inflate(input, &stream, limit: limit)) } catch {
                    return .failure(error)
                }
            }
            return try outcome.get()
        }

        private static func inflate(
            _ input: UnsafeRawBufferPointer, _ stream: inout z_stream, limit: Int
        ) throws(WireError) -> [UInt8] {
            stream.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: UInt8.self)
            stream.avail_in = UInt32(clamping: input.count)
            var out: [UInt8] = []
            var chunk = max(4096, min(input.count * 4, 1 << 20))
            while true {
                var code: Int32 = Z_OK
                let part = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(chunk)
                    code = CZlib.inflate(&stream, Z_NO_FLUSH)
                    count = chunk - Int(stream.avail_out)
                }
                guard out.count + part.count <= limit else { throw WireError(.tooLarge(limit: limit)) }
                if out.isEmpty { out = part } else { out += part }
                switch code {
                case Z_STREAM_END where stream.avail_in == 0: return out
                case Z_STREAM_END:
                    // Members may follow each other (RFC 1952, section 2.2).
                    guard inflateReset(&stream) == Z_OK else { throw WireError(.malformed("damaged gzip data")) }
                case Z_OK where !part.isEmpty || stream.avail_in > 0: chunk = min(chunk * 2, 1 << 20)
                default:
                    let at = input.count - Int(stream.avail_in)
                    throw WireError(.malformed("gzip data that is damaged or cut off (zlib code \(code))"), at: at)
                }
            }
        }
    }
#else
    /// gzip, in a build without the trait `Compression`.
    enum Gzip {
        static func compress(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> [UInt8] {
            throw WireError(.unsupportedCodec("gzip (the package trait Compression is off)"))
        }

        static func decompress(_ bytes: Bytes, limit: Int) throws(WireError) -> [UInt8] {
            throw WireError(.unsupportedCodec("gzip (the package trait Compression is off)"))
        }
    }
#endif
