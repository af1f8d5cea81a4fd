import KafkaWire

/// Where partitions have their folders, and what these share: each is called after its topic and its number, as in Kafka.
struct PartitionFolders {
    let root: Folder
    let pool: FilePool
    /// What each log should hold.
    let bounds: LogBounds

    /// Where a partition's segments are.
    func folder(of topic: String, _ partition: PartitionID, id: TopicID) -> LogFolder {
        LogFolder(
            root.folder(Self.name(topic, partition)), topicId: id, pool: pool, bounds: bounds, partition: partition)
    }

    static func name(_ topic: String, _ partition: PartitionID) -> String { "\(topic)-\(partition)" }
}
