// Topics: create, delete, add partitions. Describing them is in TopicDescriptions.swift.

extension KafkaAdmin {
    /// A topic to create.
    public struct NewTopic: Sendable, Equatable {
        /// The name: 1 to 249 letters, digits, dots, dashes or underscores.
        public var name: String
        /// The number of partitions; nil for the broker's default (KIP-464).
        public var partitions: Int32?
        /// The number of replicas; nil for the broker's default (KIP-464).
        public var replicationFactor: Int16?
        /// Which brokers hold each partition, the preferred leader first; nil lets the controller decide. Numbers of
        /// partitions and replicas follow from it and must not be given too.
        public var assignments: [[BrokerID]]?
        /// Settings by Kafka's names, such as `retention.ms`.
        public var configs: [String: String]

        /// A topic to create.
        public init(
            _ name: String, partitions: Int32? = nil, replicationFactor: Int16? = nil,
            assignments: [[BrokerID]]? = nil, configs: [String: String] = [:]
        ) {
            self.name = name
            self.partitions = partitions
            self.replicationFactor = replicationFactor
            self.assignments = assignments
            self.configs = configs
        }
    }

    /// A topic that was created, or that could be.
    public struct CreatedTopic: Sendable, Equatable {
        /// The identifier (KIP-516); all zero where the broker does not tell, or where it was only validated.
        public var id: TopicID
        /// The number of partitions; nil where the broker does not tell (before Kafka 2.4, KIP-525).
        public var partitions: Int32?
        /// The number of replicas; nil where the broker does not tell.
        public var replicationFactor: Int16?
        /// The settings that hold for it, defaults included; nil where the broker does not tell, or may not.
        public var configs: [ConfigEntry]?
    }

