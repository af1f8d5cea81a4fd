import KafkaWire

/// Why a group does not take a request: Kafka's code, and its words.
struct GroupRefusal: Error, Equatable {
    var code: ErrorCode
    var message: String?

    init(_ code: ErrorCode, _ message: String? = nil) {
        self.code = code
        self.message = message
    }
}

// What members ask of their group: to join, to stay, to leave.

extension ConsumerGroup {
    /// A member joins, or says that it lives and what it has; gives what it is to have now.
    mutating func heartbeat(
        _ request: ConsumerGroupHeartbeatRequest, memberId id: String, _ context: RequestContext,
        _ registry: TopicRegistry, _ settings: ConsumerGroupSettings
    ) throws(GroupRefusal) -> ConsumerGroupHeartbeatResponse {
        guard members.count < settings.memberLimit || members[id] != nil else {
            throw GroupRefusal(
                .groupMaxSizeReached,
                "The consumer group has reached its maximum capacity of \(settings.memberLimit) members.")
        }
        let owned = request.topicPartitions?.partitions
        let (before, old) = try find(id, request, owned)
        var member = before
        try member.take(request, context)
        member.sessionDeadline = context.now + settings.sessionTimeout
        take(member, before, insteadOf: old, owned: owned, registry, settings, now: context.now)

        let after = members[id] ?? member
        let isFull =
            request.rebalanceTimeoutMs != -1 && owned != nil
            && (request.subscribedTopicNames != nil || request.subscribedTopicRegex != nil)
        return .with {
            $0.memberId = id
            $0.memberEpoch = after.epoch
            $0.heartbeatIntervalMs = Milliseconds(settings.heartbeatInterval)
            // Told to whoever joins or may have forgotten it, and when it has changed.
            let isNew =
                after.assigned != before.assigned && Set(after.assigned.keys) != Set(before.assigned.keys)
            guard request.memberEpoch == 0 || isFull || isNew else { return }
            $0.assignment = .with { $0.topicPartitions = .of(after.assigned.keys) }
        }
    }

    /// A member leaves: for good, or as a static one for a while.
    mutating func leave(_ request: ConsumerGroupHeartbeatRequest, now: Instant) throws(GroupRefusal)
        -> ConsumerGroupHeartbeatResponse
    {
        let member = try known(request.memberId, instance: request.instanceId)
        if request.instanceId != nil, request.memberEpoch == ConsumerGroupMember.awayEpoch {
            suspend(member.id)
        } else {
            remove(member.id, now: now)
        }
        return .with {
            $0.memberId = request.memberId
            $0.memberEpoch = request.memberEpoch
        }
    }

    /// The member that a request comes from, and the id of the static one whose place it takes.
    private func find(_ id: String, _ request: ConsumerGroupHeartbeatRequest, _ owned: Set<TopicIDPartition>?)
        throws(GroupRefusal) -> (member: ConsumerGroupMember, old: String?)
    {
        if request.memberEpoch == ConsumerGroupMember.joiningEpoch {
            guard let instance = request.instanceId, let old = staticMembers[instance].flatMap({ members[$0] }) else {
                guard let member = members[id] else { return (ConsumerGroupMember(id: id), nil) }
                try check(request.memberEpoch, of: member, owned)
                return (member, nil)
            }
            // Its first answer may have been lost.
            if old.id == id, old.epoch != ConsumerGroupMember.awayEpoch, old.classic == nil {
                try check(request.memberEpoch, of: old, owned)
                return (old, nil)
            }
            guard old.epoch == ConsumerGroupMember.awayEpoch || old.classic != nil else {
                throw GroupRefusal(
                    .unreleasedInstanceId,
                    "Static member \(id) with instance id \(instance) cannot join the group because the instance id is "
                        + "owned by \(old.id) member.")
            }
            var member = old
            member.id = id
            member.epoch = ConsumerGroupMember.joiningEpoch
            member.previousEpoch = -1
            return (member, old.id)
        }
        let member = try known(id, instance: request.instanceId)
        try check(request.memberEpoch, of: member, owned)
        return (member, nil)
    }

    private func known(_ id: String, instance: String?) throws(GroupRefusal) -> ConsumerGroupMember {
        if let instance {
            guard let member = staticMembers[instance].flatMap({ members[$0] }) else {
                throw GroupRefusal(.unknownMemberId, "Instance id \(instance) is unknown.")
            }
            guard member.id == id else {
                throw GroupRefusal(
                    .fencedInstanceId,
                    "Static member \(id) with instance id \(instance) was fenced by member \(member.id).")
            }
            return member
        }
        guard let member = members[id] else {
            throw GroupRefusal(.unknownMemberId, "Member \(id) is not a member of group \(self.id).")
        }
        return member
    }

