import KafkaWire

/// A member of a group, as its coordinator sees it.
struct GroupMember: Equatable {
    /// The id that the coordinator gave out.
    var id: String
    /// The name of a static member (KIP-345), or nil.
    var instanceId: String?
    var clientId: String
    /// Where it comes from: a slash and the address.
    var clientHost = ""
    /// The strategies that the member offers, most wanted first, with what it says of itself for each.
    var protocols: [JoinGroupRequest.JoinGroupRequestProtocol]
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

    /// Whether a request of the member waits for an answer: it is then alive, whatever its deadline says.
    var isWaiting: Bool { joining != nil || syncing != nil }

    /// What the member says of itself for the strategy `name`.
    func metadata(for name: String?) -> Bytes { protocols.first { $0.name == name }?.metadata ?? Bytes() }

    /// Takes a sign of life.
    mutating func touch(_ now: Instant) { sessionDeadline = now + sessionTimeout }
}

/// What a group's state machine wants done. The requests are answered by whoever holds the connections.
enum GroupAction: Equatable {
    case answerJoin(RequestTicket, JoinGroupResponse)
    case answerSync(RequestTicket, SyncGroupResponse)
}
