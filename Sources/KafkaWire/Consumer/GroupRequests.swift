/// The requests of a group's member, and what their answers mean to it.
extension ConsumerEngine {
    /// Sends JoinGroup, after a pause.
    func sendJoin(_ attempt: Int, _ pause: Duration) async {
        if pause > .zero { try? await Task.sleep(for: pause) }
        guard let group, group.phase == .joining, group.attempt == attempt else { return }
        do throws(KafkaError) {
            if case .matching? = configuration.source.topics {
                try await refreshTopics()
                guard self.group?.phase == .joining, self.group?.attempt == attempt else { return }
            }
            let topics = topicNames
            let metadata: [UInt8]
            do throws(WireError) {
                metadata = try ConsumerProtocolSubscription.with { $0.topics = topics }.encodeVersioned(version: 1)
            } catch {
                throw KafkaError(.invalidRequest, "the subscription cannot be written: \(error)")
            }
            let (session, rebalance) = (configuration.sessionTimeout, configuration.maximumPollInterval)
            let names = configuration.assignors.map(\.name)
            let answer = try await cluster.send(
                to: .coordinator(group: group.groupId), use: .group,
                timeout: rebalance + configuration.client.requestTimeout
            ) { version throws(KafkaError) in
                JoinGroupRequest.with {
                    $0.groupId = group.groupId
                    $0.sessionTimeoutMs = Milliseconds(session)
                    if version >= 1 { $0.rebalanceTimeoutMs = Milliseconds(rebalance) }
                    $0.memberId = group.memberId
                    if version >= 5 { $0.groupInstanceId = group.groupInstanceId }
                    $0.protocolType = "consumer"
                    $0.protocols = names.map { name in
                        .with {
                            $0.name = name
                            $0.metadata = Bytes(metadata)
                        }
                    }
                }
            }
            if let actions = self.group?.joined(answer.response, attempt: attempt, now: .now) { perform(actions) }
        } catch {
            requestFailed(error, attempt)
        }
    }

    /// As the group's leader: assigns all partitions of all topics that the members want, and tells the coordinator.
    func assignAndSync(_ members: [JoinGroupResponse.JoinGroupResponseMember]) async {
        let attempt = group?.attempt ?? 0
        do throws(KafkaError) {
            var wishes: [Assignor.Member] = []
            for member in members {
                // A subscription that cannot be read is one that gets nothing; the other members go on.
                let subscription = try? ConsumerProtocolSubscription.decodeVersioned(member.metadata)
                wishes.append(
                    Assignor.Member(
                        memberId: member.memberId, groupInstanceId: member.groupInstanceId,
                        topics: subscription?.topics ?? []))
            }
            let topics = Set(wishes.flatMap(\.topics)).sorted()
            try await cluster.refresh(topics)
            guard let group, let assignor = Assignor(rawValue: group.protocolName) else {
                throw KafkaError(
                    .invalidConfiguration, "the group has chosen an assignor that was not offered",
                    setting: "partition.assignment.strategy")
            }
            let counts = partitionCounts(topics).mapValues { Int32(clamping: $0) }
            let shares = assignor.assign(partitionCounts: counts, members: wishes)
            var assignments: [String: Bytes] = [:]
            for (member, share) in shares {
                do throws(WireError) {
                    let assignment = ConsumerProtocolAssignment.with { $0.assignedPartitions = share }
                    assignments[member] = Bytes(try assignment.encodeVersioned(version: 1))
                } catch {
                    throw KafkaError(.invalidRequest, "the assignment cannot be written: \(error)")
                }
            }
            await sendSync(assignments)
        } catch {
            requestFailed(error, attempt)
        }
    }

    private func requestFailed(_ error: KafkaError, _ attempt: Int) {
        guard !isClosed else { return }
        if error.isRetriable { report(error, .group) }
        if let actions = group?.requestFailed(error, attempt: attempt) { perform(actions) }
    }

    /// Sends SyncGroup.
    func sendSync(_ assignments: [String: Bytes]) async {
        guard let group, group.phase == .syncing else { return }
        let timeout = configuration.maximumPollInterval + configuration.client.requestTimeout
        do throws(KafkaError) {
            let answer = try await cluster.send(
                to: .coordinator(group: group.groupId), use: .group, timeout: timeout
            ) { version throws(KafkaError) in
                SyncGroupRequest.with {
                    $0.groupId = group.groupId
                    $0.generationId = group.generation
                    $0.memberId = group.memberId
                    if version >= 3 { $0.groupInstanceId = group.groupInstanceId }
                    if version >= 5 {
                        $0.protocolType = "consumer"
                        $0.protocolName = group.protocolName
                    }
                    $0.assignments = assignments.map { member, assignment in
                        .with {
                            $0.memberId = member
                            $0.assignment = assignment
                        }
                    }
                }
            }
            if let actions = self.group?.synced(answer.response, attempt: group.attempt, now: .now) { perform(actions) }
        } catch {
            requestFailed(error, group.attempt)
        }
    }

