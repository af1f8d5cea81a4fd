/// A member's side of the classic group protocol. A value: see ``GroupMembership``.
///
/// ```
///            begin            join answered          sync answered
/// outside ──────────▶ joining ────────────▶ syncing ───────────────▶ stable
///    ▲                   ▲                                             │ heartbeat: rebalance, or fenced
///    │ left, expired     │ the application has let go                  ▼
///    └───────────────────┴─────────────────────────────────────── revoking
/// ```
///
/// Eagerly, a member gives up all of its partitions before it joins. Cooperatively (KIP-429), it joins at once and goes on
/// reading; what the new assignment takes away it gives up then, and joins once more, so that others get it.
struct GroupState: GroupMembership {
    /// Where the member stands, as the protocol has it.
    enum Phase: Equatable, Sendable {
        case outside
        case joining
        case syncing
        case stable
        /// The partitions are to be given up as soon as the application has finished with them.
        case revoking(lost: Bool)
        case left
    }

    typealias Action = MemberAction

    let groupId: String
    let groupInstanceId: String?
    let sessionTimeout: Duration
    let heartbeatInterval: Duration
    let maximumPollInterval: Duration
    let rebalanceProtocol: RebalanceProtocol

    /// What the member has.
    private(set) var share = GroupShare()
    /// Why it joins (KIP-800).
    private(set) var joinReason = JoinReason.begins
    private(set) var phase = Phase.outside
    private(set) var memberId = ""
    /// Whether SyncGroup was answered under this id. A coordinator that loses its office before may have stored it nowhere.
    private var isIdStored = false
    /// Whether a static member has asked for another id, since none was stored.
    private var hasAskedAnew = false
    private(set) var generation: Int32 = -1
    /// The assignor that the group chose when the member joined last.
    private var protocolName = ""
    /// Counts the tries to join; a share has the number of the one that it came of.
    private(set) var attempt = 0
    /// How often in a row the group has refused this member, or let it go soon. Once is a part of every rebalance and is
    /// tried again at once; what goes on is paused for and told.
    private(set) var failures = 0
    private(set) var leaveReason = ""
    /// Whether the application wants nothing: the member leaves as soon as it has let go, and stays outside.
    private(set) var isUnsubscribed = false
    /// The same of heartbeats that were not answered, or not as they should.
    private var missedHeartbeats = 0
    private var isTold = false
    private var stableSince = Instant(nanoseconds: .max)
    /// A membership that lasted as long has worked.
    private static let lasting = Duration.seconds(1)
    private var isHeartbeatAwaited = false
    private var nextHeartbeat = Instant(nanoseconds: .max)
    private var sessionEnds = Instant(nanoseconds: .max)
    private var lastPoll = Instant(nanoseconds: 0)
    /// When the coordinator knew the member last.
    private var lastHeard = Instant(nanoseconds: 0)

    init(
        groupId: String, groupInstanceId: String? = nil, sessionTimeout: Duration, heartbeatInterval: Duration,
        maximumPollInterval: Duration, rebalanceProtocol: RebalanceProtocol = .eager
    ) {
        self.groupId = groupId
        self.groupInstanceId = groupInstanceId
        self.sessionTimeout = sessionTimeout
        self.heartbeatInterval = heartbeatInterval
        self.maximumPollInterval = maximumPollInterval
        self.rebalanceProtocol = rebalanceProtocol
    }

    var isCooperative: Bool { rebalanceProtocol == .cooperative }

    var nextDeadline: Instant? {
        guard isMember else { return nil }
        return min(isHeartbeatAwaited ? sessionEnds : nextHeartbeat, min(sessionEnds, lastPoll + maximumPollInterval))
    }

    /// Whether the coordinator counts on heartbeats.
    private var isMember: Bool {
        switch phase {
        case .stable, .revoking(lost: false): true
        case .outside, .joining, .syncing, .revoking(lost: true), .left: false
        }
    }

    // MARK: - The application

    mutating func polled(now: Instant) -> [Action] {
        lastPoll = now
        return phase == .outside && !isUnsubscribed ? [join()] : []
    }

    private mutating func join(afterPause: Bool = false) -> Action {
        phase = .joining
        attempt += 1
        return .ask(.join(attempt: attempt), afterPause: afterPause)
    }

    mutating func released() -> [Action] {
        guard case .revoking(let lost) = phase else { return [] }
        if lost || !isCooperative { share.clear() } else { share.released() }
        if lost { generation = -1 }
        if isUnsubscribed { return share.isEmpty ? goOutside(because: JoinReason.nothing) : giveUpAll() }
        return [join(afterPause: failures > 1)]
    }

