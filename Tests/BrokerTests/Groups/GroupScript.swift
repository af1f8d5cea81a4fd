import KafkaWire

@testable import KafkaBroker

/// Drives a coordinator under virtual time: requests by name, answers as short texts.
struct GroupScript {
    var coordinator = GroupCoordinator(
        sessionTimeouts: .seconds(1) ... .seconds(60), initialDelay: .milliseconds(100), memberLimit: 10,
        random: RandomSource(seed: 1))
    var now = Instant(nanoseconds: 0)
    private var tickets: UInt64 = 0
    private var answers: [RequestTicket: GroupAction] = [:]

    mutating func advance(_ duration: Duration) {
        now = now + duration
        coordinator.tick(now: now)
    }

    private mutating func context(_ version: Int16) -> RequestContext {
        tickets += 1
        return RequestContext(
            ticket: .init(connection: 1, number: tickets), version: version, clientId: "client", now: now)
    }

    private mutating func collect() {
        for action in coordinator.takeActions() {
            switch action {
            case .answerJoin(let ticket, _), .answerSync(let ticket, _): answers[ticket] = action
            }
        }
    }

    /// Sends a JoinGroup; gives its ticket.
    mutating func join(
        _ member: String = "", instance: String? = nil, protocols: [String] = ["range"], metadata: Bytes = [],
        type: String = "consumer", session: Milliseconds = 10_000, rebalance: Milliseconds = 30_000, version: Int16 = 3
    ) -> RequestTicket {
        let context = context(version)
        let request = JoinGroupRequest.with {
            $0.groupId = "g"
            $0.memberId = member
            $0.groupInstanceId = instance
            $0.protocolType = type
            $0.sessionTimeoutMs = session
            $0.rebalanceTimeoutMs = rebalance
            $0.protocols = protocols.map { name in
                .with {
                    $0.name = name
                    $0.metadata = metadata
                }
            }
        }
        coordinator.join(request, context)
        return context.ticket
    }

    /// Sends a SyncGroup; gives its ticket.
    mutating func sync(_ member: String, generation: Int32, assign: [String: String] = [:], instance: String? = nil)
        -> RequestTicket
    {
        let context = context(5)
        let request = SyncGroupRequest.with {
            $0.groupId = "g"
            $0.memberId = member
            $0.groupInstanceId = instance
            $0.generationId = generation
            $0.assignments = assign.sorted { $0.key < $1.key }.map { id, part in
                .with {
                    $0.memberId = id
                    $0.assignment = Bytes(utf8: part)
                }
            }
        }
        coordinator.sync(request, context)
        return context.ticket
    }

    mutating func heartbeat(_ member: String, generation: Int32, instance: String? = nil) -> ErrorCode {
        coordinator.heartbeat(
            .with {
                $0.groupId = "g"
                $0.memberId = member
                $0.generationId = generation
                $0.groupInstanceId = instance
            }, now: now)
    }

    mutating func leave(_ member: String, instance: String? = nil) -> ErrorCode {
        coordinator.leave(group: "g", memberId: member, instanceId: instance, now: now)
    }

    mutating func mayCommit(_ member: String, generation: Int32, version: Int16 = 8) -> ErrorCode {
        let context = context(version)
        return coordinator.mayCommit(
            .with {
                $0.groupId = "g"
                $0.memberId = member
                $0.generationIdOrMemberEpoch = generation
            }, context)
    }

    /// The answer to a join, or nil while it waits.
    mutating func joined(_ ticket: RequestTicket) -> JoinGroupResponse? {
        collect()
        if case .answerJoin(_, let response) = answers[ticket] { return response }
        return nil
    }

    /// The assignment or the error that a sync was answered with, or nil while it waits.
    mutating func synced(_ ticket: RequestTicket) -> String? {
        collect()
        guard case .answerSync(_, let response) = answers[ticket] else { return nil }
        return response.errorCode == .none ? response.assignment.text : response.errorCode.name
    }

    var group: ClassicGroup? { coordinator.groups["g"]?.classic }

    /// A stable group of `count` members; gives their ids, the leader first.
    mutating func stable(_ count: Int, instances: [String]? = nil) -> [String] {
        let tickets = (0..<count).map { join(instance: instances?[$0]) }
        for _ in 0...count { advance(.milliseconds(100)) }
        let ids = tickets.compactMap { joined($0)?.memberId }
        let generation = group?.generation ?? 0
        let syncs = ids.enumerated().reversed().map { index, id in
            sync(
                id, generation: generation,
                assign: index == 0
                    ? Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, "part \($0)") }) : [:])
        }
        for ticket in syncs { _ = synced(ticket) }
        return ids
    }
}
