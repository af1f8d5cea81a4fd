import JSONLines
import KafkaWire

/// What there is to say of topics, as JSON.
enum TopicJSON {
    static func listed(_ topic: KafkaAdmin.TopicDescription) -> String {
        JSONText.object(head(topic))
    }

    static func created(_ name: String, _ topic: KafkaAdmin.CreatedTopic) -> String {
        JSONText.object([
            ("name", JSONText.string(name)), ("topicId", id(topic.id)),
            ("partitionCount", number(topic.partitions)), ("replicationFactor", number(topic.replicationFactor)),
        ])
    }

    static func described(_ topic: DescribedTopic) -> String {
        JSONText.object(
            head(topic.description) + [
                ("replicationFactor", "\(topic.replicationFactor)"),
                (
                    "configs",
                    JSONText.object(
                        topic.configs.filter { $0.source != .standard }.map { ($0.name, JSONText.string($0.value)) })
                ), ("partitions", JSONText.array(topic.shown.map { partition($0, of: topic) })),
            ])
    }

    private static func head(_ topic: KafkaAdmin.TopicDescription) -> [(String, String)] {
        [
            ("name", JSONText.string(topic.name)), ("topicId", id(topic.id)), ("isInternal", "\(topic.isInternal)"),
            ("partitionCount", "\(topic.partitions.count)"),
        ]
    }

    private static func partition(_ partition: KafkaAdmin.PartitionDescription, of topic: DescribedTopic) -> String {
        var fields: [(String, String)] = [
            ("partition", "\(partition.partition)"), ("leader", number(topic.leader(of: partition))),
            ("leaderEpoch", partition.leaderEpoch == .none ? "null" : "\(partition.leaderEpoch)"),
            ("replicas", ids(partition.replicas)), ("isr", ids(partition.inSync)), ("offline", ids(partition.offline)),
        ]
        let move = topic.reassignment(of: partition)
        fields.append(("addingReplicas", ids(move?.adding)))
        fields.append(("removingReplicas", ids(move?.removing)))
        fields.append(("elr", ids(partition.eligibleLeaders)))
        fields.append(("lastKnownElr", ids(partition.lastKnownEligibleLeaders)))
        return JSONText.object(fields)
    }

    static func ids(_ brokers: [BrokerID]?) -> String {
        brokers.map { JSONText.array($0.map { "\($0)" }) } ?? "null"
    }

    static func number(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "null" }

    private static func id(_ id: TopicID) -> String { id == .zero ? "null" : JSONText.string(id.rawValue.description) }
}
