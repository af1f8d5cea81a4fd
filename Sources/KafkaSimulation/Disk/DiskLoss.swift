import KafkaWire

// What is left of a disk when its processes end, or its power.

extension DiskModel {
    /// The processes that have used it are gone: what they wrote is there, and nothing is open.
    mutating func closeAll() {
        for descriptor in descriptors { close(descriptor) }
    }

    /// The power goes, and comes back.
    mutating func losePower(_ loss: Loss, _ random: inout RandomSource) {
        closeAll()
        restart()
        guard loss != .none else { return keepAll() }
        for number in files.keys.sorted() {
            guard let file = files[number] else { continue }
            put(loss == .all ? file.safe : Self.torn(file, &random), as: number)
        }
        // A name that was not made safe is there or not, each by chance.
        keepNames { loss == .torn && random.next() % 2 == 0 }
    }

    /// What is left of a file whose changes were on their way to the disk: those up to some point in their order, and a part
    /// of the next.
    static func torn(_ file: File, _ random: inout RandomSource) -> [UInt8] {
        var bytes = file.safe
        let whole = Int(random.next() % UInt64(file.changes.count + 1))
        for (place, change) in file.changes.enumerated() where place <= whole {
            switch change {
            case .cut(let size): if place < whole, size < bytes.count { bytes.removeLast(bytes.count - size) }
            case .write(let range):
                // What was cut off since cannot be written.
                var end = min(range.upperBound, file.bytes.count)
                guard end > range.lowerBound else { continue }
                if place == whole { end = range.lowerBound + Int(random.next() % UInt64(end - range.lowerBound + 1)) }
                if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
                bytes.replaceSubrange(range.lowerBound..<end, with: file.bytes[range.lowerBound..<end])
            }
        }
        return bytes
    }
}
