/// The settings that mean something in one of the group protocols alone, as far as a configuration was given them by name.
/// Java (`ConsumerConfig.CLASSIC_PROTOCOL_UNSUPPORTED_CONFIGS`, `CONSUMER_PROTOCOL_UNSUPPORTED_CONFIGS`, release 4.3) and
/// librdkafka refuse them with the other one: who sets them counts on something that nobody does.
struct GroupProtocolSettings: Sendable, Equatable {
    /// What each protocol has no use for, and who decides there.
    static func foreign(to groupProtocol: KafkaConsumer.GroupProtocol) -> (names: [String], advice: String) {
        switch groupProtocol {
        case .classic:
            (["group.remote.assignor"], "members assign there, by partition.assignment.strategy")
        case .consumer:
            (
                ["heartbeat.interval.ms", "partition.assignment.strategy", "session.timeout.ms"],
                "the coordinator decides there, by group.remote.assignor and the broker's group.consumer.heartbeat.interval.ms "
                    + "and group.consumer.session.timeout.ms"
            )
        }
    }

    private static let all = Set(foreign(to: .classic).names + foreign(to: .consumer).names)

    private var given: Set<String> = []

    /// These were given; one without a value is as good as left out.
    mutating func note(_ settings: [(name: String, value: String)]) {
        for (name, value) in settings where Self.all.contains(name) {
            if value.allSatisfy(\.isWhitespace) { given.remove(name) } else { given.insert(name) }
        }
    }

    /// What is refused with that protocol.
    func flaw(with groupProtocol: KafkaConsumer.GroupProtocol) -> KafkaError? {
        let (names, advice) = Self.foreign(to: groupProtocol)
        let wrong = names.filter { given.contains($0) }
        guard let first = wrong.first else { return nil }
        return KafkaError(
            .invalidConfiguration,
            "\(wrong.joined(separator: ", ")) cannot be set with group.protocol=\(groupProtocol): \(advice); leave out one "
                + "or the other", setting: first)
    }
}
