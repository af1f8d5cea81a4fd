/// What is known of a cluster: its brokers, and the topics that someone has asked for. A value.
package struct ClusterMetadata: Sendable, Equatable {
    package struct Partition: Sendable, Equatable {
        /// The leader's broker id; -1 while there is none.
        package var leader: BrokerID
        package var leaderEpoch: LeaderEpoch
        package var error: ErrorCode
        /// The brokers that have a replica.
        package var replicas: [BrokerID] = []
    }

    package struct Topic: Sendable, Equatable {
        package var name: String
        package var id: TopicID
        package var isInternal: Bool
        package var error: ErrorCode
        /// By number, without gaps.
        package var partitions: [Partition]
    }

    package private(set) var clusterId: String?
    package private(set) var controllerId: BrokerID = .none
    private(set) var brokers: [BrokerID: BrokerAddress] = [:]
    /// The racks of the brokers that have one.
    private(set) var racks: [BrokerID: String] = [:]
    package private(set) var topics: [String: Topic] = [:]
    private var namesById: [TopicID: String] = [:]

    /// The cluster that the topics are of.
    private var topicsCluster: String?

    init() {}

    /// Forgets who is in the cluster, and which one it is. What is known of topics stays for as long as no other cluster
    /// turns up: their leaders' numbers hold for the brokers that are found then.
    mutating func forgetBrokers() {
        clusterId = nil
        controllerId = .none
        brokers = [:]
    }

    /// Takes in what a broker answered. With `all`, topics that the answer does not mention are gone.
    mutating func update(_ response: MetadataResponse, all: Bool) {
        clusterId = response.clusterId
        // Epochs of another cluster's topics say nothing of this one's.
        if let known = topicsCluster, let told = response.clusterId, known != told { topics = [:] }
        topicsCluster = response.clusterId ?? topicsCluster
        controllerId = response.controllerId
        if !response.brokers.isEmpty {
            (brokers, racks) = ([:], [:])
            for broker in response.brokers where brokers[broker.nodeId] == nil {
                guard let port = UInt16(exactly: broker.port) else { continue }
                brokers[broker.nodeId] = BrokerAddress(host: broker.host, port: port)
                racks[broker.nodeId] = broker.rack
            }
        }
        let before = topics
        if all { topics = [:] }
        var told: Set<String> = []
        for topic in response.topics {
            guard let name = topic.name, told.insert(name).inserted else { continue }
            topics[name] = Self.topic(topic, name: name, known: before[name])
        }
        namesById = Dictionary(topics.values.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    private static func topic(_ topic: MetadataResponse.MetadataResponseTopic, name: String, known: Topic?) -> Topic {
        // Numbers beyond the count of entries would make gaps: such an answer is wrong, and they are left out.
        let empty = Partition(leader: .none, leaderEpoch: .none, error: .leaderNotAvailable)
        var told: Set<PartitionID> = []
        let entries = topic.partitions.filter { told.insert($0.partitionIndex).inserted }
        var partitions = [Partition](repeating: empty, count: entries.count)
        for entry in entries {
            guard partitions.indices.contains(entry.partitionIndex.index) else { continue }
            let index = entry.partitionIndex.index
            // Errors leave a partition without a leader, but for one: that a replica is away is nothing to its clients.
            let isLed = entry.errorCode == .none || entry.errorCode == .replicaNotAvailable
            partitions[index] = Partition(
                leader: isLed ? entry.leaderId : .none, leaderEpoch: entry.leaderEpoch, error: entry.errorCode,
                replicas: entry.replicaNodes)
            // A broker that lags behind may still tell of the leader before (KAFKA-6880).
            if let known, known.id == topic.topicId, known.partitions.indices.contains(index),
                known.partitions[index].leaderEpoch > entry.leaderEpoch, entry.leaderEpoch >= 0
            {
                partitions[index] = known.partitions[index]
            }
        }
        return Topic(
            name: name, id: topic.topicId, isInternal: topic.isInternal, error: topic.errorCode,
            partitions: partitions)
    }

    /// The leader of a partition; nil while there is none.
    package func leader(of partition: TopicPartition) -> BrokerID? {
        guard let topic = topics[partition.topic], topic.partitions.indices.contains(partition.partition.index) else {
            return nil
        }
        let leader = topic.partitions[partition.partition.index].leader
        return leader >= 0 ? leader : nil
    }

    /// The leader epoch that is known with the leader of a partition.
    package func leaderEpoch(of partition: TopicPartition) -> LeaderEpoch {
        guard leader(of: partition) != nil, let topic = topics[partition.topic] else { return .none }
        return topic.partitions[partition.partition.index].leaderEpoch
    }

    /// Why a partition has no leader that is known.
    func withoutLeader(_ partition: TopicPartition) -> KafkaError {
        let topic = topics[partition.topic]
        let isThere = topic?.partitions.indices.contains(partition.partition.index) ?? false
        var code = topic?.error ?? .unknownTopicOrPartition
        if code == .none { code = isThere ? .leaderNotAvailable : .unknownTopicOrPartition }
        if isThere, let error = topic?.partitions[partition.partition.index].error,
            ![.none, .replicaNotAvailable].contains(error)
        {
            code = error
        }
        return .refused(
            code, "could not find the leader of \(partition)", api: .metadata, topic: partition.topic,
            partition: partition.partition)
    }

    /// The racks of the replicas of each partition of a topic; empty where no broker has a rack (KIP-881).
    func racks(of topic: Topic) -> [[String]] {
        racks.isEmpty ? [] : topic.partitions.map { $0.replicas.compactMap { racks[$0] } }
    }

    /// The racks of the replicas of each partition of these topics, nil among them where a broker has none or is away, as Java's
    /// consumers compare them. Topics that have an error, or are not known, are left out.
    func replicaRacks(of names: [String]) -> [String: [Set<String?>]] {
        var found: [String: [Set<String?>]] = [:]
        for name in names {
            guard let topic = topics[name], topic.error == .none else { continue }
            found[name] = topic.partitions.map { partition in Set(partition.replicas.map { racks[$0] }) }
        }
        return found
    }

    /// The name of the topic with that identifier.
    package func name(of id: TopicID) -> String? { namesById[id] }

    /// Takes over where a broker is reached, which another one has told.
    mutating func setAddress(of broker: BrokerID, host: String, port: Int32) {
        guard broker >= 0, !host.isEmpty, let port = UInt16(exactly: port), port > 0 else { return }
        brokers[broker] = BrokerAddress(host: host, port: port)
    }

    /// Takes over a leader that a broker has pointed to (KIP-951). Says whether that was news.
    @discardableResult
    mutating func setLeader(of partition: TopicPartition, _ leader: BrokerID, epoch: LeaderEpoch) -> Bool {
        let index = partition.partition.index
        guard var topic = topics[partition.topic], topic.partitions.indices.contains(index),
            topic.partitions[index].leaderEpoch < epoch, brokers[leader] != nil
        else { return false }
        topic.partitions[index].leader = leader
        topic.partitions[index].leaderEpoch = epoch
        topics[partition.topic] = topic
        return true
    }
}