    /// Creates topics (CreateTopics): those that can be are. With `validateOnly` nothing is created.
    ///
    /// Errors are, among others, TOPIC_ALREADY_EXISTS, INVALID_REPLICATION_FACTOR, INVALID_PARTITIONS, INVALID_CONFIG,
    /// POLICY_VIOLATION, TOPIC_AUTHORIZATION_FAILED. When a broker went away before it answered, the request is sent
    /// again, so that TOPIC_ALREADY_EXISTS may mean a topic that this very call has made. REQUEST_TIMED_OUT means that the
    /// topic will be there soon.
    public func createTopics(
        _ topics: [NewTopic], validateOnly: Bool = false
    ) async -> Results<String, CreatedTopic> {
        let byName = Dictionary(topics.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let timeout = timeout
        let call = AdminCall<String, CreateTopicsRequest, CreatedTopic>(
            what: "create topic", route: .all(.controller), subject: { .topic($0) }, final: .finalFromController,
            build: { names, version in
                .with {
                    $0.timeoutMs = timeout
                    $0.validateOnly = validateOnly
                    $0.topics = names.compactMap { byName[$0] }.map { Self.creatable($0, version) }
                }
            },
            read: { response, _, _ in
                response.topics.map { topic in
                    let value = CreatedTopic(
                        id: topic.topicId, partitions: topic.numPartitions < 0 ? nil : topic.numPartitions,
                        replicationFactor: topic.replicationFactor < 0 ? nil : topic.replicationFactor,
                        configs: topic.numPartitions < 0 || topic.topicConfigErrorCode != .none
                            ? nil
                            : topic.configs?.map { config in
                                let isSensitive = config.isSensitive || SensitiveSettings.contains(config.name)
                                return ConfigEntry(
                                    name: config.name, value: isSensitive ? nil : config.value,
                                    source: ConfigSource(rawValue: config.configSource), isReadOnly: config.readOnly,
                                    isSensitive: isSensitive)
                            })
                    return AdminReply(topic.name, topic.errorCode, topic.errorMessage, value)
                }
            })
        return await cluster.perform(call, about: topics.map(\.name))
    }

    private static func creatable(_ topic: NewTopic, _ version: Int16) -> CreateTopicsRequest.CreatableTopic {
        .with {
            $0.name = topic.name
            // Before version 4 a number had to be said; 1 is what brokers start out with. With an assignment, none may be.
            let none: Int16 = version >= 4 || topic.assignments != nil ? -1 : 1
            $0.numPartitions = topic.partitions ?? Int32(none)
            $0.replicationFactor = topic.replicationFactor ?? none
            $0.assignments = (topic.assignments ?? []).enumerated().map { index, brokers in
                .with {
                    $0.partitionIndex = PartitionID(index: index)
                    $0.brokerIds = brokers
                }
            }
            $0.configs = topic.configs.sorted { $0.key < $1.key }.map { name, value in
                .with {
                    $0.name = name
                    $0.value = value
                }
            }
        }
    }

    /// Deletes topics with all that is in them (DeleteTopics). Errors are, among others, UNKNOWN_TOPIC_OR_PARTITION and
    /// TOPIC_DELETION_DISABLED. A topic is gone from every broker a little later.
    public func deleteTopics(_ names: [String]) async -> Results<String, Void> {
        let timeout = timeout
        let call = AdminCall<String, DeleteTopicsRequest, Void>(
            what: "delete topic", route: .all(.controller), subject: { .topic($0) }, final: .finalFromController,
            build: { names, version in
                .with {
                    $0.timeoutMs = timeout
                    if version >= 6 {
                        $0.topics = names.map { name in .with { $0.name = name } }
                    } else {
                        $0.topicNames = names
                    }
                }
            },
            read: { response, _, _ in
                response.responses.map { AdminReply($0.name ?? "", $0.errorCode, $0.errorMessage) }
            })
        return await cluster.perform(call, about: names)
    }

    /// As ``deleteTopics(_:)``, by identifier (KIP-516): a topic of the same name that was created meanwhile stays.
    /// Needs Kafka 2.8; an unknown identifier is UNKNOWN_TOPIC_ID.
    public func deleteTopics(ids: [TopicID]) async -> Results<TopicID, Void> {
        let timeout = timeout
        let call = AdminCall<TopicID, DeleteTopicsRequest, Void>(
            what: "delete topic", route: .all(.controller), subject: { .other("\($0)") }, final: .finalFromController,
            build: { ids, version throws(KafkaError) in
                guard version >= 6 else {
                    throw Self.tooOld("deletes topics by identifier", api: .deleteTopics, since: "2.8")
                }
                return .with {
                    $0.timeoutMs = timeout
                    $0.topics = ids.map { id in .with { $0.topicId = id } }
                }
            },
            read: { response, _, _ in
                response.responses.map { AdminReply($0.topicId, $0.errorCode, $0.errorMessage) }
            })
        return await cluster.perform(call, about: ids)
    }

    /// More partitions for a topic.
    public struct NewPartitions: Sendable, Equatable {
        /// How many the topic shall have in all.
        public var total: Int32
        /// Which brokers hold each of the new ones, the preferred leader first; nil lets the controller decide.
        public var assignments: [[BrokerID]]?

        /// More partitions: so many in all.
        public init(total: Int32, assignments: [[BrokerID]]? = nil) {
            self.total = total
            self.assignments = assignments
        }
    }

    /// Adds partitions to topics (CreatePartitions, KIP-195). Records stay where they are, so that keys and partitions go
    /// together no longer. Errors are, among others, INVALID_PARTITIONS where the topic has that many already, and
    /// INVALID_REPLICA_ASSIGNMENT. With `validateOnly` nothing is changed.
    public func addPartitions(
        _ topics: [String: NewPartitions], validateOnly: Bool = false
    ) async -> Results<String, Void> {
        let timeout = timeout
        let call = AdminCall<String, CreatePartitionsRequest, Void>(
            what: "add partitions to topic", route: .all(.controller), subject: { .topic($0) },
            final: .finalFromController,
            build: { names, _ in
                .with {
                    $0.timeoutMs = timeout
                    $0.validateOnly = validateOnly
                    $0.topics = names.map { name in
                        .with {
                            $0.name = name
                            $0.count = topics[name]?.total ?? 0
                            $0.assignments = topics[name]?.assignments?.map { brokers in
                                .with { $0.brokerIds = brokers }
                            }
                        }
                    }
                }
            },
            read: { response, _, _ in response.results.map { AdminReply($0.name, $0.errorCode, $0.errorMessage) } })
        return await cluster.perform(call, about: topics.keys.sorted())
    }

    /// The broker speaks the API, but not yet the version that knows this.
    static func tooOld(_ what: String, api: APIKey, since release: String) -> KafkaError {
        KafkaError(
            .unsupportedVersion,
            "no version of \(api) that client and broker have in common \(what); Kafka \(release) has",
            api: api)
    }
}
