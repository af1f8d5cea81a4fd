/// How a consumer comes to records: positions, fetches, and what it has to know of topics and leaders.
extension ConsumerEngine {
    // MARK: - Fetching

    /// Resolves positions and asks for records, as far as there is something to ask for.
    func fetch() {
        guard !isClosed, fatal == nil else { return }
        let now = Instant.now
        lookAtTopics(now)
        if !isResolving {
            let unresolved = plan.unresolved(now)
            if !unresolved.isEmpty {
                isResolving = true
                Task(executorPreference: loop) { await self.resolve(unresolved) }
            }
        }
        let metadata = cluster.assumeIsolated { $0.metadata }
        let (requests, leaderless) = plan.takeRequests(
            now: now, leader: { metadata.leader(of: $0) }, isFree: { fetching[$0, default: 0] == 0 })
        if !leaderless.isEmpty { relearn(leaderless) }
        for (leader, request) in requests {
            fetching[leader, default: 0] += 1
            Task(executorPreference: loop) { await self.fetch(request, from: leader) }
        }
        setTimer()
    }

    private func fetch(_ request: FetchPlan.Request, from leader: BrokerID) async {
        let start = Instant.now
        let outcome = await FetchExchange.fetch(request, from: leader, configuration, cluster)
        fetching[leader, default: 1] -= 1
        plan.settled(request.partitions)
        switch outcome {
        case .success(let answers):
            worksAgain(.broker(leader))
            for answer in answers { take(answer) }
            let isEmpty = answers.allSatisfy { if case .success(nil) = $0.outcome { true } else { false } }
            holdBack(leader, request, isEmpty ? Instant.now - start : nil)
        case .failure(let error):
            let now = Instant.now
            for partition in request.partitions { _ = plan.failed(partition, backoff, now: now) }
            if !isClosed {
                report(error, .broker(leader))
                relearn(request.partitions)
            }
        }
        fetch()
    }

    /// A broker waits for records before it answers that there are none. One that does not, again and again, is asked
    /// more and more rarely, down to as rarely as if it did. `time` is what an answer without records took.
    private func holdBack(_ leader: BrokerID, _ request: FetchPlan.Request, _ time: Duration?) {
        let wait = max(configuration.fetchMaximumWait, .milliseconds(10))
        guard let time, time < wait / 2 else {
            hastyAnswers[leader] = nil
            return
        }
        let count = hastyAnswers[leader, default: 0] + 1
        hastyAnswers[leader] = count
        guard count > 1 else { return }
        let until = Instant.now + min(backoff.pause(after: count - 1), wait - time)
        for partition in request.partitions { plan.pause(partition, until: until) }
    }

    /// A partition cannot be read at present: it is left alone for a while, and told of. What is usual, as while a leader
    /// moves, is told of where it lasts.
    private func stumble(_ partition: TopicPartition, _ error: KafkaError, isUsual: Bool = false) {
        let failures = plan.failed(partition, backoff, now: .now)
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
        switch configuration.offsetReset {
        case .earliest: plan.reset(partition, to: .earliest)
        case .latest: plan.reset(partition, to: .latest)
        case .fail: return fail(error)
        }
        configuration.client.logger.warning("\(error.message); going on by auto.offset.reset")
    }

    private func resolve(_ starts: [TopicPartition: KafkaConsumer.StartingOffset]) async {
        do throws(KafkaError) {
            let (found, failure) = try await FetchExchange.offsets(starts, configuration.isolationLevel, cluster)
            for (partition, offset) in found { plan.resolve(partition, offset) }
            if let failure { report(failure, .positions) } else { worksAgain(.positions) }
        } catch {
            if error.isRetriable { report(error, .positions) } else if !isClosed { fail(error) }
        }
        let now = Instant.now
        for partition in starts.keys where plan.positions[partition].map({ $0.offset == nil }) ?? false {
            _ = plan.failed(partition, backoff, now: now)
        }
        isResolving = false
        fetch()
        wakeApplication()
    }

    // MARK: - Topics

    /// Asks for leaders anew, in the background and not too often.
    private func relearn(_ partitions: [TopicPartition]) {
        guard !isLooking, !isClosed else { return }
        isLooking = true
        Task(executorPreference: loop) { await self.learnLeaders(partitions) }
    }

    private func learnLeaders(_ partitions: [TopicPartition]) async {
        // Until it has worked: nobody else would find out that it works again.
        while await !askLeaders(partitions), !isClosed {}
        isLooking = false
        fetch()
    }

