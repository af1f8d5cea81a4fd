/// The question whether a log still has what was read (OffsetForLeaderEpoch, KIP-320), to leaders that speak Fetch before
/// version 12.
extension FetchExchange {
    /// Asks where that is due, and takes those partitions out of the request whose position cannot be read on from: what is
    /// the matter with them is given.
    static func confirm(
        _ request: inout FetchPlan.Request, over link: Cluster.Link, _ checks: inout EpochChecks,
        _ metadata: ClusterMetadata, _ cluster: Cluster
    ) async throws(KafkaError) -> [PartitionAnswer] {
        let name = link.connection.name
        // Consumers may ask from version 3 on (Kafka 2.3): before, it took the rights of a broker.
        guard let version = try? link.versions.negotiate(OffsetForLeaderEpochRequest.self, broker: name), version >= 3
        else { return [] }
        var asked: [TopicPartition: (offset: Offset, read: LeaderEpoch, leader: LeaderEpoch)] = [:]
        for (partition, offset) in zip(request.partitions, request.offsets) {
            let leader = metadata.leaderEpoch(of: partition)
            guard let read = request.epochs[partition], checks.isDue(partition, read: read, leader: leader) else {
                continue
            }
            asked[partition] = (offset, read, leader)
        }
        guard !asked.isEmpty else { return [] }
        let message = OffsetForLeaderEpochRequest.with {
            $0.replicaId = .none
            $0.topics = byTopic(asked) { $0.key }.map { topic, entries in
                .with {
                    $0.topic = topic
                    $0.partitions = entries.map { partition, entry in
                        .with {
                            $0.partition = partition.partition
                            $0.currentLeaderEpoch = entry.leader
                            $0.leaderEpoch = entry.read
                        }
                    }
                }
            }
        }
        let answer = try await cluster.exchange(OffsetForLeaderEpochRequest.self, over: link, exactly: version) {
            _ throws(KafkaError) in message
        }
        var told: [TopicPartition: OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult.EpochEndOffset] = [:]
        for topic in answer.response.topics {
            for entry in topic.partitions where told[TopicPartition(topic.topic, entry.partition)] == nil {
                told[TopicPartition(topic.topic, entry.partition)] = entry
            }
        }
        var found: [PartitionAnswer] = []
        for (partition, entry) in asked.inOrder {
            var answered = PartitionAnswer(source: partition, outcome: .success(nil), offset: entry.offset, end: -1)
            let what = "could not look up whether \(partition) still has what was read"
            if let part = told[partition] {
                if part.errorCode == .none {
                    let meaning = EpochChecks.meaning(epoch: part.leaderEpoch, end: part.endOffset, at: entry.offset)
                    guard meaning != .confirmed else {
                        checks.confirm(partition, under: entry.leader)
                        continue
                    }
                    if case .parts(let offset) = meaning { answered.parting = offset }
                    answered.outcome = .failure(
                        truncated(partition, at: entry.offset, answered.parting, by: answer.broker))
                } else {
                    answered.outcome = .failure(
                        .refused(
                            part.errorCode, what, by: answer.broker, api: .offsetForLeaderEpoch, topic: partition.topic,
                            partition: partition.partition))
                }
            } else {
                answered.outcome = .failure(
                    .leftOut(
                        what, by: answer.broker, api: .offsetForLeaderEpoch, topic: partition.topic,
                        partition.partition))
            }
            found.append(answered)
        }
        request.leaveOut(Set(found.map(\.source)))
        return found
    }
}
