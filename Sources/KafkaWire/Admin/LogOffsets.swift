// Offsets of the logs themselves: by time or position; and deleting records before an offset.

extension KafkaAdmin {
    /// Which offset of a partition is wanted.
    public enum OffsetSpec: Sendable, Hashable {
        /// The first that is still there.
        case earliest
        /// The one behind the last record; with ``IsolationLevel/readCommitted`` the last stable offset.
        case latest
        /// That of the first record that is not older, in milliseconds since 1970.
        case timestamp(Int64)
        /// That of the record with the largest timestamp (KIP-734, Kafka 3.0).
        case maxTimestamp
        /// The first on the leader's own disk (KIP-405, Kafka 3.5).
        case earliestLocal
        /// The last in tiered storage (KIP-1005, Kafka 3.9).
        case latestTiered
        /// The first that has not yet been copied to tiered storage (KIP-1023, Kafka 4.2).
        case earliestPendingUpload

        fileprivate var time: Int64 {
            switch self {
            case .latest: -1
            case .earliest: -2
            case .maxTimestamp: -3
            case .earliestLocal: -4
            case .latestTiered: -5
            case .earliestPendingUpload: -6
            case .timestamp(let time): time
            }
        }

        /// The first version that knows it, and its release.
        fileprivate var needs: (version: Int16, release: String) {
            switch self {
            case .maxTimestamp: (7, "3.0")
            case .earliestLocal: (8, "3.5")
            case .latestTiered: (9, "3.9")
            case .earliestPendingUpload: (11, "4.2")
            case .earliest, .latest, .timestamp: (0, "")
            }
        }
    }

    /// An offset of a partition's log.
    public struct ListedOffset: Sendable, Equatable {
        /// The offset; nil where there is none, as no record is that new.
        public var offset: Offset?
        /// The timestamp of its record, in milliseconds since 1970; -1 where none was asked for, or there is none.
        public var timestamp: Int64
        /// The epoch of the leader that wrote it; ``LeaderEpoch/none`` where the broker does not tell.
        public var leaderEpoch: LeaderEpoch
    }

    /// Offsets by time or position (ListOffsets), asked of the partitions' leaders.
    public func listOffsets(
        _ wanted: [TopicPartition: OffsetSpec], isolation: IsolationLevel = .readUncommitted
    ) async -> Results<TopicPartition, ListedOffset> {
        let timeout = timeout
        let call = AdminCall<TopicPartition, ListOffsetsRequest, ListedOffset>(
            what: "look up an offset of", route: .leader { $0 }, subject: { .partition($0) },
            build: { partitions, version throws(KafkaError) in
                for need in partitions.compactMap({ wanted[$0]?.needs }) where version < need.version {
                    throw Self.tooOld("knows that kind of offset", api: .listOffsets, since: need.release)
                }
                return .with {
                    $0.replicaId = .none
                    if version >= 2 { $0.isolationLevel = isolation.rawValue }
                    $0.timeoutMs = timeout
                    $0.topics = byTopic(partitions) { $0 }.map { topic, partitions in
                        .with {
                            $0.name = topic
                            $0.partitions = partitions.map { partition in
                                .with {
                                    $0.partitionIndex = partition.partition
                                    $0.timestamp = wanted[partition]?.time ?? -1
                                }
                            }
                        }
                    }
                }
            },
            read: { response, _, _ in
                response.topics.flatMap { topic in
                    topic.partitions.map {
                        AdminReply(
                            TopicPartition(topic.name, $0.partitionIndex), $0.errorCode, nil,
                            ListedOffset(
                                offset: $0.offset < 0 ? nil : $0.offset, timestamp: $0.timestamp,
                                leaderEpoch: $0.leaderEpoch))
                    }
                }
            })
        return await cluster.perform(call, about: wanted.keys.sorted())
    }

    /// The first offset of each of a topic's partitions that is still there.
    public func earliestOffsets(of topic: String) async throws(KafkaError) -> [TopicPartition: Offset] {
        try await offsets(of: topic, .earliest).mapValues { $0 ?? .none }
    }

    /// The offset behind the last record of each of a topic's partitions.
    public func endOffsets(of topic: String) async throws(KafkaError) -> [TopicPartition: Offset] {
        try await offsets(of: topic, .latest).mapValues { $0 ?? .none }
    }

    /// The offset, in each of a topic's partitions, of the first record that is not older than `time` (milliseconds
    /// since 1970); nil where no record is that new.
    public func offsets(of topic: String, at time: Int64) async throws(KafkaError) -> [TopicPartition: Offset?] {
        try await offsets(of: topic, .timestamp(time))
    }

    private func offsets(
        of topic: String, _ spec: OffsetSpec
    ) async throws(KafkaError) -> [TopicPartition: Offset?] {
        let cluster = cluster
        let known = try await cluster.retrying("look up offsets of topic \(topic)") { () async throws(KafkaError) in
            try await cluster.topic(topic)
        }
        guard let known else {
            throw KafkaError(
                .broker(.unknownTopicOrPartition), "there is no topic \(topic); look at its spelling", topic: topic,
                isRetriable: false)
        }
        var wanted: [TopicPartition: OffsetSpec] = [:]
        for index in known.partitions.indices { wanted[TopicPartition(topic, PartitionID(index: index))] = spec }
        return try await listOffsets(wanted).get().mapValues(\.offset)
    }

    /// Deletes the records before these offsets (DeleteRecords, KIP-107), asked of the partitions' leaders, and gives the
    /// first offset that is still there; ``Offset/none`` is the end of the log. OFFSET_OUT_OF_RANGE: the log does not reach
    /// that far. POLICY_VIOLATION: the topic is only compacted, its records are not deleted.
    public func deleteRecords(
        before offsets: [TopicPartition: Offset]
    ) async -> Results<TopicPartition, Offset> {
        let timeout = timeout
        let call = AdminCall<TopicPartition, DeleteRecordsRequest, Offset>(
            what: "delete records of", route: .leader { $0 }, subject: { .partition($0) },
            build: { partitions, _ in
                .with {
                    $0.timeoutMs = timeout
                    $0.topics = byTopic(partitions) { $0 }.map { topic, partitions in
                        .with {
                            $0.name = topic
                            $0.partitions = partitions.map { partition in
                                .with {
                                    $0.partitionIndex = partition.partition
                                    $0.offset = offsets[partition] ?? .none
                                }
                            }
                        }
                    }
                }
            },
            read: { response, _, _ in
                response.topics.flatMap { topic in
                    topic.partitions.map {
                        AdminReply(
                            TopicPartition(topic.name, $0.partitionIndex), $0.errorCode, nil, $0.lowWatermark)
                    }
                }
            })
        return await cluster.perform(call, about: offsets.keys.sorted())
    }
}
