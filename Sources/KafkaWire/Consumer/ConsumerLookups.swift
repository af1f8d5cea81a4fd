/// What a consumer has to know of its topics: who leads them, and which partitions there are.
extension ConsumerEngine {
    // MARK: - Leaders

    /// Asks for leaders anew, in the background and not too often.
    func relearn(_ partitions: [TopicPartition]) {
        guard !announcements.isClosed, announcements.failure == nil, leaderLooks.begin() else { return }
        Task(executorPreference: loop) { await self.learnLeaders(partitions) }
    }

    private func learnLeaders(_ partitions: [TopicPartition]) async {
        // Until it has worked: nobody else would find out that it works again.
        while await !askLeaders(partitions), !announcements.isClosed, announcements.failure == nil {}
        leaderLooks.end()
        fetch()
    }

    /// Asks once, and waits before the next time may be. Says whether there was an answer.
    private func askLeaders(_ partitions: [TopicPartition]) async -> Bool {
        var hasWorked = true
        do throws(KafkaError) {
            try await cluster.refresh(Set(partitions.map(\.topic)).sorted(), mayCreate: mayCreate)
            worksAgain(.metadata)
            tellLeaderless(partitions)
            lookAtTopics(now)
            fetch()
        } catch {
            if ErrorVerdicts.isFinal(error) { fail(error) } else { report(error, .metadata) }
            hasWorked = false
            lookAtTopics(now)
        }
        await pause(backoff.pause(after: leaderLooks.looked()))
        return hasWorked
    }

    private func tellLeaderless(_ partitions: [TopicPartition]) {
        let metadata = cluster.assumeIsolated { $0.metadata }
        var isComplete = true
        for partition in partitions where metadata.leader(of: partition) == nil {
            isComplete = false
            let error = metadata.withoutLeader(partition)
            if ErrorVerdicts.isFinal(error) { return fail(error) }
            stumble(partition, error, isUsual: true)
            // Deleted: the group has to spread what is left.
            if metadata.topics[partition.topic]?.error == .unknownTopicOrPartition { topics.lookSoon(now: now) }
        }
        if isComplete { leaderLooks.foundAll() }
    }

    // MARK: - Topics

    /// Lets brokers create what is missing of the topics of these partitions, where that is wanted.
    func makeTopics(of partitions: some Collection<TopicPartition>) async throws(KafkaError) {
        guard mayCreate else { return }
        let metadata = await cluster.metadata
        let missing = Set(partitions.filter { metadata.leader(of: $0) == nil }.map(\.topic))
        if !missing.isEmpty { try await cluster.refresh(missing.sorted(), mayCreate: true) }
    }

    /// Looks from time to time whether topics have come, gone or grown; more often while one is missing.
    func lookAtTopics(_ now: Instant) {
        guard !announcements.isClosed, announcements.failure == nil, topics.takeDue(hasShare: hasShare, now: now)
        else { return }
        let source = configuration.source
        Task(executorPreference: loop) {
            if case .topics(_, let start) = source {
                await self.followTopics(from: start)
            } else {
                await self.compareTopics()
            }
        }
    }

    /// Asks for the topics of the configuration, and which those are where they are chosen by a pattern.
    func refreshTopics() async throws(KafkaError) {
        switch topics.wanted {
        case .named(let names)?:
            try await cluster.refresh(Set(names).union(topics.led).sorted(), mayCreate: mayCreate)
        case .matching?:
            try await cluster.refresh(nil)
            topics.match(known)
        case .matchedByCoordinator?, nil: break
        }
    }

    /// Whether brokers may create what they are asked for.
    var mayCreate: Bool { configuration.mayCreateTopics && topics.areNamed }

    var known: TopicWatch.Topics { cluster.assumeIsolated { $0.metadata.topics } }

    /// The racks of the replicas of the topics that the member leads; empty where it has none itself: as in Java, its assignor
    /// then need not look at them again.
    var ledRacks: TopicWatch.Racks {
        guard configuration.clientRack?.isEmpty == false, topics.isLeading else { return [:] }
        let names = topics.led
        return cluster.assumeIsolated { $0.metadata.replicaRacks(of: names) }
    }

    private func compareTopics() async {
        do throws(KafkaError) { try await refreshTopics() } catch {
            guard !ErrorVerdicts.isFinal(error) else { return fail(error) }
            report(error, .metadata)
            topics.failed(now: now, pause: configuration.client.maximumRetryBackoff)
            return setTimer()
        }
        worksAgain(.metadata)
        if let denial = topics.denial(known) { return fail(denial) }
        let (haveChanged, missing) = topics.compared(known, racks: ledRacks, now: now)
        if haveChanged { subscriptionChanged(because: JoinReason.topics) }
        tellMissing(missing)
    }

    func subscriptionChanged(because reason: String) {
        guard !topics.wantsNothing else { return }
        let unwanted = plan.positions.keys.filter { !topics.wants($0.topic) }.sorted()
        if let actions = membership?.subscriptionChanged(unwanted: unwanted, because: reason, now: now) {
            perform(actions)
        }
    }

    /// The group has assigned partitions; from now on changes of the topics are compared with this.
    func rememberTopics() { tellMissing(topics.settled(known, now: now)) }

    private func tellMissing(_ error: KafkaError?) {
        if let error { report(error, .topics) } else { worksAgain(.topics) }
        setTimer()
    }

    /// Without a group: looks which partitions there are, and begins to read those that are new.
    private func followTopics(from start: KafkaConsumer.StartingOffset) async {
        var source = Troubles.Source.metadata
        do throws(KafkaError) {
            try await refreshTopics()
            worksAgain(.metadata)
            source = .positions
            let known = known
            if let denial = topics.denial(known) { throw denial }
            let (all, new) = topics.followed(known, read: plan.positions.keys, from: start)
            let (found, failure) = try await FetchExchange.offsets(
                new, configuration.isolationLevel, cluster, within: firstLook)
            guard !announcements.isClosed else { return }
            if let failure { report(failure, .positions) } else { worksAgain(.positions) }
            leave(Set(plan.positions.keys).subtracting(all))
            // The application may have said otherwise meanwhile.
            let begun = found.filter { topics.wants($0.key.topic) }
            let later = new.filter { found[$0.key] == nil && topics.wants($0.key.topic) }
            plan.add(later.merging(begun.mapValues { .offset($0) }) { $1 })
            shareChanged()
            if !begun.isEmpty || !later.isEmpty { announce(begun, later: later.keys) }
            tellMissing(topics.tookUp(known, now: now))
        } catch {
            guard !announcements.isClosed else { return }
            guard ErrorVerdicts.mayPass(error) else { return fail(error) }
            let failures = topics.followingFailed(now: now, pause: backoff.pause(after:))
            if isToBeTold(error, after: failures) { report(error, source) }
        }
        fetch()
    }

    /// Topics are gone that a consumer without a group read, or it wants them no longer.
    func leave(_ gone: Set<TopicPartition>) {
        guard !gone.isEmpty else { return }
        plan.remove(gone)
        shareChanged()
        announcements.removed(gone.sorted())
        wakeApplication()
    }
}
