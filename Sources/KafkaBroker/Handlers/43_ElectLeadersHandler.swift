import KafkaWire

/// ElectLeaders (KIP-183, KIP-460): makes the preferred leaders lead, or, for partitions without a leader, any replica.
///
/// - Where the preferred leader leads, or any does where any will do: ELECTION_NOT_NEEDED. Without a list of partitions
///   those are not named.
/// - A preferred leader that is stopped: PREFERRED_LEADER_NOT_AVAILABLE. A partition has no leader only while none of its
///   replicas runs, so that an unclean election never finds one: ELIGIBLE_LEADERS_NOT_AVAILABLE.
enum ElectLeadersHandler: RequestHandler {
    static let api = ServedAPI(ElectLeadersHandler.self)

    private typealias Result = ElectLeadersResponse.ReplicaElectionResult

    static func handle(_ request: ElectLeadersRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        guard (0...1).contains(request.electionType) else {
            return .answer(ElectLeadersResponse.with { $0.errorCode = .invalidRequest })
        }
        let isUnclean = request.electionType == 1
        if let asked = request.topicPartitions {
            // What is named twice is answered once: each partition of a topic that there is not has a message with its name.
            let keys = asked.flatMap { topic in topic.partitions.map { TopicPartition(topic.topic, $0) } }.once()
            return node.each(of: keys.map { ($0.topic, $0.partition) }.grouped()) { found, budget, node in
                budget.spend(1 + found.values.count)
                return elect(found.name, found.values, isUnclean, node)
            } finish: { results in
                ElectLeadersResponse.with { $0.replicaElectionResults = results }
            }
        }
        return .answer(
            ElectLeadersResponse.with {
                $0.replicaElectionResults = node.topics.sorted.compactMap { topic in
                    var result = elect(topic.name, topic.partitions.map(\.index), isUnclean, node)
                    result.partitionResult.removeAll { $0.errorCode == .electionNotNeeded }
                    return result.partitionResult.isEmpty ? nil : result
                }
            })
    }

    private static func elect(_ name: String, _ partitions: [PartitionID], _ isUnclean: Bool, _ node: BrokerNode)
        -> Result
    {
        .with {
            $0.topic = name
            $0.partitionResult = partitions.map { index in
                .with {
                    $0.partitionId = index
                    ($0.errorCode, $0.errorMessage) = elect(name, index, isUnclean, node)
                }
            }
        }
    }

    private static func elect(_ name: String, _ index: PartitionID, _ isUnclean: Bool, _ node: BrokerNode) -> (
        ErrorCode, String?
    ) {
        guard let topic = node.topics[name] else {
            return (.unknownTopicOrPartition, "No such topic as \(name.prefix(249))")
        }
        guard let partition = topic.partition(index) else {
            return (.unknownTopicOrPartition, "No such partition as \(name)-\(index)")
        }
        let leadership = partition.leadership
        if isUnclean {
            return leadership.leader == .none
                ? (.eligibleLeadersNotAvailable, "None of the replicas \(leadership.replicas) runs.")
                : (.electionNotNeeded, nil)
        }
        if leadership.leader == leadership.preferred { return (.electionNotNeeded, nil) }
        guard node.cluster.isRunning(leadership.preferred) else {
            return (.preferredLeaderNotAvailable, "The preferred leader \(leadership.preferred) is stopped.")
        }
        do throws(StorageError) {
            try node.change(partition) { $0.lead(leadership.preferred, from: $1) }
        } catch {
            return (.kafkaStorageError, "\(error)")
        }
        return (.none, nil)
    }
}
