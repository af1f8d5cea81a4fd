import KafkaWire

// Members of the classic protocol in a group under the newer one: while a group changes over, client by client, the
// coordinator gives both kinds their partitions (KIP-848). Who speaks JoinGroup is answered at once: its generation is its
// epoch, it leads nothing, and SyncGroup brings what it has. With its heartbeats it is told when to join again.

extension ConsumerGroupMember {
    /// What a member has that speaks the classic protocol.
    struct ClassicSide: Equatable {
        /// The strategies that it offers, with what it says of itself for each.
        let protocols: [JoinGroupRequest.JoinGroupRequestProtocol]
        var sessionTimeout: Duration
        /// Until when it has to join again, after it was told to.
        var joinDeadline: Instant?
        /// Until when it has to ask for what it has, after it joined.
        var syncDeadline: Instant?

        init(protocols: [JoinGroupRequest.JoinGroupRequestProtocol], sessionTimeout: Duration) {
            self.protocols = protocols
            self.sessionTimeout = sessionTimeout
            bytes = protocols.bytes
        }

        /// How much memory the strategies take, roughly.
        let bytes: Int

        /// The subscription's version, in which its assignment is written as well.
        fileprivate var version: Int16 {
            let prefix = protocols.first.flatMap { try? ConsumerProtocolSubscription.versionPrefix($0.metadata) }
            return prefix?.layout ?? 0
        }
    }

    /// Partitions as the classic protocol tells them; topics without a name are left out.
    func encoded(_ partitions: some Sequence<TopicIDPartition>, name: (TopicID) -> String?) -> Bytes {
        let assignment = ConsumerProtocolAssignment.with {
            $0.assignedPartitions = partitions.byTopic.compactMap { id, numbers in
                guard let name = name(id) else { return nil }
                return .with {
                    $0.topic = name
                    $0.partitions = numbers
                }
            }
        }
        return Bytes((try? assignment.encodeVersioned(version: classic?.version ?? 0)) ?? [])
    }
}

extension ConsumerGroup {
    /// Whether a member with these strategies can be among the classic ones: of consumers, and with one that all offer.
    private func accepts(_ request: JoinGroupRequest) -> Bool {
        request.protocolType == ClassicGroup.consumerType
            && request.protocols.contains { offers[$0.name] ?? 0 == classicCount }
    }

    /// A member of the classic protocol joins, or joins again. `newId` is used where it has no id.
    mutating func join(
        _ request: JoinGroupRequest, newId: String, _ context: RequestContext, _ registry: TopicRegistry,
        _ settings: ConsumerGroupSettings
    ) throws(GroupRefusal) -> JoinGroupResponse {
        guard members.count < settings.memberLimit || members[request.memberId] != nil else {
            throw GroupRefusal(.groupMaxSizeReached)
        }
        guard accepts(request), let first = request.protocols.first,
            let subscription = try? ConsumerProtocolSubscription.decodeVersioned(first.metadata)
        else { throw GroupRefusal(.inconsistentGroupProtocol) }
        if request.memberId.isEmpty, request.groupInstanceId == nil, context.version >= 4 {
            return .refusal(.memberIdRequired, memberId: newId)
        }
        let id = request.memberId.isEmpty ? newId : request.memberId
        let (before, old) = try find(id, request)
        var member = before
        member.clientId = context.clientId
        member.clientHost = context.clientHost
        if let instance = request.groupInstanceId { member.instanceId = instance }
        if let rack = subscription.rackId { member.rackId = rack }
        let rebalance = request.rebalanceTimeoutMs >= 0 ? request.rebalanceTimeoutMs : request.sessionTimeoutMs
        member.rebalanceTimeout = rebalance.duration
        member.topicNames = Set(subscription.topics)
        member.topicRegex = nil
        member.assignor = nil
        let session = request.sessionTimeoutMs.duration
        member.classic = .init(protocols: request.protocols, sessionTimeout: session)
        member.classic?.syncDeadline = context.now + member.rebalanceTimeout
        member.sessionDeadline = context.now + session
        let owned = subscription.ownedPartitions.reduce(into: Set<TopicIDPartition>()) { owned, topic in
            guard let known = registry[topic.topic] else { return }
            for partition in topic.partitions { owned.insert(.init(topic: known.id, partition: partition)) }
        }
        take(member, before, insteadOf: old, owned: owned, registry, settings, now: context.now)
        return .with {
            $0.generationId = members[id]?.epoch ?? -1
            $0.protocolType = request.protocolType
            $0.protocolName = first.name
            $0.memberId = id
        }
    }

