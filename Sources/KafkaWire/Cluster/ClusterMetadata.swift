/// What is known of a cluster: its brokers, and the topics that someone has asked for. A value.
package struct ClusterMetadata: Sendable, Equatable {
    package struct Partition: Sendable, Equatable {
        /// The leader's broker id; -1 while there is none.
        package var leader: BrokerID
        package var leaderEpoch: LeaderEpoch
        package var error: ErrorCode
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
    package private(set) var topics: [String: Topic] = [:]
    private var namesById: [TopicID: String] = [:]

    init() {}

    /// Takes in what a broker answered. With `all`, topics that the answer does not mention are gone.
    mutating func update(_ response: MetadataResponse, all: Bool) {
        clusterId = response.clusterId
        controllerId = response.controllerId
        if !response.brokers.isEmpty {
            brokers = [:]
            for broker in response.brokers {
                guard let port = UInt16(exactly: broker.port) else { continue }
                brokers[broker.nodeId] = BrokerAddress(host: broker.host, port: port)
            }
        }
        if all { topics = [:] }
        for topic in response.topics {
            guard let name = topic.name else { continue }
            topics[name] = Self.topic(topic, name: name, known: topics[name])
        }
        namesById = Dictionary(topics.values.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    private static func topic(_ topic: MetadataResponse.MetadataResponseTopic, name: String, known: Topic?) -> Topic {
        // Numbers beyond the count of entries would make gaps: such an answer is wrong, and they are left out.
        let empty = Partition(leader: .none, leaderEpoch: .none, error: .leaderNotAvailable)
        var partitions = [Partition](repeating: empty, count: topic.partitions.count)
        for entry in topic.partitions {
            guard partitions.indices.contains(entry.partitionIndex.index) else { continue }
            let index = entry.partitionIndex.index
            partitions[index] = Partition(
                leader: entry.leaderId, leaderEpoch: entry.leaderEpoch, error: entry.errorCode)
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

    /// The name of the topic with that identifier.
    package func name(of id: TopicID) -> String? { namesById[id] }

    /// Takes over a leader that a broker has pointed to (KIP-951).
    mutating func setLeader(of partition: TopicPartition, _ leader: BrokerID, epoch: LeaderEpoch) {
        let index = partition.partition.index
        guard var topic = topics[partition.topic], topic.partitions.indices.contains(index),
            topic.partitions[index].leaderEpoch < epoch, brokers[leader] != nil
        else { return }
        topic.partitions[index].leader = leader
        topic.partitions[index].leaderEpoch = epoch
        topics[partition.topic] = topic
    }
}
