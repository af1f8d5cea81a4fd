// What groups have committed: list, alter, delete. To reset a group, compute where it shall be, from ``listOffsets(_:isolation:)``
// for example, and alter its offsets.

extension KafkaAdmin {
    /// What groups have committed (OffsetFetch), one request for all groups of a coordinator (KIP-709). A partition without
    /// a commit is left out; so a group that is not there has none.
    ///
    /// - Parameters:
    ///   - groups: The partitions wanted, by group; those of a group with nil are all.
    ///   - requireStable: Whether to wait until open transactions have decided about offsets (KIP-447). Default no, as in
    ///     Java's admin client.
    public func listGroupOffsets(
        _ groups: [String: [TopicPartition]?], requireStable: Bool = false
    ) async -> Results<String, Results<TopicPartition, CommittedOffset>> {
        let call = AdminCall<String, OffsetFetchRequest, Results<TopicPartition, CommittedOffset>>(
            what: "list the offsets of group", route: .each { .coordinator(group: $0) }, subject: { .other($0) },
            // Version 10 names topics by identifier only; names serve as well and need no look-up.
            atMost: 9, itemsPerRequest: { $0 >= 8 ? .max : 1 },
            build: { ids, version in
                var request = OffsetFetchRequest()
                if version >= 7 { request.requireStable = requireStable }
                if version >= 8 {
                    request.groups = ids.map { id in
                        .with {
                            $0.groupId = id
                            $0.topics = (groups[id] ?? nil).map { partitions in
                                byTopic(partitions) { $0 }.map { topic, partitions in
                                    .with {
                                        $0.name = topic
                                        $0.partitionIndexes = partitions.map(\.partition)
                                    }
                                }
                            }
                        }
                    }
                } else if let id = ids.first {
                    request.groupId = id
                    request.topics = (groups[id] ?? nil).map { partitions in
                        byTopic(partitions) { $0 }.map { topic, partitions in
                            .with {
                                $0.name = topic
                                $0.partitionIndexes = partitions.map(\.partition)
                            }
                        }
                    }
                }
                return request
            },
            whole: { ($0.errorCode, nil) },
            read: { response, ids, version in
                ids.compactMap { id in
                    response.offsets(of: id, version: version).map { Self.reply(id, $0, asked: groups[id] ?? nil) }
                }
            })
        return await cluster.perform(call, about: groups.keys.sorted())
    }

    private static func reply(
        _ group: String, _ told: OffsetFetchResponse.Told, asked: [TopicPartition]?
    ) -> AdminReply<String, Results<TopicPartition, CommittedOffset>> {
        var results: Results<TopicPartition, CommittedOffset> = [:]
        var code = told.error
        for partition in asked ?? Array(told.partitions.keys) {
            let what = "could not list the offset of group \(group) in \(partition)"
            guard let (error, offset) = told.partitions[partition] else {
                results[partition] = .failure(
                    .leftOut(what, api: .offsetFetch, topic: partition.topic, partition.partition))
                continue
            }
            // An open transaction decides soon: the whole group is asked about again.
            if error == .unstableOffsetCommit { code = error }
            if error != .none {
                results[partition] = .failure(
                    .refused(
                        error, what, api: .offsetFetch, topic: partition.topic, partition: partition.partition))
            } else if offset.offset >= 0 {
                results[partition] = .success(offset)
            }
        }
        return AdminReply(group, code, nil, results)
    }

    /// What a group has committed.
    public func committedOffsets(of group: String) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        try await listGroupOffsets([group: nil], requireStable: true)[group]?.get().get() ?? [:]
    }

    /// How many records of `topic` the group has still to read, by partition; a partition without a commit counts
    /// from its first record.
    public func lag(of group: String, in topic: String) async throws(KafkaError) -> [TopicPartition: Int64] {
        let committed = try await committedOffsets(of: group)
        let earliest = try await earliestOffsets(of: topic)
        var lag: [TopicPartition: Int64] = [:]
        for (partition, end) in try await endOffsets(of: topic) {
            let next = committed[partition]?.offset ?? earliest[partition] ?? 0
            lag[partition] = max(0, end - next)
        }
        return lag
    }

    /// Sets where a group goes on (OffsetCommit, as nobody's member, KIP-396). The group must have no members, or the
    /// answer is UNKNOWN_MEMBER_ID; one that is not there is made. An offset is not checked against the log.
    public func alterGroupOffsets(
        of group: String, _ offsets: [TopicPartition: CommittedOffset]
    ) async -> Results<TopicPartition, Void> {
        let call = AdminCall<TopicPartition, OffsetCommitRequest, Void>(
            what: "alter the offset of group \(group) in", route: .all(.coordinator(group: group)),
            subject: { .partition($0) }, atMost: 9,
            build: { partitions, _ in
                .with {
                    $0.groupId = group
                    $0.topics = byTopic(partitions) { $0 }.map { topic, partitions in
                        .with {
                            $0.name = topic
                            $0.partitions = partitions.map { partition in
                                .with {
                                    $0.partitionIndex = partition.partition
                                    $0.committedOffset = offsets[partition]?.offset ?? .none
                                    $0.committedLeaderEpoch = offsets[partition]?.leaderEpoch ?? .none
                                    $0.committedMetadata = offsets[partition]?.metadata ?? ""
                                }
                            }
                        }
                    }
                }
            },
            read: { response, _, _ in
                response.topics.flatMap { topic in
                    topic.partitions.map { entry in
                        AdminReply(
                            TopicPartition(topic.name, entry.partitionIndex), entry.errorCode,
                            [.unknownMemberId, .illegalGeneration, .staleMemberEpoch].contains(entry.errorCode)
                                ? "the group has members; stop them first" : nil)
                    }
                }
            })
        return await cluster.perform(call, about: offsets.keys.sorted())
    }

    /// Makes a group forget where it was (OffsetDelete, KIP-496, Kafka 2.4). GROUP_SUBSCRIBED_TO_TOPIC: a member reads the
    /// topic. GROUP_ID_NOT_FOUND: there is no such group.
    public func deleteGroupOffsets(
        of group: String, _ partitions: [TopicPartition]
    ) async -> Results<TopicPartition, Void> {
        let call = AdminCall<TopicPartition, OffsetDeleteRequest, Void>(
            what: "delete the offset of group \(group) in", route: .all(.coordinator(group: group)),
            subject: { .partition($0) },
            build: { partitions, _ in
                .with {
                    $0.groupId = group
                    $0.topics = byTopic(partitions) { $0 }.map { topic, partitions in
                        .with {
                            $0.name = topic
                            $0.partitions = partitions.map { partition in
                                .with { $0.partitionIndex = partition.partition }
                            }
                        }
                    }
                }
            },
            whole: { ($0.errorCode, nil) },
            read: { response, _, _ in
                response.topics.flatMap { topic in
                    topic.partitions.map {
                        AdminReply(TopicPartition(topic.name, $0.partitionIndex), $0.errorCode)
                    }
                }
            })
        return await cluster.perform(call, about: partitions)
    }
}
