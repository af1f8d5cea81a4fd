import KafkaWire

/// What a client wants of one partition.
struct FetchTarget: Equatable {
    /// The topic's name; empty where the client gave an id that is not known.
    var topic: String
    /// The topic's id; zero where the client gave a name (before v13).
    var topicId: TopicID
    var partition: PartitionID
    var offset: Offset
    var maxBytes: Int32
    var currentLeaderEpoch: LeaderEpoch
    /// The epoch of the record that the client has read last, where it says so.
    var lastFetchedEpoch = LeaderEpoch.none

    /// What makes it another partition.
    struct Key: Hashable {
        var topic: String
        var topicId: TopicID
        var partition: PartitionID
    }

    var key: Key { Key(topic: topic, topicId: topicId, partition: partition) }
}
