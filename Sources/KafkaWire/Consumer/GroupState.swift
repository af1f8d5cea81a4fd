/// A member's side of the classic group protocol. A value: answers, time and the application's moves go in, actions
/// come out; the engine performs them.
///
/// ```
///            begin            join answered          sync answered
/// outside ──────────▶ joining ────────────▶ syncing ───────────────▶ stable
///    ▲                   ▲                                             │ heartbeat: rebalance, or fenced
///    │ left, expired     │ the application has let go                  ▼
///    └───────────────────┴─────────────────────────────────────── revoking
/// ```
struct GroupState: Equatable, Sendable {
    /// Where the member stands.
    enum Phase: Equatable, Sendable {
        case outside
        case joining
        case syncing
        case stable
        /// The partitions are to be given up as soon as the application has finished with them.
        case revoking(lost: Bool)
        case left
    }

    /// What the engine has to do.
    enum Action: Equatable, Sendable {
        /// Send JoinGroup, after a pause where an error came before. Answers to it, and to the SyncGroup that follows,
        /// are given back with the number of the attempt: those of an earlier one no longer matter.
        case join(attempt: Int, afterPause: Bool)
        /// Ask anew who coordinates the group.
        case forgetCoordinator
        /// Assign partitions to these members, and send SyncGroup with the outcome.
        case assignAndSync([JoinGroupResponse.JoinGroupResponseMember])
        /// Send SyncGroup without assignments.
        case sync
        case heartbeat
        /// Take over this assignment.
        case takeOver(Bytes)
        /// Give up all partitions, once the application has finished with them.
        case revoke(lost: Bool)
        /// Send LeaveGroup for this member.
        case leave(memberId: String)
        /// Tell that this does not work at present.
        case report(KafkaError)
        /// What was reported works again.
        case recovered
        /// Nothing more can be done.
        case fail(KafkaError)
    }

    let groupId: String
    let groupInstanceId: String?
    let sessionTimeout: Duration
    let heartbeatInterval: Duration
    let maximumPollInterval: Duration

    private(set) var phase = Phase.outside
    private(set) var memberId = ""
    private(set) var generation: Int32 = -1
    /// The assignor that the group has chosen.
    private(set) var protocolName = ""
    /// Counts the tries to join.
    private(set) var attempt = 0
    /// How often in a row the group has refused this member, or let it go soon. Once is a part of every rebalance and is
    /// tried again at once; what goes on is paused for and told.
    private(set) var failures = 0
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

    init(
        groupId: String, groupInstanceId: String? = nil, sessionTimeout: Duration, heartbeatInterval: Duration,
        maximumPollInterval: Duration
    ) {
        self.groupId = groupId
        self.groupInstanceId = groupInstanceId
        self.sessionTimeout = sessionTimeout
        self.heartbeatInterval = heartbeatInterval
        self.maximumPollInterval = maximumPollInterval
    }

    /// When ``tick(now:)`` has something to do.
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

    /// The application asks for the next event.
    mutating func polled(now: Instant) -> [Action] {
        lastPoll = now
        guard phase == .outside else { return [] }
        return [join()]
    }

    private mutating func join(afterPause: Bool = false) -> Action {
        phase = .joining
        attempt += 1
        return .join(attempt: attempt, afterPause: afterPause)
    }

    /// The application has let go of the partitions that were to be revoked.
    mutating func released() -> [Action] {
        guard case .revoking(let lost) = phase else { return [] }
        if lost { generation = -1 }
        return [join(afterPause: failures > 1)]
    }

    /// The member wants a rebalance: topics or partitions have come or gone.
    mutating func subscriptionChanged(now: Instant) -> [Action] {
        guard phase == .stable else { return [] }
        return letGo(now: now)
    }

    /// The application is done. A static member stays in the group, until its session ends: its restart then moves no
    /// partition (KIP-345).
    mutating func close() -> [Action] {
        defer { phase = .left }
        return leave()
    }

    /// The application has stopped to read, but may begin again.
    mutating func withdraw() -> [Action] {
        guard phase != .left else { return [] }
        let actions = leave()
        if groupInstanceId == nil { memberId = "" }
        generation = -1
        phase = .outside
        return actions
    }

    private func leave() -> [Action] {
        let isMember = !memberId.isEmpty && phase != .left && phase != .revoking(lost: true)
        return isMember && groupInstanceId == nil ? [.leave(memberId: memberId)] : []
    }

    // MARK: - Answers

    /// JoinGroup was answered.
    mutating func joined(_ response: JoinGroupResponse, attempt: Int, now: Instant) -> [Action] {
        guard phase == .joining, attempt == self.attempt else { return [] }
        switch response.errorCode {
        case .none:
            memberId = response.memberId
            generation = response.generationId
            protocolName = response.protocolName ?? ""
            phase = .syncing
            guard response.leader == memberId else { return [.sync] }
            // A leader that is no member would assign itself nothing, and read nothing without a word.
            guard response.members.contains(where: { $0.memberId == memberId }) else {
                return joinAgain(
                    .leftOut("could not assign the partitions of group \(groupId)", api: .joinGroup), afterPause: true)
            }
            return [.assignAndSync(response.members)]
        case .memberIdRequired:
            // Once is the protocol; more often is a broker that would be asked in a circle.
            let isFirst = memberId.isEmpty && !response.memberId.isEmpty
            memberId = response.memberId
            if isFirst { return [join()] }
            return joinAgain(.refused(.memberIdRequired, "could not join group \(groupId)"), afterPause: true)
        case let code: return rejoin(after: code, "join group \(groupId)")
        }
    }

