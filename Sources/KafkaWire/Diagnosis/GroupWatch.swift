/// Watches one group for a while: its states and members, and its positions at the beginning and at the end.
struct GroupWatch: Sendable {
    let id: String
    let look: ClusterLook

    private static let pause: Duration = .milliseconds(250)
    /// A group at rest that has read everything is not watched for longer.
    private static let shortest: Duration = .seconds(2)

    private var admin: KafkaAdmin { look.admin }
    private var loop: any EventLoop { look.admin.cluster.loop }

    func facts() async -> GroupFacts {
        var facts = GroupFacts(id: id)
        let start = loop.now
        let end = start + look.configuration.watch
        var lastLook = start
        while true {
            switch await admin.describeGroups([id])[id] {
            case .success(let group)?: facts.samples.append(.init(loop.now - start, group))
            case .failure(let error)? where error.code.broker == .groupIdNotFound:
                // One that is deleted meanwhile is an empty one.
                return facts
            case .failure(let error)?:
                if facts.samples.isEmpty {
                    facts.isDenied = error.code.broker == .groupAuthorizationFailed
                    if !facts.isDenied { facts.failure = error.message }
                    return facts
                }
            case nil: return facts
            }
            if facts.samples.count == 1 { facts.before = await positions(&facts) }
            let now = loop.now
            facts.watched = now - start
            if now >= end || Task.isCancelled { break }
            if facts.watched >= Self.shortest, now - lastLook >= .seconds(1), isQuiet(facts) {
                lastLook = now
                let positions = await positions(&facts)
                if positions.values.allSatisfy({ $0.lag == 0 || $0.lag == nil && $0.end == $0.start }) { break }
                if facts.last?.members.isEmpty ?? true { break }
            }
            do { try await loop.sleep(for: Self.pause) } catch { break }
        }
        facts.after = await positions(&facts)
        facts.watched = loop.now - start
        facts.now = loop.wallMilliseconds
        await lookAtTransactions(&facts)
        return facts
    }

    /// Whether nothing has happened so far.
    private func isQuiet(_ facts: GroupFacts) -> Bool {
        guard let first = facts.samples.first?.group else { return false }
        return facts.samples.allSatisfy {
            ($0.group.state == .stable || $0.group.state == .empty) && $0.group.state == first.state
                && $0.group.members.map(\.id) == first.members.map(\.id)
        }
    }

    /// Where the group stands in what it reads, or has read.
    private func positions(_ facts: inout GroupFacts) async -> [TopicPartition: GroupFacts.Position] {
        var committed: [TopicPartition: CommittedOffset] = [:]
        do throws(KafkaError) { committed = try await admin.committedOffsets(of: id) } catch {
            // That nothing is known of its commits is not that it has none.
            facts.gaps.insert(error.message)
        }
        let members = facts.last?.members ?? []
        let assigned = Set(members.flatMap(\.assignment))
        let names = Set(members.flatMap(\.subscribedTopics)).union(assigned.map(\.topic)).union(
            committed.keys.map(\.topic))
        var readable: Set<TopicPartition> = []
        var withoutLeader: Set<TopicPartition> = []
        let described = await admin.describeTopics(names.sorted())
        // One that is gone is not looked at, and need not be.
        for error in described.failures().values where error.code.broker != .unknownTopicOrPartition {
            facts.gaps.insert(error.message)
        }
        for case .success(let topic) in described.values {
            facts.partitions[topic.name] = topic.partitions.count
            for partition in topic.partitions {
                let place = TopicPartition(topic.name, partition.partition)
                if let leader = partition.leader, look.usable.contains(leader) {
                    readable.insert(place)
                } else {
                    withoutLeader.insert(place)
                }
            }
        }
        facts.withoutLeader = withoutLeader
        func specs(_ spec: KafkaAdmin.OffsetSpec) -> [TopicPartition: KafkaAdmin.OffsetSpec] {
            Dictionary(uniqueKeysWithValues: readable.map { ($0, spec) })
        }
        let admin = admin
        let (earliest, latest) = (specs(.earliest), specs(.latest))
        async let starts = admin.listOffsets(earliest)
        async let ends = admin.listOffsets(latest)
        async let stables = admin.listOffsets(latest, isolation: .readCommitted)
        let (start, end, stable) = await (starts, ends, stables)
        // Of many of the same kind one is enough.
        for looked in [start, end, stable] {
            if let failure = looked.failures().min(by: { $0.key < $1.key }) { facts.gaps.insert(failure.value.message) }
        }
        var positions: [TopicPartition: GroupFacts.Position] = [:]
        for partition in readable.union(committed.keys) {
            positions[partition] = GroupFacts.Position(
                committed: committed[partition]?.offset, start: (try? start[partition]?.get())?.offset,
                end: (try? end[partition]?.get())?.offset, lastStable: (try? stable[partition]?.get())?.offset)
        }
        return positions
    }

    /// The open transactions of partitions that stand still.
    private func lookAtTransactions(_ facts: inout GroupFacts) async {
        let suspects = facts.still.filter { partition in
            guard let position = facts.after[partition], let end = position.end else { return false }
            return position.lastStable.map { $0 < end } ?? false || position.lag == 1
        }
        guard !suspects.isEmpty else { return }
        var open: [TopicPartition: [KafkaAdmin.ProducerState]] = [:]
        for (partition, outcome) in await admin.describeProducers(of: suspects) {
            guard let producers = try? outcome.get() else { continue }
            // Only who has ended a transaction, or has begun one, has a coordinator.
            if producers.contains(where: { $0.coordinatorEpoch != nil }) { facts.withMarkers.insert(partition) }
            open[partition] = producers.filter { $0.transactionStart != nil }
        }
        let ids = Set(open.values.flatMap { $0 }.map(\.producerId))
        guard !ids.isEmpty else { return }
        var listed: [KafkaAdmin.TransactionListing] = []
        do throws(KafkaError) {
            let gathered = try await admin.listTransactions(producerIds: ids)
            listed = gathered.elements
            facts.gaps.formUnion(gathered.failures.values.map(\.message))
        } catch {
            facts.gaps.insert(error.message)
        }
        let described = await admin.describeTransactions(listed.map(\.id))
        let names = Dictionary(listed.map { ($0.producerId, $0.id) }, uniquingKeysWith: { first, _ in first })
        for (partition, producers) in open {
            facts.transactions[partition] = producers.compactMap { producer in
                guard let start = producer.transactionStart else { return nil }
                let id = names[producer.producerId]
                let description = id.flatMap { try? described[$0]?.get() }
                return GroupFacts.OpenTransaction(
                    producerId: producer.producerId, start: start, transactionalId: id,
                    startTime: description?.startTime,
                    timeout: description?.timeout)
            }
        }
    }
}
