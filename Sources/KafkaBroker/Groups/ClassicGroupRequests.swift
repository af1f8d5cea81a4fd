import KafkaWire

// What members ask of their group. Every operation answers at once or leaves the request's ticket with the member.

extension ClassicGroup {
    /// A member joins, or joins again. `newId` is used where the coordinator has to make up an id.
    mutating func join(_ request: JoinGroupRequest, _ context: RequestContext, newId: String) {
        let ticket = context.ticket
        let now = context.now
        func refuse(_ error: ErrorCode, id: String) {
            actions.append(.answerJoin(ticket, .refusal(error, memberId: id)))
        }
        guard accepts(type: request.protocolType, protocols: request.protocols.map(\.name)) else {
            return refuse(.inconsistentGroupProtocol, id: request.memberId)
        }
        if request.memberId.isEmpty {
            if let instance = request.groupInstanceId {
                if let old = staticMembers[instance] { return replaceStatic(old, by: newId, request, context) }
            } else if context.version >= 4 {
                // KIP-394: a client that is told its id before it joins does not leave ghosts behind when it retries.
                addPending(newId, until: now + request.sessionTimeoutMs.duration)
                return refuse(.memberIdRequired, id: newId)
            }
            return addJoining(newId, request, context)
        }
        let id = request.memberId
        if pendingMembers[id] != nil, request.groupInstanceId == nil { return addJoining(id, request, context) }
        let error = check(member: id, instance: request.groupInstanceId)
        guard error == .none, let member = members[id] else { return refuse(error, id: id) }
        switch state {
        case .preparingRebalance: rejoin(id, request, context)
        case .completingRebalance where member.protocols == request.protocols,
            .stable where leader != id && member.protocols == request.protocols:
            // The answer was lost, or nothing has changed: the member is told of the generation that it is in.
            members[id]?.touch(now)
            actions.append(.answerJoin(ticket, joinResponse(for: id, withMembers: leader == id)))
        case .completingRebalance, .stable: rejoin(id, request, context)
        case .empty: refuse(.unknownMemberId, id: id)
        }
    }

    private mutating func addJoining(_ id: String, _ request: JoinGroupRequest, _ context: RequestContext) {
        if members.isEmpty { protocolType = request.protocolType }
        var member = GroupMember(
            id: id, instanceId: request.groupInstanceId, clientId: context.clientId, protocols: request.protocols,
            sessionTimeout: .zero, rebalanceTimeout: .zero, order: 0, sessionDeadline: context.now)
        member.take(request, context)
        member.joining = context.ticket
        member.isUntold = request.memberId.isEmpty && request.groupInstanceId == nil
        add(member, now: context.now)
        continueRebalance(now: context.now)
    }

    private mutating func rejoin(_ id: String, _ request: JoinGroupRequest, _ context: RequestContext) {
        guard var member = members[id] else { return }
        if let earlier = member.joining {
            // The client gave up on that request and sent another one.
            actions.append(.answerJoin(earlier, .refusal(.rebalanceInProgress, memberId: id)))
        }
        member.take(request, context)
        member.joining = context.ticket
        put(member)
        continueRebalance(now: context.now)
    }

    private mutating func continueRebalance(now: Instant) {
        if state == .preparingRebalance {
            completeJoinIfAllAreThere(now: now)
        } else {
            prepareRebalance(now: now)
        }
    }

    /// A static member is back under a new id. In a stable group nothing has to move for that (KIP-345); the leader is
    /// told not to assign again (KIP-814), which before v9 is only possible by calling the old id the leader.
    private mutating func replaceStatic(
        _ old: String, by id: String, _ request: JoinGroupRequest, _ context: RequestContext
    ) {
        guard var member = take(old) else { return addJoining(id, request, context) }
        answerWaiting(of: member, with: .fencedInstanceId)
        let formerLeader = leader
        let wasLeader = leader == old
        member.id = id
        member.joining = nil
        member.syncing = nil
        member.take(request, context)
        put(member)
        if unsynced.remove(old) != nil { unsynced.insert(id) }
        if wasLeader { leader = id }
        guard state == .stable, selectProtocol() == protocolName else {
            members[id]?.joining = context.ticket
            return continueRebalance(now: context.now)
        }
        var response = joinResponse(for: id, withMembers: false)
        if wasLeader, context.version >= 9 {
            response.skipAssignment = true
            response.members = memberList
        } else {
            response.leader = formerLeader ?? ""
        }
        actions.append(.answerJoin(context.ticket, response))
    }

