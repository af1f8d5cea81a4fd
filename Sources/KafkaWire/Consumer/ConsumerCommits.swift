/// The way of positions to the coordinator: what ``CommitLedger`` says is committed.
extension ConsumerEngine {
    /// Commits positions for the application, trying again while the coordinator moves; with the number of an assignment
    /// only as long as that is this one: who has the partitions now goes its own way.
    func commit(
        _ offsets: [TopicPartition: CommittedOffset], of assignment: Int? = nil
    ) async throws(KafkaError) {
        guard let id = configuration.groupId else {
            throw KafkaError(
                .invalidConfiguration, "a consumer without a group has nothing to commit to", setting: "group.id")
        }
        guard let attempt = commits.own(offsets, of: assignment) else { throw movedOn(offsets) }
        var offsets = offsets
        if PlantedMistake.commitsPositions.isMade {
            for (place, given) in offsets.inOrder {
                offsets[place]?.offset = plan.positions[place]?.offset ?? given.offset
            }
        }
        defer { setTimer() }
        do throws(KafkaError) {
            try await cluster.retrying(
                for: configuration.client.apiTimeout, "commit to group \(id)"
            ) { [offsets] () async throws(KafkaError) in
                try await self.send(offsets, of: attempt, until: self.now + self.configuration.client.apiTimeout)
            }
            commits.settled(attempt)
        } catch {
            commits.failed(attempt, because: error, now: now, pause: backoff.pause(after:))
            cluster.tell(.commitFailed(group: id, error: error))
            throw error
        }
    }

    func movedOn(_ offsets: [TopicPartition: CommittedOffset]) -> KafkaError {
        let first = offsets.keys.min()
        return KafkaError(
            .broker(.rebalanceInProgress),
            "could not commit to group \(configuration.groupId ?? ""): this consumer has given its partitions back since; "
                + "the records behind the last commit come again",
            api: .offsetCommit, topic: first?.topic, partition: first?.partition, isRetriable: false)
    }

    /// Sends a commit. A member that keeps its partitions while the group rebalances comes to the next generation meanwhile:
    /// until `deadline` it is sent again with that, as long as the partitions are still this consumer's. Without this, who
    /// gets a partition next would begin in front of what was processed.
    private func send(
        _ offsets: [TopicPartition: CommittedOffset], of attempt: CommitLedger.Attempt, within limit: Duration? = nil,
        until deadline: Instant
    ) async throws(KafkaError) {
        var tries = 0
        while !offsets.isEmpty {
            // Who has one of them now goes its own way.
            guard commits.isCurrent(attempt), let member = committer else { throw movedOn(offsets) }
            let code: ErrorCode
            do {
                code = try await cluster.commit(offsets, as: member, timeout: limit)
            } catch {
                forgetCoordinator()
                throw error
            }
            guard code != .none else { return committed(offsets, member) }
            if let actions = membership?.commitRefused(code, of: member, now: now) { perform(actions) }
            let pause = Duration.milliseconds(5 << min(tries, 6))
            tries += 1
            guard membership?.mayCommitAgain(code, of: member) ?? false, now + pause < deadline else {
                throw refused(code, offsets, member)
            }
            await self.pause(pause)
        }
    }

    private func refused(
        _ code: ErrorCode, _ offsets: [TopicPartition: CommittedOffset], _ member: Membership
    ) -> KafkaError {
        .refused(
            code, "could not commit to group \(member.groupId)", api: .offsetCommit,
            topic: offsets.keys.min()?.topic, partition: offsets.keys.min()?.partition, of: member.groupId,
            advice: Self.movedOn.contains(code)
                ? membership == nil
                    ? "the group has members, who have the partitions: choose another group.id"
                    : "the group has moved on, and the records behind the last commit come again" : nil)
    }

    /// What the coordinator is told of who commits: a member, or nobody in particular.
    private var committer: Membership? {
        membership == nil ? configuration.groupId.map { Membership(groupId: $0) } : membership?.member
    }

    private static let movedOn: Set<ErrorCode> = [
        .illegalGeneration, .unknownMemberId, .rebalanceInProgress, .fencedInstanceId, .staleMemberEpoch,
        .fencedMemberEpoch,
    ]

    /// Commits what was processed, in the background, when it is time to.
    func commitIfDue() {
        noteMarks()
        guard hasShare, let attempt = commits.due(now: now) else { return }
        Task(executorPreference: loop) {
            await self.commit(attempt)
            await self.setTimer()
        }
    }

    /// Commits what is left, before partitions are given back. The coordinator may be moving just then: it is tried until
    /// `deadline`.
    func commitRest(until deadline: Instant) async {
        noteMarks()
        var failures = 0
        while let attempt = commits.rest {
            // A coordinator that is silent must not take all of the time.
            let limit = max(.milliseconds(500), (deadline - now) / 3)
            guard
                let error = await commit(
                    attempt, within: min(limit, configuration.client.requestTimeout), until: deadline)
            else {
                return
            }
            failures += 1
            let time = backoff.pause(after: failures)
            guard error.isRetriable, !Self.hasMovedOn(error), now + time < deadline else { return }
            await pause(time)
        }
    }

    private static func hasMovedOn(_ error: KafkaError) -> Bool { error.code.broker.map(movedOn.contains) ?? false }

    /// Commits, and gives why it could not.
    @discardableResult
    private func commit(
        _ attempt: CommitLedger.Attempt, within limit: Duration? = nil, until deadline: Instant? = nil
    ) async -> KafkaError? {
        do throws(KafkaError) {
            try await send(attempt.offsets, of: attempt, within: limit, until: deadline ?? now)
            commits.settled(attempt)
            worksAgain(.commits)
            return nil
        } catch {
            commits.failed(attempt, because: error, now: now, pause: backoff.pause(after:))
            // A group that has moved on tells so itself.
            cluster.tell(.commitFailed(group: configuration.groupId ?? "", error: error))
            if !Self.hasMovedOn(error) { report(error, .commits) }
            return error
        }
    }
}
