import KafkaWire

/// How an agent takes partitions over and gives them back.
extension AgentRun {
    func assigned(_ offsets: [TopicPartition: Offset]) async {
        held.formUnion(offsets.keys)
        for partition in offsets.keys { unclear[partition] = nil }
        hasShare = true
        for partition in ledger.partitions where !held.contains(partition) {
            // Another instance goes on with it.
            dropMemory(of: partition)
        }
        if case .parcels(_, let topic) = channel {
            restore(offsets, from: topic)
            tellAssigned()
            return await hold()
        }
        var wanted: [TopicPartition: (from: Offset, to: Offset)] = [:]
        var resumed: [TopicPartition: Offset] = [:]
        for (partition, offset) in offsets {
            switch ledger.takeOver(partition, at: offset) {
            case .goOn: break
            case .resume(let known): resumed[partition] = known
            case .readBack(let known): wanted[partition] = (known, offset)
            case .anew:
                desk.forget(partition: partition.partition)
                wanted[partition] = (0, offset)
            }
        }
        tellAssigned()
        await readBack(wanted, offsets)
        for (partition, offset) in resumed { await seek(partition, to: offset) }
    }

    /// Reads back what is wanted of the past, in front of `offsets`.
    func readBack(
        _ wanted: [TopicPartition: (from: Offset, to: Offset)], _ offsets: [TopicPartition: Offset]
    ) async {
        for partition in past.assigned(wanted) {
            if let offset = offsets[partition] { ledger.knows(partition, upTo: offset) }
        }
        await hold()
        if !isLookingUp, !past.lookedUp.isEmpty {
            isLookingUp = true
            Task { await self.lookUp() }
        }
    }

    func revoked(_ partitions: [TopicPartition], lost: Bool) async {
        if !lost {
            await settleAlerts(of: partitions, within: .seconds(1))
            if let error = await commit(held.intersection(partitions)) { tell(error) }
        }
        held.subtract(partitions)
        unreadable.subtract(partitions)
        for partition in partitions { unclear[partition] = nil }
        if lost { hasShare = false }
        dropUntold(of: partitions)
        past.revoked(partitions)
        await hold()
    }

    func reset(_ partition: TopicPartition, to offset: Offset, _ error: KafkaError) async {
        if past.target(of: partition) != nil { return await proceed(partition, past.reset(partition, to: offset)) }
        // A log that begins anew has other events; one that lost its last ones may get them again.
        if offset < ledger.known(partition), error.code != .logTruncated {
            desk.forget(partition: partition.partition)
        }
        ledger.reset(partition, to: offset)
        tell(error)
    }

    // MARK: - The past

    /// Looks up where logs begin, of those partitions whose past is to be read, until that has worked for all of them.
    private func lookUp() async {
        var failures = 0
        while !past.lookedUp.isEmpty, !isOver {
            let found = await consumer.logStarts(of: past.lookedUp.sorted(), within: .seconds(2))
            var hasFailed = false
            for (partition, outcome) in found.sorted(by: { $0.key < $1.key }) {
                switch outcome {
                case .success(let start): await begin(partition, start)
                case .failure(let error):
                    hasFailed = true
                    await lookUpFailed(partition, error, failures)
                }
            }
            await hold()
            guard hasFailed else { continue }
            failures += 1
            do { try await loop.sleep(for: .milliseconds(100 * min(failures, 10))) } catch { break }
        }
        isLookingUp = false
    }

    private func begin(_ partition: TopicPartition, _ start: Offset) async {
        guard let target = past.target(of: partition), past.lookedUp.contains(partition) else { return }
        if let first = past.found(partition, start: start, now: loop.now) {
            await seek(partition, to: first)
        } else {
            // As without a past: what the log does not have at the group's position is the consumer's matter.
            ledger.knows(partition, upTo: target)
        }
    }

    private func lookUpFailed(_ partition: TopicPartition, _ error: KafkaError, _ failures: Int) async {
        guard KafkaConsumer.mayPass(error) else {
            if let target = past.target(of: partition) { ledger.knows(partition, upTo: target) }
            past.gaveUp(partition)
            return tellUnknown(partition, error)
        }
        if failures == Self.patience { tellWaiting(partition, error) }
    }

    /// So many tries in a row are no trouble yet: a second.
    private static var patience: Int { 4 }

    /// Does what comes next of a partition's past.
    func proceed(_ partition: TopicPartition, _ next: ReadingBack.Next) async {
        switch next {
        case .goOn: break
        case .ready(let outcome): tellReady(partition, outcome)
        case .seek(let offset, let outcome):
            ledger.knows(partition, upTo: offset)
            await seek(partition, to: offset)
            tellReady(partition, outcome)
        }
    }

    func seek(_ partition: TopicPartition, to offset: Offset) async {
        // It throws where the group has taken the partition away meanwhile: that is told next.
        try? await consumer.seek(partition, to: offset)
    }
}
