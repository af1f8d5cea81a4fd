/// Looks at a cluster and changes it: topics, offsets, brokers.
///
/// ```swift
/// let admin = try KafkaAdmin(.init(bootstrapServers: ["localhost:9092"]))
/// try await admin.createTopics([.init("orders", partitions: 4)])
/// print(try await admin.listTopics().map(\.name))
/// await admin.close()
/// ```
public final class KafkaAdmin: Sendable {
    private let cluster: Cluster

    /// An admin client. Throws when the configuration makes no sense; connects when it is first used.
    public init(_ configuration: ClientConfiguration) throws(KafkaError) { cluster = try Cluster(configuration) }

    deinit {
        let cluster = cluster
        Task { await cluster.close() }
    }

    /// Closes the connections.
    public func close() async { await cluster.close() }

    // MARK: - Topics

    /// A topic to create.
    public struct NewTopic: Sendable, Equatable {
        /// The name: 1 to 249 letters, digits, dots, dashes or underscores.
        public var name: String
        /// The number of partitions; nil for the broker's default.
        public var partitions: Int32?
        /// The number of replicas; nil for the broker's default.
        public var replicationFactor: Int16?
        /// Settings by Kafka's names, such as `retention.ms`.
        public var configs: [String: String]

        /// A topic to create.
        public init(
            _ name: String, partitions: Int32? = nil, replicationFactor: Int16? = nil, configs: [String: String] = [:]
        ) {
            self.name = name
            self.partitions = partitions
            self.replicationFactor = replicationFactor
            self.configs = configs
        }
    }

    /// Creates topics: all that can be created are; gives, by name, why the others were not. With `validateOnly`
    /// nothing is created.
    @discardableResult
    public func createTopics(
        _ topics: [NewTopic], validateOnly: Bool = false
    ) async throws(KafkaError) -> [String: KafkaError] {
        let timeout = cluster.configuration.requestTimeout
        let cluster = cluster
        let answer = try await cluster.retrying("create topics") { () async throws(KafkaError) in
            try await cluster.send(to: .controller) { version throws(KafkaError) in
                CreateTopicsRequest.with {
                    $0.timeoutMs = Milliseconds(timeout)
                    $0.validateOnly = validateOnly
                    $0.topics = topics.map { topic in
                        .with {
                            $0.name = topic.name
                            // Before version 4 a number had to be said; 1 is what brokers start out with.
                            $0.numPartitions = topic.partitions ?? (version >= 4 ? -1 : 1)
                            $0.replicationFactor = topic.replicationFactor ?? (version >= 4 ? -1 : 1)
                            $0.configs = topic.configs.sorted { $0.key < $1.key }.map { name, value in
                                .with {
                                    $0.name = name
                                    $0.value = value
                                }
                            }
                        }
                    }
                }
            }
        }
        var failures: [String: KafkaError] = [:]
        for topic in answer.response.topics where topic.errorCode != .none {
            failures[topic.name] = Self.refusal(
                topic.errorCode, topic.errorMessage, "could not create topic \(topic.name)", answer.broker,
                .createTopics,
                topic.name)
        }
        return failures
    }

    /// Deletes topics with all that is in them: all that can be deleted are; gives, by name, why the others were not.
    @discardableResult
    public func deleteTopics(_ names: [String]) async throws(KafkaError) -> [String: KafkaError] {
        let timeout = cluster.configuration.requestTimeout
        let cluster = cluster
        let answer = try await cluster.retrying("delete topics") { () async throws(KafkaError) in
            try await cluster.send(to: .controller) { version throws(KafkaError) in
                DeleteTopicsRequest.with {
                    $0.timeoutMs = Milliseconds(timeout)
                    if version >= 6 {
                        $0.topics = names.map { name in .with { $0.name = name } }
                    } else {
                        $0.topicNames = names
                    }
                }
            }
        }
        var failures: [String: KafkaError] = [:]
        for topic in answer.response.responses where topic.errorCode != .none {
            let name = topic.name ?? "\(topic.topicId)"
            failures[name] = Self.refusal(
                topic.errorCode, topic.errorMessage, "could not delete topic \(name)", answer.broker, .deleteTopics,
                name)
        }
        return failures
    }

    private static func refusal(
        _ code: ErrorCode, _ words: String?, _ what: String, _ broker: String, _ api: APIKey, _ topic: String
    ) -> KafkaError {
        let said = words.map { " (\($0))" } ?? ""
        return .refused(code, what + said, by: broker, api: api, topic: topic)
    }