    /// Takes over an assignment: looks up where each partition goes on, then tells the application.
    func takeOver(_ assignment: Bytes) async {
        guard let group, let id = configuration.groupId else { return }
        var partitions: [TopicPartition] = []
        if !assignment.isEmpty {
            do throws(WireError) {
                for topic in try ConsumerProtocolAssignment.decodeVersioned(assignment).assignedPartitions {
                    partitions += topic.partitions.map { TopicPartition(topic.topic, $0) }
                }
            } catch {
                return fail(
                    KafkaError(
                        .malformedResponse,
                        "the assignment of group \(id) cannot be read: \(error); the group's leader "
                            + "may be a client of another kind"))
            }
        }
        var failures = 0
        // The group may move on meanwhile.
        while self.group?.generation == group.generation, self.group?.phase == .stable {
            do throws(KafkaError) {
                try await cluster.refresh(Set(partitions.map(\.topic)).union(topicNames).sorted())
                let starts = try await startingOffsets(partitions, of: id)
                guard self.group?.generation == group.generation, self.group?.phase == .stable else { return }
                takeOver(starts.mapValues { .offset($0) })
                worksAgain(.group)
                rememberTopics()
                return announce(starts)
            } catch {
                guard self.group?.generation == group.generation, self.group?.phase == .stable else { return }
                guard error.isRetriable else { return fail(error) }
                failures += 1
                if isToBeTold(error, after: failures) { report(error, .group) }
                try? await Task.sleep(for: backoff.pause(after: failures))
            }
        }
    }

    /// The committed offsets, and where there is none, the one that the policy says.
    private func startingOffsets(
        _ partitions: [TopicPartition], of group: String
    ) async throws(KafkaError) -> [TopicPartition: Offset] {
        guard !partitions.isEmpty else { return [:] }
        var offsets = try await cluster.committedOffsets(of: group, partitions).mapValues(\.offset)
        let missing = partitions.filter { offsets[$0] == nil }
        guard let first = missing.first else { return offsets }
        let start: KafkaConsumer.StartingOffset
        switch configuration.offsetReset {
        case .earliest: start = .earliest
        case .latest: start = .latest
        case .fail:
            throw KafkaError(
                .invalidConfiguration,
                "group \(group) has committed no offset for \(first), and auto.offset.reset is none; commit one, or choose "
                    + "earliest or latest", topic: first.topic, partition: first.partition, setting: "auto.offset.reset"
            )
        }
        let starts = Dictionary(missing.map { ($0, start) }) { first, _ in first }
        offsets.merge(try await lookUp(starts)) { $1 }
        return offsets
    }

    /// The offsets of these places, all of them.
    func lookUp(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset]
    ) async throws(KafkaError) -> [TopicPartition: Offset] {
        let (found, failure) = try await FetchExchange.offsets(starts, configuration.isolationLevel, cluster)
        if let failure { throw failure }
        return found
    }

    /// Says that the member is alive.
    func sendHeartbeat() async {
        guard let group else { return }
        do throws(KafkaError) {
            let answer = try await cluster.send(
                to: .coordinator(group: group.groupId), use: .group,
                timeout: min(configuration.client.requestTimeout, configuration.sessionTimeout)
            ) { version throws(KafkaError) in
                HeartbeatRequest.with {
                    $0.groupId = group.groupId
                    $0.generationId = group.generation
                    $0.memberId = group.memberId
                    if version >= 3 { $0.groupInstanceId = group.groupInstanceId }
                }
            }
            guard self.group?.generation == group.generation else { return }
            let code = answer.response.errorCode
            if let actions = self.group?.heartbeatAnswered(code, now: .now) { perform(actions) }
        } catch {
            guard self.group?.generation == group.generation else { return }
            if let actions = self.group?.heartbeatFailed(error, now: .now) { perform(actions) }
        }
    }

    /// Leaves the group, so that others get the partitions at once. Nobody waits long for the answer. Not on the group's
    /// connection, where a JoinGroup may still wait for other members.
    func sendLeave(_ memberId: String) async {
        guard let group else { return }
        let instance = group.groupInstanceId
        _ = try? await cluster.send(
            to: .coordinator(group: group.groupId), timeout: .seconds(3)
        ) { version throws(KafkaError) in
            LeaveGroupRequest.with {
                $0.groupId = group.groupId
                if version >= 3 {
                    $0.members = [
                        .with {
                            $0.memberId = memberId
                            $0.groupInstanceId = instance
                        }
                    ]
                } else {
                    $0.memberId = memberId
                }
            }
        }
    }
}
