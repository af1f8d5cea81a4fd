import KafkaWire

/// The folder of a partition in the data directory, `topic-partition`: made with its first segment, so that partitions
/// that nobody has written to cost nothing.
final class LogFolder {
    let folder: Folder
    let topicId: TopicID
    private let pool: FilePool
    private var isMade: Bool

    init(_ folder: Folder, topicId: TopicID, pool: FilePool) {
        self.folder = folder
        self.topicId = topicId
        self.pool = pool
        isMade = folder.size(of: Self.metadata) != nil
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

    /// Says which topic the folder belongs to: names come again, ids do not.
    static let metadata = "partition.metadata"
    private static let cleaned = ".cleaned"

    /// Removes the folder with all segments.
    func remove() {
        folder.remove()
        isMade = false
    }

    /// The segments' files, in the order of their offsets.
    func segments() throws(StorageError) -> [(base: Offset, file: DiskFile)] {
        try folder.names().compactMap { name in
            // A crash came before it was done.
            if name.hasSuffix(Self.cleaned) { folder.removeFile(name) }
            guard name.hasSuffix(".log"), name.utf8.count == 24, let base = Int64(name.dropLast(4)) else { return nil }
            return (
                Offset(base),
                DiskFile(path: folder.path(of: name), size: folder.size(of: name) ?? 0, pool: pool)
            )
        }
    }

    /// A segment's name: its first offset in twenty digits.
    static func name(of base: Offset) -> String {
        let digits = "\(base.rawValue)"
        return String(repeating: "0", count: 20 - digits.count) + digits + ".log"
    }
}
