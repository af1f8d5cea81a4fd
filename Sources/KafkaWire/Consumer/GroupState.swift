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
        return [join()]
    }

    /// The member wants a rebalance: topics or partitions have come or gone.
    mutating func subscriptionChanged() -> [Action] {
        guard phase == .stable else { return [] }
        phase = .revoking(lost: false)
        return [.revoke(lost: false)]
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
            return response.leader == memberId ? [.assignAndSync(response.members)] : [.sync]
        case .memberIdRequired:
            // Once is the protocol; more often is a broker that would be asked in a circle.
            let isFirst = memberId.isEmpty
            memberId = response.memberId
            return [join(afterPause: !isFirst)]
        case let code: return rejoin(after: code, "join group \(groupId)")
        }
    }

    /// SyncGroup was answered.
    mutating func synced(_ response: SyncGroupResponse, attempt: Int, now: Instant) -> [Action] {
        guard phase == .syncing, attempt == self.attempt else { return [] }
        let code = response.errorCode
        guard code == .none else { return rejoin(after: code, "get an assignment from group \(groupId)") }
        phase = .stable
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
        switch code {
        case .none:
            sessionEnds = now + sessionTimeout
            return []
        case .rebalanceInProgress:
            sessionEnds = now + sessionTimeout
            guard phase == .stable else { return [] }
            phase = .revoking(lost: false)
            return [.revoke(lost: false)]
        case .coordinatorNotAvailable, .notCoordinator, .coordinatorLoadInProgress:
            return [.forgetCoordinator]
        case .illegalGeneration, .unknownMemberId: return lose(keepId: code == .illegalGeneration)
        case .fencedInstanceId: return fail(code, "stay in group \(groupId)")
        default: return code.isRetriable ? [] : fail(code, "stay in group \(groupId)")
        }
    }

    /// A heartbeat got no answer.
    mutating func heartbeatFailed(now: Instant) -> [Action] {
        isHeartbeatAwaited = false
        // Tried again soon: the session goes on running out meanwhile.
        nextHeartbeat = now + min(heartbeatInterval, .milliseconds(500))
        return [.forgetCoordinator]
    }

    /// A join or sync got no answer.
    mutating func requestFailed(_ error: KafkaError, attempt: Int) -> [Action] {
        guard phase == .joining || phase == .syncing, attempt == self.attempt else { return [] }
        guard error.isRetriable else {
            phase = .left
            return [.fail(error)]
        }
        return [.forgetCoordinator, join(afterPause: true)]
    }

    /// A commit was refused: the group has moved on.
    mutating func commitRefused(_ code: ErrorCode) -> [Action] {
        switch code {
        case .illegalGeneration, .unknownMemberId: return isMember ? lose(keepId: code == .illegalGeneration) : []
        case .rebalanceInProgress:
            guard phase == .stable else { return [] }
            phase = .revoking(lost: false)
            return [.revoke(lost: false)]
        case .fencedInstanceId: return fail(code, "commit to group \(groupId)")
        case .coordinatorNotAvailable, .notCoordinator: return [.forgetCoordinator]
        default: return []
        }
    }

    /// Time has passed.
    mutating func tick(now: Instant) -> [Action] {
        guard isMember else { return [] }
        if now >= lastPoll + maximumPollInterval {
            // The application works for too long. Leaving gives its partitions to others at once.
            let leave = leave()
            return leave + lose(keepId: groupInstanceId != nil)
        }
        if now >= sessionEnds { return lose(keepId: true) }
        guard now >= nextHeartbeat, !isHeartbeatAwaited else { return [] }
        isHeartbeatAwaited = true
        return [.heartbeat]
    }

    private mutating func lose(keepId: Bool) -> [Action] {
        if !keepId { memberId = "" }
        generation = -1
        phase = .revoking(lost: true)
        return [.revoke(lost: true)]
    }

    private mutating func rejoin(after code: ErrorCode, _ what: String) -> [Action] {
        switch code {
        case .unknownMemberId:
            let hadId = !memberId.isEmpty
            memberId = ""
            return [join(afterPause: !hadId)]
        case .illegalGeneration, .rebalanceInProgress:
            generation = -1
            return [join()]
        case .coordinatorNotAvailable, .notCoordinator: return [.forgetCoordinator, join(afterPause: true)]
        default:
            guard code.isRetriable else { return fail(code, what) }
            return [join(afterPause: true)]
        }
    }

    private mutating func fail(_ code: ErrorCode, _ what: String) -> [Action] {
        phase = .left
        return [.fail(.refused(code, "could not \(what)"))]
    }
}
