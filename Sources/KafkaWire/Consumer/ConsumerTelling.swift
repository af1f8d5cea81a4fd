/// What a consumer tells of itself to those who watch it.
extension ConsumerEngine {
    /// The partitions that are read may be others now.
    func shareChanged() {
        if !announcements.isClosed { shareChanged(to: Set(plan.positions.keys)) }
    }

    /// It reads no more.
    func shareEnded() { shareChanged(to: []) }

    private func shareChanged(to partitions: Set<TopicPartition>) {
        let (gone, lost, new) = rebalance.reads(partitions)
        guard !gone.isEmpty || !new.isEmpty else { return }
        progress.reassigned(rebalance.told, now: now)
        if !gone.isEmpty { cluster.tell(.revoked(group: configuration.groupId, gone, lost: lost)) }
        if !new.isEmpty { cluster.tell(.assigned(group: configuration.groupId, new)) }
    }

    /// The member may stand elsewhere in its group now.
    func tellRebalance() {
        // Who wants nothing leaves the group: that is no rebalance of its own.
        guard let membership,
            let change = rebalance.stands(topics.wantsNothing ? .outside : membership.standing, now: now)
        else { return }
        let group = membership.groupId
        switch change {
        case .started: cluster.tell(.rebalanceStarted(group: group))
        case .ended(let time):
            let generation = membership.member?.generation ?? -1
            cluster.tell(.rebalanceEnded(group: group, generation: generation, after: time))
        }
    }

    /// Positions were committed.
    func committed(_ offsets: [TopicPartition: CommittedOffset], _ member: Membership) {
        for interceptor in configuration.interceptors { interceptor.onCommit(offsets) }
        cluster.tell(.committed(group: member.groupId, offsets: offsets.mapValues(\.offset)))
    }

    // MARK: - Progress

    /// The application gets records.
    func noteProgress(_ partition: TopicPartition) { tell(progress.handedOut(partition, now: now)) }

    /// Looks whether partitions stand still.
    func watchProgress() {
        let metadata = cluster.assumeIsolated { $0.metadata }
        let news = progress.look(now: now) { partition in
            let hindrance = plan.hindrance(of: partition)
            let leader = metadata.leader(of: partition)
            return ProgressWatch.Facts(
                position: hindrance.waiting ?? plan.positions[partition]?.offset ?? nil, isPaused: hindrance.isHeld,
                isWaiting: hindrance.waiting != nil, isFull: hindrance.isFull, leader: leader,
                isThrottled: leader.map { leader in
                    cluster.assumeIsolated { $0.throttleEnd(of: leader, .fetch) != nil }
                } ?? false)
        }
        for news in news { tell(news) }
    }

    private func tell(_ news: ProgressWatch.News?) {
        switch news {
        case .stalled(let stall)?: cluster.tell(.stalled(stall))
        case .progressed(let partition, let time)?: cluster.tell(.progressed(partition, after: time))
        case nil: break
        }
    }
}

extension FetchedChunk {
    /// The records as they are told of.
    func told(by broker: BrokerID, buffered: Int) -> FetchedRecords {
        FetchedRecords(
            partition: source, broker: broker, records: batches.reduce(0) { $0 &+ max(0, Int($1.recordCount)) },
            bytes: bytes, lag: highWatermark >= 0 ? max(0, highWatermark - nextOffset) : -1, buffered: buffered)
    }
}

extension KafkaConsumer {
    /// What this consumer has done since it was made. All is zero where ``ClientConfiguration/keepsMetrics`` is off.
    public func metrics() -> ClientMetrics { engine.cluster.observation.counters?.metrics ?? ClientMetrics() }
}

extension ProgressWatch {
    /// A leader has answered for a partition.
    mutating func answered(_ answer: FetchExchange.PartitionAnswer, now: Instant) {
        var failure: KafkaError?
        if case .failure(let error) = answer.outcome { failure = error }
        answered(
            answer.source, end: answer.highWatermark, stable: answer.stableOffset, error: failure, now: now)
    }
}
