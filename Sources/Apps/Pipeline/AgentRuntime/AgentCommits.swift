import Detectors
import KafkaWire

/// What an agent commits, and when: what was judged, as far as its alerts have arrived.
extension AgentRun {
    /// Commits in the background what may be, if that is not going on.
    func startCommit() {
        guard committing == nil, failure == nil, isSomethingDue else { return }
        committing = Task {
            let error = await self.commitOnce(self.held)
            self.committing = nil
            self.note(error)
            // What waited for room.
            if !self.stopped.isEmpty { await self.hold() }
            // What was judged, or has arrived, meanwhile.
            if error == nil, self.isCaughtUp { self.startCommit() }
            return error
        }
    }

    private var isSomethingDue: Bool {
        if case .parcels = channel {
            hasParcel
        } else {
            !ledger.due(held).isEmpty
        }
    }

    private func note(_ error: KafkaError?) {
        guard let error else { return words.commitWorked() }
        // A group that has moved on tells so itself; the records come again, to this instance or another.
        if words.isNews(commit: error) { tell(error) }
    }

    /// Commits what may be of these partitions, behind what is on its way. Gives why not.
    func commit(_ partitions: Set<TopicPartition>) async -> KafkaError? {
        // One after the other: what fails goes back behind nothing that came later.
        while let committing { _ = await committing.value }
        let task = Task {
            let error = await self.commitOnce(partitions)
            self.committing = nil
            return error
        }
        committing = task
        return await task.value
    }

    private func commitOnce(_ partitions: Set<TopicPartition>) async -> KafkaError? {
        if case .parcels(let sender, _) = channel { return await sendParcel(partitions, by: sender) }
        let offsets = ledger.due(partitions)
        lastCommit = loop.now
        guard !offsets.isEmpty else { return nil }
        do throws(KafkaError) {
            try await consumer.commit(offsets.mapValues { CommittedOffset(offset: $0) })
            ledger.settled(offsets)
            return nil
        } catch {
            return error
        }
    }

    // MARK: - Alerts

    func send(_ letters: [(offset: Offset, record: ProducerRecord)], of partition: TopicPartition) async {
        guard let courier = channel?.courier, !letters.isEmpty else { return }
        var list: [(record: ProducerRecord, ticket: AlertLedger.Ticket)] = []
        for (offset, record) in letters {
            if let ticket = ledger.raised(partition, at: offset, size: record.size) { list.append((record, ticket)) }
        }
        await courier.send(list)
    }

    /// What becomes of alerts and dead letters.
    func hear(_ news: AlertCourier.News) async {
        switch news {
        case .arrived(let tickets):
            for ticket in tickets { ledger.arrived(ticket) }
            words.alertsWorked()
            if isCaughtUp { startCommit() }
        case .trouble(let error): if words.isNews(alerts: error) { tell(error) }
        case .failed(let error): await fail(error)
        }
    }

    /// Nothing more can be done: the run ends, and says why.
    func fail(_ error: KafkaError) async {
        failure = failure ?? error
        await consumer.stop()
    }

    /// Waits, not for long, until the alerts of these partitions have arrived.
    func settleAlerts(of partitions: some Collection<TopicPartition> & Sendable, within limit: Duration) async {
        let deadline = loop.now + limit
        while ledger.waiting(of: partitions) > 0, loop.now < deadline {
            do { try await loop.sleep(for: .milliseconds(5)) } catch { return }
        }
    }
}