    /// A member brings its epoch, or the one before if it has no more than what it was given since: the answer with the
    /// newer one may have been lost.
    private func check(_ epoch: Int32, of member: ConsumerGroupMember, _ owned: Set<TopicIDPartition>?)
        throws(GroupRefusal)
    {
        guard epoch != member.epoch else { return }
        if epoch < member.epoch, epoch == member.previousEpoch, let owned,
            owned.allSatisfy({ member.assigned[$0] != nil })
        {
            return
        }
        throw GroupRefusal(
            .fencedMemberEpoch,
            "The consumer group member has a \(epoch > member.epoch ? "greater" : "smaller") member epoch (\(epoch)) "
                + "than the one known by the group coordinator (\(member.epoch)). The member must abandon all its "
                + "partitions and rejoin.")
    }
}

extension ConsumerGroupMember {
    /// Takes over what a heartbeat says; what it leaves out stays.
    fileprivate mutating func take(_ request: ConsumerGroupHeartbeatRequest, _ context: RequestContext)
        throws(GroupRefusal)
    {
        clientId = context.clientId
        clientHost = context.clientHost
        classic = nil
        if let instance = request.instanceId { instanceId = instance }
        if let rack = request.rackId { rackId = rack }
        if request.rebalanceTimeoutMs != -1 { rebalanceTimeout = request.rebalanceTimeoutMs.duration }
        if let names = request.subscribedTopicNames { topicNames = Set(names) }
        if let name = request.serverAssignor { assignor = name }
        guard let regex = request.subscribedTopicRegex, regex != topicRegex else { return }
        topicRegex = regex.isEmpty ? nil : regex
        guard topicRegex != nil, (try? NamePattern(regex)) == nil else { return }
        throw Self.isNoExpression(regex)
    }

    static func isNoExpression(_ regex: String) -> GroupRefusal {
        GroupRefusal(
            .invalidRegularExpression,
            "SubscribedTopicRegex `\(regex)` is not a valid regular expression, or one that this broker does not know.")
    }
}

extension ConsumerGroupHeartbeatRequest {
    /// Why the request means nothing, whatever the group is like; nil where it may.
    func objection(version: Int16) -> GroupRefusal? {
        func invalid(_ message: String) -> GroupRefusal { GroupRefusal(.invalidRequest, message) }
        func isBlank(_ text: String?) -> Bool { text.map { $0.allSatisfy(\.isWhitespace) } ?? false }
        if version >= 1 || memberEpoch > 0 || memberEpoch == ConsumerGroupMember.leavingEpoch, isBlank(memberId) {
            return invalid("MemberId can't be empty.")
        }
        if isBlank(groupId) { return invalid("GroupId can't be empty.") }
        if isBlank(instanceId) { return invalid("InstanceId can't be empty.") }
        if isBlank(rackId) { return invalid("RackId can't be empty.") }
        switch memberEpoch {
        case ConsumerGroupMember.joiningEpoch:
            if rebalanceTimeoutMs == -1 { return invalid("RebalanceTimeoutMs must be provided in first request.") }
            if topicPartitions?.isEmpty != true { return invalid("TopicPartitions must be empty when (re-)joining.") }
            if subscribedTopicNames == nil, subscribedTopicRegex == nil {
                return invalid(
                    "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.")
            }
        case ConsumerGroupMember.awayEpoch: if instanceId == nil { return invalid("InstanceId can't be null.") }
        case ..<ConsumerGroupMember.awayEpoch: return invalid("MemberEpoch is invalid.")
        default: break
        }
        guard let serverAssignor, ConsumerGroupAssignor(rawValue: serverAssignor) == nil else { return nil }
        let all = ConsumerGroupAssignor.allCases.map(\.rawValue).joined(separator: ", ")
        return GroupRefusal(
            .unsupportedAssignor, "ServerAssignor \(serverAssignor) is not supported. Supported assignors: \(all).")
    }
}

extension [ConsumerGroupHeartbeatRequest.TopicPartitions] {
    /// The partitions, one by one.
    fileprivate var partitions: Set<TopicIDPartition> {
        reduce(into: []) { all, topic in
            for partition in topic.partitions { all.insert(.init(topic: topic.topicId, partition: partition)) }
        }
    }
}

extension [ConsumerGroupHeartbeatResponse.TopicPartitions] {
    /// The partitions by topic, in their order.
    fileprivate static func of(_ partitions: some Sequence<TopicIDPartition>) -> Self {
        partitions.byTopic.map { topic, numbers in
            .with {
                $0.topicId = topic
                $0.partitions = numbers
            }
        }
    }
}

extension Sequence<TopicIDPartition> {
    /// The partitions' numbers by topic, in the order of the topics' ids.
    var byTopic: [(topic: TopicID, partitions: [PartitionID])] {
        var all: [(topic: TopicID, partitions: [PartitionID])] = []
        for partition in sorted() {
            if all.last?.topic == partition.topic {
                all[all.count - 1].partitions.append(partition.partition)
            } else {
                all.append((partition.topic, [partition.partition]))
            }
        }
        return all
    }
}
