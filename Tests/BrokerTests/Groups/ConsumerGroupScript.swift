import KafkaWire

@testable import KafkaBroker

/// Drives groups under the newer protocol under virtual time: heartbeats in, answers as short texts. Topics are named by a
/// letter, and a partition is `t0`; a member is its id.
struct ConsumerGroupScript {
    var coordinator: GroupCoordinator
    var registry = TopicRegistry(partitionLimit: 10_000)
    var now = Instant(nanoseconds: 0)
    var settings = ConsumerGroupSettings(
        sessionTimeout: .seconds(45), heartbeatInterval: .seconds(5), assignmentInterval: .zero, memberLimit: 10)
    private var tickets: UInt64 = 0

    init(topics: [String: Int] = [:], offsetsRetention: Duration = .seconds(3600)) {
        coordinator = GroupCoordinator(
            sessionTimeouts: .seconds(1) ... .seconds(60), initialDelay: .zero, memberLimit: 10,
            offsetsRetention: offsetsRetention, random: RandomSource(seed: 1))
        for (name, partitions) in topics.sorted(by: { $0.key < $1.key }) { create(name, partitions) }
    }

    var group: ConsumerGroup? { coordinator.groups["g"]?.consumer }

    // MARK: - Topics and time

    mutating func create(_ name: String, _ partitions: Int, generation: UInt64 = 0) {
        // The id tells the name, so that assignments can be read.
        let id = TopicID(Uuid(high: generation, low: UInt64(name.utf8.first ?? 0)))
        _ = try? registry.create(
            name: name, partitions: Int32(partitions), configs: [:],
            settings: ConfigStore(statics: [:], nodeId: 1).settings(ofTopic: [:]), id: id)
    }

    mutating func delete(_ name: String) { if let topic = registry[name] { registry.remove(topic) } }

    mutating func grow(_ name: String, by count: Int) {
        if let topic = registry[name] { registry.addPartitions(count, to: topic) }
    }

    mutating func advance(_ duration: Duration) {
        now = now + duration
        coordinator.tick(now: now)
    }

    mutating func context(_ version: Int16 = 1) -> RequestContext {
        tickets += 1
        return RequestContext(
            ticket: .init(connection: 1, number: tickets), version: version, clientId: "client", now: now)
    }

    // MARK: - Heartbeats

    mutating func send(_ request: ConsumerGroupHeartbeatRequest, version: Int16 = 1) -> ConsumerGroupHeartbeatResponse {
        let context = context(version)
        return coordinator.heartbeat(request, context, registry, settings)
    }

    /// Joins; the answer is `EPOCH partitions`, or the error's name.
    mutating func join(
        _ id: String, _ topics: [String]? = ["t"], regex: String? = nil, instance: String? = nil,
        assignor: String? = nil, rebalance: Milliseconds = 60_000
    ) -> String {
        text(
            send(
                .with {
                    $0.groupId = "g"
                    $0.memberId = id
                    $0.instanceId = instance
                    $0.subscribedTopicNames = topics
                    $0.subscribedTopicRegex = regex
                    $0.serverAssignor = assignor
                    $0.rebalanceTimeoutMs = rebalance
                    $0.topicPartitions = []
                }))
    }

    /// A later heartbeat; `owned` such as `t0 t1` is what the member says it has, nil that it says nothing.
    mutating func beat(
        _ id: String, _ epoch: Int32, owned: String? = nil, instance: String? = nil, topics: [String]? = nil,
        regex: String? = nil
    ) -> String {
        text(
            send(
                .with {
                    $0.groupId = "g"
                    $0.memberId = id
                    $0.memberEpoch = epoch
                    $0.instanceId = instance
                    $0.subscribedTopicNames = topics
                    $0.subscribedTopicRegex = regex
                    $0.topicPartitions = owned.map { owned in
                        owned.split(separator: " ").map { name in
                            .with {
                                $0.topicId = TopicID(Uuid(high: 0, low: UInt64(name.utf8.first ?? 0)))
                                $0.partitions = [PartitionID(Int32(name.dropFirst()) ?? -1)]
                            }
                        }
                    }
                }))
    }

    func text(_ response: ConsumerGroupHeartbeatResponse) -> String {
        guard response.errorCode == .none else { return response.errorCode.name }
        guard let assignment = response.assignment else { return "\(response.memberEpoch) same" }
        return "\(response.memberEpoch) "
            + Self.text(
                assignment.topicPartitions.flatMap { topic in
                    topic.partitions.map { TopicIDPartition(topic: topic.topicId, partition: $0) }
                })
    }

    static func text(_ partitions: some Sequence<TopicIDPartition>) -> String {
        let names = partitions.sorted().map {
            String(decoding: [UInt8(truncatingIfNeeded: $0.topic.rawValue.low)], as: UTF8.self) + "\($0.partition)"
        }
        return names.isEmpty ? "-" : names.joined(separator: " ")
    }

    /// What a member has.
    func has(_ id: String) -> String { Self.text(group?.members[id]?.assigned.keys.map { $0 } ?? []) }

    /// Heartbeats of all members, each of which does at once what it is told, until nothing changes any more; gives what
    /// the members have.
    mutating func settle() -> [String: String] {
        for _ in 0..<10 {
            for member in group?.ordered ?? [] {
                _ = beat(member.id, member.epoch, owned: has(member.id) == "-" ? "" : has(member.id))
            }
        }
        return Dictionary(uniqueKeysWithValues: (group?.members.keys ?? [:].keys).map { ($0, has($0)) })
    }
}
