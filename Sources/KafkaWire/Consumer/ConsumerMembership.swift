/// What a consumer does as a member of a group: it performs what ``GroupMembership`` decides.
extension ConsumerEngine {
    func perform(_ actions: [MemberAction]) {
        for action in actions {
            switch action {
            case .ask(let request, let afterPause):
                let time = afterPause ? backoff.pause(after: membership?.failures ?? 1) : .zero
                guard request.isParting else {
                    Task(executorPreference: loop) { await self.ask(request, after: time) }
                    continue
                }
                partings += 1
                Task(executorPreference: loop) { await self.part(request) }
            case .forgetCoordinator: forgetCoordinator()
            case .assigned(let assignment, let name): tellAssignor(name, assignment)
            case .takeOver(let partitions, let share):
                Task(executorPreference: loop) { await self.takeOver(partitions, share) }
            case .surrender(let partitions): revoke(partitions, lost: false)
            case .revoke(let lost): revoke(plan.positions.keys.sorted(), lost: lost)
            case .report(let error, let source): report(error, source)
            case .recovered(let source): worksAgain(source)
            case .fail(let error): fail(error)
            }
        }
        tellRebalance()
        setTimer()
    }

    func forgetCoordinator() {
        guard let id = configuration.groupId else { return }
        cluster.assumeIsolated { $0.forgetCoordinator(.coordinator(group: id)) }
    }

    private func part(_ request: GroupRequest) async {
        await ask(request, after: .zero)
        partings -= 1
        wakeApplication()
    }

    private func ask(_ request: GroupRequest, after time: Duration) async {
        await pause(time)
        do throws(KafkaError) {
            if request.namesTopics {
                guard membership?.sender(of: request) != nil else { return }
                if case .matching? = topics.wanted { try await refreshTopics() }
                topics.joins()
            }
            guard let own = membership, let member = own.sender(of: request) else { return }
            if case .lead(_, _, let members, _) = request { topics.leads(GroupExchange.topics(of: members)) }
            let answer = try await GroupExchange.ask(
                request, as: member, own.terms, leaving: own.leaveReason, topics, configuration, cluster)
            // What the share was made of: the topics may grow while it is on its way.
            if case .lead = request { topics.remember(known, racks: ledRacks) }
            if let actions = membership?.answered(answer, to: request, now: now) { perform(actions) }
            if case .lead(let share, _, _, isAssigned: true) = request { await compareAssignment(share) }
        } catch {
            guard !announcements.isClosed, let actions = membership?.failed(request, because: error, now: now) else {
                return
            }
            perform(actions)
        }
    }

    /// Commits what was processed, and leaves the group as `step` says. Most of the time is the commit's, which matters more:
    /// the group notices by itself who is gone.
    func leave(
        within limit: Duration, _ step: @escaping @Sendable (inout any GroupMembership) -> [MemberAction]
    ) async {
        let deadline = now + (limit - limit / 3)
        await bounded(limit) { await $0.leave(until: deadline, step) }
        leavings += 1
    }

    private func leave(
        until deadline: Instant, _ step: @Sendable (inout any GroupMembership) -> [MemberAction]
    ) async {
        let leaving = leavings
        commits.closing()
        await commitRest(until: deadline)
        // Where that took longer than there was time for, the member may have begun to join again.
        guard leaving == leavings, var own = membership else { return }
        let actions = step(&own)
        membership = own
        for case .ask(let request, _) in actions { await ask(request, after: .zero) }
    }

    // MARK: - Partitions

    /// The assignor hears what its member has been assigned.
    private func tellAssignor(_ name: String, _ assignment: MemberAssignment) {
        guard let metadata = membership?.member.map(ConsumerGroupMetadata.init),
            assignment.partitions.allSatisfy({ topics.wants($0.topic) })
        else { return }
        do throws(KafkaError) {
            try configuration.assignor(named: name)
                .assigned(assignment.partitions, userData: assignment.userData, as: metadata)
        } catch {
            fail(error)
        }
    }

