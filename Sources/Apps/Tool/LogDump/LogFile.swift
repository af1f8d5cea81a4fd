import JSONLines
import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file of a log, read batch by batch: a segment may be larger than what one wants in memory.
package struct LogFile {
    private let descriptor: Int32
    private let name: String
    package let size: Int64

    /// A batch is never larger; a length that says so is damage.
    private static let largestBatch: Int64 = 1 << 30

    package init(_ path: String) throws(FileError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("cannot read \(path): \(String(cString: strerror(errno)))") }
        name = path
        size = max(0, Int64(lseek(descriptor, 0, SEEK_END)))
    }

    package func close() { closeDescriptor(descriptor) }

    /// The batch that begins at a byte; nil where there is no whole one.
    package func batch(at position: Int64) throws(FileError) -> RecordBatch? {
        let head = try bytes(at: position, 17)
        guard head.count == 17 else { return nil }
        let length = head[8..<12].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard length <= Self.largestBatch, position + 12 + length <= size else { return nil }
        let whole = try bytes(at: position, Int(length) + 12)
        return try? RecordBatch(Bytes(whole))
    }

    /// The entry of an index that begins at a byte; nil where there is no whole one, as in a file that was cut meanwhile.
    package func entry(at position: Int64, of kind: IndexKind) throws(FileError) -> [UInt8]? {
        let entry = try bytes(at: position, kind.entrySize)
        return entry.count == kind.entrySize ? entry : nil
    }

    /// So many bytes, or as many as there are.
    package func bytes(at position: Int64, _ count: Int) throws(FileError) -> [UInt8] {
        let wanted = Int(max(0, min(Int64(count), size - position)))
        var failure: Int32 = 0
        let read = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, done in
            while done < wanted {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + done }, wanted - done, off_t(position) + off_t(done))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { return }
                done += got
            }
        }
        guard failure == 0 else { throw FileError("cannot read \(name): \(String(cString: strerror(failure)))") }
        return read
    }
}

/// The system's `close`, which inside a type its own `close` would hide.
private func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }
