/// The requests of a group's member, without any state.
enum GroupExchange {
    /// Asks the coordinator.
    static func ask(
        _ request: GroupRequest, as member: Membership, _ terms: JoinTerms, leaving reason: String,
        _ topics: TopicWatch,
        _ configuration: KafkaConsumer.Configuration, _ cluster: Cluster
    ) async throws(KafkaError) -> GroupAnswer {
        switch request {
        case .join: .join(try await join(member, terms, topics.names, configuration, cluster))
        case .sync(_, let assignor): .sync(try await sync(member, terms, assignor, [:], configuration, cluster))
        case .lead(_, let assignor, let members, let isAssigned):
            .sync(
                try await sync(
                    member, terms, assignor,
                    try await assign(members, by: assignor, isAssigned: isAssigned, topics, configuration, cluster),
                    configuration,
                    cluster))
        case .heartbeat: .heartbeat(try await heartbeat(member, configuration, cluster))
        case .beat(_, let beat): try await HeartbeatExchange.beat(beat, as: member, topics, configuration, cluster)
        case .partingBeat(let how): try await HeartbeatExchange.part(how, as: member, configuration, cluster)
        case .leave: try await leave(member, because: reason, cluster)
        }
    }

    /// The member's subscription with what that assignor has to say of it.
    static func subscription(
        _ topics: [String], _ terms: JoinTerms, rack: String?, _ assignor: any GroupAssignor
    ) throws(KafkaError) -> Bytes {
        let memory = AssignmentMemory(topics: topics, partitions: terms.last, generation: terms.lastGeneration)
        do throws(WireError) {
            return Bytes(
                try ConsumerProtocolSubscription.with {
                    $0.topics = topics
                    $0.userData = assignor.userData(for: memory)
                    $0.ownedPartitions = byTopic(terms.ownedPartitions) { $0 }.map { topic, partitions in
                        .with {
                            $0.topic = topic
                            $0.partitions = partitions.map(\.partition)
                        }
                    }
                    $0.generationId = terms.generation
                    $0.rackId = rack
                }.encodeVersioned(version: 3))
        } catch {
            throw KafkaError(.invalidRequest, "the subscription cannot be written: \(error)")
        }
    }

    private static func join(
        _ member: Membership, _ terms: JoinTerms, _ topics: [String], _ configuration: KafkaConsumer.Configuration,
        _ cluster: Cluster
    ) async throws(KafkaError) -> JoinGroupResponse {
        var offers: [(name: String, subscription: Bytes)] = []
        for assignor in configuration.assignors {
            offers.append(
                (assignor.name, try subscription(topics, terms, rack: configuration.clientRack, assignor)))
        }
        let protocols = offers
        let (session, rebalance) = (configuration.sessionTimeout, configuration.maximumPollInterval)
        return try await cluster.sendAndWait(
            inGroup: member.groupId, use: terms.connection,
            timeout: rebalance + configuration.client.requestTimeout
        ) { version throws(KafkaError) in
            JoinGroupRequest.with {
                $0.groupId = member.groupId
                $0.sessionTimeoutMs = Milliseconds(session)
                if version >= 1 { $0.rebalanceTimeoutMs = Milliseconds(rebalance) }
                $0.memberId = member.memberId
                if version >= 5 { $0.groupInstanceId = member.groupInstanceId }
                $0.protocolType = GroupFaults.protocolType
                $0.protocols = protocols.map { name, subscription in
                    .with {
                        $0.name = name
                        $0.metadata = subscription
                    }
                }
                if version >= 8 { $0.reason = JoinReason.limited(terms.reason) }
            }
        }.response
    }

    /// The topics that the members of a group want.
    static func topics(of members: [JoinGroupResponse.JoinGroupResponseMember]) -> [String] {
        Set(readWishes(of: members).flatMap(\.topics)).sorted()
    }

    private static func readWishes(
        of members: [JoinGroupResponse.JoinGroupResponseMember]
    ) -> [GroupSnapshot.Member] {
        members.map { member in
            // A subscription that cannot be read is one that gets nothing; the other members go on.
            let subscription = try? ConsumerProtocolSubscription.decodeVersioned(member.metadata)
            return GroupSnapshot.Member(
                memberId: member.memberId, groupInstanceId: member.groupInstanceId,
                topics: subscription?.topics ?? [], userData: subscription?.userData,
                ownedPartitions: subscription?.ownedPartitions.flatMap { topic in
                    topic.partitions.map { TopicPartition(topic.topic, $0) }
                } ?? [], generation: subscription?.generationId ?? -1, rack: subscription?.rackId)
        }
    }

    /// As the group's leader: assigns all partitions of all topics that the members want. Nothing, where the group has its
    /// assignment already (KIP-814).
    private static func assign(
        _ members: [JoinGroupResponse.JoinGroupResponseMember], by name: String, isAssigned: Bool, _ watch: TopicWatch,
        _ configuration: KafkaConsumer.Configuration, _ cluster: Cluster
    ) async throws(KafkaError) -> [String: Bytes] {
        let wishes = readWishes(of: members)
        let topics = Set(wishes.flatMap(\.topics)).sorted()
        try await cluster.refresh(topics, mayCreate: configuration.mayCreateTopics && watch.areNamed)
        guard !isAssigned else { return [:] }
        let assignor = try configuration.assignor(named: name)
        let metadata = await cluster.metadata
        let counts = watch.partitionCounts(of: topics, metadata.topics)
        var snapshot = GroupSnapshot(members: wishes, topics: [:])
        for (name, count) in counts {
            snapshot.topics[name] = GroupSnapshot.Topic(
                partitionCount: count, racks: metadata.topics[name].map { metadata.racks(of: $0) } ?? [])
        }
        let shares = try assignor.assign(snapshot)
        try AssignmentCheck.check(shares, of: snapshot, by: assignor)
        var assignments: [String: Bytes] = [:]
        for member in wishes {
            do throws(WireError) {
                let assignment = MemberAssignment(
                    shares[member.memberId] ?? [], userData: assignor.userData(for: member, in: shares, of: snapshot))
                assignments[member.memberId] = try assignment.encoded()
            } catch {
                throw KafkaError(.invalidRequest, "the assignment cannot be written: \(error)")
            }
        }
        return assignments
    }

    private static func sync(
        _ member: Membership, _ terms: JoinTerms, _ assignor: String, _ assignments: [String: Bytes],
        _ configuration: KafkaConsumer.Configuration, _ cluster: Cluster
    ) async throws(KafkaError) -> SyncGroupResponse {
        try await cluster.sendAndWait(
            inGroup: member.groupId, use: terms.connection,
            timeout: configuration.maximumPollInterval + configuration.client.requestTimeout
        ) { version throws(KafkaError) in
            SyncGroupRequest.with {
                $0.groupId = member.groupId
                $0.generationId = member.generation
                $0.memberId = member.memberId
                if version >= 3 { $0.groupInstanceId = member.groupInstanceId }
                if version >= 5 {
                    $0.protocolType = GroupFaults.protocolType
                    $0.protocolName = assignor
                }
                $0.assignments = assignments.inOrder.map { member, assignment in
                    .with {
                        $0.memberId = member
                        $0.assignment = assignment
                    }
                }
            }
        }.response
    }

    /// Says that the member is alive.
    private static func heartbeat(
        _ member: Membership, _ configuration: KafkaConsumer.Configuration, _ cluster: Cluster
    ) async throws(KafkaError) -> ErrorCode {
        try await cluster.send(
            to: .coordinator(group: member.groupId), use: .group,
            // A coordinator that is silent may have a successor, who counts on heartbeats: three fit in a session.
            timeout: min(
                configuration.client.requestTimeout,
                max(configuration.sessionTimeout / 3, configuration.heartbeatInterval))
        ) { version throws(KafkaError) in
            HeartbeatRequest.with {
                $0.groupId = member.groupId
                $0.generationId = member.generation
                $0.memberId = member.memberId
                if version >= 3 { $0.groupInstanceId = member.groupInstanceId }
            }
        }.response.errorCode
    }

    /// Leaves the group, so that others get the partitions at once. Not on the group's connection, where a JoinGroup may
    /// still wait for other members.
    private static func leave(
        _ member: Membership, because reason: String, _ cluster: Cluster
    ) async throws(KafkaError) -> GroupAnswer {
        _ = try await cluster.send(
            to: .coordinator(group: member.groupId), timeout: .seconds(3)
        ) { version throws(KafkaError) in
            LeaveGroupRequest.with {
                $0.groupId = member.groupId
                if version >= 3 {
                    $0.members = [
                        .with {
                            $0.memberId = member.memberId
                            $0.groupInstanceId = member.groupInstanceId
                            if version >= 5 { $0.reason = JoinReason.limited(reason) }
                        }
                    ]
                } else {
                    $0.memberId = member.memberId
                }
            }
        }
        return .left
    }

    /// Where a member begins: at what is committed, and where nothing is, at what the policy says.
    static func starts(
        of partitions: [TopicPartition], in group: String, as member: Membership?,
        _ configuration: KafkaConsumer.Configuration,
        _ cluster: Cluster
    ) async throws(KafkaError) -> (
        committed: [TopicPartition: CommittedOffset], missing: [TopicPartition: KafkaConsumer.StartingOffset]
    ) {
        guard !partitions.isEmpty else { return ([:], [:]) }
        let committed = try await cluster.committedOffsets(of: group, partitions, as: member)
        let missing = partitions.filter { committed[$0] == nil }
        guard let first = missing.first else { return (committed, [:]) }
        guard let start = configuration.offsetReset.start(at: cluster.loop.wallMilliseconds) else {
            throw KafkaError(
                .invalidConfiguration,
                "group \(group) has committed no offset for \(first), and auto.offset.reset is none; commit one, or choose "
                    + "earliest or latest", topic: first.topic, partition: first.partition, setting: "auto.offset.reset"
            )
        }
        return (committed, Dictionary(missing.map { ($0, start) }) { first, _ in first })
    }
}
