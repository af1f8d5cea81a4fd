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

    func seek(_ partition: TopicPartition, to start: KafkaConsumer.StartingOffset) throws(KafkaError) {
        if let flaw = start.flaw {
            throw KafkaError(
                .invalidRequest, "could not seek in \(partition): \(flaw)", topic: partition.topic,
                partition: partition.partition, isRetriable: false)
        }
        begin()
        guard plan.positions[partition] != nil else {
            throw KafkaError(
                .invalidRequest, "could not seek in \(partition): this consumer does not have it at present",
                topic: partition.topic, partition: partition.partition, isRetriable: false)
        }
        var offset: Offset?
        if case .offset(let given) = start { offset = given }
        plan.seek(partition, to: start)
        commits.sought(partition, to: offset)
        announcements.sought(partition, to: offset)
        fetch()
    }

    func hold(_ partitions: Set<TopicPartition>) {
        plan.hold(partitions)
        fetch()
    }

    var positions: [TopicPartition: Offset?] { plan.positions.mapValues(\.offset) }
}
