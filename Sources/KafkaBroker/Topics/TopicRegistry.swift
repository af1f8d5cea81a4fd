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
    /// Counts what has changed of topics and their partitions, so that groups see that something did.
    private(set) var changes: UInt64 = 0
    /// The names of the topics that changed last, so that groups need not look at all.
    private var changed: [String] = []
    private static let rememberedChanges = 10_000
    /// How many partitions the broker takes: each costs memory, and anybody may ask for more.
    let partitionLimit: Int

    init(partitionLimit: Int) { self.partitionLimit = partitionLimit }

    /// All topics in the order of their names.
    private(set) var sorted: [Topic] = []

    subscript(name: String) -> Topic? { byName[name] }
    subscript(id: TopicID) -> Topic? { byId[id] }

    /// Why no topic of that name can be created, or nil.
    func objection(toName name: String) -> Refusal? {
        if let objection = TopicRules.objection(toName: name) {
            return Refusal(code: .invalidTopicException, message: objection)
        }
        if byName[name] != nil {
            return Refusal(code: .topicAlreadyExists, message: "Topic '\(name)' already exists.")
        }
        if let reservation = TopicRules.reservation(of: name) { return reservation }
        let key = TopicRules.collisionKey(name)
        if let other = collisionKeys[key] ?? (TopicRules.isInternal(key) && name != key ? key : nil) {
            return Refusal(
                code: .invalidTopicException, message: "Topic '\(name)' collides with existing topic: \(other)")
        }
        return nil
    }

    /// Why a topic of that name and size cannot be created, or nil.
    func objection(name: String, partitions: Int32, configs: [String: String]) -> Refusal? {
        if let refusal = objection(toName: name) { return refusal }
        if partitions <= 0 {
            return Refusal(
                code: .invalidPartitions, message: "Number of partitions was set to an invalid non-positive value.")
        }
        if let refusal = objection(toFurther: Int(partitions)) { return refusal }
        return TopicConfigs.objection(to: configs).map { Refusal(code: .invalidConfig, message: $0) }
    }

    /// Why there cannot be that many partitions more, or nil.
    func objection(toFurther partitions: Int) -> Refusal? {
        guard partitionCount + partitions > partitionLimit else { return nil }
        return Refusal(
            code: .invalidPartitions,
            message: "\(partitions) further partitions would be more than this broker's \(partitionLimit)")
    }

    /// Creates a topic to which there is no objection.
    @discardableResult
    mutating func create(
        name: String, partitions: Int32, configs: [String: String], settings: TopicSettings, id: TopicID,
        folders: PartitionFolders? = nil
    ) throws(Refusal) -> Topic {
        if let refusal = objection(name: name, partitions: partitions, configs: configs) { throw refusal }
        let topic = Topic(name: name, id: id, configs: configs, settings: settings, folders: folders)
        topic.addPartitions(Int(partitions))
        byName[name] = topic
        sorted.insert(topic, at: place(of: name))
        byId[id] = topic
        collisionKeys[TopicRules.collisionKey(name)] = name
        partitionCount += topic.partitions.count
        note(name)
        return topic
    }

    /// Forgets a topic; its partitions are marked, for those who still hold them.
    mutating func remove(_ topic: Topic) {
        guard byName.removeValue(forKey: topic.name) != nil else { return }
        sorted.remove(at: place(of: topic.name))
        byId[topic.id] = nil
        collisionKeys[TopicRules.collisionKey(topic.name)] = nil
        partitionCount -= topic.partitions.count
        note(topic.name)
        for partition in topic.partitions { partition.isDeleted = true }
    }

    /// Where a topic of that name stands, or would stand, among all.
    private func place(of name: String) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Adds partitions to a topic; to be asked about before (``objection(toFurther:)``).
    mutating func addPartitions(_ count: Int, to topic: Topic) {
        topic.addPartitions(count)
        partitionCount += count
        note(topic.name)
    }

    // MARK: - Changes

    private mutating func note(_ name: String) {
        if changed.count == 2 * Self.rememberedChanges { changed.removeFirst(Self.rememberedChanges) }
        changed.append(name)
        changes += 1
    }

    /// Whether it is known what has changed since ``changes`` was `state`.
    func knowsChanges(since state: UInt64) -> Bool { state + UInt64(changed.count) >= changes }

    /// The topic whose change followed on that state; nil where none has, or it is not known any more.
    func name(ofChange state: UInt64) -> String? {
        guard state < changes, knowsChanges(since: state) else { return nil }
        return changed[changed.count - Int(changes - state)]
    }

    /// The topics that have changed since that state; nil where that is not known any more.
    func namesChanged(since state: UInt64) -> ArraySlice<String>? {
        knowsChanges(since: state) ? changed.suffix(Int(changes - state)) : nil
    }
}
