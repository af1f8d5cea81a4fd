import KafkaWire

/// AlterReplicaLogDirs (KIP-113): moving logs between directories. There is one, where every log is already; others
/// answer LOG_DIR_NOT_FOUND. A node that does not hold the partition says REPLICA_NOT_AVAILABLE.
enum AlterReplicaLogDirsHandler: RequestHandler {
    static let api = ServedAPI(AlterReplicaLogDirsHandler.self)

    static func handle(_ request: AlterReplicaLogDirsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome
    {
        var order: [String] = []
        var errors: [String: [(PartitionID, ErrorCode)]] = [:]
        for directory in request.dirs {
            for topic in directory.topics {
                if errors[topic.name] == nil { order.append(topic.name) }
                errors[topic.name, default: []] += topic.partitions.map { index in
                    guard directory.path == node.configuration.logDirectory else { return (index, .logDirNotFound) }
                    guard let partition = node.topics[topic.name]?.partition(index) else {
                        return (index, .unknownTopicOrPartition)
                    }
                    let isHere = partition.leadership.replicas.contains(context.node)
                    return (index, isHere ? .none : .replicaNotAvailable)
                }
            }
        }
        return .answer(
            AlterReplicaLogDirsResponse.with {
                $0.results = order.map { name in
                    .with {
                        $0.topicName = name
                        $0.partitions = (errors[name] ?? []).map { index, error in
                            .with {
                                $0.partitionIndex = index
                                $0.errorCode = error
                            }
                        }
                    }
                }
            })
    }
}