    /// A member asks for its assignment; the leader brings everybody's, which have `room`: what is too large to be kept
    /// is an error to all, as in Kafka, and they begin anew.
    mutating func sync(_ request: SyncGroupRequest, _ context: RequestContext, room: Int) {
        func refuse(_ error: ErrorCode) { actions.append(.answerSync(context.ticket, .refusal(error))) }
        let error = check(
            member: request.memberId, instance: request.groupInstanceId, generation: request.generationId)
        guard error == .none, var member = members[request.memberId] else { return refuse(error) }
        if let type = request.protocolType, type != protocolType { return refuse(.inconsistentGroupProtocol) }
        if let name = request.protocolName, name != protocolName { return refuse(.inconsistentGroupProtocol) }
        switch state {
        case .empty: refuse(.unknownMemberId)
        case .preparingRebalance: refuse(.rebalanceInProgress)
        case .stable:
            unsynced.remove(member.id)
            if unsynced.isEmpty { syncDeadline = nil }
            members[member.id]?.touch(context.now)
            actions.append(.answerSync(context.ticket, syncResponse(for: member)))
        case .completingRebalance:
            if let earlier = member.syncing {
                actions.append(.answerSync(earlier, .refusal(.rebalanceInProgress)))
            }
            member.syncing = context.ticket
            member.touch(context.now)
            members[member.id] = member
            unsynced.remove(member.id)
            guard leader == member.id else { return }
            let parts = request.assignments.filter { members[$0.memberId] != nil }.lastOnce { $0.memberId }
            guard parts.reduce(0, { $0 + $1.assignment.count }) <= room else {
                refuseSyncs(with: .unknownServerError, now: context.now)
                return prepareRebalance(now: context.now)
            }
            // Until now each has what it had: should the group change its protocol, nobody else gets that.
            for id in ordered.map(\.id) { members[id]?.assignment = Bytes() }
            for part in parts { members[part.memberId]?.assignment = Bytes(part.assignment.copy()) }
            becomeStable(now: context.now)
        }
    }

    /// A member shows that it is alive, and is told whether to join again.
    mutating func heartbeat(_ request: HeartbeatRequest, now: Instant) -> ErrorCode {
        let error = check(
            member: request.memberId, instance: request.groupInstanceId, generation: request.generationId)
        guard error == .none else { return error }
        members[request.memberId]?.touch(now)
        return state == .preparingRebalance ? .rebalanceInProgress : .none
    }

    /// A member leaves. A static one may be named by its instance id alone, which is how an administrator removes it.
    mutating func leave(memberId: String, instanceId: String?, now: Instant) -> ErrorCode {
        var id = memberId
        if let instanceId {
            guard let known = staticMembers[instanceId] else { return .unknownMemberId }
            guard memberId.isEmpty || memberId == known else { return .fencedInstanceId }
            id = known
        }
        if removePending(id) {
            completeJoinIfAllAreThere(now: now)
            return .none
        }
        guard members[id] != nil else { return .unknownMemberId }
        remove(id, now: now)
        return .none
    }

    /// Whether a commit may be taken; one from a member is a sign of life too.
    mutating func commit(_ request: OffsetCommitRequest, now: Instant) -> ErrorCode {
        let generation = request.generationIdOrMemberEpoch
        if generation < 0, members.isEmpty { return .none }
        guard generation >= 0 || !request.memberId.isEmpty || request.groupInstanceId != nil else {
            // Somebody outside of the group, while it has members: the offsets are theirs.
            return .unknownMemberId
        }
        let error = check(member: request.memberId, instance: request.groupInstanceId, generation: generation)
        guard error == .none || PlantedMistake.takesCommitsOfAnybody.isMade else { return error }
        if state == .completingRebalance { return .rebalanceInProgress }
        members[request.memberId]?.touch(now)
        return .none
    }

    /// Whether a commit in a transaction may be taken. Producers of old bring neither member nor generation (KIP-447).
    func commit(_ request: TxnOffsetCommitRequest) -> ErrorCode {
        let isAnonymous =
            request.generationId < 0 && request.memberId.isEmpty && request.groupInstanceId == nil
        if isAnonymous || request.generationId < 0 && state == .empty { return .none }
        return check(
            member: request.memberId, instance: request.groupInstanceId, generation: request.generationId)
    }

    private func check(member id: String, instance: String?, generation: Int32) -> ErrorCode {
        let error = check(member: id, instance: instance)
        return error == .none && generation != self.generation ? .illegalGeneration : error
    }

    private func check(member id: String, instance: String?) -> ErrorCode {
        if let instance {
            guard let known = staticMembers[instance] else { return .unknownMemberId }
            return known == id ? .none : .fencedInstanceId
        }
        return members[id] == nil ? .unknownMemberId : .none
    }
}

extension GroupMember {
    /// Takes over what a JoinGroup request says. Before v1 the session's timeout is that of the rebalance too.
    fileprivate mutating func take(_ request: JoinGroupRequest, _ context: RequestContext) {
        protocols = request.protocols
        clientId = context.clientId
        clientHost = context.clientHost
        sessionTimeout = request.sessionTimeoutMs.duration
        let rebalance = request.rebalanceTimeoutMs >= 0 ? request.rebalanceTimeoutMs : request.sessionTimeoutMs
        rebalanceTimeout = rebalance.duration
        touch(context.now)
    }
}
