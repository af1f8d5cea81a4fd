/// How a consumer comes to records: positions and fetches.
extension ConsumerEngine {
    /// Resolves positions and asks for records, as far as there is something to ask for.
    func fetch() {
        guard !announcements.isClosed, announcements.failure == nil else { return }
        let now = now
        lookAtTopics(now)
        guard !topics.wantsNothing else { return setTimer() }
        let metadata = cluster.assumeIsolated { $0.metadata }
        // Leader by leader: one that is silent, or missing, holds up no partition of the others.
        let unresolved = Dictionary(grouping: plan.takeUnresolved(now)) { metadata.leader(of: $0.key) ?? .none }
        for (_, starts) in unresolved.inOrder {
            let starts = Dictionary(starts.map { ($0.key, $0.value) }) { first, _ in first }
            Task(executorPreference: loop) { await self.resolve(starts) }
        }
        let (requests, leaderless) = plan.takeRequests(now: now, leader: { metadata.leader(of: $0) })
        if !leaderless.isEmpty { relearn(leaderless) }
        for (leader, request) in requests.inOrder {
            Task(executorPreference: loop) { await self.fetch(request, from: leader) }
        }
        setTimer()
    }

    private func fetch(_ request: FetchPlan.Request, from leader: BrokerID) async {
        let start = now
        // One request at a time is on its way to a broker: nobody else has the dialogue meanwhile.
        var dialogue = dialogues[leader] ?? FetchDialogue()
        let outcome = await FetchExchange.fetch(request, from: leader, &dialogue, configuration, cluster)
        dialogues[leader] = dialogue
        let now = now
        plan.settled(request, by: leader)
        switch outcome {
        case .success(let answers):
            worksAgain(.broker(leader))
            for answer in answers { take(answer, from: leader, now) }
            let isEmpty = answers.allSatisfy { if case .success(nil) = $0.outcome { true } else { false } }
            plan.holdBack(
                leader, request, isEmpty ? now - start : nil,
                wait: max(configuration.fetchMaximumWait, .milliseconds(10)), backoff, now: now)
        case .failure(let error):
            for partition in request.partitions {
                _ = plan.failed(partition, backoff, now: now)
                progress.failed(partition, error)
            }
            if ErrorVerdicts.isFinal(error) {
                fail(error)
            } else if !announcements.isClosed {
                report(error, .broker(leader))
                relearn(request.partitions)
            }
        }
        fetch()
    }

    /// A partition cannot be read at present: it is left alone for a while, and told of. What is usual, as while a leader
    /// moves, is told of where it lasts.
    func stumble(_ partition: TopicPartition, _ error: KafkaError, isUsual: Bool = false, isHinted: Bool = false) {
        let failures = plan.failed(partition, backoff, now: now, isHinted: isHinted)
        if !isUsual || failures >= Self.patience { report(error, .partition(partition)) }
    }

    /// So many tries in a row are no trouble yet: with the default pauses, not a second.
    private static let patience = 4

