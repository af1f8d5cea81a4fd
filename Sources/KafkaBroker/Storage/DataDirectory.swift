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
    /// What each log should hold.
    let bounds: LogBounds
    /// Whether the broker starts without what is lost of its own state.
    let salvages: Bool
    /// What is to be told of the directory.
    private(set) var remarks: [String] = []
    private let lock: FolderLock

    private static let cleanShutdown = ".kafka_cleanshutdown"
    private static let reserve = ".reserve"
    private static let reserveSize = 256 << 10
    private var hasReserve: Bool

    /// Opens the directory at `path`, and makes it where it is missing. `clusterId` is what the cluster is to be called,
    /// if that is given; `newId` makes up a name. What stood there stays as it is until ``begin()``, unless it is
    /// garbled and can be done without.
    init(
        _ path: String, on disk: any Disk = SystemDisk(), clusterId wanted: String?, nodeId: BrokerID,
        salvages: Bool = false, newId: () -> Uuid
    ) throws(StorageError) {
        root = Folder(path, on: disk)
        try root.create()
        lock = try FolderLock(root)
        pool = FilePool(on: disk)
        self.salvages = salvages
        hasReserve = root.size(of: Self.reserve) == Self.reserveSize
        wasStopped = try root.fileSize(of: Self.cleanShutdown) != nil
        let hasBounds = try root.fileSize(of: LogBounds.name) != nil
        bounds = try LogBounds(root, pool, wasStopped: wasStopped)
        if bounds.isDamaged {
            remarks.append(
                "\(root.path(of: LogBounds.name)) is damaged: of some logs it is not known what they held, and what is "
                    + "missing there cannot be told")
        }
        var isFresh = !hasBounds
        for name in Self.states where try root.holdsFolder(name + "-0") { isFresh = false }
        var found: MetaProperties?
        let path = root.path(of: MetaProperties.name)
        do throws(StorageError) {
            if let text = try root.text(of: MetaProperties.name) {
                found = try MetaProperties(text, path: path)
            } else if !isFresh, wanted == nil {
                throw StorageError(
                    "read \(path)", "it is missing, though the directory holds a broker's data", StorageError.wayOn)
            }
        } catch {
            guard salvages else { throw error }
            remarks.append("\(error.action): \(error.reason): the cluster gets another id")
            if root.size(of: MetaProperties.name) != nil { try root.keep(MetaProperties.name) }
        }
        if let found {
            if let wanted, wanted != found.clusterId {
                throw StorageError(
                    "use \(path)", "the directory belongs to the cluster \(found.clusterId), and not to \(wanted)")
            }
            guard found.nodeId == nodeId else {
                throw StorageError(
                    "use \(path)", "the directory belongs to the node \(found.nodeId), and not to \(nodeId)",
                    "start with node.id=\(found.nodeId)")
            }
            clusterId = found.clusterId
        } else {
            let made = MetaProperties(
                clusterId: wanted ?? "\(newId())", nodeId: nodeId, directoryId: "\(newId())")
            clusterId = made.clusterId
            try root.write(made.text, to: MetaProperties.name)
        }
        keepReserve()
    }

    deinit { pool.abandon() }

    /// The broker uses the directory from here on: a crash is one.
    func begin() throws(StorageError) {
        try root.removeForCertain(Self.cleanShutdown)
        bounds.begin()
    }

    /// Where partitions have their folders.
    var folders: PartitionFolders { PartitionFolders(root: root, pool: pool, bounds: bounds) }

    /// Opens the log of the broker's own state called `name`.
    func stateLog(_ name: String) throws(StorageError) -> StateLog {
        try StateLog(
            LogFolder(
                root.folder(name + "-0"), topicId: .zero, pool: pool, bounds: bounds, partition: Self.partition(name)))
    }

    /// The broker's own logs. Among the logs' bounds they have numbers below 0.
    private static let states = [MetadataLog.name, OffsetsLog.name, TransactionsLog.name]

    private static func partition(_ state: String) -> PartitionID {
        PartitionID(Int32(-1 - (states.firstIndex(of: state) ?? states.count)))
    }

    /// Forgets what logs held that belong to no topic.
    func forgetBounds(but known: [TopicID: ClusterMetadata.Topic]) {
        var keys = Set(Self.states.map { LogBounds.Key(topicId: .zero, partition: Self.partition($0)) })
        for (id, topic) in known {
            for partition in topic.partitions { keys.insert(.init(topicId: id, partition: partition.partitionId)) }
        }
        bounds.forgetAll(but: keys)
    }

    // MARK: - What belongs to nobody

    /// Gives folders of partitions that no topic is known for another name, so that they are in nobody's way: each is
    /// told by its new name. Nothing is removed: it may be all that is left of a topic. A folder that says that it belongs
    /// to another topic than its name does may be that of an earlier topic of the name; else nobody knows whose it is.
    func setStraysAside(_ metadata: ClusterMetadata) throws(StorageError) -> [String] {
        var wanted: [String: TopicID] = [:]
        for (id, topic) in metadata.topics {
            for partition in topic.partitions { wanted[PartitionFolders.name(topic.name, partition.partitionId)] = id }
        }
        let removed = Set(metadata.removed.keys.map { "\($0)" })
        var strays: [String] = []
        for name in try root.names() {
            guard let dash = name.lastIndex(of: "-"), Int32(name[name.index(after: dash)...]) != nil,
                !Self.states.contains(String(name[..<dash]))
            else { continue }
            guard let id = wanted[name] else {
                if root.folder(name).exists { strays.append(name) }
                continue
            }
            guard try root.holdsFolder(name), let found = try topicId(of: name), found != "\(id)" else { continue }
            guard removed.contains(found) || !bounds.isExact || salvages else {
                throw StorageError(
                    "use \(root.folder(name).path(of: LogFolder.metadata))",
                    "it names the topic \(found), and the one of that name is \(id)",
                    "remove that file if the folder is the topic's; else move the folder away")
            }
            strays.append(name)
        }
        var aside: [String] = []
        for name in strays { aside.append(try setAside(name)) }
        return aside
    }

    /// Makes room for the folder of a new partition.
    func makeWay(for topic: String, _ partition: PartitionID) throws(StorageError) {
        let name = PartitionFolders.name(topic, partition)
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

    /// The topic that a partition's folder says it belongs to; nil where it does not say. A garbled file is set aside.
    private func topicId(of name: String) throws(StorageError) -> String? {
        let folder = root.folder(name)
        guard let text = try folder.text(of: LogFolder.metadata) else { return nil }
        let lines = text.split(separator: "\n")
        if lines.count == 2, lines[0] == "version: 0", lines[1].hasPrefix("topic_id: ") {
            let id = String(lines[1].dropFirst("topic_id: ".count))
            if id.utf8.count == 22, id.utf8.allSatisfy(Self.isOfId) { return id }
        }
        let kept = try folder.keep(LogFolder.metadata)
        remarks.append(
            "\(folder.path(of: LogFolder.metadata)) is damaged, and was set aside as \(kept): the folder is taken for "
                + "the partition that it is named after")
        return nil
    }

    private static func isOfId(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    // MARK: - Room

    /// Keeps some room on the disk, if there is any, so that a topic can be deleted where nothing else can be written.
    func keepReserve() {
        guard !hasReserve else { return }
        root.removeFile(Self.reserve)
        let file = DiskFile(path: root.path(of: Self.reserve), size: 0, pool: FilePool(limit: 8, on: root.disk))
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

    /// The first offsets of partitions whose first records were deleted; none where there is no file, and nil where it
    /// is damaged, and the logs' bounds say the same.
    func startOffsetCheckpoint() throws(StorageError) -> [TopicPartition: Offset]? {
        guard let text = try root.text(of: StartOffsetCheckpoint.name) else { return [:] }
        do throws(StartOffsetCheckpoint.Damage) { return try StartOffsetCheckpoint.read(text) } catch {
            let path = root.path(of: StartOffsetCheckpoint.name)
            guard bounds.isExact || salvages else {
                throw StorageError(
                    "read \(path)", "\(error.reason), and deleted records would come back", StorageError.wayOn)
            }
            let kept = try root.keep(StartOffsetCheckpoint.name)
            remarks.append("\(path): \(error.reason); it was set aside as \(kept), and is written anew")
            return nil
        }
    }

    func writeCheckpoint(startOffsets: [TopicPartition: Offset]) throws(StorageError) {
        try root.write(StartOffsetCheckpoint.text(startOffsets), to: StartOffsetCheckpoint.name)
    }

    /// Everything is written: the next start need not look for damage. The directory is free for another broker.
    func close() throws(StorageError) {
        defer {
            pool.closeAll()
            lock.release()
        }
        bounds.save()
        try pool.sync()
        try root.write("{\"version\":0,\"brokerEpoch\":-1}\n", to: Self.cleanShutdown)
    }
}
