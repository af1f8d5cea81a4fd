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
            // Before v1 the broker makes up the id of a member that joins.
            let id = request.memberId.isEmpty ? newMemberId() : request.memberId
            let result = withGroup(request.groupId, context.now) { group in
                group.heartbeat(request, memberId: id, context, registry, settings)
            }
            if let group = groups[request.groupId], group.isUseless { forget(group: request.groupId) }
            return try result.get()
        } catch {
            return .with {
                $0.errorCode = error.code
                $0.errorMessage = error.message
            }
        }
    }

    /// A group that nobody is in, or that does not exist, becomes one under the newer protocol where a member joins.
    private func checkKind(of id: String, isJoining: Bool) throws(GroupRefusal) {
        guard let group = groups[id] else {
            guard isJoining else { throw GroupRefusal(.groupIdNotFound, "Consumer group \(id) not found.") }
            return
        }
        guard group.consumer != nil || isJoining && group.classic.isUnused else {
            throw GroupRefusal(.groupIdNotFound, "Group \(id) is not a consumer group.")
        }
    }

    // MARK: - The classic protocol's requests

    /// Whether members of the classic protocol may join; makes an empty group a classic one for them.
    mutating func admitsClassicMembers(_ id: String, _ now: Instant) -> Bool {
        guard let consumer = groups[id]?.consumer else { return true }
        guard consumer.members.isEmpty else { return false }
        withGroup(id, now) { $0.becomeClassic(now: now) }
        return true
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
        let wasClassic = consumer == nil
        var group = consumer.take() ?? ConsumerGroup(id: id, now: context.now)
        defer { consumer = wasClassic && group.members.isEmpty ? nil : group }
        do throws(GroupRefusal) {
            return .success(
                request.memberEpoch < 0
                    ? try group.leave(request, now: context.now)
                    : try group.heartbeat(request, memberId: memberId, context, registry, settings))
        } catch {
            return .failure(error)
        }
    }

    /// Goes over to the classic protocol; nobody is in the group.
    fileprivate mutating func becomeClassic(now: Instant) {
        consumer = nil
        classic = ClassicGroup(id: classic.id, initialDelay: classic.initialDelay, now: now)
    }

    /// Whether it was made for a request that came to nothing.
    fileprivate var isUseless: Bool { isEmpty && !hasOffsets && consumer == nil && classic.protocolType == nil }
}

extension ClassicGroup {
    /// Whether nobody is in the group, nor about to be.
    var isUnused: Bool { state == .empty && members.isEmpty && pendingMembers.isEmpty }
}
