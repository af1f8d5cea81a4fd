/// What the application gets of what was fetched, and where it says to go on.
extension ConsumerEngine {
    func gave(_ chunk: FetchedChunk) {
        if chunk.nextOffset > chunk.firstOffset {
            let epoch = chunk.batches.last?.partitionLeaderEpoch ?? .none
            commits.gave(chunk.source, upTo: CommittedOffset(offset: chunk.nextOffset, leaderEpoch: epoch))
        }
        announcements.gave(chunk)
    }

    func accepted(_ chunk: FetchedChunk) { plan.accepted(chunk.source) }

    /// The application gets `front` for now, and `rest` with the next steps: what both hold is too much at once.
    func divided(_ front: ConsumerBatch, _ rest: FetchedChunk) {
        let position = CommittedOffset(offset: front.nextOffset, leaderEpoch: front.leaderEpoch)
        guard commits.gaveOnly(front.source, upTo: position) else { return }
        announcements.forgetEnd(front.source)
        plan.putBack(rest)
    }

    /// Fetches again, from `offset` on, what was damaged; false when that was done often enough.
    func refetch(_ partition: TopicPartition, from offset: Offset) -> Bool {
        plan.refetch(partition, from: offset, at: now + configuration.client.retryBackoff)
    }

    /// The application gets only what stands in front of `offset`; the rest is fetched again.
    func returned(_ partition: TopicPartition, from offset: Offset) {
        commits.gaveOnly(partition, upTo: offset)
        announcements.forgetEnd(partition)
        plan.seek(partition, to: offset)
    }

    /// The application gets nothing of a chunk, and does not move on.
    func withheld(_ partition: TopicPartition) {
        commits.withheld(partition)
        announcements.forgetEnd(partition)
    }

    /// A damaged batch is left out: the application is told, and goes on at `offset`.
    func skipped(_ partition: TopicPartition, to offset: Offset?, because error: KafkaError) {
        cluster.tell(.batchSkipped(partition, error: error))
        announcements.passedOver(error)
        if let offset { plan.seek(partition, to: offset) }
    }

    /// Goes on at these places; of those that are offsets the leader epoch of what is in front may be known.
    func seek(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset], epochs: [TopicPartition: LeaderEpoch] = [:]
    ) throws(KafkaError) {
        for (partition, start) in starts.inOrder {
            guard let flaw = start.flaw else { continue }
            throw KafkaError(
                .invalidRequest, "could not seek in \(partition): \(flaw)", topic: partition.topic,
                partition: partition.partition, isRetriable: false)
        }
        begin()
        try requireHaving(starts.keys, "seek in")
        for (partition, start) in starts.inOrder {
            var offset: Offset?
            if case .offset(let given) = start { offset = given }
            plan.seek(partition, to: start, epoch: epochs[partition] ?? .none)
            commits.sought(partition, to: offset)
            marks.restart(partition)
            announcements.sought(partition, to: offset)
        }
        fetch()
    }

    func hold(_ partitions: Set<TopicPartition>) {
        plan.hold(partitions)
        fetch()
    }

    var positions: [TopicPartition: Offset?] { plan.places }
}
