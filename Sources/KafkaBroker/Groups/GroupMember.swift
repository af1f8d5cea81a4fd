import KafkaWire

/// A member of a group, as its coordinator sees it.
struct GroupMember: TabledMember {
    /// The id that the coordinator gave out.
    var id: String
    /// The name of a static member (KIP-345), or nil.
    var instanceId: String?
    var clientId: String
    /// Where it comes from: a slash and the address.
    var clientHost = ""
    /// The strategies that the member offers, most wanted first, with what it says of itself for each.
    var protocols: [JoinGroupRequest.JoinGroupRequestProtocol] {
        didSet { protocolBytes = protocols.bytes }
    }
    private var protocolBytes: Int
    /// After how long without a sign of life it is removed.
    var sessionTimeout: Duration
    /// How long it may take to rejoin when the group rebalances.
    var rebalanceTimeout: Duration
    /// Its place in the order of joining.
    var order: Int
    /// What the leader has assigned to it.
    var assignment = Bytes()
    /// The JoinGroup request that waits for the others.
    var joining: RequestTicket?
    /// The SyncGroup request that waits for the leader.
    var syncing: RequestTicket?
    /// When it is removed if nothing is heard of it; does not count while a request of it waits.
    var sessionDeadline: Instant
    /// Whether it joins for the first time under an id that it was not told yet.
    var isUntold = false
    /// A request whose connection is gone: that it waits is no sign of life.
    private var abandoned: RequestTicket?

    init(
        id: String, instanceId: String?, clientId: String, clientHost: String = "",
        protocols: [JoinGroupRequest.JoinGroupRequestProtocol], sessionTimeout: Duration, rebalanceTimeout: Duration,
        order: Int, sessionDeadline: Instant
    ) {
        self.id = id
        self.instanceId = instanceId
        self.clientId = clientId
        self.clientHost = clientHost
        self.protocols = protocols
        protocolBytes = protocols.bytes
        self.sessionTimeout = sessionTimeout
        self.rebalanceTimeout = rebalanceTimeout
        self.order = order
        self.sessionDeadline = sessionDeadline
    }

    /// Whether a request of the member waits for an answer: it is then alive, whatever its deadline says.
    var isWaiting: Bool { joining != nil || syncing != nil }

    /// What the member says of itself for the strategy `name`.
    func metadata(for name: String?) -> Bytes { protocols.first { $0.name == name }?.metadata ?? Bytes() }

    /// Takes a sign of life.
    mutating func touch(_ now: Instant) { sessionDeadline = now + sessionTimeout }

    /// Whether that request of the member waits.
    func waits(as ticket: RequestTicket) -> Bool { joining == ticket || syncing == ticket }

    /// Nobody waits for the answer to that request any more. It still counts as sent, as in Kafka, so that others do not
    /// wait for a member that is gone; but from now on the session's time runs. A member that was not told its id cannot
    /// come back.
    mutating func abandon(_ ticket: RequestTicket, _ now: Instant) {
        guard waits(as: ticket) else { return }
        if isUntold { sessionTimeout = .zero }
        touch(now)
        abandoned = ticket
    }

    /// When its session ends; a member is alive while a request of it waits.
    var deadline: Instant? {
        let waiting = joining ?? syncing
        return waiting != nil && waiting != abandoned ? nil : sessionDeadline
    }

    var bytes: Int {
        GroupLimits.memberOverhead + 2 * id.utf8.count + (instanceId?.utf8.count ?? 0) + clientId.utf8.count
            + protocolBytes + assignment.count
    }
}

extension [JoinGroupRequest.JoinGroupRequestProtocol] {
    /// How much memory they take, roughly; with the topics that a subscription names, which become texts when it is read.
    var bytes: Int {
        reduce(0) { sum, offered in
            sum + offered.name.utf8.count + offered.metadata.count
                + (1 + offered.metadata.namedTopics) * GroupLimits.entryOverhead
        }
    }

    /// What of them is kept with a member: each strategy once, without the request that it came in.
    var kept: Self {
        once { $0.name }.map { offered in
            .with {
                $0.name = offered.name
                $0.metadata = Bytes(offered.metadata.copy())
            }
        }
    }
}

extension Bytes {
    /// How many topics it names if it is a subscription: the number behind the version, in so far as there is room for
    /// them.
    fileprivate var namedTopics: Int {
        guard count >= 6 else { return 0 }
        return Swift.min(self[2..<6].copy().reduce(0) { $0 << 8 | Int($1) }, count / 2)
    }
}

/// What a group's state machine wants done. The requests are answered by whoever holds the connections.
enum GroupAction: Equatable {
    case answerJoin(RequestTicket, JoinGroupResponse)
    case answerSync(RequestTicket, SyncGroupResponse)

    var ticket: RequestTicket {
        switch self {
        case .answerJoin(let ticket, _), .answerSync(let ticket, _): ticket
        }
    }
}
