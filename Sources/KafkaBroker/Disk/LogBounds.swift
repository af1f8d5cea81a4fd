import KafkaWire

/// What each log holds, beside the logs: without it a log that somebody has shortened, or a file that is gone, looks like
/// one that nobody has written to. Each change of a log overwrites its place in one file; a broker that is killed leaves
/// what it wrote last.
///
/// A place says no more than is there: it is written after what is appended, once for all of a turn's appends
/// (``save()``), and before what is removed. After a loss of power it may say anything that was true before
/// (``isExact``).
final class LogBounds {
    /// Which log: a topic's partition, or one of the broker's own state.
    struct Key: Hashable {
        var topicId: TopicID
        var partition: PartitionID
    }

    struct Bounds: Equatable {
        var start: Offset
        var end: Offset
        /// How many bytes the segments have together.
        var size: Int
    }

    static let name = ".log-bounds"
    private static let place = 48
    private static let mark = Array("bounds ".utf8)

    private let file: DiskFile
    /// Which run of the machine this is.
    private let start: String
    private var places: [Key: Int] = [:]
    private var free: [Int] = []
    /// What is to be written, by place.
    private var unsaved: [Int: (key: Key, bounds: Bounds)] = [:]
    /// Places that say nothing.
    private var broken: [Int] = []
    /// What was found when the directory was opened.
    private(set) var found: [Key: Bounds] = [:]
    /// Whether the system has run on since the file was written, so that nothing of it is lost.
    private(set) var isExact: Bool
    /// Whether a part of the file was damaged: of some logs it is not known what they should hold.
    private(set) var isDamaged = false

    /// Reads the file in `folder`. Whoever stops the broker cleanly has everything written: `wasStopped`.
    init(_ folder: Folder, _ pool: FilePool, wasStopped: Bool) throws(StorageError) {
        let size = try folder.fileSize(of: Self.name) ?? 0
        start = folder.disk.start
        file = DiskFile(path: folder.path(of: Self.name), size: size - size % Self.place, pool: pool)
        isExact = false
        guard size > 0 else { return }
        isDamaged = size % Self.place != 0
        let bytes = Bytes(try file.read(0..<file.size))
        for index in 0..<file.size / Self.place {
            let part = bytes[index * Self.place..<(index + 1) * Self.place]
            if index == 0 {
                let header = Self.header(folder.disk.start)
                isExact = wasStopped || part.copy() == header && header != Self.header("")
                if !part.copy().starts(with: Self.mark) { isDamaged = true }
                continue
            }
            guard part.withUnsafeBytes({ $0.contains { $0 != 0 } }) else {
                free.append(index)
                continue
            }
            guard let (key, bounds) = Self.read(part), found.updateValue(bounds, forKey: key) == nil else {
                isDamaged = true
                broken.append(index)
                free.append(index)
                continue
            }
            places[key] = index
        }
    }

    /// The broker uses the directory from here on.
    func begin() {
        let header = Self.header(start)
        if isDamaged { try? file.truncate(to: file.size) }
        if file.size > 0 { write(header, at: 0) } else { try? file.append(header) }
        for place in broken { write([UInt8](repeating: 0, count: Self.place), at: place) }
    }

    /// Where something could not be written, what stands there may be less than what a log holds, and would be held
    /// against it: better nothing is known of any.
    private func write(_ bytes: [UInt8], at place: Int) {
        do throws(StorageError) { try file.overwrite(bytes, at: place * Self.place) } catch { file.remove() }
    }

    /// The place of a log in the file, which is made for it; nil where the disk is full. A log without one is as good as
    /// any: only its losses are not seen.
    func place(of key: Key) -> Int? {
        // The first place is the header's; without it there is no file.
        guard file.size >= Self.place else { return nil }
        if let known = places[key] { return known }
        if let index = free.popLast() {
            places[key] = index
            return index
        }
        guard (try? file.append([UInt8](repeating: 0, count: Self.place))) != nil else { return nil }
        places[key] = file.size / Self.place - 1
        return places[key]
    }

    /// What a log holds now; written by ``save()``.
    func note(_ bounds: Bounds, of key: Key, at place: Int) { unsaved[place] = (key, bounds) }

    /// Writes what was noted: places that stand side by side in one piece.
    func save() {
        guard !unsaved.isEmpty else { return }
        defer { unsaved.removeAll(keepingCapacity: true) }
        guard file.size > 0 else { return }
        var bytes: [UInt8] = []
        var first = 0
        for (place, (key, bounds)) in unsaved.sorted(by: { $0.key < $1.key }) {
            if place != first + bytes.count / Self.place {
                if !bytes.isEmpty { write(bytes, at: first) }
                bytes.removeAll(keepingCapacity: true)
                first = place
            }
            bytes += Self.bytes(key, bounds)
        }
        write(bytes, at: first)
    }

    /// A log is gone.
    func forget(_ key: Key) {
        guard let index = places.removeValue(forKey: key) else { return }
        found[key] = nil
        unsaved[index] = nil
        guard file.size > 0 else { return }
        write([UInt8](repeating: 0, count: Self.place), at: index)
        free.append(index)
    }

    /// Forgets the logs that are not among `known`.
    func forgetAll(but known: Set<Key>) {
        for (key, _) in places.sorted(by: { $0.value < $1.value }) where !known.contains(key) { forget(key) }
    }

    // MARK: - Form

    // The topic's id, the partition, the checksum of all but itself, the first offset, the end, the size.
    private static func bytes(_ key: Key, _ bounds: Bounds) -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(key.topicId.rawValue.high)
        writer.integer(key.topicId.rawValue.low)
        writer.integer(key.partition.rawValue)
        writer.integer(UInt32(0))
        writer.integer(bounds.start.rawValue)
        writer.integer(bounds.end.rawValue)
        writer.integer(Int64(bounds.size))
        return sealed(writer.array())
    }

    private static func read(_ bytes: Bytes) -> (Key, Bounds)? {
        guard sealed(bytes.copy()) == bytes.copy() else { return nil }
        var reader = ByteReader(bytes)
        guard let high: UInt64 = try? reader.integer(), let low: UInt64 = try? reader.integer(),
            let partition: Int32 = try? reader.integer(), let _: UInt32 = try? reader.integer(),
            let start: Int64 = try? reader.integer(), let end: Int64 = try? reader.integer(),
            let size: Int64 = try? reader.integer(), start >= 0, end >= start, size >= 0
        else { return nil }
        return (
            Key(topicId: TopicID(Uuid(high: high, low: low)), partition: PartitionID(partition)),
            Bounds(start: Offset(start), end: Offset(end), size: Int(size))
        )
    }

    private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for index in 20..<24 { bytes[index] = 0 }
        let checksum = CRC32C.checksum(Bytes(bytes))
        for index in 0..<4 { bytes[20 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
        return bytes
    }

    private static func header(_ start: String) -> [UInt8] {
        let text = Array((mark + start.utf8).prefix(place))
        return text + [UInt8](repeating: 0, count: place - text.count)
    }
}
