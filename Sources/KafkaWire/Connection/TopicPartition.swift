/// A partition of a topic.
public struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The topic's name.
    public var topic: String
    /// The partition's number, from 0.
    public var partition: PartitionID

    /// A partition of a topic.
    public init(_ topic: String, _ partition: PartitionID) {
        self.topic = topic
        self.partition = partition
    }

    /// `topic-partition`, as Kafka's tools write it.
    public var description: String { "\(topic)-\(partition)" }

    /// By topic, then by number.
    public static func < (a: TopicPartition, b: TopicPartition) -> Bool {
        a.topic == b.topic ? a.partition < b.partition : a.topic < b.topic
    }
}

/// Partitions and what belongs to them, topic by topic, as requests want them: in order.
func byTopic<Element>(
    _ elements: some Sequence<Element>, _ partition: (Element) -> TopicPartition
) -> [(topic: String, elements: [Element])] {
    Dictionary(grouping: elements) { partition($0).topic }.inOrder
        .map { (topic: $0.key, elements: $0.value.sorted { partition($0) < partition($1) }) }
}
