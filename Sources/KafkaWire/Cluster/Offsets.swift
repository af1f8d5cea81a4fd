// Requests about offsets, which consumer and admin both need.

/// What a member of a group says of itself when it commits.
struct Membership: Equatable, Sendable {
    var groupId: String
    var generation: Int32 = -1
    var memberId = ""
    var groupInstanceId: String?
}

extension Cluster {
    /// The offsets at these times (milliseconds since 1970, or -1 latest, -2 earliest), each with its error. Asks every
    /// leader once, side by side, and waits for none of them longer than `limit`; with ``IsolationLevel/readCommitted`` the
    /// latest is the last stable offset. An offset of -1: no record is that new.
    package nonisolated func listOffsets(
        _ times: [TopicPartition: Int64], isolation: IsolationLevel = .readUncommitted, within limit: Duration? = nil
    ) async -> [TopicPartition: Result<Offset, KafkaError>] {
        var found = await leaders(of: Array(times.keys)).compactMapValues { leader -> Result<Offset, KafkaError>? in
            if case .failure(let error) = leader { .failure(error) } else { nil }
        }
        let metadata = await self.metadata
        var byLeader: [BrokerID: [TopicPartition: Int64]] = [:]
        let epochs = times.keys.reduce(into: [TopicPartition: LeaderEpoch]()) { $0[$1] = metadata.leaderEpoch(of: $1) }
        for (partition, time) in times where found[partition] == nil {
            guard let leader = metadata.leader(of: partition) else {
                found[partition] = .failure(metadata.withoutLeader(partition))
                continue
            }
            byLeader[leader, default: [:]][partition] = time
        }
        let questions = byLeader
        let answers = await loop.sideBySide(questions.keys.sorted(), within: limit) {
            leader async -> Result<Answer<ListOffsetsResponse>, KafkaError> in
            do throws(KafkaError) {
                return .success(try await self.askOffsets(questions[leader] ?? [:], epochs, of: leader, isolation))
            } catch {
                return .failure(error)
            }
        }
        var isStale = false
        for (leader, times) in questions {
            switch answers[leader] {
            case .success(let answer)?:
                for (partition, outcome) in Self.offsets(answer, of: times.keys) {
                    found[partition] = outcome
                    if case .failure(let error) = outcome {
                        await noteRefusal(error)
                        isStale = isStale || error.code.broker?.invalidatesMetadata ?? false
                    }
                }
            case .failure(let error)?:
                // A leader that cannot be reached may lead no longer when the caller tries again.
                isStale = true
                for partition in times.keys { found[partition] = .failure(error) }
            case nil:
                for partition in times.keys { found[partition] = .failure(Self.late(leader, partition)) }
            }
        }
        if isStale { Task { try? await self.refresh(Set(times.keys.map(\.topic)).sorted()) } }
        return found
    }

    private static func late(_ leader: BrokerID, _ partition: TopicPartition) -> KafkaError {
        KafkaError(
            .timedOut,
            "could not look up an offset of \(partition): its leader, broker \(leader), has not answered yet",
            api: .listOffsets, topic: partition.topic, partition: partition.partition)
    }

    /// What an answer says of each partition that was asked for: what it leaves out is an error, what it adds is nobody's,
    /// and of what it says twice the first counts.
    private static func offsets(
        _ answer: Answer<ListOffsetsResponse>, of asked: some Sequence<TopicPartition>
    ) -> [TopicPartition: Result<Offset, KafkaError>] {
        var told: [TopicPartition: ListOffsetsResponse.ListOffsetsTopicResponse.ListOffsetsPartitionResponse] = [:]
        for topic in answer.response.topics {
            for entry in topic.partitions {
                let partition = TopicPartition(topic.name, entry.partitionIndex)
                if told[partition] == nil { told[partition] = entry }
            }
        }
        var found: [TopicPartition: Result<Offset, KafkaError>] = [:]
        for partition in asked {
            let what = "could not look up an offset of \(partition)"
            guard let entry = told[partition] else {
                found[partition] = .failure(
                    .leftOut(what, by: answer.broker, api: .listOffsets, topic: partition.topic, partition.partition))
                continue
            }
            found[partition] =
                entry.errorCode == .none
                ? .success(entry.offset)
                : .failure(
                    .refused(
                        entry.errorCode, what, by: answer.broker, api: .listOffsets, topic: partition.topic,
                        partition: partition.partition))
        }
        return found
    }

    private nonisolated func askOffsets(
        _ times: [TopicPartition: Int64], _ epochs: [TopicPartition: LeaderEpoch], of leader: BrokerID,
        _ isolation: IsolationLevel
    ) async throws(KafkaError) -> Answer<ListOffsetsResponse> {
        try await send(to: .broker(leader)) { version throws(KafkaError) in
            ListOffsetsRequest.with {
                $0.replicaId = .none
                if version >= 2 { $0.isolationLevel = isolation.rawValue }
                $0.topics = byTopic(times) { $0.key }.map { topic, times in
                    .with {
                        $0.name = topic
                        $0.partitions = times.map { partition, time in
                            .with {
                                $0.partitionIndex = partition.partition
                                if version >= 4 { $0.currentLeaderEpoch = epochs[partition] ?? .none }
                                $0.timestamp = time
                            }
                        }
                    }
                }
            }
        }
    }

