/// How a consumer without a group keeps up with its topics: partitions come, and topics go.
extension ConsumerEngine {
    /// Looks which partitions there are, and begins to read those that are new: from `start` on those that were there
    /// when they were looked for first, and all later ones from their first record on, which nobody has seen yet.
    func followTopics(from start: KafkaConsumer.StartingOffset) async {
        defer { isFollowing = false }
        var source = Troubles.Source.metadata
        do throws(KafkaError) {
            try await refreshTopics()
            worksAgain(.metadata)
            source = .positions
            let counts = partitionCounts(topicNames)
            let partitions = counts.flatMap { name, count in
                (0..<count).map { TopicPartition(name, PartitionID(index: $0)) }
            }
            let new = partitions.filter { plan.positions[$0] == nil }
            let found = new.isEmpty ? [:] : try await lookUp(self.starts(of: new, start))
            guard !isClosed else { return }
            failedFollowing = 0
            worksAgain(.positions)
            leave(Set(plan.positions.keys).subtracting(partitions))
            plan.add(found)
            if !found.isEmpty { announce(found) }
            assignedCounts = counts
            remember(counts)
            planTopicLook()
        } catch {
            guard !isClosed else { return }
            guard error.isRetriable else { return fail(error) }
            failedFollowing += 1
            if isToBeTold(error, after: failedFollowing) { report(error, source) }
            nextTopicLook = .now + backoff.pause(after: failedFollowing)
        }
        isFollowing = false
        fetch()
    }

    private func starts(
        of partitions: [TopicPartition], _ start: KafkaConsumer.StartingOffset
    ) -> [TopicPartition: KafkaConsumer.StartingOffset] {
        var isPattern = false
        if case .matching? = configuration.source.topics { isPattern = true }
        let starts = partitions.map { partition in
            (partition, followedTopics.contains(partition.topic) || isPattern && hasFollowed ? .earliest : start)
        }
        return Dictionary(starts) { first, _ in first }
    }

    /// Topics that are known to be there, or known to be missing: what comes of them later is new.
    private func remember(_ counts: [String: Int]) {
        let known = cluster.assumeIsolated { $0.metadata.topics }
        for name in topicNames where counts[name] != nil || known[name]?.error == .unknownTopicOrPartition {
            followedTopics.insert(name)
        }
        hasFollowed = true
    }

    private func leave(_ gone: Set<TopicPartition>) {
        guard !gone.isEmpty else { return }
        plan.remove(gone)
        tellRevoked(gone.sorted())
    }
}
