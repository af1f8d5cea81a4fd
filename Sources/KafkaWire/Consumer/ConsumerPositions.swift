/// Where a consumer stands, and where it goes on.
extension KafkaConsumer {
    /// Goes on reading each partition at its place, as a seek in one does; all of them, or where one of them cannot be, none.
    public func seek(_ starts: [TopicPartition: StartingOffset]) async throws(KafkaError) {
        try await engine.seek(starts)
    }

    /// Goes on reading the partition at a position as it was committed, or kept elsewhere: its leader epoch lets the leader
    /// say where its log has lost what was read up to there (KIP-320).
    public func seek(_ partition: TopicPartition, to position: CommittedOffset) async throws(KafkaError) {
        try await engine.seek([partition: .offset(position.offset)], epochs: [partition: position.leaderEpoch])
    }

    /// Goes on reading these partitions at their first records that are still there; without any named, all that the
    /// consumer has.
    public func seekToBeginning(_ partitions: [TopicPartition]? = nil) async throws(KafkaError) {
        try await engine.seek(await places(partitions, .earliest))
    }

    /// Goes on reading these partitions behind their last records; without any named, all that the consumer has.
    public func seekToEnd(_ partitions: [TopicPartition]? = nil) async throws(KafkaError) {
        try await engine.seek(await places(partitions, .latest))
    }

    /// Goes on reading these partitions at the first records that are not older than `time`, in milliseconds since 1970;
    /// without any named, all that the consumer has.
    public func seek(_ partitions: [TopicPartition]? = nil, toTime time: Int64) async throws(KafkaError) {
        try await engine.seek(await places(partitions, .time(time)))
    }

    /// Goes on reading these partitions where the group has come to, and where it has committed nothing, as
    /// ``Configuration/offsetReset`` says; without any named, all that the consumer has.
    ///
    /// - Throws: Where that cannot be looked up within `default.api.timeout.ms`, the consumer has no group, or there is no
    ///   such place.
    public func seekToCommitted(_ partitions: [TopicPartition]? = nil) async throws(KafkaError) {
        let partitions = await places(partitions, .earliest).keys.sorted()
        let committed = try await committed(partitions)
        let reset = await engine.resetStart
        var starts: [TopicPartition: StartingOffset] = [:]
        for partition in partitions {
            guard let start = committed[partition].map({ .offset($0.offset) }) ?? reset else {
                throw KafkaError(
                    .invalidConfiguration,
                    "could not seek in \(partition): nothing is committed for it, and auto.offset.reset is none",
                    topic: partition.topic, partition: partition.partition, setting: "auto.offset.reset")
            }
            starts[partition] = start
        }
        try await engine.seek(starts, epochs: committed.mapValues(\.leaderEpoch))
    }

    private func places(
        _ partitions: [TopicPartition]?, _ start: StartingOffset
    ) async -> [TopicPartition: StartingOffset] {
        let partitions = if let partitions { partitions } else { await engine.plan.positions.keys.sorted() }
        return Dictionary(partitions.map { ($0, start) }) { first, _ in first }
    }

    // MARK: - What there is

    /// What the group has committed for these partitions, asked of its coordinator; a partition without a commit is left
    /// out.
    ///
    /// - Throws: Where that cannot be looked up within `default.api.timeout.ms`, or the consumer has no group.
    public func committed(_ partitions: [TopicPartition]) async throws(KafkaError) -> [TopicPartition: CommittedOffset]
    {
        guard let group = engine.configuration.groupId else {
            throw KafkaError(
                .invalidConfiguration, "a consumer without a group has committed nothing", setting: "group.id")
        }
        guard !partitions.isEmpty else { return [:] }
        let cluster = engine.cluster
        return try await cluster.retrying("read the offsets of group \(group)") { () async throws(KafkaError) in
            try await cluster.committedOffsets(of: group, partitions)
        }
    }

    /// The first offset that is still there of each of these partitions, as their leaders say.
    ///
    /// - Throws: Where one of them cannot be looked up within `default.api.timeout.ms`.
    public func beginningOffsets(_ partitions: [TopicPartition]) async throws(KafkaError) -> [TopicPartition: Offset] {
        try await offsets(partitions, at: -2)
    }

    /// The offset behind the last record of each of these partitions that this consumer may have: with `read_committed`,
    /// where the first open transaction begins.
    ///
    /// - Throws: Where one of them cannot be looked up within `default.api.timeout.ms`.
    public func endOffsets(_ partitions: [TopicPartition]) async throws(KafkaError) -> [TopicPartition: Offset] {
        try await offsets(partitions, at: -1)
    }

    /// The offset of the first record of each partition that is not older than its time, in milliseconds since 1970; nil
    /// where no record is that new.
    ///
    /// - Throws: Where one of them cannot be looked up within `default.api.timeout.ms`.
    public func offsets(
        forTimes times: [TopicPartition: Int64]
    ) async throws(KafkaError) -> [TopicPartition: Offset?] {
        if let (partition, time) = times.inOrder.first(where: { $0.value < 0 }) {
            throw KafkaError(
                .invalidRequest, "there is no time \(time) in \(partition); it is milliseconds since 1970",
                topic: partition.topic, partition: partition.partition, isRetriable: false)
        }
        return try await look(times).mapValues { $0 < 0 ? nil : $0 }
    }

    private func offsets(
        _ partitions: [TopicPartition], at time: Int64
    ) async throws(KafkaError) -> [TopicPartition: Offset] {
        try await look(Dictionary(partitions.map { ($0, time) }) { first, _ in first })
    }

    private func look(_ times: [TopicPartition: Int64]) async throws(KafkaError) -> [TopicPartition: Offset] {
        guard !times.isEmpty else { return [:] }
        let cluster = engine.cluster
        let isolation = configuration.isolationLevel
        return try await cluster.retrying("look up offsets") { () async throws(KafkaError) in
            var found: [TopicPartition: Offset] = [:]
            for (partition, outcome) in await cluster.listOffsets(times, isolation: isolation).inOrder {
                found[partition] = try outcome.get()
            }
            return found
        }
    }

    /// How many offsets there are between what was given out of each assigned partition and its end, as a fetch has told it
    /// last; nil where none has yet. Offsets without records count as well, as in Java's `records-lag`.
    public var lag: [TopicPartition: Int64?] { get async { await engine.plan.lag } }
}
