import KafkaWire

/// The topics of the cluster, by name and by id.
struct TopicRegistry {
    /// Why a topic was not created.
    struct Refusal: Error, Equatable {
        var code: ErrorCode
        var message: String
    }

    private(set) var byName: [String: Topic] = [:]
    private var byId: [TopicID: Topic] = [:]
    private var collisionKeys: [String: String] = [:]
    private(set) var partitionCount = 0
    /// How many partitions the broker takes: each costs memory, and anybody may ask for more.
    let partitionLimit: Int
    private let retentionBytes: Int?

    init(partitionLimit: Int, retentionBytes: Int?) {
        self.partitionLimit = partitionLimit
        self.retentionBytes = retentionBytes
    }

    /// All topics in the order of their names.
    var sorted: [Topic] { byName.values.sorted { $0.name < $1.name } }

    subscript(name: String) -> Topic? { byName[name] }
    subscript(id: TopicID) -> Topic? { byId[id] }

    /// Why a topic of that name and size cannot be created, or nil.
    func objection(name: String, partitions: Int32, configs: [String: String?] = [:]) -> Refusal? {
        if let objection = TopicRules.objection(toName: name) {
            return Refusal(code: .invalidTopicException, message: objection)
        }
        if byName[name] != nil {
            return Refusal(code: .topicAlreadyExists, message: "Topic '\(name)' already exists.")
        }
        if let other = collisionKeys[TopicRules.collisionKey(name)] {
            return Refusal(
                code: .invalidTopicException, message: "Topic '\(name)' collides with existing topic: \(other)")
        }
        if partitions <= 0 {
            return Refusal(
                code: .invalidPartitions, message: "Number of partitions was set to an invalid non-positive value.")
        }
        if partitionCount + Int(partitions) > partitionLimit {
            return Refusal(
                code: .invalidPartitions,
                message: "\(partitions) further partitions would be more than this broker's \(partitionLimit)")
        }
        for (config, value) in configs.sorted(by: { $0.key < $1.key }) {
            if let objection = TopicRules.objection(toConfig: config, value: value) {
                return Refusal(code: .invalidConfig, message: objection)
            }
        }
        return nil
    }

    /// Creates a topic to which there is no objection.
    @discardableResult
    mutating func create(name: String, partitions: Int32, configs: [String: String?] = [:], id: TopicID) throws(Refusal)
        -> Topic
    {
        if let refusal = objection(name: name, partitions: partitions, configs: configs) { throw refusal }
        let configs = configs.compactMapValues { $0 }
        let retention = configs["retention.bytes"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 } ?? retentionBytes
        // Retention removes whole segments: an eighth of what is kept, so that little more than that is held.
        let segmentBytes = min(4 << 20, max(16 << 10, (retention ?? .max) / 8))
        let topic = Topic(
            name: name, id: id, configs: configs,
            partitions: (0..<partitions).map {
                Partition(index: PartitionID($0), log: PartitionLog(segmentBytes: segmentBytes))
            })
        byName[name] = topic
        byId[id] = topic
        collisionKeys[TopicRules.collisionKey(name)] = name
        partitionCount += topic.partitions.count
        return topic
    }

    /// Forgets a topic; its partitions are marked, for those who still hold them.
    mutating func remove(_ topic: Topic) {
        guard byName.removeValue(forKey: topic.name) != nil else { return }
        byId[topic.id] = nil
        collisionKeys[TopicRules.collisionKey(topic.name)] = nil
        partitionCount -= topic.partitions.count
        for partition in topic.partitions { partition.isDeleted = true }
    }

    /// How many bytes a partition of `topic` keeps at least; nil is without limit.
    func retention(of topic: Topic) -> Int? {
        guard let own = topic.integer("retention.bytes") else { return retentionBytes }
        return own < 0 ? nil : own
    }
}
