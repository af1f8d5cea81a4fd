import KafkaWire

/// OffsetFetch: the positions that a group has committed; those of all its partitions where no topics are named.
///
/// - Several groups at once from v8 on (KIP-709), topic ids from v10 on.
/// - What is named twice is one: a group counts as its first mention has it.
/// - Deviation: where the answer is long enough, the groups behind are answered COORDINATOR_LOAD_IN_PROGRESS, with which
///   clients ask for those again.
/// - A partition without a position answers offset -1 and no error, also where the group or the topic does not exist.
/// - A partition whose position is being changed by a transaction that has not ended is answered UNSTABLE_OFFSET_COMMIT
///   where the client asks for stable ones (v7, KIP-447).
/// - A member of a group under the newer protocol that brings another epoch than its own (v9) is answered
///   STALE_MEMBER_EPOCH for its group; a classic group has no such epochs, and they are not looked at.
/// - A topic that may not be described answers TOPIC_AUTHORIZATION_FAILED where it is named, and is left out otherwise.
enum OffsetFetchHandler: RequestHandler {
    static let api = ServedAPI(OffsetFetchHandler.self)

    static func handle(_ request: OffsetFetchRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var response = OffsetFetchResponse()
        if context.version >= 8 {
            var size = 0
            response.groups = request.groups.once { $0.groupId }.map { group in
                .with {
                    $0.groupId = group.groupId
                    guard size <= node.groups.limits.answerBytes else {
                        return $0.errorCode = .coordinatorLoadInProgress
                    }
                    $0.errorCode = context.version >= 9 ? node.groups.mayFetch(group) : .none
                    guard $0.errorCode == .none else { return }
                    $0.topics = topics(group, request.requireStable, context, node)
                    for topic in $0.topics {
                        for part in topic.partitions { size += 32 + (part.metadata?.utf8.count ?? 0) }
                    }
                }
            }
        } else {
            response.topics = topics(request, context, node)
        }
        return .answer(response)
    }

    // MARK: - Up to v7: one group

    private typealias Topic7 = OffsetFetchResponse.OffsetFetchResponseTopic

    private static func topics(
        _ request: OffsetFetchRequest, _ context: RequestContext, _ node: BrokerNode
    ) -> [Topic7] {
        let asked = request.topics?.map { ($0.name, $0.partitionIndexes) }
        return wanted(asked, request.groupId, context, node).map { name, partitions in
            .with {
                $0.name = name
                let isVisible = node.allows(.describe, on: .topic, name, context)
                $0.partitions = partitions.map { index in
                    let (found, error) =
                        isVisible
                        ? position(of: .init(name, index), request.groupId, request.requireStable, node)
                        : (nil, .topicAuthorizationFailed)
                    return .with {
                        $0.partitionIndex = index
                        $0.errorCode = error
                        $0.committedOffset = found?.offset ?? -1
                        $0.committedLeaderEpoch = found?.leaderEpoch ?? -1
                        $0.metadata = found?.metadata ?? ""
                    }
                }
            }
        }
    }

    // MARK: - From v8 on: groups

    private typealias Topic8 = OffsetFetchResponse.OffsetFetchResponseGroup.OffsetFetchResponseTopics
    private typealias Partition8 = Topic8.OffsetFetchResponsePartitions

    private static func topics(
        _ group: OffsetFetchRequest.OffsetFetchRequestGroup, _ stable: Bool, _ context: RequestContext,
        _ node: BrokerNode
    ) -> [Topic8] {
        if context.version >= 10, let asked = group.topics {
            return asked.gathered {
                $0.topicId
            } _: {
                $0.partitionIndexes
            }.map { id, partitions in
                guard let name = node.topics[id]?.name else {
                    return .with {
                        $0.topicId = id
                        $0.partitions = partitions.once().map { answer($0, nil, .unknownTopicId) }
                    }
                }
                guard node.allows(.describe, on: .topic, name, context) else {
                    return .with {
                        $0.topicId = id
                        $0.partitions = partitions.once().map { answer($0, nil, .topicAuthorizationFailed) }
                    }
                }
                return answer(name, partitions.once(), group.groupId, stable, node)
            }
        }
        return wanted(group.topics?.map { ($0.name, $0.partitionIndexes) }, group.groupId, context, node).map {
            name, partitions in
            guard node.allows(.describe, on: .topic, name, context) else {
                return .with {
                    $0.name = name
                    $0.partitions = partitions.map { answer($0, nil, .topicAuthorizationFailed) }
                }
            }
            return answer(name, partitions, group.groupId, stable, node)
        }
    }

    private static func answer(
        _ name: String, _ partitions: [PartitionID], _ group: String, _ stable: Bool, _ node: BrokerNode
    ) -> Topic8 {
        .with {
            $0.name = name
            $0.topicId = node.topics[name]?.id ?? .zero
            $0.partitions = partitions.map {
                let (found, error) = position(of: .init(name, $0), group, stable, node)
                return answer($0, found, error)
            }
        }
    }

    private static func answer(_ index: PartitionID, _ found: GroupCoordinator.Committed?, _ error: ErrorCode)
        -> Partition8
    {
        .with {
            $0.partitionIndex = index
            $0.committedOffset = found?.offset ?? -1
            $0.committedLeaderEpoch = found?.leaderEpoch ?? -1
            $0.metadata = found?.metadata ?? ""
            $0.errorCode = error
        }
    }

    /// The position, unless it is about to change and the client wants a `stable` one.
    private static func position(of key: TopicPartition, _ group: String, _ stable: Bool, _ node: BrokerNode)
        -> (found: GroupCoordinator.Committed?, error: ErrorCode)
    {
        if stable, node.groups.isUnstable(key, group: group) { return (nil, .unstableOffsetCommit) }
        return (node.groups.committed(key, group: group), .none)
    }

    /// The partitions that were asked for, or all that the group has committed and that may be seen.
    private static func wanted(
        _ asked: [(String, [PartitionID])]?, _ group: String, _ context: RequestContext, _ node: BrokerNode
    ) -> [(String, [PartitionID])] {
        if let asked {
            return asked.gathered {
                $0.0
            } _: {
                $0.1
            }.map { ($0.key, $0.parts.once()) }
        }
        let positions = node.groups.groups[group]?.offsets.sorted ?? []
        return positions.filter { node.allows(.describe, on: .topic, $0.0, context) }.map { topic, positions in
            (topic, positions.map(\.partition))
        }
    }
}