    /// A topic of the cluster.
    public struct TopicDescription: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The identifier (KIP-516); all zero where the broker does not tell.
        public var id: TopicID
        /// Whether it is one of the broker's own, such as the topic of committed offsets.
        public var isInternal: Bool
        /// The leader of each partition, by its number; nil while there is none.
        public var leaders: [BrokerID?]
    }

    /// All topics, in the order of their names.
    public func listTopics() async throws(KafkaError) -> [TopicDescription] {
        let cluster = cluster
        try await cluster.retrying("list topics") { () async throws(KafkaError) in try await cluster.refresh(nil) }
        return await cluster.metadata.topics.values.sorted { $0.name < $1.name }.map { topic in
            TopicDescription(
                name: topic.name, id: topic.id, isInternal: topic.isInternal,
                leaders: topic.partitions.map { $0.leader >= 0 ? $0.leader : nil })
        }
    }

    // MARK: - Offsets

    /// The first offset of each of a topic's partitions that is still there.
    public func earliestOffsets(of topic: String) async throws(KafkaError) -> [TopicPartition: Offset] {
        try await offsets(of: topic, at: -2)
    }

    /// The offset behind the last record of each of a topic's partitions.
    public func endOffsets(of topic: String) async throws(KafkaError) -> [TopicPartition: Offset] {
        try await offsets(of: topic, at: -1)
    }

    /// The offset, in each of a topic's partitions, of the first record that is not older than `time` (milliseconds
    /// since 1970); -1 where there is none.
    public func offsets(of topic: String, at time: Int64) async throws(KafkaError) -> [TopicPartition: Offset] {
        let cluster = cluster
        return try await cluster.retrying("look up offsets of topic \(topic)") { () async throws(KafkaError) in
            guard let known = try await cluster.topic(topic) else {
                throw KafkaError(
                    .broker(.unknownTopicOrPartition), "there is no topic \(topic); look at its spelling",
                    topic: topic, isRetriable: false)
            }
            let partitions = known.partitions.indices.map { TopicPartition(topic, PartitionID(index: $0)) }
            var found: [TopicPartition: Offset] = [:]
            let times = Dictionary(uniqueKeysWithValues: partitions.map { ($0, time) })
            for (partition, answer) in try await cluster.listOffsets(times) {
                guard answer.error == .none else {
                    try await cluster.refresh([topic])
                    throw KafkaError.refused(
                        answer.error, "could not look up an offset of \(partition)", topic: topic,
                        partition: partition.partition)
                }
                found[partition] = answer.offset
            }
            return found
        }
    }

    /// What a group has committed.
    public func committedOffsets(of group: String) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        try await cluster.committedOffsets(of: group, nil)
    }

    /// How many records of `topic` the group has still to read, by partition; a partition without a commit counts
    /// from its first record.
    public func lag(of group: String, in topic: String) async throws(KafkaError) -> [TopicPartition: Int64] {
        let committed = try await committedOffsets(of: group)
        let earliest = try await earliestOffsets(of: topic)
        var lag: [TopicPartition: Int64] = [:]
        for (partition, end) in try await endOffsets(of: topic) {
            let next = committed[partition]?.offset ?? earliest[partition] ?? 0
            lag[partition] = max(0, end - next)
        }
        return lag
    }

    // MARK: - Cluster

    /// A cluster and its brokers.
    public struct ClusterDescription: Sendable, Equatable {
        /// The cluster's id.
        public var id: String
        /// The controller's broker id, or -1.
        public var controller: BrokerID
        /// The brokers' addresses, as `host:port`, by id.
        public var brokers: [BrokerID: String]
    }

    /// The cluster and its brokers.
    public func describeCluster() async throws(KafkaError) -> ClusterDescription {
        let cluster = cluster
        let answer = try await cluster.retrying("describe the cluster") { () async throws(KafkaError) in
            try await cluster.send(DescribeClusterRequest.self, to: .any) { _ in DescribeClusterRequest() }
        }
        let response = answer.response
        let code = response.errorCode
        guard code == .none else {
            throw .refused(code, "could not describe the cluster", by: answer.broker, api: .describeCluster)
        }
        return ClusterDescription(
            id: response.clusterId, controller: response.controllerId,
            brokers: Dictionary(
                response.brokers.map { ($0.brokerId, "\($0.host):\($0.port)") }, uniquingKeysWith: { first, _ in first }
            ))
    }
}
