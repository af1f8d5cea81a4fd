import KafkaBroker
import KafkaWire

/// Everything that can be asked of a broker without changing it, about all that it has: what tools and pages ask.
package struct BrokerListings {
    /// A request, in the versions in which it can be written.
    package struct Question {
        package var key: APIKey
        private let encode: (Int16) -> [UInt8]?

        fileprivate init<R: WireRequest>(_ request: R) {
            key = R.api
            encode = { version in try? request.encode(version: version) }
        }

        /// The versions that are served.
        package var versions: ClosedRange<Int16> { API.of(key)?.stableVersions ?? 0...0 }

        /// The request in `version`, without its size; nil where that version cannot say it.
        package func frame(_ version: Int16) -> Bytes? {
            encode(version).map { BrokerScript.frame(key, version, $0, 1) }
        }
    }

    package let questions: [Question]

    package init(of server: OfflineServer) {
        let topics = server.topics
        let groups = server.groups.map(\.id)
        let transactions = server.transactions.map(\.id)
        questions =
            Self.about(topics) + Self.about(groups: groups, topics)
            + [
                Question(
                    DescribeTransactionsRequest.with { $0.transactionalIds = transactions }),
                Question(ListTransactionsRequest()),
                Question(ListTransactionsRequest.with { $0.durationFilter = 0 }),
                Question(DescribeClusterRequest.with { $0.includeClusterAuthorizedOperations = true }),
                Question(
                    DescribeQuorumRequest.with {
                        $0.topics = [
                            .with {
                                $0.topicName = "__cluster_metadata"
                                $0.partitions = [DescribeQuorumRequest.TopicData.PartitionData()]
                            }
                        ]
                    }),
                Question(DescribeLogDirsRequest.with { $0.topics = nil }), Question(ListConfigResourcesRequest()),
                Question(DescribeClientQuotasRequest()), Question(ListPartitionReassignmentsRequest()),
                Question(DescribeUserScramCredentialsRequest.with { $0.users = nil }),
                Question(ApiVersionsRequest()), Self.settings(topics, groups),
            ]
    }

    private static func about(_ topics: [KafkaBroker.TopicInfo]) -> [Question] {
        func partitions(_ topic: KafkaBroker.TopicInfo) -> [PartitionID] {
            topic.partitions.indices.map { PartitionID(index: $0) }
        }
        // By time as well: -1 to -6 are Kafka's marks.
        let times: [Int64] = [-1, -2, -3, -4, -5, 0, 1_700_000_000_001, .max, .min]
        let offsets = times.map { time in
            Question(
                ListOffsetsRequest.with {
                    $0.replicaId = -1
                    $0.topics = topics.map { topic in
                        .with {
                            $0.name = topic.name
                            $0.partitions = partitions(topic).map { partition in
                                .with {
                                    $0.partitionIndex = partition
                                    $0.timestamp = time
                                }
                            }
                        }
                    }
                })
        }
        // Once by names, once by ids; both isolation levels.
        let fetches = [Int8(0), 1].map { isolation in
            Question(
                FetchRequest.with {
                    $0.isolationLevel = isolation
                    $0.topics = topics.map { topic in
                        .with {
                            $0.topic = topic.name
                            $0.topicId = topic.id
                            $0.partitions = zip(partitions(topic), topic.partitions).map { partition, state in
                                .with {
                                    $0.partition = partition
                                    $0.fetchOffset = state.startOffset
                                    $0.partitionMaxBytes = 1 << 16
                                }
                            }
                        }
                    }
                })
        }
        return offsets + fetches + [
            Question(MetadataRequest.with { $0.topics = nil }),
            Question(
                DescribeTopicPartitionsRequest.with {
                    $0.topics = topics.map { topic in .with { $0.name = topic.name } }
                }),
            Question(
                DescribeProducersRequest.with {
                    $0.topics = topics.map { topic in
                        .with {
                            $0.name = topic.name
                            $0.partitionIndexes = partitions(topic)
                        }
                    }
                }),
            Question(
                OffsetForLeaderEpochRequest.with {
                    $0.topics = topics.map { topic in
                        .with {
                            $0.topic = topic.name
                            $0.partitions = partitions(topic).map { partition in .with { $0.partition = partition } }
                        }
                    }
                }),
        ]
    }

    private static func about(groups: [String], _ topics: [KafkaBroker.TopicInfo]) -> [Question] {
        let positions = groups.map { group in
            Question(
                OffsetFetchRequest.with {
                    $0.groupId = group
                    $0.topics = nil
                })
        }
        return positions + [
            Question(ListGroupsRequest()), Question(DescribeGroupsRequest.with { $0.groups = groups }),
            Question(ConsumerGroupDescribeRequest.with { $0.groupIds = groups }),
            Question(
                OffsetFetchRequest.with {
                    $0.groups = groups.map { group in
                        .with {
                            $0.groupId = group
                            $0.topics = nil
                        }
                    }
                }),
        ]
    }

    private static func settings(_ topics: [KafkaBroker.TopicInfo], _ groups: [String]) -> Question {
        let resources: [(Int8, String)] =
            topics.map { (2, $0.name) } + groups.prefix(4).map { (32, $0) } + [(4, "1"), (4, ""), (8, "1"), (16, "m")]
        return Question(
            DescribeConfigsRequest.with {
                $0.includeSynonyms = true
                $0.includeDocumentation = true
                $0.resources = resources.map { kind, name in
                    .with {
                        $0.resourceType = kind
                        $0.resourceName = name
                        $0.configurationKeys = nil
                    }
                }
            })
    }
}
