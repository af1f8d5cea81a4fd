import Detectors
import KafkaWire

/// How an agent sends alerts exactly once: what has come since the last transaction goes into the next one, with what has changed of
/// the memory and with the positions.
extension AgentRun {
    /// Passes alerts and dead letters on: to the producer at once, or to the next transaction.
    func pass(_ letters: [(offset: Offset, record: ProducerRecord)], of partition: TopicPartition) async {
        guard case .parcels = channel else { return await send(letters, of: partition) }
        outbox.add(letters.map { $0.record }, StateChanges(), of: partition)
    }

    /// Sends what there is of these partitions. Gives why it did not arrive; it then waits for the next transaction.
    func sendParcel(_ partitions: Set<TopicPartition>, by sender: ParcelSender) async -> KafkaError? {
        let parcel = nextParcel(partitions)
        lastCommit = loop.now
        guard !parcel.isEmpty else { return nil }
        let member: ConsumerGroupMetadata
        do throws(KafkaError) { member = try await consumer.groupMetadata } catch {
            outbox.putBack(parcel)
            return error
        }
        switch await sender.send(parcel, as: member) {
        case .arrived:
            ledger.settled(parcel.offsets.filter { ledger.partitions.contains($0.key) })
            return nil
        case .undone(let error):
            outbox.putBack(parcel)
            return error
        case .ousted(let error):
            // What is not committed is judged again after the next start.
            guard !isOver else { return error }
            let partitions = parcel.parts.keys
            for partition in partitions where held.contains(partition) { unclear[partition] = ledger.base(partition) }
            for partition in partitions { dropMemory(of: partition) }
            restoring.end(partitions)
            past.revoked(partitions)
            isBeginningAnew = true
            Task { await self.beginAnew(error, sender) }
            return nil
        case .failed(let error):
            outbox.putBack(parcel)
            await fail(error)
            return nil
        }
    }

    /// Has another producer take the place of one that was ousted, as Kafka Streams does, and the partitions of its last parcel
    /// judged from where the group stands: what is committed tells whether the parcel is there. A twin that has the same name is
    /// told by the group, which ends one of the two.
    private func beginAnew(_ error: KafkaError, _ old: ParcelSender) async {
        tellTrouble("another producer begins anew, and judges again what was not committed: \(error.message)")
        await hold()
        await old.close()
        while !isOver, failure == nil {
            do throws(KafkaError) {
                // Two that shut each other out do so no more often.
                do { try await loop.sleep(for: .seconds(1)) } catch { return }
                try await replace(old)
                let committed = try await consumer.committed(unclear.keys.sorted())
                isBeginningAnew = false
                return await judgeAgain(committed)
            } catch {
                if isOver { return }
                guard KafkaConsumer.mayPass(error) else { return await fail(error) }
                if words.isNews(alerts: error) { tell(error) }
            }
        }
    }

    private func replace(_ old: ParcelSender) async throws(KafkaError) {
        guard case .parcels(let current, let topic) = channel else { return }
        // Begun already, when only the positions could not be read.
        guard current === old else { return }
        let sender = try old.renewed()
        do throws(KafkaError) { try await sender.begin() } catch {
            await sender.close()
            throw error
        }
        guard !isOver else { return await sender.close() }
        channel = .parcels(sender, topic)
    }

    /// Goes on where the group stands, in those partitions that have not come anew meanwhile.
    private func judgeAgain(_ committed: [TopicPartition: CommittedOffset]) async {
        guard case .parcels(_, let topic) = channel else { return }
        let places = unclear.merging(committed.mapValues(\.offset)) { $1 }.filter { unclear[$0.key] != nil }
        unclear = [:]
        restore(places, from: topic)
        for (partition, offset) in places { await seek(partition, to: offset) }
        await hold()
    }

    /// What is judged and not told yet, of partitions whose past is known.
    private func nextParcel(_ partitions: Set<TopicPartition>) -> Parcel {
        var parcel = Parcel()
        let due = ledger.due(partitions)
        for partition in partitions where canTell(of: partition) && hasUntold(of: partition) {
            outbox.add([], desk.takeChanges(of: partition.partition), of: partition)
            let offset = due[partition] ?? ledger.known(partition)
            var part = outbox.part(of: partition, at: offset)
            let epoch = epochs[partition] ?? 0
            part.changelog = desk.changelog(of: part.changes, partition: partition.partition, epoch: epoch)
            part.changelog.append(position: offset, epoch: epoch)
            parcel.parts[partition] = part
        }
        return parcel
    }

    /// Whether a parcel of what this instance has would have anything in it.
    var hasParcel: Bool { held.contains { canTell(of: $0) && hasUntold(of: $0) } }

    /// Whether the past of a partition is known, so that what is judged of it may be told.
    private func canTell(of partition: TopicPartition) -> Bool {
        !isBeginningAnew && past.target(of: partition) == nil && !restoring.contains(partition)
    }

    private func hasUntold(of partition: TopicPartition) -> Bool {
        outbox.holds(partition) || desk.hasChanges(of: partition.partition) || ledger.hasMoved(partition)
    }

    /// What is not told yet of a partition that goes is judged anew by whoever gets it, from the changelog on.
    func dropUntold(of partitions: some Sequence<TopicPartition>) {
        guard case .parcels = channel else { return }
        for partition in partitions where hasUntold(of: partition) || restoring.contains(partition) {
            dropMemory(of: partition)
        }
        restoring.end(partitions)
    }

    func dropMemory(of partition: TopicPartition) {
        desk.forget(partition: partition.partition)
        ledger.forget(partition)
        outbox.drop(partition)
    }
}