    /// What the group has committed for these partitions, asked for once. A partition without a commit is left out, which
    /// the coordinator has said of it.
    package nonisolated func committedOffsets(
        of group: String, _ partitions: [TopicPartition]
    ) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        try await committedOffsets(of: group, partitions, as: nil)
    }

    /// As above; with a member of the protocol of KIP-848, whose epoch the coordinator looks at.
    nonisolated func committedOffsets(
        of group: String, _ partitions: [TopicPartition], as member: Membership?
    ) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        do throws(KafkaError) { return try await askCommitted(group, Set(partitions), member) } catch {
            await forgetCoordinator(.coordinator(group: group))
            throw error
        }
    }

    private nonisolated func askCommitted(
        _ group: String, _ partitions: Set<TopicPartition>, _ member: Membership?
    ) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        let topics = byTopic(partitions) { $0 }
        // Version 10 names topics by identifier only; names serve as well and need no look-up.
        let answer = try await send(
            OffsetFetchRequest.self, to: .coordinator(group: group), use: .group, atMost: 9
        ) { version throws(KafkaError) in
            var request = OffsetFetchRequest()
            if version >= 8 {
                request.groups = [
                    .with {
                        $0.groupId = group
                        if version >= 9, let member {
                            $0.memberId = member.memberId
                            $0.memberEpoch = member.generation
                        }
                        $0.topics = topics.map { topic, partitions in
                            .with {
                                $0.name = topic
                                $0.partitionIndexes = partitions.map(\.partition)
                            }
                        }
                    }
                ]
            } else {
                request.groupId = group
                request.topics = topics.map { topic, partitions in
                    .with {
                        $0.name = topic
                        $0.partitionIndexes = partitions.map(\.partition)
                    }
                }
            }
            if version >= 7 { request.requireStable = true }
            return request
        }
        return try Self.committed(answer, of: group, partitions)
    }

    private static func committed(
        _ answer: Answer<OffsetFetchResponse>, of group: String, _ asked: Set<TopicPartition>
    ) throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        let what = "could not read the offsets of group \(group)"
        guard let told = answer.response.offsets(of: group, version: answer.version) else {
            throw .leftOut(what, by: answer.broker, api: .offsetFetch)
        }
        guard told.error == .none else {
            throw .refused(told.error, what, by: answer.broker, api: .offsetFetch, of: group)
        }
        var found: [TopicPartition: CommittedOffset] = [:]
        for partition in asked.sorted() {
            guard let entry = told.partitions[partition] else {
                throw .leftOut(what, by: answer.broker, api: .offsetFetch, topic: partition.topic, partition.partition)
            }
            guard entry.error == .none else {
                throw .refused(
                    entry.error, what, by: answer.broker, api: .offsetFetch, topic: partition.topic,
                    partition: partition.partition)
            }
            if entry.offset.offset >= 0 { found[partition] = entry.offset }
        }
        return found
    }

    /// Commits positions once; gives the first error that the broker answered for any of them.
    nonisolated func commit(
        _ offsets: [TopicPartition: CommittedOffset], as member: Membership, timeout: Duration? = nil
    ) async throws(KafkaError) -> ErrorCode {
        let answer = try await send(
            OffsetCommitRequest.self, to: .coordinator(group: member.groupId), use: .group, atMost: 9, timeout: timeout
        ) { version throws(KafkaError) in
            OffsetCommitRequest.with {
                $0.groupId = member.groupId
                $0.generationIdOrMemberEpoch = member.generation
                $0.memberId = member.memberId
                if version >= 7 { $0.groupInstanceId = member.groupInstanceId }
                $0.topics = byTopic(offsets) { $0.key }.map { topic, offsets in
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
        var open = Set(offsets.keys)
        for topic in answer.response.topics {
            for partition in topic.partitions {
                guard open.remove(TopicPartition(topic.name, partition.partitionIndex)) != nil else { continue }
                guard partition.errorCode == .none else { return partition.errorCode }
            }
        }
        if let left = open.min() {
            throw .leftOut(
                "could not commit to group \(member.groupId)", by: answer.broker, api: .offsetCommit, topic: left.topic,
                left.partition)
        }
        return .none
    }
}

/// A committed position, as OffsetFetch tells it in either of its forms.
private protocol ToldPosition {
    var partitionIndex: PartitionID { get }
    var errorCode: ErrorCode { get }
    var committedOffset: Offset { get }
    var committedLeaderEpoch: LeaderEpoch { get }
    var metadata: String? { get }
}

extension OffsetFetchResponse.OffsetFetchResponseTopic.OffsetFetchResponsePartition: ToldPosition {}
extension OffsetFetchResponse.OffsetFetchResponseGroup.OffsetFetchResponseTopics.OffsetFetchResponsePartitions:
    ToldPosition
{}

extension OffsetFetchResponse {
    /// What an answer says of one group, in the form that all versions share.
    struct Told {
        var error: ErrorCode
        var partitions: [TopicPartition: (error: ErrorCode, offset: CommittedOffset)] = [:]

        /// Of what is said twice the first counts.
        fileprivate mutating func add(_ topic: String, _ positions: [some ToldPosition]) {
            for told in positions {
                let place = TopicPartition(topic, told.partitionIndex)
                guard partitions[place] == nil else { continue }
                let offset = CommittedOffset(
                    offset: told.committedOffset, leaderEpoch: told.committedLeaderEpoch, metadata: told.metadata ?? "")
                partitions[place] = (told.errorCode, offset)
            }
        }
    }

    /// What is said of `group`; nil where the answer leaves it out.
    func offsets(of group: String, version: Int16) -> Told? {
        guard version >= 8 else {
            var told = Told(error: errorCode)
            for topic in topics { told.add(topic.name, topic.partitions) }
            return told
        }
        guard let found = groups.first(where: { $0.groupId == group }) else { return nil }
        var told = Told(error: found.errorCode)
        for topic in found.topics { told.add(topic.name, topic.partitions) }
        return told
    }
}
