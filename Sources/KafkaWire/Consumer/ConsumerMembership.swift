/// What a consumer does as a member of a group: it performs what ``GroupMembership`` decides.
extension ConsumerEngine {
    func perform(_ actions: [MemberAction]) {
        for action in actions {
            switch action {
            case .ask(let request, let afterPause):
                let time = afterPause ? backoff.pause(after: membership?.failures ?? 1) : .zero
                Task(executorPreference: loop) { await self.ask(request, after: time) }
            case .forgetCoordinator: forgetCoordinator()
            case .takeOver(let partitions, let share):
                Task(executorPreference: loop) { await self.takeOver(partitions, share) }
            case .revoke(let lost): revoke(lost: lost)
            case .report(let error, let source): report(error, source)
            case .recovered(let source): worksAgain(source)
            case .fail(let error): fail(error)
            }
        }
        setTimer()
    }

    func forgetCoordinator() {
        guard let id = configuration.groupId else { return }
        cluster.assumeIsolated { $0.forgetCoordinator(.coordinator(group: id)) }
    }

    private func ask(_ request: GroupRequest, after time: Duration) async {
        await pause(time)
        do throws(KafkaError) {
            if request.namesTopics, case .matching? = configuration.source.topics {
                guard membership?.sender(of: request) != nil else { return }
                try await refreshTopics()
            }
            guard let member = membership?.sender(of: request) else { return }
            let answer = try await GroupExchange.ask(request, as: member, topics, configuration, cluster)
            if let actions = membership?.answered(answer, to: request, now: now) { perform(actions) }
        } catch {
            guard !announcements.isClosed, let actions = membership?.failed(request, because: error, now: now) else {
                return
            }
            perform(actions)
        }
    }

    /// Commits what was processed, and leaves the group as `step` says. Nobody waits long for the answer.
    func leave(_ step: @Sendable (inout any GroupMembership) -> [MemberAction]) async {
        commits.closing()
        await commitRest()
        guard var own = membership else { return }
        let actions = step(&own)
        membership = own
        for case .ask(let request, _) in actions { await ask(request, after: .zero) }
    }

    // MARK: - Partitions

    /// Takes over a share: looks up where each partition goes on, then tells the application.
    private func takeOver(_ partitions: [TopicPartition], _ share: Int) async {
        var failures = 0
        // The group may move on meanwhile.
        while let membership, membership.has(share) {
            do throws(KafkaError) {
                try await cluster.refresh(Set(partitions.map(\.topic)).union(topics.names).sorted())
                let starts = try await GroupExchange.startingOffsets(
                    partitions, of: membership.groupId, configuration, cluster)
                guard self.membership?.has(share) ?? false else { return }
                reassign(starts.mapValues { .offset($0) })
                fetch()
                worksAgain(.group)
                rememberTopics()
                return announce(starts)
            } catch {
                guard self.membership?.has(share) ?? false else { return }
                guard error.isRetriable else { return fail(error) }
                failures += 1
                if isToBeTold(error, after: failures) { report(error, .group) }
                await pause(backoff.pause(after: failures))
            }
        }
    }

    private func revoke(lost: Bool) {
        if lost { commits.lost() }
        if !announcements.revoked(plan.positions.keys.sorted(), lost: lost) { release() }
        wakeApplication()
    }

    /// The application has finished with the partitions that are taken away.
    func letGo() async {
        if membership?.standing == .revoking(lost: false), commits.rest != nil {
            await bounded(configuration.sessionTimeout) { await $0.commitRest() }
        }
        announcements.hasLetGo()
        guard case .revoking? = membership?.standing else { return }
        release()
    }

    private func release() {
        reassign([:])
        if let actions = membership?.released() { perform(actions) }
    }
}