    /// SyncGroup was answered.
    mutating func synced(_ response: SyncGroupResponse, attempt: Int, now: Instant) -> [Action] {
        guard phase == .syncing, attempt == self.attempt else { return [] }
        let code = response.errorCode
        guard code == .none else { return rejoin(after: code, "get an assignment from group \(groupId)") }
        phase = .stable
        stableSince = now
        missedHeartbeats = 0
        isHeartbeatAwaited = false
        nextHeartbeat = now + heartbeatInterval
        sessionEnds = now + sessionTimeout
        lastPoll = now
        return [.takeOver(response.assignment)]
    }

    /// A heartbeat was answered.
    mutating func heartbeatAnswered(_ code: ErrorCode, now: Instant) -> [Action] {
        isHeartbeatAwaited = false
        nextHeartbeat = now + heartbeatInterval
        // A member that joins anew hears from JoinGroup where it stands.
        guard isMember else { return [] }
        let error = KafkaError.refused(code, "could not stay in group \(groupId)", api: .heartbeat)
        switch code {
        case .none:
            sessionEnds = now + sessionTimeout
            (failures, missedHeartbeats) = (0, 0)
            defer { isTold = false }
            return isTold ? [.recovered] : []
        case .rebalanceInProgress:
            sessionEnds = now + sessionTimeout
            guard phase == .stable else { return [] }
            return letGo(now: now, because: error)
        case .coordinatorNotAvailable, .notCoordinator, .coordinatorLoadInProgress:
            return missed(error) + [.forgetCoordinator]
        case .illegalGeneration, .unknownMemberId:
            return lose(keepId: code == .illegalGeneration, because: error, now: now)
        default: return code.isRetriable ? missed(error) : fail(error)
        }
    }

    /// A heartbeat got no answer.
    mutating func heartbeatFailed(_ error: KafkaError, now: Instant) -> [Action] {
        isHeartbeatAwaited = false
        // Tried again soon: the session goes on running out meanwhile.
        nextHeartbeat = now + min(heartbeatInterval, .milliseconds(500) * (1 << min(missedHeartbeats, 4)))
        guard isMember else { return [] }
        return missed(error) + [.forgetCoordinator]
    }

    private mutating func missed(_ error: KafkaError) -> [Action] {
        missedHeartbeats += 1
        return missedHeartbeats > 1 ? report(error) : []
    }

    /// A join or sync got no answer.
    mutating func requestFailed(_ error: KafkaError, attempt: Int) -> [Action] {
        guard phase == .joining || phase == .syncing, attempt == self.attempt else { return [] }
        guard error.isRetriable else {
            phase = .left
            return [.fail(error)]
        }
        failures += 1
        return [.forgetCoordinator, join(afterPause: true)]
    }

    /// A commit was refused: the group has moved on.
    mutating func commitRefused(_ code: ErrorCode, now: Instant) -> [Action] {
        let error = KafkaError.refused(code, "could not commit to group \(groupId)", api: .offsetCommit)
        switch code {
        case .illegalGeneration, .unknownMemberId:
            return isMember ? lose(keepId: code == .illegalGeneration, because: error, now: now) : []
        case .rebalanceInProgress:
            guard phase == .stable else { return [] }
            return letGo(now: now, because: error)
        case .fencedInstanceId: return fail(error)
        case .coordinatorNotAvailable, .notCoordinator: return [.forgetCoordinator]
        default: return []
        }
    }

    /// Time has passed.
    mutating func tick(now: Instant) -> [Action] {
        guard isMember else { return [] }
        if now >= lastPoll + maximumPollInterval {
            // The application works for too long. Leaving gives its partitions to others at once.
            let error = KafkaError(
                .timedOut,
                "group \(groupId) was left, since its records were worked on for more than \(maximumPollInterval); ask for "
                    + "fewer at once, or raise max.poll.interval.ms", setting: "max.poll.interval.ms")
            let leave = leave()
            return leave + lose(keepId: groupInstanceId != nil, because: error, now: now)
        }
        if now >= sessionEnds {
            let error = KafkaError(
                .timedOut, "the coordinator of group \(groupId) has not answered a heartbeat for \(sessionTimeout)",
                api: .heartbeat, setting: "session.timeout.ms")
            return lose(keepId: true, because: error, now: now)
        }
        guard now >= nextHeartbeat, !isHeartbeatAwaited else { return [] }
        isHeartbeatAwaited = true
        return [.heartbeat]
    }

    private mutating func lose(keepId: Bool, because error: KafkaError, now: Instant) -> [Action] {
        if !keepId { memberId = "" }
        generation = -1
        return end(.revoking(lost: true), because: error, now: now) + [.revoke(lost: true)]
    }

    private mutating func letGo(now: Instant, because error: KafkaError? = nil) -> [Action] {
        end(.revoking(lost: false), because: error, now: now) + [.revoke(lost: false)]
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
        return [.report(error)]
    }

    private mutating func joinAgain(_ error: KafkaError, afterPause: Bool) -> [Action] {
        failures += 1
        return (failures > 1 ? report(error) : []) + [join(afterPause: afterPause || failures > 1)]
    }

    private mutating func rejoin(after code: ErrorCode, _ what: String) -> [Action] {
        let error = KafkaError.refused(code, "could not \(what)")
        switch code {
        case .unknownMemberId:
            let hadId = !memberId.isEmpty
            memberId = ""
            return joinAgain(error, afterPause: !hadId)
        case .illegalGeneration, .rebalanceInProgress:
            generation = -1
            return joinAgain(error, afterPause: false)
        case .coordinatorNotAvailable, .notCoordinator: return [.forgetCoordinator] + joinAgain(error, afterPause: true)
        default: return code.isRetriable ? joinAgain(error, afterPause: true) : fail(error)
        }
    }

    private mutating func fail(_ error: KafkaError) -> [Action] {
        phase = .left
        return [.fail(error)]
    }
}
