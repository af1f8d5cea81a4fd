import KafkaWire

@testable import KafkaBroker

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A coordinator with bounds, and requests by name.
struct GroupCrowd {
    var coordinator: GroupCoordinator
    var registry = TopicRegistry(partitionLimit: 20_000)
    var now = Instant(nanoseconds: 0)
    var tickets: UInt64 = 0
    var settings = ConsumerGroupSettings(
        sessionTimeout: .seconds(45), heartbeatInterval: .seconds(5), assignmentInterval: .zero, memberLimit: 10_000
    )

    init(_ limits: GroupLimits = GroupLimits(), topics: [String: Int] = [:]) {
        coordinator = GroupCoordinator(
            sessionTimeouts: .seconds(1) ... .seconds(1800), initialDelay: .milliseconds(50), memberLimit: 10_000,
            limits: limits, random: RandomSource(seed: 3))
        for (name, count) in topics.sorted(by: { $0.key < $1.key }) { create(name, count) }
    }

    mutating func create(_ name: String, _ partitions: Int) {
        tickets += 1
        _ = try? registry.create(
            name: name, partitions: Int32(partitions), configs: [:],
            settings: ConfigStore(statics: [:], nodeId: 1).settings(ofTopic: [:]),
            id: TopicID(Uuid(high: 1, low: tickets)))
    }

    mutating func context(_ version: Int16 = 3) -> RequestContext {
        tickets += 1
        return RequestContext(
            ticket: .init(connection: 1, number: tickets), version: version, clientId: "client", now: now)
    }

    mutating func join(
        _ group: String, _ member: String = "", protocols: [(String, Int)] = [("range", 0)],
        instance: String? = nil,
        version: Int16 = 3
    ) -> JoinGroupResponse? {
        let context = context(version)
        coordinator.join(
            .with {
                $0.groupId = group
                $0.memberId = member
                $0.groupInstanceId = instance
                $0.protocolType = "consumer"
                $0.sessionTimeoutMs = 60_000
                $0.rebalanceTimeoutMs = 60_000
                $0.protocols = protocols.map { name, size in
                    .with {
                        $0.name = name
                        $0.metadata = Bytes([UInt8](repeating: 0, count: size))
                    }
                }
            }, context)
        for case .answerJoin(context.ticket, let response) in coordinator.takeActions() { return response }
        return nil
    }

    mutating func commit(_ group: String, _ key: TopicPartition = .init("t", 0), metadata: String = "") -> ErrorCode {
        let context = context(8)
        let error = coordinator.mayCommit(
            .with {
                $0.groupId = group
                $0.generationIdOrMemberEpoch = -1
            }, context)
        guard error == .none else { return error }
        return coordinator.commit(
            .init(offset: 1, leaderEpoch: -1, metadata: metadata, committedAt: now), for: key, group: group)
    }

    mutating func beat(_ member: String, _ epoch: Int32, _ names: [String]? = nil, regex: String? = nil)
        -> ConsumerGroupHeartbeatResponse
    {
        let context = context(1)
        return coordinator.heartbeat(
            .with {
                $0.groupId = "c"
                $0.memberId = member
                $0.memberEpoch = epoch
                if epoch == 0 {
                    $0.rebalanceTimeoutMs = 60_000
                    $0.topicPartitions = []
                }
                $0.subscribedTopicNames = names
                $0.subscribedTopicRegex = regex
            }, context, registry, settings)
    }

    mutating func advance(_ duration: Duration) {
        now = now + duration
        coordinator.tick(now: now)
    }
}

/// How long something works; what else the machine does meanwhile does not count.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let began = now()
    try body()
    return now() - began
}
