import KafkaWire

// Which requests belong to a coordinator, and what becomes of those that reach another node: the one place where this is
// checked. Handlers see only what is theirs.

/// A request about one group or one transactional id.
protocol CoordinatedRequest: FailableRequest {
    /// What it is about, or nil where any node will do.
    var coordinatorKey: CoordinatorKey? { get }
}

/// A request about several groups or transactional ids, of which some may be coordinated elsewhere.
protocol SharedRequest: FailableRequest {
    /// The request with what is here alone, and with the rest alone; nil where nothing is left.
    func split(version: Int16, _ isHere: (CoordinatorKey) -> Bool) -> (here: Self?, elsewhere: Self?)
    /// Adds the answers of `other` to `response`.
    static func add(_ other: Response, to response: inout Response)
}

/// A request that lists what is here.
protocol ListingRequest: FailableRequest {
    static func keep(_ response: inout Response, _ isHere: (CoordinatorKey) -> Bool)
}

extension JoinGroupRequest: CoordinatedRequest { var coordinatorKey: CoordinatorKey? { .group(groupId) } }
extension SyncGroupRequest: CoordinatedRequest { var coordinatorKey: CoordinatorKey? { .group(groupId) } }
extension HeartbeatRequest: CoordinatedRequest { var coordinatorKey: CoordinatorKey? { .group(groupId) } }
extension LeaveGroupRequest: CoordinatedRequest { var coordinatorKey: CoordinatorKey? { .group(groupId) } }
extension OffsetCommitRequest: CoordinatedRequest { var coordinatorKey: CoordinatorKey? { .group(groupId) } }
extension OffsetDeleteRequest: CoordinatedRequest { var coordinatorKey: CoordinatorKey? { .group(groupId) } }
extension TxnOffsetCommitRequest: CoordinatedRequest { var coordinatorKey: CoordinatorKey? { .group(groupId) } }
extension ConsumerGroupHeartbeatRequest: CoordinatedRequest {
    var coordinatorKey: CoordinatorKey? { .group(groupId) }
}
extension InitProducerIdRequest: CoordinatedRequest {
    var coordinatorKey: CoordinatorKey? { transactionalId.map { .transaction($0) } }
}
extension AddOffsetsToTxnRequest: CoordinatedRequest {
    var coordinatorKey: CoordinatorKey? { .transaction(transactionalId) }
}
extension EndTxnRequest: CoordinatedRequest { var coordinatorKey: CoordinatorKey? { .transaction(transactionalId) } }

extension Array {
    /// Those for which it is so, and the others; both in their order.
    fileprivate func parted(_ isHere: (Element) -> Bool) -> (here: [Element], elsewhere: [Element]) {
        (filter(isHere), filter { !isHere($0) })
    }
}

extension WireStruct {
    /// A copy with a change; nil where `isEmpty`.
    fileprivate func unless(_ isEmpty: Bool, _ change: (inout Self) -> Void) -> Self? {
        guard !isEmpty else { return nil }
        var copy = self
        change(&copy)
        return copy
    }
}

extension DescribeGroupsRequest: SharedRequest {
    func split(version: Int16, _ isHere: (CoordinatorKey) -> Bool) -> (here: Self?, elsewhere: Self?) {
        let parts = groups.parted { isHere(.group($0)) }
        return (
            unless(parts.here.isEmpty) { $0.groups = parts.here },
            unless(parts.elsewhere.isEmpty) { $0.groups = parts.elsewhere }
        )
    }
    static func add(_ other: Response, to response: inout Response) { response.groups += other.groups }
}

extension ConsumerGroupDescribeRequest: SharedRequest {
    func split(version: Int16, _ isHere: (CoordinatorKey) -> Bool) -> (here: Self?, elsewhere: Self?) {
        let parts = groupIds.parted { isHere(.group($0)) }
        return (
            unless(parts.here.isEmpty) { $0.groupIds = parts.here },
            unless(parts.elsewhere.isEmpty) { $0.groupIds = parts.elsewhere }
        )
    }
    static func add(_ other: Response, to response: inout Response) { response.groups += other.groups }
}

extension DeleteGroupsRequest: SharedRequest {
    func split(version: Int16, _ isHere: (CoordinatorKey) -> Bool) -> (here: Self?, elsewhere: Self?) {
        let parts = groupsNames.parted { isHere(.group($0)) }
        return (
            unless(parts.here.isEmpty) { $0.groupsNames = parts.here },
            unless(parts.elsewhere.isEmpty) { $0.groupsNames = parts.elsewhere }
        )
    }
    static func add(_ other: Response, to response: inout Response) { response.results += other.results }
}

extension OffsetFetchRequest: SharedRequest {
    func split(version: Int16, _ isHere: (CoordinatorKey) -> Bool) -> (here: Self?, elsewhere: Self?) {
        guard version >= 8 else { return isHere(.group(groupId)) ? (self, nil) : (nil, self) }
        let parts = groups.parted { isHere(.group($0.groupId)) }
        return (
            unless(parts.here.isEmpty) { $0.groups = parts.here },
            unless(parts.elsewhere.isEmpty) { $0.groups = parts.elsewhere }
        )
    }
    static func add(_ other: Response, to response: inout Response) { response.groups += other.groups }
}

extension DescribeTransactionsRequest: SharedRequest {
    func split(version: Int16, _ isHere: (CoordinatorKey) -> Bool) -> (here: Self?, elsewhere: Self?) {
        let parts = transactionalIds.parted { isHere(.transaction($0)) }
        return (
            unless(parts.here.isEmpty) { $0.transactionalIds = parts.here },
            unless(parts.elsewhere.isEmpty) { $0.transactionalIds = parts.elsewhere }
        )
    }
    static func add(_ other: Response, to response: inout Response) {
        response.transactionStates += other.transactionStates
    }
}

extension AddPartitionsToTxnRequest: SharedRequest {
    func split(version: Int16, _ isHere: (CoordinatorKey) -> Bool) -> (here: Self?, elsewhere: Self?) {
        guard version >= 4 else {
            return isHere(.transaction(v3AndBelowTransactionalId)) ? (self, nil) : (nil, self)
        }
        let parts = transactions.parted { isHere(.transaction($0.transactionalId)) }
        return (
            unless(parts.here.isEmpty) { $0.transactions = parts.here },
            unless(parts.elsewhere.isEmpty) { $0.transactions = parts.elsewhere }
        )
    }
    static func add(_ other: Response, to response: inout Response) {
        response.resultsByTransaction += other.resultsByTransaction
    }
}

extension ListGroupsRequest: ListingRequest {
    static func keep(_ response: inout Response, _ isHere: (CoordinatorKey) -> Bool) {
        response.groups.removeAll { !isHere(.group($0.groupId)) }
    }
}

extension ListTransactionsRequest: ListingRequest {
    static func keep(_ response: inout Response, _ isHere: (CoordinatorKey) -> Bool) {
        response.transactionStates.removeAll { !isHere(.transaction($0.transactionalId)) }
    }
}
