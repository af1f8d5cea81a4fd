import KafkaWire

/// A descriptor of its own of a ``DiskFile``, for who reads later: what stood in the file can be read as long as somebody
/// holds the handle, whatever becomes of the file's name.
final class OpenFile: RecordsSource {
    private let disk: any Disk
    private let file: Int32
    /// How many handles there are.
    private let count: Locked<Int>

    /// Nil where the system has no descriptor left.
    init?(of descriptor: Int32, on disk: any Disk, _ count: Locked<Int>) {
        let own = disk.duplicate(descriptor)
        guard own >= 0 else { return nil }
        self.disk = disk
        file = own
        self.count = count
        count.withLock { $0 += 1 }
    }

    deinit {
        disk.close(file)
        count.withLock { $0 -= 1 }
    }

    var descriptor: Int32? { disk.isSystem ? file : nil }

    func read(from position: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var filled = 0
        while filled < buffer.count {
            let place = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let got = disk.read(file, into: place, at: position + filled)
            guard got > 0 else { return false }
            filled += got
        }
        return true
    }
}
