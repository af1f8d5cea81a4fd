/// Partitions that the application takes itself, whose positions a group keeps (`assign` with a `group.id` in Java).
extension ConsumerEngine {
    /// Begins to read them where the group has come to; those in which the application seeks before that is known, where it
    /// says.
    func takeUp(_ partitions: [TopicPartition], of group: String) {
        let assignment = commits.assignment
        Task(executorPreference: loop) { await self.takeUp(partitions, of: group, with: assignment) }
    }

    /// What was given up meanwhile is left alone, also where it is taken anew: the group may be further on by then.
    private func takeUp(_ partitions: [TopicPartition], of group: String, with assignment: Int) async {
        var failures = 0
        while !announcements.isClosed {
            let open = awaited(partitions, assignment)
            guard !open.isEmpty else { return }
            do throws(KafkaError) {
                try await cluster.refresh(Set(open.map(\.topic)).sorted(), mayCreate: mayCreate)
                let (committed, missing) = try await GroupExchange.starts(
                    of: open, in: group, as: nil, configuration, cluster)
                let (found, failure) = try await FetchExchange.offsets(
                    missing, configuration.isolationLevel, cluster, within: firstLook)
                guard !announcements.isClosed else { return }
                takeUp(committed, found, later: missing.filter { found[$0.key] == nil }, assignment)
                worksAgain(.group)
                if let failure, isToBeTold(failure, after: 1) { report(failure, .positions) }
                return
            } catch {
                guard !announcements.isClosed else { return }
                guard GroupFaults.mayPass(error) else { return fail(error) }
                failures += 1
                if isToBeTold(error, after: failures) { report(error, .group) }
                await pause(backoff.pause(after: failures))
            }
        }
    }

    private func awaited(_ partitions: [TopicPartition], _ assignment: Int) -> [TopicPartition] {
        plan.awaited(partitions).filter { commits.assignment(of: $0) == assignment }
    }

    private func takeUp(
        _ committed: [TopicPartition: CommittedOffset], _ found: [TopicPartition: Offset],
        later: [TopicPartition: KafkaConsumer.StartingOffset], _ assignment: Int
    ) {
        let offsets = committed.mapValues(\.offset).merging(found) { $1 }
        var begun: [TopicPartition: Offset] = [:]
        for partition in awaited(offsets.keys.sorted(), assignment) {
            guard let offset = offsets[partition] else { continue }
            plan.seek(partition, to: offset, epoch: committed[partition]?.leaderEpoch ?? .none)
            begun[partition] = offset
            if committed[partition] == nil { commits.began(partition, at: offset) }
        }
        let open = awaited(later.keys.sorted(), assignment)
        for partition in open { if let start = later[partition] { plan.reset(partition, to: start) } }
        if !begun.isEmpty || !open.isEmpty { announce(begun, later: open) }
        fetch()
    }
}
