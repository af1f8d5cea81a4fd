// Topics: list and describe.

extension KafkaAdmin {
    /// A topic of the cluster.
    public struct TopicDescription: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The identifier (KIP-516); all zero where the broker does not tell.
        public var id: TopicID
        /// Whether it is one of the broker's own, such as the topic of committed offsets.
        public var isInternal: Bool
        /// Its partitions, by number.
        public var partitions: [PartitionDescription]
        /// What the client may do with it; nil where the broker does not tell.
        public var authorizedOperations: Set<AclOperation>?

        /// The leader of each partition, by its number; nil while there is none.
        public var leaders: [BrokerID?] { partitions.map(\.leader) }
    }

    /// A partition of a topic.
    public struct PartitionDescription: Sendable, Equatable {
        /// The number, from 0.
        public var partition: PartitionID
        /// The broker that leads it; nil while there is none.
        public var leader: BrokerID?
        /// The epoch of its leader, or ``LeaderEpoch/none`` where the broker does not tell.
        public var leaderEpoch: LeaderEpoch
        /// The brokers that hold it, the preferred leader first.
        public var replicas: [BrokerID]
        /// Those of them that are in sync.
        public var inSync: [BrokerID]
        /// Those of them that are offline (KIP-112).
        public var offline: [BrokerID]
        /// Those that may lead though they are not in sync (KIP-966); nil where the broker does not tell.
        public var eligibleLeaders: [BrokerID]?
        /// Those that might have led before an unclean shutdown (KIP-966); nil where the broker does not tell.
        public var lastKnownEligibleLeaders: [BrokerID]?
    }

    /// All topics, in the order of their names (Metadata). `internals` are the broker's own.
    public func listTopics(internals: Bool = true) async throws(KafkaError) -> [TopicDescription] {
        let topics = try await one("list topics", at: .any) { version in
            MetadataRequest.with {
                // Version 0 has no null: there, no topics means all of them.
                $0.topics = version == 0 ? [] : nil
                if version >= 4 { $0.allowAutoTopicCreation = false }
            }
        } whole: {
            ($0.errorCode, nil)
        } value: {
            // Also those with an error of the moment, as in Java: they are there.
            $0.topics.filter { $0.errorCode != .unknownTopicOrPartition }.map { Self.description($0) }
        }
        return topics.filter { internals || !$0.isInternal }.sorted { $0.name < $1.name }
    }

    /// Topics by name: through DescribeTopicPartitions (KIP-966, Kafka 3.8), whose answer comes in pages, or through
    /// Metadata where the broker has not got that. `pageSize` is the number of partitions in one page. A topic that is not
    /// there is UNKNOWN_TOPIC_OR_PARTITION.
    public func describeTopics(
        _ names: [String], pageSize: Int32 = 2000
    ) async -> Results<String, TopicDescription> {
        var results: Results<String, TopicDescription> = [:]
        guard !names.isEmpty else { return results }
        do throws(KafkaError) {
            var cursor: DescribeTopicPartitionsResponse.Cursor?
            repeat {
                let page = try await page(of: Set(names).sorted(), pageSize, from: cursor)
                for topic in page.topics { Self.take(topic, into: &results) }
                // A cursor that does not go on, or a page with nothing, would never end.
                guard page.nextCursor == nil || page.topics.contains(where: { !$0.partitions.isEmpty }) else { break }
                let isFurther = cursor.map { last in
                    page.nextCursor.map { ($0.topicName, $0.partitionIndex) > (last.topicName, last.partitionIndex) }
                        ?? true
                }
                cursor = isFurther ?? true ? page.nextCursor : nil
            } while cursor != nil
        } catch {
            guard error.code == .unsupportedVersion else {
                for name in names { results[name] = .failure(error) }
                return results
            }
            return await describeThroughMetadata(names)
        }
        for (name, result) in results {
            if case .success(let topic) = result, !Self.isComplete(topic.partitions) { results[name] = nil }
        }
        for name in names where results[name] == nil {
            results[name] = .failure(
                KafkaError(
                    .malformedResponse, "could not describe topic \(name): the broker left it out of its answer",
                    api: .describeTopicPartitions, topic: name, isRetriable: false))
        }
        return results
    }

    private func page(
        of names: [String], _ size: Int32, from cursor: DescribeTopicPartitionsResponse.Cursor?
    ) async throws(KafkaError) -> DescribeTopicPartitionsResponse {
        try await one("describe topics", at: .any) { _ in
            DescribeTopicPartitionsRequest.with {
                // What lies before the cursor was told.
                $0.topics = names.filter { $0 >= cursor?.topicName ?? "" }.map { name in .with { $0.name = name } }
                $0.responsePartitionLimit = size
                $0.cursor = cursor.map { cursor in
                    .with {
                        $0.topicName = cursor.topicName
                        $0.partitionIndex = cursor.partitionIndex
                    }
                }
            }
        } value: {
            $0
        }
    }

    private static func take(
        _ topic: DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic,
        into results: inout Results<String, TopicDescription>
    ) {
        let name = topic.name ?? ""
        let code = topic.errorCode == .none ? partitionError(topic.partitions.map(\.errorCode)) : topic.errorCode
        guard code == .none else {
            results[name] = .failure(
                .refused(
                    code, "could not describe topic \(name)", api: .describeTopicPartitions, topic: name))
            return
        }
        var description = TopicDescription(
            name: name, id: topic.topicId, isInternal: topic.isInternal, partitions: [],
            authorizedOperations: AclOperation.set(topic.topicAuthorizedOperations))
        // A topic may begin on one page and go on on the next.
        if case .success(let known)? = results[name] { description = known }
        // Of what is told twice the first counts.
        var told = Set(description.partitions.map(\.partition))
        description.partitions += topic.partitions.filter { told.insert($0.partitionIndex).inserted }.map {
            PartitionDescription(
                partition: $0.partitionIndex, leader: $0.leaderId < 0 ? nil : $0.leaderId,
                leaderEpoch: $0.leaderEpoch, replicas: $0.replicaNodes, inSync: $0.isrNodes,
                offline: $0.offlineReplicas, eligibleLeaders: $0.eligibleLeaderReplicas,
                lastKnownEligibleLeaders: $0.lastKnownElr)
        }
        results[name] = .success(description)
    }

    /// What a partition's error says of its topic: nothing, where it is about its leader or its replicas, which are told.
    private static func partitionError(_ codes: [ErrorCode]) -> ErrorCode {
        let told: Set<ErrorCode> = [.none, .leaderNotAvailable, .listenerNotFound, .replicaNotAvailable]
        return codes.first { !told.contains($0) } ?? .none
    }

    /// Partitions are numbered from 0 without gaps: one that is missing was left out.
    private static func isComplete(_ partitions: [PartitionDescription]) -> Bool {
        Set(partitions.map(\.partition.index)) == Set(partitions.indices)
    }

    private func describeThroughMetadata(_ names: [String]) async -> Results<String, TopicDescription> {
        let call = AdminCall<String, MetadataRequest, TopicDescription>(
            what: "describe topic", route: .all(.any), subject: { .topic($0) }, final: [.unknownTopicOrPartition],
            build: { names, version in
                .with {
                    $0.topics = names.map { name in .with { $0.name = name } }
                    if version >= 4 { $0.allowAutoTopicCreation = false }
                    if version >= 8 { $0.includeTopicAuthorizedOperations = true }
                }
            },
            whole: { ($0.errorCode, nil) },
            read: { response, _, _ in
                Self.replies(response) { $0.name ?? "" }
            })
        return await cluster.perform(call, about: names)
    }

    /// Topics by identifier (Metadata 12, Kafka 3.1). One that is not there is UNKNOWN_TOPIC_ID.
    public func describeTopics(ids: [TopicID]) async -> Results<TopicID, TopicDescription> {
        let call = AdminCall<TopicID, MetadataRequest, TopicDescription>(
            what: "describe topic", route: .all(.any), subject: { .other("\($0)") }, final: [.unknownTopicId],
            build: { ids, version throws(KafkaError) in
                // Version 10 has the field, but brokers take a null name only from version 12 on (KAFKA-12984).
                guard version >= 12 else {
                    throw Self.tooOld("describes topics by identifier", api: .metadata, since: "3.1")
                }
                return .with {
                    $0.topics = ids.map { id in
                        .with {
                            $0.topicId = id
                            $0.name = nil
                        }
                    }
                    $0.allowAutoTopicCreation = false
                    $0.includeTopicAuthorizedOperations = true
                }
            },
            whole: { ($0.errorCode, nil) },
            read: { response, _, _ in
                Self.replies(response) { $0.topicId }
            })
        return await cluster.perform(call, about: ids)
    }

    /// What Metadata says of each topic; one of which a partition is missing counts as left out.
    private static func replies<Item: Sendable>(
        _ response: MetadataResponse, _ item: (MetadataResponse.MetadataResponseTopic) -> Item
    ) -> [AdminReply<Item, TopicDescription>] {
        response.topics.compactMap { topic in
            let value = description(topic)
            let code = topic.errorCode == .none ? partitionError(topic.partitions.map(\.errorCode)) : topic.errorCode
            return code != .none || isComplete(value.partitions) ? AdminReply(item(topic), code, nil, value) : nil
        }
    }

    private static func description(_ topic: MetadataResponse.MetadataResponseTopic) -> TopicDescription {
        TopicDescription(
            name: topic.name ?? "", id: topic.topicId, isInternal: topic.isInternal,
            partitions: Dictionary(topic.partitions.map { ($0.partitionIndex, $0) }) { first, _ in first }.values.map {
                PartitionDescription(
                    partition: $0.partitionIndex, leader: $0.leaderId < 0 ? nil : $0.leaderId,
                    leaderEpoch: $0.leaderEpoch, replicas: $0.replicaNodes, inSync: $0.isrNodes,
                    offline: $0.offlineReplicas)
            }.sorted { $0.partition < $1.partition },
            authorizedOperations: AclOperation.set(topic.topicAuthorizedOperations))
    }
}
