/// What a member of a classic group is assigned: partitions, and what the leader's assignor says with them, as SyncGroup
/// carries both (`ConsumerProtocolAssignment`).
struct MemberAssignment: Equatable, Sendable {
    var partitions: [TopicPartition]
    var userData: Bytes?

    init(_ partitions: [TopicPartition], userData: Bytes? = nil) {
        self.partitions = partitions
        self.userData = userData
    }

    /// What an answer of SyncGroup carries; nothing at all is no partition. The group's leader may be a client of another
    /// kind: what it names twice is read once.
    init(decoding bytes: Bytes) throws(WireError) {
        guard !bytes.isEmpty else {
            self.init([])
            return
        }
        let message = try ConsumerProtocolAssignment.decodeVersioned(bytes)
        var told: Set<TopicPartition> = []
        let named = message.assignedPartitions.flatMap { topic in
            topic.partitions.map { TopicPartition(topic.topic, $0) }
        }
        self.init(named.filter { told.insert($0).inserted }, userData: message.userData)
    }

    func encoded() throws(WireError) -> Bytes {
        Bytes(
            try ConsumerProtocolAssignment.with {
                $0.assignedPartitions = byTopic(partitions) { $0 }.map { topic, partitions in
                    .with {
                        $0.topic = topic
                        $0.partitions = partitions.map(\.partition)
                    }
                }
                $0.userData = userData
            }.encodeVersioned(version: 1))
    }
}
