/// How a consumer comes to records: positions and fetches.
extension ConsumerEngine {
    /// Resolves positions and asks for records, as far as there is something to ask for.
    func fetch() {
        guard !announcements.isClosed, announcements.failure == nil else { return }
        let now = now
        lookAtTopics(now)
        let unresolved = plan.takeUnresolved(now)
        if !unresolved.isEmpty { Task(executorPreference: loop) { await self.resolve(unresolved) } }
        let metadata = cluster.assumeIsolated { $0.metadata }
        let (requests, leaderless) = plan.takeRequests(now: now, leader: { metadata.leader(of: $0) })
        if !leaderless.isEmpty { relearn(leaderless) }
        for (leader, request) in requests {
            Task(executorPreference: loop) { await self.fetch(request, from: leader) }
        }
        setTimer()
    }

    private func fetch(_ request: FetchPlan.Request, from leader: BrokerID) async {
        let start = now
        let outcome = await FetchExchange.fetch(request, from: leader, configuration, cluster)
        let now = now
        plan.settled(request, by: leader)
        switch outcome {
        case .success(let answers):
            worksAgain(.broker(leader))
            for answer in answers { take(answer) }
            let isEmpty = answers.allSatisfy { if case .success(nil) = $0.outcome { true } else { false } }
            plan.holdBack(
                leader, request, isEmpty ? now - start : nil,
                wait: max(configuration.fetchMaximumWait, .milliseconds(10)), backoff, now: now)
        case .failure(let error):
            for partition in request.partitions { _ = plan.failed(partition, backoff, now: now) }
            if !announcements.isClosed {
                report(error, .broker(leader))
                relearn(request.partitions)
            }
        }
        fetch()
    }

    /// A partition cannot be read at present: it is left alone for a while, and told of. What is usual, as while a leader
    /// moves, is told of where it lasts.
    func stumble(_ partition: TopicPartition, _ error: KafkaError, isUsual: Bool = false) {
        let failures = plan.failed(partition, backoff, now: now)
        if !isUsual || failures >= Self.patience { report(error, .partition(partition)) }
    }

    /// So many tries in a row are no trouble yet: with the default pauses, not a second.
    private static let patience = 4

    private func take(_ answer: FetchExchange.PartitionAnswer) {
        let source = answer.source
        switch answer.outcome {
        case .success(var chunk?):
            plan.worked(source)
            chunk.reachesEnd = configuration.tellsEnds && answer.end >= 0 && chunk.nextOffset >= answer.end
            plan.received(chunk)
            worksAgain(.partition(source))
            wakeApplication()
        case .success(nil):
            plan.worked(source)
            worksAgain(.partition(source))
            guard configuration.tellsEnds, answer.end >= 0, answer.offset >= answer.end else { return }
            plan.receivedEnd(source, at: answer.offset)
            wakeApplication()
        case .failure(let error):
            guard plan.positions[source] != nil else { return }
            switch error.code.broker {
            case .offsetOutOfRange?:
                stumble(source, error, isUsual: true)
                resetPosition(source, error)
            case .notLeaderOrFollower?, .leaderNotAvailable?, .fencedLeaderEpoch?, .unknownLeaderEpoch?:
                stumble(source, error, isUsual: true)
                relearn([source])
            case let code? where code.invalidatesMetadata:
                stumble(source, error)
                relearn([source])
            default:
                // Damaged on its way, or at the broker: asking again tells which.
                let again =
                    error.code == .corruptBatch
                    && refetch(source, from: plan.positions[source]?.offset ?? 0)
                if again {
                    report(error, .partition(source))
                } else if error.isRetriable {
                    stumble(source, error)
                } else {
                    fail(error)
                }
            }
        }
    }

    private func resetPosition(_ partition: TopicPartition, _ error: KafkaError) {
        guard let start = configuration.offsetReset.start else { return fail(error) }
        plan.reset(partition, to: start)
        commits.reset(partition)
        configuration.client.logger.warning("\(error.message); going on by auto.offset.reset")
    }

    private func resolve(_ starts: [TopicPartition: KafkaConsumer.StartingOffset]) async {
        var found: [TopicPartition: Offset] = [:]
        do throws(KafkaError) {
            let failure: KafkaError?
            (found, failure) = try await FetchExchange.offsets(starts, configuration.isolationLevel, cluster)
            if let failure { report(failure, .positions) } else { worksAgain(.positions) }
        } catch {
            if error.isRetriable { report(error, .positions) } else if !announcements.isClosed { fail(error) }
        }
        plan.resolved(starts, found, backoff, now: now)
        fetch()
        wakeApplication()
    }
}