    /// Asks once, and waits before the next time may be. Says whether there was an answer.
    private func askLeaders(_ partitions: [TopicPartition]) async -> Bool {
        var hasWorked = true
        do throws(KafkaError) {
            try await cluster.refresh(Set(partitions.map(\.topic)).sorted())
            worksAgain(.metadata)
            tellLeaderless(partitions)
            lookAtTopics(.now)
            fetch()
        } catch {
            report(error, .metadata)
            hasWorked = false
            lookAtTopics(.now)
        }
        try? await Task.sleep(for: lookBackoff.next())
        return hasWorked
    }

    private func tellLeaderless(_ partitions: [TopicPartition]) {
        let metadata = cluster.assumeIsolated { $0.metadata }
        var isComplete = true
        for partition in partitions where metadata.leader(of: partition) == nil {
            isComplete = false
            stumble(partition, metadata.withoutLeader(partition), isUsual: true)
            // Deleted: the group has to spread what is left.
            if metadata.topics[partition.topic]?.error == .unknownTopicOrPartition { nextTopicLook = .now }
        }
        if isComplete { lookBackoff.reset() }
    }

    /// Looks from time to time whether the group's topics have come, gone or grown; more often while one is missing.
    private func lookAtTopics(_ now: Instant) {
        guard looksAtTopics, now >= nextTopicLook, !isClosed else { return }
        nextTopicLook = now + configuration.client.metadataMaximumAge
        if case .topics(_, let start) = configuration.source {
            guard !isFollowing else { return }
            isFollowing = true
            Task(executorPreference: loop) { await self.followTopics(from: start) }
        } else {
            Task(executorPreference: loop) { await self.compareTopics() }
        }
    }

    /// Whether topics are looked at from time to time: those of a group, while this member has its share of them.
    var looksAtTopics: Bool {
        switch configuration.source {
        case .group: group?.phase == .stable
        case .topics: true
        case .partitions: false
        }
    }

    /// Asks for the topics of the configuration, and which those are where they are chosen by a pattern.
    func refreshTopics() async throws(KafkaError) {
        switch configuration.source.topics {
        case .named(let names)?: try await cluster.refresh(names)
        case .matching(let pattern)?:
            try await cluster.refresh(nil)
            let known = await cluster.metadata.topics.values
            topicNames = pattern.matches(among: known.filter { !$0.isInternal }.map(\.name))
        case nil: break
        }
    }

    private func compareTopics() async {
        do throws(KafkaError) { try await refreshTopics() } catch {
            report(error, .metadata)
            nextTopicLook = .now + configuration.client.maximumRetryBackoff
            return setTimer()
        }
        worksAgain(.metadata)
        let counts = partitionCounts(topicNames)
        if counts != assignedCounts, let actions = group?.subscriptionChanged(now: .now) {
            assignedCounts = counts
            perform(actions)
        }
        planTopicLook()
    }

    func planTopicLook() {
        let missing = topicNames.filter { assignedCounts[$0] == nil }
        let isComplete = missing.isEmpty && !topicNames.isEmpty
        nextTopicLook =
            .now + (isComplete ? configuration.client.metadataMaximumAge : .seconds(2))
        if case .matching(let pattern)? = configuration.source.topics, topicNames.isEmpty {
            report(
                .refused(
                    .unknownTopicOrPartition, "waiting for a topic that \(pattern) matches",
                    advice: "create one, or look at the pattern; reading begins by itself when it is there"), .topics)
        } else if let name = missing.first {
            // A topic that is there, and cannot be read at present, is not a missing one.
            let code = cluster.assumeIsolated { $0.metadata.topics[name]?.error } ?? .unknownTopicOrPartition
            let isUnknown = [.unknownTopicOrPartition, .unknownTopicId, .none].contains(code)
            report(
                .refused(
                    code == .none ? .unknownTopicOrPartition : code, "waiting for topic \(name)", topic: name,
                    advice: isUnknown
                        ? "create it, or look at its spelling; reading begins by itself when it is there" : nil),
                .topics)
        } else {
            worksAgain(.topics)
        }
        setTimer()
    }

    /// How many partitions the topics have; those that do not exist are left out.
    func partitionCounts(_ topics: [String]) -> [String: Int] {
        let known = cluster.assumeIsolated { $0.metadata.topics }
        var counts: [String: Int] = [:]
        for name in topics {
            guard let topic = known[name] else { continue }
            switch topic.error {
            case .none: counts[name] = topic.partitions.count
            case .unknownTopicOrPartition, .unknownTopicId: break
            // An error of the moment takes nothing away.
            default: counts[name] = assignedCounts[name]
            }
        }
        return counts
    }

    /// The group has assigned partitions; from now on changes of the topics are compared with this.
    func rememberTopics() {
        assignedCounts = partitionCounts(topicNames)
        planTopicLook()
    }
}
