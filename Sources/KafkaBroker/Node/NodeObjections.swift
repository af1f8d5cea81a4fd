import KafkaWire

// What always holds of a node, for the fuzzer and for tests.

extension BrokerNode {
    /// What does not hold of the state though it always should; `pending` are the requests that are not answered.
    func objections(pending: [RequestTicket]) -> [String] {
        var found: [String] = []
        func hold(_ holds: Bool, _ otherwise: @autoclosure () -> String) {
            if !holds { found.append(otherwise()) }
        }
        var stored = 0
        var partitions = 0
        for topic in topics.byName.values {
            partitions += topic.partitions.count
            hold(topics[topic.id] === topic, "\(topic.name) is not found by its id")
            for (index, partition) in topic.partitions.enumerated() {
                stored += partition.log.size
                let name = "\(topic.name)-\(index)"
                hold(partition.index == PartitionID(index: index), "\(name) calls itself \(partition.index)")
                hold(!partition.isDeleted, "\(name) is there and marked as deleted")
                for text in partition.log.objections { found.append("\(name): \(text)") }
                let stable = partition.lastStableOffset
                hold(
                    stable >= partition.log.startOffset && stable <= partition.log.endOffset,
                    "\(name) is stable up to \(stable), and holds \(partition.log.startOffset) to \(partition.log.endOffset)"
                )
                for ticket in partition.waiting.keys where !pending.contains(ticket) {
                    hold(false, "\(name) wakes \(ticket), which does not wait")
                }
            }
        }
        hold(stored == storedBytes, "\(storedBytes) bytes are counted, and the logs hold \(stored)")
        hold(partitions == topics.partitionCount, "\(topics.partitionCount) partitions are counted of \(partitions)")
        hold(partitions <= configuration.maximumPartitions, "there are \(partitions) partitions")
        hold(storage != nil || storedBytes <= configuration.memoryLimit, "the logs hold \(storedBytes) bytes")
        hold(
            waitingFetches.count <= pending.count, "\(waitingFetches.count) fetches wait, of \(pending.count) requests")
        hold(waitingFetches.count == 0 || nextDeadline != nil, "fetches wait for ever")
        hold(sessions.count <= configuration.fetchSessionLimit, "there are \(sessions.count) fetch sessions")
        found += groups.objections(pending: pending)
        hold(
            sessions.partitionCount <= configuration.fetchSessionPartitionLimit,
            "fetch sessions name \(sessions.partitionCount) partitions")
        hold(
            scramUsers.count <= ScramUsers.limit && scramUsers.size <= ScramUsers.sizeLimit,
            "there are \(scramUsers.count) SCRAM credentials of \(scramUsers.size) bytes")
        hold(
            delegationTokens.count <= DelegationTokens.limit && delegationTokens.size <= DelegationTokens.sizeLimit,
            "there are \(delegationTokens.count) tokens of \(delegationTokens.size) bytes")
        if let kept = storage?.metadata {
            hold(kept.scramCredentials.count == scramUsers.count, "other SCRAM credentials are kept than there are")
            hold(
                !delegationTokens.isEnabled || kept.tokens.count == delegationTokens.count,
                "other tokens are kept than there are")
        }
        hold(works.tickets.allSatisfy(pending.contains), "work is done that nobody waits for")
        hold(joinVersions.keys.allSatisfy(pending.contains), "joins are remembered that nobody waits for")
        hold(
            delayed.allSatisfy { pending.contains($0.context.ticket) }, "requests are held back that nobody waits for")
        for (id, group) in groups.groups {
            let members = max(group.classic.members.count, group.consumer?.members.count ?? 0)
            hold(members <= configuration.maximumGroupSize, "\(id) has \(members) members")
        }
        return found
    }
}

extension PartitionLog {
    /// What does not hold of the log though it always should.
    fileprivate var objections: [String] {
        var found: [String] = []
        if startOffset > endOffset { found.append("it begins at \(startOffset) and ends at \(endOffset)") }
        let held = segments.reduce(0) { $0 + $1.size }
        if held != size { found.append("\(size) bytes are counted, and the segments hold \(held)") }
        var next: Offset = segments.first?.baseOffset ?? 0
        for segment in segments {
            if segment.baseOffset < next { found.append("a segment begins at \(segment.baseOffset), before \(next)") }
            next = segment.baseOffset
            var position = 0
            for (index, entry) in segment.entries.enumerated() {
                if entry.baseOffset < next || entry.endOffset <= entry.baseOffset || entry.position != position {
                    found.append("the batch at \(entry.baseOffset) does not follow the one that ends at \(next)")
                }
                next = entry.endOffset
                position = segment.endPosition(index)
            }
            if segment.endOffset != next, !segment.entries.isEmpty {
                found.append("a segment ends at \(segment.endOffset), and its last batch at \(next)")
            }
        }
        if let last = segments.last, last.endOffset > endOffset { found.append("segments go on behind the end") }
        return found
    }
}