    mutating func rejects(_ share: Int, because error: KafkaError) -> [Action] {
        guard has(share), phase == .stable else { return [] }
        joinReason = JoinReason.foreign
        if isCooperative { return lose(keepId: true, because: error, now: lastPoll) }
        self.share.clear()
        return joinAgain(error, afterPause: false)
    }

    mutating func subscriptionChanged(
        unwanted: [TopicPartition], because reason: String, now: Instant
    ) -> [Action] {
        isUnsubscribed = false
        guard phase == .stable else { return [] }
        joinReason = reason
        if isCooperative, !unwanted.isEmpty {
            share.surrender(unwanted)
            phase = .revoking(lost: false)
            return [.surrender(share.leaving)]
        }
        return letGo(now: now)
    }

    mutating func unsubscribed() -> [Action] {
        isUnsubscribed = true
        switch phase {
        case .outside, .revoking, .left: return []
        case .stable: return giveUpAll()
        // What it reads on meanwhile can be committed when it has heard in which generation.
        case .joining, .syncing: return share.isEmpty ? goOutside(because: JoinReason.nothing) : []
        }
    }

    private mutating func giveUpAll() -> [Action] {
        share.surrender(share.partitions)
        phase = .revoking(lost: false)
        return [.revoke(lost: false)]
    }

    /// A static member stays in the group, until its session ends: its restart then moves no
    /// partition (KIP-345).
    mutating func close(_ operation: KafkaConsumer.CloseOperation) -> [Action] {
        defer { phase = .left }
        leaveReason = "the consumer is being closed"
        switch operation {
        case .usual: return leave()
        case .leaveGroup: return leave(alsoStatic: true)
        case .remainInGroup: return []
        }
    }

    mutating func withdraw() -> [Action] {
        phase == .left ? [] : goOutside(because: "the application has stopped to read")
    }

    private mutating func goOutside(because reason: String) -> [Action] {
        leaveReason = reason
        let actions = leave()
        if groupInstanceId == nil { memberId = "" }
        generation = -1
        share.clear()
        joinReason = JoinReason.begins
        phase = .outside
        return actions
    }

    private func leave(alsoStatic: Bool = false) -> [Action] {
        let isMember = !memberId.isEmpty && phase != .left && phase != .revoking(lost: true)
        return isMember && (groupInstanceId == nil || alsoStatic)
            ? [.ask(.leave(memberId: memberId), afterPause: false)] : []
    }

    // MARK: - Answers

    /// JoinGroup was answered.
    mutating func joined(_ response: JoinGroupResponse, attempt: Int, now: Instant) -> [Action] {
        guard phase == .joining, attempt == self.attempt else { return [] }
        switch response.errorCode {
        case .none:
            isIdStored = isIdStored && memberId == response.memberId
            memberId = response.memberId
            if isForgotten(in: response.generationId, now: now) {
                let error = KafkaError(
                    .broker(.unknownMemberId), "group \(groupId) has gone on without this member", api: .joinGroup)
                return lose(keepId: true, because: error, now: now)
            }
            lastHeard = now
            generation = response.generationId
            protocolName = response.protocolName ?? ""
            phase = .syncing
            let mismatch = GroupFaults.mismatch(
                "join group \(groupId)", type: response.protocolType, api: .joinGroup)
            if let mismatch { return [.fail(mismatch)] }
            guard response.leader == memberId else {
                return [.ask(.sync(attempt: attempt, protocolName: protocolName), afterPause: false)]
            }
            // A leader that is no member would assign itself nothing, and read nothing without a word.
            guard response.members.contains(where: { $0.memberId == memberId }) else {
                return joinAgain(
                    .leftOut("could not assign the partitions of group \(groupId)", api: .joinGroup), afterPause: true)
            }
            return [
                .ask(
                    .lead(
                        attempt: attempt, protocolName: protocolName, response.members,
                        isAssigned: response.skipAssignment), afterPause: false)
            ]
        case .memberIdRequired:
            // Once is the protocol; more often is a broker that would be asked in a circle.
            let isFirst = memberId.isEmpty && !response.memberId.isEmpty
            memberId = response.memberId
            if isFirst { return [join()] }
            return joinAgain(.refused(.memberIdRequired, "could not join group \(groupId)"), afterPause: true)
        case let code: return rejoin(after: code, .joinGroup, "join group \(groupId)", now: now)
        }
    }

    /// Whether the group had put the member out when it joined again with partitions in hand. A coordinator of classic groups
    /// says so (UNKNOWN_MEMBER_ID); where others speak the newer protocol it takes whoever comes, under any id (KIP-848).
    private func isForgotten(in generation: Int32, now: Instant) -> Bool {
        !share.isEmpty && now >= lastHeard + sessionTimeout && generation > self.generation &+ 1
    }

