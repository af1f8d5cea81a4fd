// Where partitions are kept, and who leads them.

extension KafkaAdmin {
    /// Moves partitions to other brokers, or cancels a move that is under way (AlterPartitionReassignments, KIP-455,
    /// Kafka 2.4). The call returns when the moves have begun. Errors are, among others, INVALID_REPLICA_ASSIGNMENT and, where
    /// there is nothing to cancel, NO_REASSIGNMENT_IN_PROGRESS.
    ///
    /// - Parameters:
    ///   - replicas: The brokers that shall hold each partition, the preferred leader first; nil cancels.
    ///   - allowReplicationFactorChange: Whether their number may change (KIP-860; brokers before Kafka 4.1 always let it).
    public func alterPartitionReassignments(
        _ replicas: [TopicPartition: [BrokerID]?], allowReplicationFactorChange: Bool = true
    ) async -> Results<TopicPartition, Void> {
        let timeout = timeout
        let call = AdminCall<TopicPartition, AlterPartitionReassignmentsRequest, Void>(
            what: "reassign", route: .all(.controller), subject: { .partition($0) }, final: .finalFromController,
            build: { partitions, version throws(KafkaError) in
                guard version >= 1 || allowReplicationFactorChange else {
                    throw Self.tooOld(
                        "holds on to the number of replicas", api: .alterPartitionReassignments, since: "4.1")
                }
                return .with {
                    $0.timeoutMs = timeout
                    $0.allowReplicationFactorChange = allowReplicationFactorChange
                    $0.topics = byTopic(partitions) { $0 }.map { topic, partitions in
                        .with {
                            $0.name = topic
                            $0.partitions = partitions.map { partition in
                                .with {
                                    $0.partitionIndex = partition.partition
                                    $0.replicas = replicas[partition] ?? nil
                                }
                            }
                        }
                    }
                }
            },
            whole: { ($0.errorCode, $0.errorMessage) },
            read: { response, _, _ in
                response.responses.flatMap { topic in
                    topic.partitions.map {
                        AdminReply(TopicPartition(topic.name, $0.partitionIndex), $0.errorCode, $0.errorMessage)
                    }
                }
            })
        return await cluster.perform(call, about: replicas.keys.sorted())
    }

    /// A move that is under way.
    public struct Reassignment: Sendable, Equatable {
        /// The brokers that hold the partition now, or shall.
        public var replicas: [BrokerID]
        /// Those of them that are to get it.
        public var adding: [BrokerID]
        /// Those of them that are to lose it.
        public var removing: [BrokerID]
    }

    /// The moves that are under way (ListPartitionReassignments, KIP-455, Kafka 2.4): of these partitions, or all with nil.
    public func listPartitionReassignments(
        _ partitions: [TopicPartition]? = nil
    ) async throws(KafkaError) -> [TopicPartition: Reassignment] {
        let timeout = timeout
        return try await one("list reassignments", at: .controller) { _ in
            ListPartitionReassignmentsRequest.with {
                $0.timeoutMs = timeout
                $0.topics = partitions.map { partitions in
                    byTopic(partitions) { $0 }.map { topic, partitions in
                        .with {
                            $0.name = topic
                            $0.partitionIndexes = partitions.map(\.partition)
                        }
                    }
                }
            }
        } whole: {
            ($0.errorCode, $0.errorMessage)
        } value: { response in
            var found: [TopicPartition: Reassignment] = [:]
            for topic in response.topics {
                for entry in topic.partitions {
                    found[TopicPartition(topic.name, entry.partitionIndex)] = Reassignment(
                        replicas: entry.replicas, adding: entry.addingReplicas, removing: entry.removingReplicas)
                }
            }
            return found
        }
    }

    /// Whom to elect.
    public enum ElectionType: Int8, Sendable {
        /// The first of the replicas, if it is in sync.
        case preferred = 0
        /// Any replica that runs, for partitions without a leader: records may be lost (KIP-460, Kafka 2.4).
        case unclean = 1
    }

    /// Elects leaders (ElectLeaders, KIP-183, Kafka 2.2): of these partitions, or of all with nil, where brokers tell only
    /// of those that needed it. Errors are, among others, ELECTION_NOT_NEEDED, PREFERRED_LEADER_NOT_AVAILABLE and
    /// ELIGIBLE_LEADERS_NOT_AVAILABLE; the latter two are not waited for to pass.
    public func electLeaders(
        _ type: ElectionType = .preferred, _ partitions: [TopicPartition]? = nil
    ) async throws(KafkaError) -> Results<TopicPartition, Void> {
        let timeout = timeout
        return try await one("elect leaders", at: .controller, final: .finalFromController) {
            version throws(KafkaError) in
            guard version >= 1 || type == .preferred else {
                throw Self.tooOld("elects unclean leaders", api: .electLeaders, since: "2.4")
            }
            return ElectLeadersRequest.with {
                $0.electionType = type.rawValue
                $0.timeoutMs = timeout
                $0.topicPartitions = partitions.map { partitions in
                    byTopic(Set(partitions)) { $0 }.map { topic, partitions in
                        .with {
                            $0.topic = topic
                            $0.partitions = partitions.map(\.partition)
                        }
                    }
                }
            }
        } whole: { response in
            // Version 0 has no code of its own: that of the wrong broker stands with every partition.
            let isElsewhere = response.replicaElectionResults.contains { topic in
                topic.partitionResult.contains { $0.errorCode == .notController }
            }
            return (isElsewhere ? .notController : response.errorCode, nil)
        } value: { response in
            var results: Results<TopicPartition, Void> = [:]
            for topic in response.replicaElectionResults {
                for entry in topic.partitionResult {
                    let partition = TopicPartition(topic.topic, entry.partitionId)
                    guard results[partition] == nil else { continue }
                    let said = KafkaError.words(of: entry.errorMessage)
                    results[partition] =
                        entry.errorCode == .none
                        ? .success(())
                        : .failure(
                            .refused(
                                entry.errorCode, "could not elect a leader of \(partition)\(said)", api: .electLeaders,
                                topic: topic.topic, partition: entry.partitionId))
                }
            }
            // What was asked for and is not answered has no leader for that.
            for partition in partitions ?? [] where results[partition] == nil {
                results[partition] = .failure(
                    .leftOut(
                        "could not elect a leader of \(partition)", api: .electLeaders, topic: partition.topic,
                        partition.partition))
            }
            return results
        }
    }
}
