import KafkaWire

/// A partition under its topic's name.
struct PartitionKey: Hashable, Comparable {
    var topic: String
    var partition: PartitionID

    static func < (a: Self, b: Self) -> Bool { (a.topic, a.partition) < (b.topic, b.partition) }
}
