import KafkaWire

/// The directory in which a broker keeps its data, laid out as Kafka's `log.dirs`: `meta.properties`, a folder per
/// partition, and folders for the broker's own state.
final class DataDirectory {
    let root: Folder
    let pool: FilePool
    /// The cluster's id; made up when the directory was first used.
    let clusterId: String
    /// Whether the broker that used the directory before was stopped, and not killed.
    let wasStopped: Bool
    private let lock: FolderLock

    private static let meta = "meta.properties"
    private static let cleanShutdown = ".kafka_cleanshutdown"
    private static let startOffsets = "log-start-offset-checkpoint"
    private static let reserve = ".reserve"
    private static let reserveSize = 256 << 10
    private var hasReserve: Bool

    /// Opens the directory at `path`, and makes it where it is missing. `clusterId` is what the cluster is to be called,
    /// if that is given; `newId` makes up a name.
    init(_ path: String, clusterId wanted: String?, nodeId: BrokerID, newId: () -> Uuid) throws(StorageError) {
        root = Folder(path)
        try root.create()
        lock = try FolderLock(root)
        pool = FilePool()
        hasReserve = root.size(of: Self.reserve) == Self.reserveSize
        if let text = try root.text(of: Self.meta) {
            clusterId = try Self.clusterId(in: text, wanted: wanted, path: root.path(of: Self.meta))
        } else {
            let id = wanted ?? "\(newId())"
            clusterId = id
            let lines = ["version=1", "cluster.id=\(id)", "node.id=\(nodeId)", "directory.id=\(newId())"]
            try root.write(lines.joined(separator: "\n") + "\n", to: Self.meta)
        }
        let isFresh = !root.folder(MetadataLog.name + "-0").exists
        wasStopped = isFresh || root.size(of: Self.cleanShutdown) != nil
        // From here on a crash is one.
        root.removeFile(Self.cleanShutdown)
        keepReserve()
    }

    private static func clusterId(in text: String, wanted: String?, path: String) throws(StorageError) -> String {
        let line = text.split(separator: "\n").first { $0.hasPrefix("cluster.id=") }
        guard let id = line.map({ String($0.dropFirst("cluster.id=".count)) }), !id.isEmpty else {
            throw StorageError("read \(path)", "it names no cluster.id; is this a broker's data directory?")
        }
        if let wanted, wanted != id {
            throw StorageError(
                "use \(path)", "the directory belongs to the cluster \(id), and not to \(wanted)")
        }
        return id
    }

    /// Where a partition's segments are.
    func folder(of topic: String, _ partition: PartitionID, id: TopicID) -> LogFolder {
        LogFolder(root.folder(Self.name(topic, partition)), topicId: id, pool: pool)
    }

    /// Opens the log of the broker's own state called `name`.
    func stateLog(_ name: String) throws(StorageError) -> StateLog {
        try StateLog(LogFolder(root.folder(name + "-0"), topicId: .zero, pool: pool))
    }

    private static func name(_ topic: String, _ partition: PartitionID) -> String { "\(topic)-\(partition)" }

    // MARK: - What belongs to nobody

    /// Gives folders of partitions that no topic of `known` has another name, so that they are in nobody's way: each is
    /// told by its new name. Nothing is removed: it may be all that is left of a topic.
    func setStraysAside(known: [TopicID: ClusterMetadata.Topic]) throws(StorageError) -> [String] {
        let states: Set = [MetadataLog.name, OffsetsLog.name, TransactionsLog.name]
        var wanted: [String: TopicID] = [:]
        for (id, topic) in known {
            for partition in topic.partitions { wanted[Self.name(topic.name, partition.partitionId)] = id }
        }
        var strays: [String] = []
        for name in try root.names() {
            guard let dash = name.lastIndex(of: "-"), Int32(name[name.index(after: dash)...]) != nil,
                !states.contains(String(name[..<dash])), root.folder(name).exists
            else { continue }
            if let id = wanted[name] {
                let found = try topicId(of: name)
                if found == nil || found == "\(id)" { continue }
            }
            strays.append(try setAside(name))
        }
        return strays
    }

    /// Makes room for the folder of a new partition.
    func makeWay(for topic: String, _ partition: PartitionID) throws(StorageError) {
        let name = Self.name(topic, partition)
        if root.folder(name).exists { _ = try setAside(name) }
    }

    private func setAside(_ name: String) throws(StorageError) -> String {
        var number = 0
        var stray: String
        repeat {
            number += 1
            // The longest topics' names leave no room for more in a file's name of 255 bytes.
            let mark = ".\(number)-stray"
            stray = name.prefix(255 - mark.utf8.count) + mark
        } while root.folder(stray).exists
        try root.rename(name, to: stray)
        return root.path(of: stray)
    }

    private func topicId(of name: String) throws(StorageError) -> String? {
        let text = try root.folder(name).text(of: LogFolder.metadata) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("topic_id:") }
        return line.map { String($0.dropFirst("topic_id:".count)).trimmed }
    }

    // MARK: - Room

    /// Keeps some room on the disk, if there is any, so that a topic can be deleted where nothing else can be written.
    func keepReserve() {
        guard !hasReserve else { return }
        root.removeFile(Self.reserve)
        let file = DiskFile(path: root.path(of: Self.reserve), size: 0, pool: FilePool(limit: 8))
        do throws(StorageError) {
            try file.append([UInt8](repeating: 0, count: Self.reserveSize))
            try file.sync()
            hasReserve = true
        } catch {
            file.remove()
        }
    }

    /// Gives up the room that was kept; false where there is none.
    func releaseReserve() -> Bool {
        guard hasReserve else { return false }
        root.removeFile(Self.reserve)
        hasReserve = false
        return true
    }

    // MARK: - Small files

    /// The first offsets of partitions whose first records were deleted, as Kafka's checkpoint tells them.
    func startOffsetCheckpoint() throws(StorageError) -> [TopicPartition: Offset] {
        let lines = (try root.text(of: Self.startOffsets) ?? "").split(separator: "\n").dropFirst(2)
        var offsets: [TopicPartition: Offset] = [:]
        for line in lines {
            let parts = line.split(separator: " ")
            guard parts.count == 3, let partition = Int32(parts[1]), let offset = Int64(parts[2]) else {
                throw StorageError(
                    "read \(root.path(of: Self.startOffsets))",
                    "\"\(line)\" is no topic, partition and offset; mend the line, or remove the file and have deleted "
                        + "records back")
            }
            offsets[TopicPartition(String(parts[0]), PartitionID(partition))] = Offset(offset)
        }
        return offsets
    }

    func writeCheckpoint(startOffsets: [TopicPartition: Offset]) throws(StorageError) {
        let lines = startOffsets.sorted { $0.key < $1.key }.map { "\($0.key.topic) \($0.key.partition) \($0.value)" }
        let text = (["0", "\(lines.count)"] + lines).joined(separator: "\n") + "\n"
        try root.write(text, to: Self.startOffsets)
    }

    /// Everything is written: the next start need not look for damage. The directory is free for another broker.
    func close() throws(StorageError) {
        defer { lock.release() }
        try pool.sync()
        try root.write("{\"version\":0,\"brokerEpoch\":-1}\n", to: Self.cleanShutdown)
    }
}