    /// SyncGroup was answered.
    mutating func synced(_ response: SyncGroupResponse, attempt: Int, now: Instant) -> [Action] {
        guard phase == .syncing, attempt == self.attempt else { return [] }
        let code = response.errorCode
        guard code == .none else {
            return rejoin(after: code, .syncGroup, "get an assignment from group \(groupId)", now: now)
        }
        phase = .stable
        (isIdStored, hasAskedAnew) = (true, false)
        lastHeard = now
        stableSince = now
        missedHeartbeats = 0
        isHeartbeatAwaited = false
        nextHeartbeat = now + heartbeatInterval
        sessionEnds = now + sessionTimeout
        lastPoll = now
        let mismatch = GroupFaults.mismatch(
            "get an assignment from group \(groupId)", type: response.protocolType, name: response.protocolName,
            chosen: protocolName, api: .syncGroup)
        if let mismatch { return [.fail(mismatch)] }
        do throws(WireError) {
            let assignment = try MemberAssignment(decoding: response.assignment)
            return [.assigned(assignment, by: protocolName)] + take(assignment.partitions)
        } catch {
            return [
                .fail(
                    KafkaError(
                        .malformedResponse,
                        "the assignment of group \(groupId) cannot be read: \(error); the group's leader "
                            + "may be a client of another kind"))
            ]
        }
    }

    private mutating func take(_ partitions: [TopicPartition]) -> [Action] {
        let (added, revoked) = share.assigned(partitions, share: attempt, generation: generation)
        if isUnsubscribed { return giveUpAll() }
        guard isCooperative, !revoked.isEmpty else { return [.takeOver(added, share: attempt)] }
        phase = .revoking(lost: false)
        joinReason = JoinReason.gaveUp
        return [.surrender(revoked), .takeOver(added, share: attempt)]
    }

    /// A heartbeat was answered.
    mutating func heartbeatAnswered(_ code: ErrorCode, now: Instant) -> [Action] {
        isHeartbeatAwaited = false
        nextHeartbeat = now + heartbeatInterval
        // A member that joins anew hears from JoinGroup where it stands.
        guard isMember else { return [] }
        let error = KafkaError.refused(code, "could not stay in group \(groupId)", api: .heartbeat, of: groupId)
        switch code {
        case .none:
            lastHeard = now
            sessionEnds = now + sessionTimeout
            (failures, missedHeartbeats) = (0, 0)
            defer { isTold = false }
            return isTold ? [.recovered(.membership)] : []
        case .rebalanceInProgress:
            lastHeard = now
            sessionEnds = now + sessionTimeout
            guard phase == .stable else { return [] }
            joinReason = JoinReason.others
            return letGo(now: now, because: error)
        case .coordinatorNotAvailable, .notCoordinator, .coordinatorLoadInProgress:
            return missed(error) + [.forgetCoordinator]
        case .illegalGeneration, .unknownMemberId:
            return lose(keepId: code == .illegalGeneration, because: error, now: now)
        default: return GroupFaults.mayPass(error) ? missed(error) : fail(error)
        }
    }

    /// A heartbeat got no answer.
    mutating func heartbeatFailed(_ error: KafkaError, now: Instant) -> [Action] {
        isHeartbeatAwaited = false
        // Tried again soon: the session goes on running out meanwhile.
        nextHeartbeat = now + min(heartbeatInterval, .milliseconds(500) * (1 << min(missedHeartbeats, 4)))
        guard isMember else { return [] }
        guard !error.isOfLogin else { return fail(error) }
        return missed(error) + [.forgetCoordinator]
    }

    private mutating func missed(_ error: KafkaError) -> [Action] {
        missedHeartbeats += 1
        return missedHeartbeats > 1 ? report(error) : []
    }

    /// A join or sync got no answer.
    mutating func requestFailed(_ error: KafkaError, attempt: Int) -> [Action] {
        guard phase == .joining || phase == .syncing, attempt == self.attempt else { return [] }
        guard GroupFaults.mayPass(error) else {
            phase = .left
            return [.fail(error)]
        }
        failures += 1
        return [.report(error, .group), .forgetCoordinator, join(afterPause: true)]
    }

