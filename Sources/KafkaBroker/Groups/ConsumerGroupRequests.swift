import KafkaWire

// Requests of the newer protocol (KIP-848), and those of the classic one that meet a group under it.

extension GroupCoordinator {
    /// Handles a heartbeat; a refused one changes nothing.
    mutating func heartbeat(
        _ request: ConsumerGroupHeartbeatRequest, _ context: RequestContext, _ registry: TopicRegistry,
        _ settings: ConsumerGroupSettings
    ) -> ConsumerGroupHeartbeatResponse {
        do throws(GroupRefusal) {
            if let objection = request.objection(version: context.version) { throw objection }
            try checkKind(of: request.groupId, isJoining: request.memberEpoch == ConsumerGroupMember.joiningEpoch)
            guard groups[request.groupId]?.classic.members.count ?? 0 <= settings.memberLimit else {
                throw Self.isNoConsumerGroup(request.groupId)
            }
            // A member has no more partitions than there can be, with some that are gone.
            if request.topicPartitions?.reduce(0, { $0 + $1.partitions.count }) ?? 0 > 2 * registry.partitionLimit {
                throw GroupRefusal(.invalidRequest, "TopicPartitions are more than there can be.")
            }
            try checkRoom(for: request)
            var settings = settings
            settings.room = room(in: request.groupId)
            // Before v1 the broker makes up the id of a member that joins.
            let id = request.memberId.isEmpty ? newMemberId() : request.memberId
            let result = withGroup(request.groupId, context.now) { group in
                group.heartbeat(request, memberId: id, context, registry, settings)
            }
            if groups[request.groupId]?.isUseless == true { forget(group: request.groupId) }
            return try result.get()
        } catch {
            return .with {
                $0.errorCode = error.code
                $0.errorMessage = error.message
            }
        }
    }

    /// A group that does not exist, or is a classic one, may become one under the newer protocol where a member joins.
    private func checkKind(of id: String, isJoining: Bool) throws(GroupRefusal) {
        guard let group = groups[id] else {
            guard isJoining else { throw GroupRefusal(.groupIdNotFound, "Consumer group \(id) not found.") }
            return
        }
        guard group.consumer != nil || isJoining else { throw Self.isNoConsumerGroup(id) }
    }

    /// A member that joins, or wants something else, has to find room for what it says of itself.
    private mutating func checkRoom(for request: ConsumerGroupHeartbeatRequest) throws(GroupRefusal) {
        guard
            request.memberEpoch == ConsumerGroupMember.joiningEpoch || request.subscribedTopicNames != nil
                || request.subscribedTopicRegex != nil
        else { return }
        if let regex = request.subscribedTopicRegex, !regex.isEmpty, !isConsumerGroup(request.groupId),
            (try? NamePattern(regex)) == nil
        {
            // Before a classic group of many members is turned into another one for it.
            throw ConsumerGroupMember.isNoExpression(regex)
        }
        let known = groups[request.groupId]?.consumer?.members[request.memberId]
        let before = known.map { $0.bytes + GroupSubscriptions.bytes(of: $0.wishes) } ?? 0
        let names = Set(request.subscribedTopicNames ?? [])
        let after =
            GroupLimits.memberOverhead + 3 * request.memberId.utf8.count + (request.instanceId?.utf8.count ?? 0)
            + (request.rackId?.utf8.count ?? 0) + GroupSubscriptions.bytes(of: .init(names: names, regex: nil))
        guard hasRoom(forGroup: request.groupId), after - before <= room(in: request.groupId) else {
            throw GroupRefusal(
                .groupMaxSizeReached,
                "There is no room left for what members of consumer groups say of themselves in this broker.")
        }
    }

    fileprivate static func isNoConsumerGroup(_ id: String) -> GroupRefusal {
        GroupRefusal(.groupIdNotFound, "Group \(id) is not a consumer group.")
    }

    // MARK: - The classic protocol's requests

