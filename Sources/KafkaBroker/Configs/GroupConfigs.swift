import KafkaWire

/// The settings of groups (KIP-848, KIP-932, KIP-1071). Those of consumer groups take effect with the next heartbeat; the
/// others are kept and described. The bounds are those that Kafka's brokers have by default.
enum GroupConfigs {
    private typealias Definition = ConfigDefinition

    static let table = ConfigTable([
        Definition(
            "consumer.assignment.interval.ms", .int, "1000", .between(0, 15000),
            server: ["group.consumer.assignment.interval.ms"],
            "How far apart two assignments of a consumer group are at least."),
        Definition(
            "consumer.heartbeat.interval.ms", .int, "5000", .between(5000, 15000),
            server: ["group.consumer.heartbeat.interval.ms"],
            "How often members of a consumer group show that they live."),
        Definition(
            "consumer.session.timeout.ms", .int, "45000", .between(45000, 60000),
            server: ["group.consumer.session.timeout.ms"],
            "After what silence a member of a consumer group is removed."),
        Definition(
            "share.assignment.interval.ms", .int, "1000", .between(0, 15000),
            server: ["group.share.assignment.interval.ms"],
            "How far apart two assignments of a share group are at least."),
        Definition(
            "share.auto.offset.reset", .string, "latest", .any,
            "Where a share group begins without positions."),
        Definition(
            "share.delivery.count.limit", .int, "5", .between(2, 10), server: ["group.share.delivery.count.limit"],
            "How often a share group tries to deliver a record."),
        Definition(
            "share.heartbeat.interval.ms", .int, "5000", .between(5000, 15000),
            server: ["group.share.heartbeat.interval.ms"],
            "How often members of a share group show that they live."),
        Definition(
            "share.isolation.level", .string, "read_uncommitted", .oneOf(["read_committed", "read_uncommitted"]),
            "Whether a share group sees records of open transactions."),
        Definition(
            "share.partition.max.record.locks", .int, "2000", .between(100, 4000),
            server: ["group.share.partition.max.record.locks"],
            "How many records of a partition a share group holds at a time."),
        Definition(
            "share.record.lock.duration.ms", .int, "30000", .between(15000, 60000),
            server: ["group.share.record.lock.duration.ms"],
            "How long a member of a share group has a record to itself."),
        Definition(
            "share.renew.acknowledge.enable", .boolean, "true", .any,
            "Whether a member of a share group may ask for more time with a record."),
        Definition(
            "share.session.timeout.ms", .int, "45000", .between(45000, 60000),
            server: ["group.share.session.timeout.ms"],
            "After what silence a member of a share group is removed."),
        Definition(
            "streams.assignment.interval.ms", .int, "1000", .between(0, 15000),
            server: ["group.streams.assignment.interval.ms"],
            "How far apart two assignments of a streams group are at least."),
        Definition(
            "streams.heartbeat.interval.ms", .int, "5000", .between(5000, 15000),
            server: ["group.streams.heartbeat.interval.ms"],
            "How often members of a streams group show that they live."),
        Definition(
            "streams.initial.rebalance.delay.ms", .int, "3000", .atLeast(0),
            server: ["group.streams.initial.rebalance.delay.ms"],
            "How long a new streams group waits for further members."),
        Definition(
            "streams.num.standby.replicas", .int, "0", .between(0, 2), server: ["group.streams.num.standby.replicas"],
            "How many copies of its state a task has."),
        Definition(
            "streams.session.timeout.ms", .int, "45000", .between(45000, 60000),
            server: ["group.streams.session.timeout.ms"],
            "After what silence a member of a streams group is removed."),
    ])
}

/// What takes effect in one group under the newer protocol; see ``GroupConfigs``.
struct ConsumerGroupSettings {
    /// `consumer.session.timeout.ms`.
    var sessionTimeout: Duration
    /// `consumer.heartbeat.interval.ms`.
    var heartbeatInterval: Duration
    /// `consumer.assignment.interval.ms`.
    var assignmentInterval: Duration
    /// `group.max.size`.
    var memberLimit: Int
    /// How much more memory the group may take.
    var room = Int.max
    /// Whether a topic of that name may be found by an expression: those that the member may not describe are not.
    var mayFind: (String) -> Bool = { _ in true }
}

extension ConfigStore {
    /// What takes effect in a group under the newer protocol.
    func consumerGroupSettings(of group: String, memberLimit: Int) -> ConsumerGroupSettings {
        let own = self[ConfigResource(kind: .group, name: group)]
        func duration(_ name: String) -> Duration {
            guard let definition = GroupConfigs.table[name] else { return .zero }
            let value = own[name] ?? synonyms(definition.serverNames).first?.value ?? definition.initial
            return .milliseconds(value.flatMap { Int64($0.trimmed) } ?? 0)
        }
        return ConsumerGroupSettings(
            sessionTimeout: duration("consumer.session.timeout.ms"),
            heartbeatInterval: duration("consumer.heartbeat.interval.ms"),
            assignmentInterval: duration("consumer.assignment.interval.ms"), memberLimit: memberLimit)
    }
}
