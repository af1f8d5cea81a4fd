import KafkaWire

/// A file of a simulated disk: its bytes, which of them are safe, and what was done to it since they were made so. What is safe
/// is no second copy, since a log is flushed with every batch: of it is kept what was written over, or cut off.
struct DiskFile {
    /// What was done since the file was flushed.
    enum Change: Equatable {
        case write(Range<Int>)
        case cut(Int)
    }

    /// What processes read.
    private(set) var bytes: [UInt8] = []
    /// In their order.
    private(set) var changes: [Change] = []
    /// How many bytes were there when it was flushed, and what of them is not there any more, with where that was; in the
    /// order in which it went.
    private var safeSize = 0
    private var gone: [(position: Int, bytes: [UInt8])] = []

    init() {}

    /// A file that was flushed.
    init(_ bytes: [UInt8]) { (self.bytes, safeSize) = (bytes, bytes.count) }

    /// Writes as much of these parts as fits there; between the file's end and that place there are zeros.
    mutating func write(_ parts: [UnsafeRawBufferPointer], at range: Range<Int>) {
        keep(range)
        if range.upperBound > bytes.count {
            bytes += [UInt8](repeating: 0, count: range.upperBound - bytes.count)
        }
        var at = range.lowerBound
        for part in parts {
            let step = min(part.count, range.upperBound - at)
            bytes.replaceSubrange(at..<at + step, with: part[..<step])
            at += step
        }
        changes.append(.write(range))
    }

    /// Cuts off what is behind that place.
    mutating func cut(to size: Int) {
        guard size < bytes.count else { return }
        keep(size..<bytes.count)
        bytes.removeLast(bytes.count - size)
        changes.append(.cut(size))
    }

    /// What is there now is safe.
    mutating func flush() { (safeSize, gone, changes) = (bytes.count, [], []) }

    /// Remembers what is safe there, before it goes.
    private mutating func keep(_ range: Range<Int>) {
        let safe = range.clamped(to: 0..<min(safeSize, bytes.count))
        if !safe.isEmpty { gone.append((safe.lowerBound, Array(bytes[safe]))) }
    }

    /// What a loss of power leaves for certain.
    var safe: [UInt8] {
        var safe = Array(bytes.prefix(safeSize))
        safe += [UInt8](repeating: 0, count: safeSize - safe.count)
        for (position, old) in gone.reversed() { safe.replaceSubrange(position..<position + old.count, with: old) }
        return safe
    }

    /// What is left where the changes were on their way to the disk: those up to some point in their order, and a part of
    /// the next.
    func torn(_ random: inout RandomSource) -> [UInt8] {
        var left = safe
        let whole = Int(random.next() % UInt64(changes.count + 1))
        for (place, change) in changes.enumerated() where place <= whole {
            switch change {
            case .cut(let size): if place < whole, size < left.count { left.removeLast(left.count - size) }
            case .write(let range):
                // What was cut off since cannot be written.
                var end = min(range.upperBound, bytes.count)
                guard end > range.lowerBound else { continue }
                if place == whole { end = range.lowerBound + Int(random.next() % UInt64(end - range.lowerBound + 1)) }
                guard end > range.lowerBound else { continue }
                if left.count < end { left += [UInt8](repeating: 0, count: end - left.count) }
                left.replaceSubrange(range.lowerBound..<end, with: bytes[range.lowerBound..<end])
            }
        }
        return left
    }
}
