import KafkaWire

/// The folder of a partition in the data directory, `topic-partition`: made with its first segment, so that partitions
/// that nobody has written to cost nothing.
final class LogFolder {
    let folder: Folder
    let topicId: TopicID
    private let pool: FilePool
    private var isMade: Bool
    /// Where it stands what the log holds; nil where nobody keeps that.
    private let bounds: LogBounds?
    private let key: LogBounds.Key
    private var place: Int?

    init(
        _ folder: Folder, topicId: TopicID, pool: FilePool, bounds: LogBounds? = nil, partition: PartitionID = 0
    ) {
        self.folder = folder
        self.topicId = topicId
        self.pool = pool
        self.bounds = bounds
        key = LogBounds.Key(topicId: topicId, partition: partition)
        isMade = folder.size(of: Self.metadata) != nil
    }

    /// What the log should hold; nil where that is not known.
    var expected: LogBounds.Bounds? { bounds?.found[key] }
    /// Whether that is so for certain, and not only at most.
    var isExpectedExactly: Bool { bounds?.isExact ?? false }

    /// Notes what the log holds. What is about to be removed is written down first (`isSaved`); what was appended, at
    /// the end of the turn.
    func note(start: Offset, end: Offset, size: Int, isSaved: Bool) {
        guard let bounds else { return }
        if place == nil { place = bounds.place(of: key) }
        if let place { bounds.note(.init(start: start, end: end, size: size), of: key, at: place) }
        if isSaved { bounds.save() }
    }

    /// A new segment's file; what an earlier one of that name held is gone.
    func segment(at base: Offset) throws(StorageError) -> DiskFile {
        if !isMade {
            try folder.create()
            // As Kafka writes it (`PartitionMetadataFile`). It is not waited for: a folder without it still is its
            // partition's, by its name.
            try folder.write("version: 0\ntopic_id: \(topicId)\n", to: Self.metadata, isSynced: false)
            isMade = true
        }
        let name = Self.name(of: base)
        folder.removeFile(name)
        let file = DiskFile(path: folder.path(of: name), size: 0, pool: pool)
        try file.touch()
        return file
    }

    /// A file for a segment that is being cleaned.
    func cleanedSegment(at base: Offset) throws(StorageError) -> DiskFile {
        let name = Self.name(of: base) + Self.cleaned
        folder.removeFile(name)
        return DiskFile(path: folder.path(of: name), size: 0, pool: pool)
    }

    /// Puts a cleaned segment in the place of the one that it was made of.
    func put(_ file: DiskFile, at base: Offset) throws(StorageError) {
        try file.touch()
        try file.rename(to: folder.path(of: Self.name(of: base)))
    }

    /// A path for what is taken out of `file`, where nothing is yet.
    func cutPath(of file: DiskFile) throws(StorageError) -> String {
        let name = file.path.split(separator: "/").last.map(String.init) ?? ""
        return folder.path(of: try folder.freeName(for: name))
    }

    /// A file that is written from its beginning on.
    func newFile(at path: String) -> DiskFile { DiskFile(path: path, size: 0, pool: pool) }

    /// Says which topic the folder belongs to: names come again, ids do not.
    static let metadata = "partition.metadata"
    private static let cleaned = ".cleaned"

    /// Removes the folder with all segments.
    func remove() {
        folder.remove()
        bounds?.forget(key)
        place = nil
        isMade = false
    }

    /// The segments' files, in the order of their offsets.
    func segments() throws(StorageError) -> [(base: Offset, file: DiskFile)] {
        var found: [(base: Offset, file: DiskFile)] = []
        for name in try folder.names() {
            // A crash came before it was done.
            if name.hasSuffix(Self.cleaned), Self.base(of: name.dropLast(Self.cleaned.count)) != nil {
                folder.removeFile(name)
            }
            guard let base = Self.base(of: name[...]), let size = try folder.fileSize(of: name) else { continue }
            found.append((base, DiskFile(path: folder.path(of: name), size: size, pool: pool)))
        }
        return found
    }

    /// A segment's name: its first offset in twenty digits.
    static func name(of base: Offset) -> String {
        let digits = "\(base.rawValue)"
        return String(repeating: "0", count: 20 - digits.count) + digits + ".log"
    }

    private static func base(of name: Substring) -> Offset? {
        guard name.hasSuffix(".log"), name.utf8.count == 24, name.utf8.prefix(20).allSatisfy({ 48...57 ~= $0 }) else {
            return nil
        }
        return Int64(name.dropLast(4)).map { Offset($0) }
    }
}
