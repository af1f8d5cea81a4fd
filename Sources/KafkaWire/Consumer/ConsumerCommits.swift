/// Positions that the application has processed, and their way to the coordinator.
extension ConsumerEngine {
    /// Commits the position behind a batch, unless its partition was taken away since: who has it now goes its own way.
    func commit(
        _ offsets: [TopicPartition: CommittedOffset], of assignment: Int
    ) async throws(KafkaError) {
        guard configuration.groupId == nil || assignment == self.assignment else { throw movedOn(offsets) }
        try await commit(offsets)
    }

    /// Commits positions, trying again while the coordinator moves.
    func commit(_ offsets: [TopicPartition: CommittedOffset]) async throws(KafkaError) {
        guard let id = configuration.groupId else {
            throw KafkaError(
                .invalidConfiguration, "a consumer without a group has nothing to commit to", setting: "group.id")
        }
        try await cluster.retrying(
            for: configuration.client.requestTimeout, "commit to group \(id)"
        ) { () async throws(KafkaError) in try await self.commitOnce(offsets) }
        forgetProcessed(offsets)
    }

    private func forgetProcessed(_ committed: [TopicPartition: CommittedOffset]) {
        for (partition, offset) in committed where processed[partition]?.offset == offset.offset {
            processed[partition] = nil
        }
    }

    private func movedOn(_ offsets: [TopicPartition: CommittedOffset]) -> KafkaError {
        let first = offsets.keys.min()
        return KafkaError(
            .broker(.rebalanceInProgress),
            "could not commit to group \(configuration.groupId ?? ""): this consumer has given its partitions back since; "
                + "the records behind the last commit come again",
            api: .offsetCommit, topic: first?.topic, partition: first?.partition, isRetriable: false)
    }

    private func commitOnce(_ offsets: [TopicPartition: CommittedOffset]) async throws(KafkaError) {
        guard let group, !offsets.isEmpty else { return }
        // Without a generation the coordinator would take it for an administrator's commit.
        guard group.generation >= 0 else { throw movedOn(offsets) }
        let member = Membership(
            groupId: group.groupId, generation: group.generation, memberId: group.memberId,
            groupInstanceId: group.groupInstanceId)
        let code: ErrorCode
        do {
            code = try await cluster.commit(offsets, as: member)
        } catch {
            await cluster.forgetCoordinator(.coordinator(group: group.groupId))
            throw error
        }
        guard code != .none else { return }
        if self.group?.generation == group.generation, let actions = self.group?.commitRefused(code, now: .now) {
            perform(actions)
        }
        throw .refused(
            code, "could not commit to group \(group.groupId)", api: .offsetCommit,
            topic: offsets.keys.first?.topic, partition: offsets.keys.first?.partition,
            advice: Self.movedOn.contains(code)
                ? "the group has moved on, and the records behind the last commit come again" : nil)
    }

    private static let movedOn: Set<ErrorCode> = [
        .illegalGeneration, .unknownMemberId, .rebalanceInProgress, .fencedInstanceId,
    ]

    /// Commits what was processed, in the background, when it is time to.
    func autoCommitIfDue() {
        guard let interval = configuration.autoCommit, group?.phase == .stable, Instant.now >= nextAutoCommit,
            !isCommitting
        else { return }
        nextAutoCommit = .now + interval
        guard !processed.isEmpty else { return }
        isCommitting = true
        Task(executorPreference: loop) { await self.autoCommit(interval) }
    }

    private func autoCommit(_ interval: Duration) async {
        await commitProcessed()
        isCommitting = false
        if failedCommits > 0 { nextAutoCommit = .now + max(interval, backoff.pause(after: failedCommits)) }
        setTimer()
    }

    /// When ``autoCommitIfDue()`` has something to do.
    var autoCommitDeadline: Instant? {
        guard configuration.autoCommit != nil, group?.phase == .stable, !processed.isEmpty, !isCommitting else {
            return nil
        }
        return nextAutoCommit
    }

    func commitProcessed() async {
        let offsets = processed
        guard group != nil, !offsets.isEmpty else { return }
        do throws(KafkaError) {
            try await commitOnce(offsets)
            forgetProcessed(offsets)
            failedCommits = 0
            commitFailure = nil
            worksAgain(.commits)
        } catch {
            failedCommits += 1
            commitFailure = error
            // A group that has moved on tells so itself.
            if let code = error.code.broker, Self.movedOn.contains(code) {
                configuration.client.logger.warning("\(error.message)")
            } else {
                report(error, .commits)
            }
        }
    }
}