    /// A commit was refused: the group has moved on.
    mutating func commitRefused(_ code: ErrorCode, now: Instant) -> [Action] {
        let error = KafkaError.refused(code, "could not commit to group \(groupId)", api: .offsetCommit, of: groupId)
        switch code {
        // Of who joins again with partitions in hand the generation may be the one of before, but not the id.
        case .unknownMemberId where phase == .joining && !share.isEmpty:
            return lose(keepId: false, because: error, now: now)
        case .illegalGeneration, .unknownMemberId:
            return isMember ? lose(keepId: code == .illegalGeneration, because: error, now: now) : []
        case .rebalanceInProgress:
            guard phase == .stable else { return [] }
            joinReason = JoinReason.others
            return letGo(now: now, because: error)
        case .fencedInstanceId: return fail(error)
        case .coordinatorNotAvailable, .notCoordinator: return [.forgetCoordinator]
        default: return []
        }
    }

    mutating func tick(now: Instant) -> [Action] {
        guard isMember else { return [] }
        if now >= lastPoll + maximumPollInterval {
            let error = GroupFaults.worksTooLong(groupId, maximumPollInterval)
            leaveReason = "the application worked for more than max.poll.interval.ms"
            let leave = leave()
            return leave + lose(keepId: groupInstanceId != nil, because: error, now: now)
        }
        if now >= sessionEnds {
            // It may have put this member out, or not: only a coordinator can say so. Until one does, the member reads on.
            sessionEnds = now + sessionTimeout
            let error = KafkaError(
                .timedOut, "the coordinator of group \(groupId) has not answered a heartbeat for \(sessionTimeout)",
                api: .heartbeat, setting: "session.timeout.ms")
            return report(error) + [.forgetCoordinator]
        }
        guard now >= nextHeartbeat, !isHeartbeatAwaited else { return [] }
        if PlantedMistake.stopsHeartbeats.isMade, now >= lastPoll + heartbeatInterval {
            nextHeartbeat = now + heartbeatInterval
            return []
        }
        isHeartbeatAwaited = true
        return [.ask(.heartbeat(generation: generation), afterPause: false)]
    }

    private mutating func lose(keepId: Bool, because error: KafkaError, now: Instant) -> [Action] {
        if !keepId { memberId = "" }
        generation = -1
        share.clear()
        joinReason = JoinReason.lost
        return end(.revoking(lost: true), because: error, now: now) + [.revoke(lost: true)]
    }

    private mutating func letGo(now: Instant, because error: KafkaError? = nil) -> [Action] {
        // A cooperative group rebalances several times in a row: that is no trouble.
        if isCooperative { return [join()] }
        return end(.revoking(lost: false), because: error, now: now) + [.revoke(lost: false)]
    }

    private mutating func end(_ next: Phase, because error: KafkaError?, now: Instant) -> [Action] {
        phase = next
        if now >= stableSince + Self.lasting { failures = 0 }
        failures += 1
        guard failures > 1, let error else { return [] }
        return report(error)
    }

    private mutating func report(_ error: KafkaError) -> [Action] {
        isTold = true
        return [.report(error, .membership)]
    }

    private mutating func joinAgain(_ error: KafkaError, afterPause: Bool) -> [Action] {
        failures += 1
        return (failures > 1 ? report(error) : []) + [join(afterPause: afterPause || failures > 1)]
    }

    private mutating func rejoin(after code: ErrorCode, _ api: APIKey, _ what: String, now: Instant) -> [Action] {
        let error = KafkaError.refused(code, "could not \(what)", api: api, of: groupId)
        switch code {
        case .unknownMemberId where !share.isEmpty, .illegalGeneration where !share.isEmpty:
            // The group has gone on without this member, which still reads.
            return lose(keepId: code == .illegalGeneration, because: error, now: now)
        // It belongs to a group in which several join at once; the member waits at the coordinator each time.
        case .rebalanceInProgress where isCooperative: return [join()]
        case .unknownMemberId:
            let hadId = !memberId.isEmpty
            memberId = ""
            return joinAgain(error, afterPause: !hadId)
        case .illegalGeneration, .rebalanceInProgress:
            generation = -1
            return joinAgain(error, afterPause: false)
        case .coordinatorNotAvailable, .notCoordinator: return [.forgetCoordinator] + joinAgain(error, afterPause: true)
        // The next coordinator knows the instance by the id that was stored last, which may be that of its life before. Once:
        // twins that both have begun would shut each other out for ever.
        case .fencedInstanceId where !memberId.isEmpty && !isIdStored && !hasAskedAnew && share.isEmpty:
            hasAskedAnew = true
            memberId = ""
            return joinAgain(error, afterPause: true)
        default: return GroupFaults.mayPass(error) ? joinAgain(error, afterPause: true) : fail(error)
        }
    }

    private mutating func fail(_ error: KafkaError) -> [Action] {
        phase = .left
        return [.fail(error)]
    }
}
