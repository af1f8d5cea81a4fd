import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A descriptor of its own of a ``DiskFile``, for who reads later: what stood in the file can be read as long as somebody
/// holds the handle, whatever becomes of the file's name.
final class OpenFile: RecordsSource {
    private let file: Int32
    /// How many handles there are.
    private let count: Locked<Int>

    /// Nil where the system has no descriptor left.
    init?(of descriptor: Int32, _ count: Locked<Int>) {
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { return nil }
        file = own
        self.count = count
        count.withLock { $0 += 1 }
    }

    deinit {
        close(file)
        count.withLock { $0 -= 1 }
    }

    var descriptor: Int32? { file }

    func read(from position: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var filled = 0
        while filled < buffer.count {
            let place = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let got = pread(file, place.baseAddress, place.count, off_t(position + filled))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return false }
            filled += got
        }
        return true
    }
}