    /// Takes over a share: reads each partition where the group has come to, or begins it where the configuration says, then
    /// tells the application. Partitions that cannot be looked up soon keep the others from nothing.
    private func takeOver(_ partitions: [TopicPartition], _ share: Int) async {
        let followsCoordinator = membership?.isAssignedByCoordinator ?? false
        if !followsCoordinator, let foreign = partitions.first(where: { !topics.wants($0.topic) }) {
            return rejoin(share, foreign)
        }
        var failures = 0
        // The group may move on meanwhile.
        while let membership, membership.has(share) {
            do throws(KafkaError) {
                try await cluster.refresh(
                    Set(partitions.map(\.topic)).union(topics.names).sorted(), mayCreate: mayCreate)
                guard self.membership?.has(share) ?? false else { return }
                if let denial = topics.denial(known) { throw denial }
                if topics.isLeading, let gone = partitions.first(where: { topics.isGone($0, known) }) {
                    return rejoin(share, gone)
                }
                let wanted = held(partitions, of: share)
                let (committed, missing) = try await GroupExchange.starts(
                    of: wanted, in: membership.groupId, as: membership.reader, configuration, cluster)
                let (found, failure) = try await FetchExchange.offsets(
                    missing, configuration.isolationLevel, cluster, within: firstLook)
                guard self.membership?.has(share) ?? false else { return }
                let still = Set(held(wanted, of: share))
                // Nothing left of what there was is not the same as nothing given.
                guard !still.isEmpty || partitions.isEmpty else { return rememberTopics() }
                takeOver(
                    committed.filter { still.contains($0.key) }, found.filter { still.contains($0.key) },
                    later: missing.filter { found[$0.key] == nil && still.contains($0.key) })
                worksAgain(.group)
                if let failure, isToBeTold(failure, after: 1) { report(failure, .positions) }
                return rememberTopics()
            } catch {
                guard self.membership?.has(share) ?? false else { return }
                guard GroupFaults.mayPass(error) else { return fail(error) }
                failures += 1
                if isToBeTold(error, after: failures) { report(error, .group) }
                await pause(backoff.pause(after: failures))
            }
        }
    }

    private func held(_ partitions: [TopicPartition], of share: Int) -> [TopicPartition] {
        membership?.held(partitions, of: share) ?? []
    }

    private func takeOver(
        _ committed: [TopicPartition: CommittedOffset], _ found: [TopicPartition: Offset],
        later: [TopicPartition: KafkaConsumer.StartingOffset]
    ) {
        let later = PlantedMistake.forgetsLaterPartitions.isMade ? [:] : later
        let offsets = committed.mapValues(\.offset).merging(found) { $1 }
        gain(
            later.merging(offsets.mapValues { .offset($0) }) { $1 },
            epochs: committed.mapValues(\.leaderEpoch))
        // That a rebalance has brought nothing new is nothing new to a member that goes on reading.
        if !offsets.isEmpty || !later.isEmpty || plan.positions.isEmpty { announce(offsets, later: later.keys) }
        begin(found)
        fetch()
    }

    /// What the group has assigned is not what this member reads: a static member that is back gets what it had before, and
    /// a topic may be made anew with fewer partitions.
    private func rejoin(_ share: Int, _ partition: TopicPartition) {
        let error = KafkaError(
            .broker(.unknownTopicOrPartition),
            "group \(configuration.groupId ?? "") has assigned \(partition), which this member does not read, or which is "
                + "gone; it joins again", topic: partition.topic, partition: partition.partition)
        if let actions = membership?.rejects(share, because: error) { perform(actions) }
    }

    private func revoke(_ partitions: [TopicPartition], lost: Bool) {
        if lost { rebalance.lose() }
        noteMarks()
        if lost { commits.lost() }
        leaving = partitions
        if announcements.revoked(partitions, lost: lost) {
            configuration.onRevocation?(KafkaConsumer.PendingRevocation(partitions: partitions, isLost: lost))
        } else if lost || commits.rest == nil {
            // The application need not let go; where it would have begun is committed all the same.
            release()
        } else {
            Task(executorPreference: loop) { await self.letGo() }
        }
        wakeApplication()
    }

    /// The application has finished with the partitions that are taken away.
    func letGo() async {
        noteMarks()
        if membership?.standing == .revoking(lost: false), commits.rest != nil {
            let limit = configuration.sessionTimeout
            let deadline = now + limit
            await bounded(limit) { await $0.commitRest(until: deadline) }
        }
        announcements.hasLetGo()
        guard case .revoking? = membership?.standing else { return }
        release()
    }

    private func release() {
        let isAll = Set(leaving).isSuperset(of: plan.positions.keys)
        if isAll { reassign([:]) } else if !PlantedMistake.readsRevoked.isMade { giveUp(leaving) }
        leaving = []
        if let actions = membership?.released() { perform(actions) }
    }

    var pendingRevocation: KafkaConsumer.PendingRevocation? {
        guard case .revoking(let lost)? = membership?.standing else { return nil }
        return KafkaConsumer.PendingRevocation(partitions: leaving, isLost: lost)
    }
}