    private func take(_ answer: FetchExchange.PartitionAnswer, from leader: BrokerID, _ now: Instant) {
        let source = answer.source
        progress.answered(answer, now: now)
        plan.heard(source, end: answer.end)
        if answer.replica >= 0 { prefer(answer.replica, source, now) }
        switch answer.outcome {
        case .success(var chunk?):
            plan.worked(source)
            chunk.reachesEnd = configuration.tellsEnds && answer.end >= 0 && chunk.nextOffset >= answer.end
            plan.received(chunk)
            cluster.tell(.fetched(chunk.told(by: leader, buffered: plan.buffered)))
            worksAgain(.partition(source))
            wakeApplication()
        case .success(nil):
            plan.worked(source)
            worksAgain(.partition(source))
            guard configuration.tellsEnds, answer.end >= 0, answer.offset >= answer.end else { return }
            plan.receivedEnd(source, at: answer.offset)
            wakeApplication()
        case .failure(let error):
            // Of an offset that nobody wants any more: the application has sought elsewhere since.
            guard plan.isRead(source, at: answer.offset) else { return }
            if let parting = answer.parting { return reset(source, from: answer.offset, to: .offset(parting), error) }
            switch error.code.broker.map(ErrorVerdicts.fetch) {
            case .reset? where plan.leavesReplica(source):
                // A follower need not have what the leader has.
                configuration.client.logger.debug("\(error.message); asking the leader")
            case .reset?:
                stumble(source, error, isUsual: true)
                reset(source, from: answer.offset, to: resetStart, error)
            case .moved?:
                stumble(source, error, isUsual: true, isHinted: answer.isHinted)
                cluster.assumeIsolated { $0.noteRefusal(error) }
                relearn([source])
            case .outOfDate?:
                // It may have been made anew, and begin with the first epoch again.
                plan.forgetEpoch(source)
                stumble(source, error)
                relearn([source])
            case .again?: stumble(source, error)
            case .fatal?: fail(error)
            case nil where error.code == .logTruncated:
                // It has nothing of what was read: where both part is not known.
                reset(source, from: answer.offset, to: resetStart, error)
            case nil where error.code == .corruptBatch && refetch(source, from: answer.offset):
                // Damaged on its way, or at the broker: asking again tells which.
                report(error, .partition(source))
            case nil: if error.isRetriable { stumble(source, error) } else { fail(error) }
            }
        }
    }

    /// Where to begin where no position is known, as of now.
    var resetStart: KafkaConsumer.StartingOffset? { configuration.offsetReset.start(at: loop.wallMilliseconds) }

    /// The leader has pointed to a replica that is closer (KIP-392).
    private func prefer(_ replica: BrokerID, _ partition: TopicPartition, _ now: Instant) {
        guard let leader = cluster.assumeIsolated({ $0.metadata.leader(of: partition) }) else { return }
        let until = now + configuration.client.metadataMaximumAge
        plan.prefers(partition, FetchPlan.PreferredReplica(broker: replica, leader: leader, until: until))
    }

    /// Ends the sessions at the brokers, as far as that can be done soon.
    func endSessions(within limit: Duration) async {
        let sessions = dialogues.mapValues(\.session).filter { $0.value.id > 0 }
        dialogues = [:]
        let cluster = cluster
        let open = sessions.keys.sorted().filter { broker in cluster.assumeIsolated { $0.isConnected(to: broker) } }
        _ = await loop.sideBySide(open, within: limit) { broker in
            if let session = sessions[broker] { await FetchExchange.end(session, at: broker, cluster, within: limit) }
        }
    }

    /// The log has nothing at the position, or other records than were read: it is read on at `start`, where the
    /// configuration allows that, when what was fetched is given out.
    private func reset(
        _ partition: TopicPartition, from offset: Offset, to start: KafkaConsumer.StartingOffset?, _ error: KafkaError
    ) {
        guard configuration.offsetReset != .fail, let start else { return fail(error) }
        plan.reset(partition, to: start)
        commits.reset(partition)
        if !PlantedMistake.resetsUntold.isMade { announcements.willReset(partition, from: offset, because: error) }
        cluster.tell(.positionLost(partition, at: offset, error: error))
    }

    private func resolve(_ starts: [TopicPartition: KafkaConsumer.StartingOffset]) async {
        var found: [TopicPartition: Offset] = [:]
        do throws(KafkaError) {
            try await makeTopics(of: starts.keys)
            let failure: KafkaError?
            (found, failure) = try await FetchExchange.offsets(starts, configuration.isolationLevel, cluster)
            if let failure {
                let failures = starts.keys.compactMap { plan.positions[$0]?.failures }.max() ?? 0
                if isToBeTold(failure, after: failures + 1) { report(failure, .positions) }
            } else {
                worksAgain(.positions)
            }
        } catch {
            if ErrorVerdicts.mayPass(error) {
                report(error, .positions)
            } else if !announcements.isClosed {
                fail(error)
            }
        }
        begin(plan.resolved(starts, found, backoff, now: now))
        fetch()
        wakeApplication()
    }

    /// Partitions are read from here on, which was looked up. The group is to know, though nothing has been read yet.
    func begin(_ offsets: [TopicPartition: Offset]) {
        for (partition, offset) in offsets { commits.began(partition, at: offset) }
        announcements.begun(offsets)
    }
}
