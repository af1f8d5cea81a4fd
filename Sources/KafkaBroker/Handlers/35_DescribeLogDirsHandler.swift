import KafkaWire

/// DescribeLogDirs (KIP-113): the one directory, or a name for this process's memory, and the sizes of the logs of which
/// the node that is asked holds a replica.
///
/// - What it can hold is, from v4 on (KIP-827), what its disk says, or the limit of memory
///   (`Configuration.memoryLimit`).
enum DescribeLogDirsHandler: RequestHandler {
    static let api = ServedAPI(DescribeLogDirsHandler.self)

    static func handle(_ request: DescribeLogDirsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let wanted = request.topics.map { topics in
            Dictionary(topics.map { ($0.topic, Set($0.partitions)) }) { $0.union($1) }
        }
        let memory = node.configuration.memoryLimit
        let space = node.storage?.directory.root.space ?? (total: memory, free: max(0, memory - node.storedBytes))
        return .answer(
            DescribeLogDirsResponse.with {
                $0.results = [
                    .with {
                        $0.logDir = node.configuration.logDirectory
                        $0.totalBytes = Int64(clamping: space.total)
                        $0.usableBytes = Int64(clamping: space.free)
                        $0.topics = node.topics.sorted.compactMap { topic in
                            let partitions = topic.partitions.filter {
                                $0.leadership.replicas.contains(context.node)
                                    && wanted.map { $0[topic.name] ?? [] }?.contains($0.index) ?? true
                            }
                            return partitions.isEmpty ? nil : describe(topic, partitions)
                        }
                    }
                ]
            })
    }

    private static func describe(_ topic: Topic, _ partitions: [Partition])
        -> DescribeLogDirsResponse.DescribeLogDirsResult.DescribeLogDirsTopic
    {
        .with {
            $0.name = topic.name
            $0.partitions = partitions.map { partition in
                .with {
                    $0.partitionIndex = partition.index
                    $0.partitionSize = Int64(clamping: partition.log.size)
                }
            }
        }
    }
}
