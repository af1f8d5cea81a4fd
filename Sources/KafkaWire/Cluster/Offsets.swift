// Requests about offsets, which consumer and admin both need.

/// What a member of a group says of itself when it commits.
struct Membership: Sendable {
    var groupId: String
    var generation: Int32 = -1
    var memberId = ""
    var groupInstanceId: String?
}

extension Cluster {
    /// The offsets at these times (milliseconds since 1970, or -1 latest, -2 earliest), each with its error. Asks every
    /// leader once; with ``IsolationLevel/readCommitted`` the latest is the last stable offset. Partitions without one have the error LEADER_NOT_AVAILABLE. An offset of -1: no record is that new.
    package nonisolated func listOffsets(
        _ times: [TopicPartition: Int64], isolation: IsolationLevel = .readUncommitted
    ) async throws(KafkaError) -> [TopicPartition: (offset: Offset, error: ErrorCode)] {
        var found: [TopicPartition: (offset: Offset, error: ErrorCode)] = [:]
        var byLeader: [BrokerID: [TopicPartition: Int64]] = [:]
        for topic in Set(times.keys.map(\.topic)).sorted() { _ = try await self.topic(topic) }
        let metadata = await self.metadata
        for (partition, time) in times {
            if let leader = metadata.leader(of: partition) {
                byLeader[leader, default: [:]][partition] = time
            } else {
                let isKnown = metadata.topics[partition.topic]?.error == ErrorCode.none
                found[partition] = (-1, isKnown ? .leaderNotAvailable : .unknownTopicOrPartition)
            }
        }
        do throws(KafkaError) {
            for (leader, times) in byLeader {
                for topic in try await askOffsets(times, of: leader, isolation).topics {
                    for partition in topic.partitions {
                        let code = partition.errorCode
                        found[TopicPartition(topic.name, partition.partitionIndex)] = (partition.offset, code)
                    }
                }
            }
        } catch {
            // A leader that cannot be reached may lead no longer when the caller tries again.
            try? await refresh(Set(times.keys.map(\.topic)).sorted())
            throw error
        }
        if found.values.contains(where: \.error.invalidatesMetadata) {
            try? await refresh(Set(times.keys.map(\.topic)).sorted())
        }
        return found
    }

    private nonisolated func askOffsets(
        _ times: [TopicPartition: Int64], of leader: BrokerID, _ isolation: IsolationLevel
    ) async throws(KafkaError) -> ListOffsetsResponse {
        try await send(to: .broker(leader)) { version throws(KafkaError) in
            ListOffsetsRequest.with {
                $0.replicaId = .none
                if version >= 2 { $0.isolationLevel = isolation.rawValue }
                $0.topics = Dictionary(grouping: times) { $0.key.topic }.map { topic, times in
                    .with {
                        $0.name = topic
                        $0.partitions = times.map { partition, time in
                            .with {
                                $0.partitionIndex = partition.partition
                                $0.timestamp = time
                            }
                        }
                    }
                }
            }
        }.response
    }

    /// What the group has committed: for these partitions, or for all with nil. A partition without a commit is left
    /// out.
    package nonisolated func committedOffsets(
        of group: String, _ partitions: [TopicPartition]?
    ) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        try await retrying("read the offsets of group \(group)") { () async throws(KafkaError) in
            let target = Target.coordinator(group: group)
            do throws(KafkaError) {
                return try await self.askCommitted(group, partitions)
            } catch {
                await self.forgetCoordinator(target)
                throw error
            }
        }
    }

    private nonisolated func askCommitted(
        _ group: String, _ partitions: [TopicPartition]?
    ) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        let topics = partitions.map { Dictionary(grouping: $0, by: \.topic) }
        // Version 10 names topics by identifier only; names serve as well and need no look-up.
        let answer = try await send(
            OffsetFetchRequest.self, to: .coordinator(group: group), use: .group, atMost: 9
        ) { version throws(KafkaError) in
            var request = OffsetFetchRequest()
            if version >= 8 {
                request.groups = [
                    .with {
                        $0.groupId = group
                        $0.topics = topics.map { topics in
                            topics.map { topic, partitions in
                                .with {
                                    $0.name = topic
                                    $0.partitionIndexes = partitions.map(\.partition)
                                }
                            }
                        }
                    }
                ]
            } else {
                request.groupId = group
                request.topics = topics.map { topics in
                    topics.map { topic, partitions in
                        .with {
                            $0.name = topic
                            $0.partitionIndexes = partitions.map(\.partition)
                        }
                    }
                }
            }
            if version >= 7 { request.requireStable = true }
            return request
        }
        let response = answer.response
        let code = response.groups.first?.errorCode ?? response.errorCode
        guard code == .none else {
            throw .refused(code, "could not read the offsets of group \(group)", by: answer.broker, api: .offsetFetch)
        }
        var found: [TopicPartition: CommittedOffset] = [:]
        func take(
            _ topic: String, _ partition: PartitionID, _ offset: Offset, _ epoch: LeaderEpoch, _ text: String?,
            _ code: ErrorCode
        ) throws(KafkaError) {
            guard code == .none else {
                throw .refused(code, "could not read the offsets of group \(group)", topic: topic, partition: partition)
            }
            guard offset >= 0 else { return }
            found[TopicPartition(topic, partition)] = CommittedOffset(
                offset: offset, leaderEpoch: epoch, metadata: text ?? "")
        }
        for topic in response.topics {
            for entry in topic.partitions {
                try take(
                    topic.name, entry.partitionIndex, entry.committedOffset, entry.committedLeaderEpoch, entry.metadata,
                    entry.errorCode)
            }
        }
        for topic in response.groups.first?.topics ?? [] {
            for entry in topic.partitions {
                try take(
                    topic.name, entry.partitionIndex, entry.committedOffset, entry.committedLeaderEpoch, entry.metadata,
                    entry.errorCode)
            }
        }
        return found
    }

    /// Commits positions once; gives the first error that the broker answered for any of them.
    nonisolated func commit(
        _ offsets: [TopicPartition: CommittedOffset], as member: Membership
    ) async throws(KafkaError) -> ErrorCode {
        let answer = try await send(
            OffsetCommitRequest.self, to: .coordinator(group: member.groupId), use: .group, atMost: 9
        ) { version throws(KafkaError) in
            OffsetCommitRequest.with {
                $0.groupId = member.groupId
                $0.generationIdOrMemberEpoch = member.generation
                $0.memberId = member.memberId
                if version >= 7 { $0.groupInstanceId = member.groupInstanceId }
                $0.topics = Dictionary(grouping: offsets) { $0.key.topic }.map { topic, offsets in
                    .with {
                        $0.name = topic
                        $0.partitions = offsets.map { partition, offset in
                            .with {
                                $0.partitionIndex = partition.partition
                                $0.committedOffset = offset.offset
                                $0.committedLeaderEpoch = offset.leaderEpoch
                                $0.committedMetadata = offset.metadata
                            }
                        }
                    }
                }
            }
        }
        for topic in answer.response.topics {
            for partition in topic.partitions where partition.errorCode != .none {
                return partition.errorCode
            }
        }
        return .none
    }
}
