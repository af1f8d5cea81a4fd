import AppSupport
import Detectors
import KafkaWire

/// How an agent that sends alerts exactly once comes to know the users of a partition that it gets: it reads the changelog, and what the
/// changelog does not have, from the events.
extension AgentRun {
    /// These partitions came, at these offsets. Gives those that go on as they were.
    func restore(_ offsets: [TopicPartition: Offset], from topic: ChangelogTopic) {
        for (partition, offset) in offsets {
            guard !ledger.partitions.contains(partition) || ledger.known(partition) != offset else {
                _ = ledger.takeOver(partition, at: offset)
                continue
            }
            dropMemory(of: partition)
            _ = ledger.takeOver(partition, at: offset)
            restoring.begin(partition)
        }
        guard !restoring.isEmpty, !isRestoring else { return }
        isRestoring = true
        Task { await self.restoreAll(from: topic) }
    }

    /// Reads until nothing is left to be restored, whatever comes in between.
    private func restoreAll(from topic: ChangelogTopic) async {
        var failures = 0
        while !restoring.isEmpty, !isOver {
            let wanted = restoring.tickets
            do throws(KafkaError) {
                let last = wanted.map(\.partition.partition.rawValue).max() ?? 0
                try await topic.prepare(partitions: last &+ 1)
                try await restore(wanted, from: topic)
                failures = 0
            } catch {
                guard KafkaConsumer.mayPass(error) else {
                    await fail(error)
                    break
                }
                if words.isNews(alerts: error) { tell(error) }
                failures += 1
                do { try await loop.sleep(for: .milliseconds(100 * min(failures, 10))) } catch { break }
            }
        }
        isRestoring = false
    }

    private func restore(_ wanted: [Restorations.Ticket], from topic: ChangelogTopic) async throws(KafkaError) {
        let reader = try topic.reader(of: wanted.map(\.partition.partition))
        for ticket in wanted where restoring.contains(ticket) { desk.forget(partition: ticket.partition.partition) }
        var failure: KafkaError?
        do throws(KafkaError) { try await restore(wanted, reader) } catch { failure = error }
        _ = await reader.close()
        if let failure { throw failure }
    }

    private func restore(_ wanted: [Restorations.Ticket], _ reader: KafkaConsumer) async throws(KafkaError) {
        var open = Dictionary(
            wanted.map { ($0.partition.partition, (ticket: $0, state: RestoredState(), damaged: 0)) },
            uniquingKeysWith: { first, _ in first })
        for try await event in reader.events {
            switch event {
            case .batch(let batch):
                let partition = batch.source.partition
                guard var entry = open[partition], restoring.contains(entry.ticket) else { break }
                let damaged = desk.restore(batch, &entry.state)
                if let first = damaged.first, entry.damaged == 0 { tellDamage(first, batch.source) }
                entry.damaged += damaged.count
                open[partition] = entry
            case .reachedEnd(let end, _):
                guard let entry = open.removeValue(forKey: end.partition) else { break }
                if entry.damaged > 1 { tellTrouble("\(end): \(Figures.grouped(entry.damaged)) such records in all") }
                await restored(entry.ticket, entry.state)
            case .trouble(let error): tell(error)
            case .assigned, .revoked, .lost, .reset, .recovered: break
            }
            // Those that went meanwhile are not waited for; what came back is read anew.
            guard !isOver, open.values.contains(where: { restoring.contains($0.ticket) }) else { return }
        }
    }

    private func tellDamage(_ offset: Offset, _ partition: TopicPartition) {
        tellTrouble(
            "\(partition), offset \(offset): no record of an agent's changelog that this version knows; whom it is about is judged "
                + "as somebody new")
    }

    /// All that the changelog has of the partition is known.
    private func restored(_ ticket: Restorations.Ticket, _ state: RestoredState) async {
        guard restoring.finish(ticket) else { return }
        let source = ticket.partition
        let target = ledger.base(source)
        epochs[source] = state.epoch
        var wanted: [TopicPartition: (from: Offset, to: Offset)] = [:]
        switch state.gap(to: target) {
        case .none: ledger.knows(source, upTo: target)
        case .readBack(let from): wanted[source] = (from, target)
        case .anew:
            epochs[source] = state.epoch &+ 1
            desk.forget(partition: source.partition)
            wanted[source] = (0, target)
        }
        tellRestored(source, state)
        await readBack(wanted, [source: target])
    }
}
