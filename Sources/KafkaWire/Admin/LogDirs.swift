// The directories in which brokers keep logs (KIP-113).

extension KafkaAdmin {
    /// A directory of a broker.
    public struct LogDir: Sendable, Equatable {
        /// Its path at the broker.
        public var path: String
        /// What is wrong with it; nil where nothing is.
        public var error: ErrorCode?
        /// How many bytes its volume has; nil where the broker does not tell (before Kafka 3.3, KIP-827).
        public var totalBytes: Int64?
        /// How many of them are free; nil where the broker does not tell.
        public var usableBytes: Int64?
        /// Whether it takes no new partitions (KIP-1066).
        public var isCordoned: Bool
        /// The logs in it.
        public var replicas: [TopicPartition: Replica]
        /// The logs that are being copied there, and will be used when they have caught up.
        public var futureReplicas: [TopicPartition: Replica]

        /// A log.
        public struct Replica: Sendable, Equatable {
            /// Its size in bytes.
            public var size: Int64
            /// How many records it is behind: the leader, or the log that it is a copy of.
            public var lag: Int64
        }
    }

    /// The directories of brokers (DescribeLogDirs), with their logs of these partitions, or all logs with nil.
    ///
    /// - Parameter brokers: The brokers; nil is all of them.
    public func describeLogDirs(
        of brokers: [BrokerID]? = nil, partitions: [TopicPartition]? = nil
    ) async throws(KafkaError) -> Results<BrokerID, [LogDir]> {
        var all = brokers ?? []
        if brokers == nil { all = try await self.brokers() }
        let call = AdminCall<BrokerID, DescribeLogDirsRequest, [LogDir]>(
            what: "describe the log directories of broker", route: .each { .broker($0) }, subject: { .other("\($0)") },
            build: { _, _ in
                .with {
                    $0.topics = partitions.map { partitions in
                        byTopic(Set(partitions)) { $0 }.map { topic, partitions in
                            .with {
                                $0.topic = topic
                                $0.partitions = partitions.map(\.partition)
                            }
                        }
                    }
                }
            },
            // A broker has a directory. Before version 3 there was no code to say that it may not be told of.
            whole: {
                ($0.errorCode == .none && $0.results.isEmpty ? .clusterAuthorizationFailed : $0.errorCode, nil)
            },
            read: { response, brokers, _ in
                brokers.map { AdminReply($0, .none, nil, response.results.map { Self.logDir($0) }) }
            })
        return await cluster.perform(call, about: all)
    }

    private static func logDir(_ result: DescribeLogDirsResponse.DescribeLogDirsResult) -> LogDir {
        var dir = LogDir(
            path: result.logDir, error: result.errorCode == .none ? nil : result.errorCode,
            totalBytes: result.totalBytes < 0 ? nil : result.totalBytes,
            usableBytes: result.usableBytes < 0 ? nil : result.usableBytes, isCordoned: result.isCordoned,
            replicas: [:], futureReplicas: [:])
        for topic in result.topics {
            for entry in topic.partitions {
                let partition = TopicPartition(topic.name, entry.partitionIndex)
                let replica = LogDir.Replica(size: entry.partitionSize, lag: entry.offsetLag)
                if entry.isFutureKey {
                    dir.futureReplicas[partition] = replica
                } else {
                    dir.replicas[partition] = replica
                }
            }
        }
        return dir
    }

    /// A copy of a partition at a broker.
    public struct Replica: Sendable, Hashable {
        /// The partition.
        public var partition: TopicPartition
        /// The broker.
        public var broker: BrokerID

        /// A copy of a partition at a broker.
        public init(_ partition: TopicPartition, at broker: BrokerID) {
            self.partition = partition
            self.broker = broker
        }
    }

    /// Moves replicas to other directories of their broker (AlterReplicaLogDirs). The call returns when the moves have begun.
    /// Errors are, among others, LOG_DIR_NOT_FOUND, and REPLICA_NOT_AVAILABLE where the broker does not hold the partition
    /// yet: it will put it there when it does.
    public func alterReplicaLogDirs(_ paths: [Replica: String]) async -> Results<Replica, Void> {
        let call = AdminCall<Replica, AlterReplicaLogDirsRequest, Void>(
            what: "move", route: .each { .broker($0.broker) }, subject: { .partition($0.partition) },
            final: [.replicaNotAvailable, .unknownTopicOrPartition],
            build: { replicas, _ in
                .with {
                    $0.dirs = Dictionary(grouping: replicas) { paths[$0] ?? "" }.sorted { $0.key < $1.key }
                        .map { path, replicas in
                            .with {
                                $0.path = path
                                $0.topics = byTopic(replicas) { $0.partition }.map { topic, replicas in
                                    .with {
                                        $0.name = topic
                                        $0.partitions = replicas.map(\.partition.partition)
                                    }
                                }
                            }
                        }
                }
            },
            read: { response, replicas, _ in
                // One broker is asked at a time, so that partitions alone tell which replica is meant.
                let broker = replicas.first?.broker ?? .none
                return response.results.flatMap { topic in
                    topic.partitions.map {
                        AdminReply(
                            Replica(TopicPartition(topic.topicName, $0.partitionIndex), at: broker), $0.errorCode)
                    }
                }
            })
        return await cluster.perform(
            call, about: paths.keys.sorted { ($0.partition, $0.broker) < ($1.partition, $1.broker) })
    }
}
