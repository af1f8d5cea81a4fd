import KafkaWire

/// ElectLeaders (KIP-183, KIP-460). The one broker leads every partition already, and is the preferred leader of each:
/// ELECTION_NOT_NEEDED, for both kinds of election. Without a list of partitions, those that need none are not named:
/// the answer is empty.
enum ElectLeadersHandler: RequestHandler {
    static let api = ServedAPI(ElectLeadersHandler.self)

    static func handle(_ request: ElectLeadersRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        guard (0...1).contains(request.electionType) else {
            return .answer(ElectLeadersResponse.with { $0.errorCode = .invalidRequest })
        }
        return .answer(
            ElectLeadersResponse.with {
                $0.replicaElectionResults = (request.topicPartitions ?? []).map { topic in
                    .with {
                        $0.topic = topic.topic
                        $0.partitionResult = topic.partitions.map { index in
                            .with {
                                $0.partitionId = index
                                $0.errorMessage = nil
                                if let found = node.topics[topic.topic] {
                                    guard found.partition(index) == nil else {
                                        return $0.errorCode = .electionNotNeeded
                                    }
                                    $0.errorMessage = "No such partition as \(topic.topic)-\(index)"
                                } else {
                                    $0.errorMessage = "No such topic as \(topic.topic)"
                                }
                                $0.errorCode = .unknownTopicOrPartition
                            }
                        }
                    }
                }
            })
    }
}
