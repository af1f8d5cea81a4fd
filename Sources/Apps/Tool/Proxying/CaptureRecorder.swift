import AppSupport
import Captures
import JSONLines
import KafkaWire
import ToolKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes a capture as it goes: what was handed to it is in the file when ``flush()`` returns, so that a proxy that is
/// killed leaves all but the last moments.
package final class CaptureRecorder {
    package let path: String
    private let descriptor: Int32
    private var began: Instant?
    private var pending: [UInt8] = []
    private var described: Set<Int> = []
    /// How many frames were taken.
    package private(set) var count = 0
    /// Why recording has ended early, as a sentence; nil while it goes on.
    package private(set) var failure: String?

    private static let bufferSize = 1 << 20

    /// Makes the file, which is its owner's alone. What is there already, be it a link to elsewhere, is left as it is: it
    /// may be readable for others, and what passes may be secret.
    package convenience init(path: String, note: String?) throws(FileError) {
        let descriptor = try PrivateFile(path, what: "a recording").descriptor
        try self.init(path: path, descriptor: descriptor, note: note)
    }

    /// Writes to an open file, and closes it at the end.
    package init(path: String, descriptor: Int32, note: String?) throws(FileError) {
        self.path = path
        self.descriptor = descriptor
        pending = Array((Capture.head(note: note) + "\n").utf8)
        flush()
        if let failure {
            close(descriptor)
            throw FileError(failure)
        }
    }

    deinit { close(descriptor) }

    /// Takes a frame.
    package func add(_ frame: ExchangeFeed.SeenFrame) {
        guard failure == nil else { return }
        // Requests are told when they are whole, so the first moment is the earliest but for what lies within a turn.
        let start = began ?? frame.moment
        began = start
        let time = max(0, (frame.moment.nanoseconds - start.nanoseconds) / 1000)
        let isFirst = described.insert(frame.place.connection).inserted
        add(
            Capture.Frame(
                time: time, connection: frame.place.connection, from: frame.from, bytes: frame.bytes,
                isPartial: frame.isPartial || !Capture.Frame.isWhole(frame.bytes),
                client: isFirst ? frame.place.client : nil, broker: isFirst ? frame.place.broker : nil))
    }

    /// Takes a frame of a capture as it is.
    package func add(_ frame: Capture.Frame) {
        guard failure == nil else { return }
        let line = frame.line
        pending.append(contentsOf: line.utf8)
        pending.append(UInt8(ascii: "\n"))
        count += 1
        if pending.count >= Self.bufferSize { flush() }
    }

    /// Hands everything to the system.
    package func flush() {
        guard failure == nil, !pending.isEmpty else { return }
        defer { pending.removeAll(keepingCapacity: true) }
        var written = 0
        while written < pending.count {
            let count = pending.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                // A line that was cut off would make the file unreadable: it ends with the last whole one.
                let whole = (pending[..<written].lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
                let end = lseek(descriptor, 0, SEEK_CUR)
                if end >= 0 { _ = ftruncate(descriptor, end - off_t(written - whole)) }
                self.count -= pending[whole...].reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
                failure = "the recording in \(path) ends here, after \(Figures.counted(self.count, "frame")): \(reason)"
                return
            }
            written += count
        }
    }
}