    private func find(_ id: String, _ request: JoinGroupRequest) throws(GroupRefusal)
        -> (member: ConsumerGroupMember, old: String?)
    {
        guard let instance = request.groupInstanceId else {
            return (members[id] ?? ConsumerGroupMember(id: id), nil)
        }
        let known = staticMembers[instance].flatMap { members[$0] }
        guard request.memberId.isEmpty else {
            guard let known else { throw GroupRefusal(.unknownMemberId) }
            guard known.id == id else { throw GroupRefusal(.fencedInstanceId) }
            return (known, nil)
        }
        guard var member = known else { return (ConsumerGroupMember(id: id), nil) }
        member.id = id
        member.epoch = ConsumerGroupMember.joiningEpoch
        member.previousEpoch = -1
        return (member, known?.id)
    }

    private func classicMember(_ id: String, instance: String?, generation: Int32) throws(GroupRefusal)
        -> ConsumerGroupMember
    {
        if let instance {
            guard let known = staticMembers[instance] else { throw GroupRefusal(.unknownMemberId) }
            guard known == id else { throw GroupRefusal(.fencedInstanceId) }
        }
        guard let member = members[id], member.classic != nil else { throw GroupRefusal(.unknownMemberId) }
        guard member.epoch == generation else { throw GroupRefusal(.illegalGeneration) }
        return member
    }

    /// A member of the classic protocol asks for what it has.
    mutating func sync(_ request: SyncGroupRequest, _ registry: TopicRegistry, now: Instant) throws(GroupRefusal)
        -> SyncGroupResponse
    {
        var member = try classicMember(
            request.memberId, instance: request.groupInstanceId, generation: request.generationId)
        let name = member.classic?.protocols.first?.name
        guard request.protocolType ?? ClassicGroup.consumerType == ClassicGroup.consumerType,
            request.protocolName ?? name == name
        else { throw GroupRefusal(.inconsistentGroupProtocol) }
        member.classic?.syncDeadline = nil
        member.sessionDeadline = now + (member.classic?.sessionTimeout ?? .zero)
        put(member)
        return .with {
            $0.protocolType = ClassicGroup.consumerType
            $0.protocolName = name
            $0.assignment = member.encoded(member.assigned.keys) { registry[$0]?.name }
        }
    }

    /// A member of the classic protocol shows that it lives, and is told whether to join again: to get the newest target,
    /// to say that it has given up partitions, or to get those that others have.
    mutating func heartbeat(_ request: HeartbeatRequest, now: Instant) throws(GroupRefusal) -> ErrorCode {
        var member = try classicMember(
            request.memberId, instance: request.groupInstanceId, generation: request.generationId)
        let mustJoin =
            member.epoch < assignmentEpoch || member.state == .unrevokedPartitions
            || member.state == .unreleasedPartitions && !waits(member)
        member.sessionDeadline = now + (member.classic?.sessionTimeout ?? .zero)
        if mustJoin, member.classic?.joinDeadline == nil {
            member.classic?.joinDeadline = now + member.rebalanceTimeout
        }
        put(member)
        return mustJoin ? .rebalanceInProgress : .none
    }

    /// Whether a partition that the member is to have is still somebody else's.
    private func waits(_ member: ConsumerGroupMember) -> Bool {
        (target[member.id] ?? []).contains { partition in owners[partition].map { $0 != member.id } ?? false }
    }
}