    /// JoinGroup to a group under the newer protocol. Gives false where there is none: an empty one becomes a classic
    /// group.
    mutating func joinConsumerGroup(
        _ request: JoinGroupRequest, _ context: RequestContext, _ registry: TopicRegistry,
        _ settings: ConsumerGroupSettings
    ) -> Bool {
        guard isConsumerGroup(request.groupId), sessionTimeouts.contains(request.sessionTimeoutMs.duration) else {
            return false
        }
        guard groups[request.groupId]?.consumer?.members.isEmpty == false else {
            withGroup(request.groupId, context.now) { $0.becomeClassic(now: context.now) }
            return false
        }
        var request = request
        request.protocols = request.protocols.kept
        let objection = objection(to: request.protocols, in: request.groupId)
        var settings = settings
        settings.room = room(in: request.groupId)
        let id = newMemberId()
        withGroup(request.groupId, context.now) { group in
            var response = JoinGroupResponse.refusal(.unknownMemberId, memberId: request.memberId)
            do throws(GroupRefusal) {
                if let objection { throw objection }
                if let answer = try group.consumer?.join(request, newId: id, context, registry, settings) {
                    response = answer
                }
            } catch {
                response = .refusal(error.code, memberId: request.memberId)
            }
            group.classic.actions.append(.answerJoin(context.ticket, response))
        }
        return true
    }

    private func objection(to protocols: [JoinGroupRequest.JoinGroupRequestProtocol], in id: String) -> GroupRefusal? {
        guard protocols.count <= limits.protocols else { return GroupRefusal(.inconsistentGroupProtocol) }
        return protocols.bytes <= room(in: id) ? nil : GroupRefusal(.groupMaxSizeReached)
    }

    /// SyncGroup to a group under the newer protocol. Gives false where there is none.
    mutating func syncConsumerGroup(_ request: SyncGroupRequest, _ context: RequestContext, _ registry: TopicRegistry)
        -> Bool
    {
        guard isConsumerGroup(request.groupId) else { return false }
        withGroup(request.groupId, context.now) { group in
            var response = SyncGroupResponse.refusal(.unknownMemberId)
            do throws(GroupRefusal) {
                if let answer = try group.consumer?.sync(request, registry, now: context.now) { response = answer }
            } catch {
                response = .refusal(error.code)
            }
            group.classic.actions.append(.answerSync(context.ticket, response))
        }
        return true
    }

    /// Heartbeat to a group under the newer protocol.
    mutating func heartbeatConsumerGroup(_ request: HeartbeatRequest, now: Instant) -> ErrorCode {
        withGroup(request.groupId, now) { group in
            do throws(GroupRefusal) {
                return try group.consumer?.heartbeat(request, now: now) ?? .unknownMemberId
            } catch {
                return error.code
            }
        }
    }

    /// LeaveGroup, with which an administrator removes members of either protocol.
    mutating func leaveConsumerGroup(_ id: String, memberId: String, instanceId: String?, now: Instant) -> ErrorCode {
        withGroup(id, now) { group in
            var member = memberId
            if let instanceId {
                guard let known = group.consumer?.staticMembers[instanceId] else { return .unknownMemberId }
                guard memberId.isEmpty || memberId == known else { return .fencedInstanceId }
                member = known
            }
            guard group.consumer?.members[member] != nil else { return .unknownMemberId }
            group.consumer?.remove(member, now: now)
            return .none
        }
    }
}

extension GroupCoordinator.Group {
    /// Handles a heartbeat. One that is refused leaves the group as it was.
    fileprivate mutating func heartbeat(
        _ request: ConsumerGroupHeartbeatRequest, memberId: String, _ context: RequestContext,
        _ registry: TopicRegistry, _ settings: ConsumerGroupSettings
    ) -> Result<ConsumerGroupHeartbeatResponse, GroupRefusal> {
        let isKnown = consumer != nil
        guard var group = consumer.take() ?? asConsumerGroup(registry, now: context.now) else {
            return .failure(GroupCoordinator.isNoConsumerGroup(id))
        }
        defer { if isKnown { consumer = group } }
        do throws(GroupRefusal) {
            let response =
                request.memberEpoch < 0
                ? try group.leave(request, now: context.now)
                : try group.heartbeat(request, memberId: memberId, context, registry, settings)
            if !isKnown { become(group, now: context.now) }
            return .success(response)
        } catch {
            return .failure(error)
        }
    }

    /// Whether it was made for a request that came to nothing.
    fileprivate var isUseless: Bool { isEmpty && offsets.isEmpty && consumer == nil && classic.protocolType == nil }
}

extension ClassicGroup {
    /// Whether nobody is in the group, nor about to be.
    var isUnused: Bool { state == .empty && members.isEmpty && pendingMembers.isEmpty }
}
