extension FetchPlan {
    /// What to ask one broker for.
    struct Request: Sendable, Equatable {
        var partitions: [TopicPartition]
        var offsets: [Offset]
        /// The leader epochs of the records in front of them, as far as they are known: the leader says when its log has
        /// other records there (KIP-320, KIP-595).
        var epochs: [TopicPartition: LeaderEpoch] = [:]
        /// For how many bytes to ask (`max_bytes`), see ``FetchRoom``.
        var maximumBytes = 0

        /// Asks for all but these.
        mutating func leaveOut(_ partitions: Set<TopicPartition>) {
            guard !partitions.isEmpty else { return }
            let kept = self.partitions.indices.filter { !partitions.contains(self.partitions[$0]) }
            offsets = kept.map { offsets[$0] }
            self.partitions = kept.map { self.partitions[$0] }
        }
    }
}
