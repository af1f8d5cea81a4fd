import KafkaWire

/// Reads records, and sends a copy of each in one transaction with the position behind it; now and then it aborts one that is
/// complete, and does it again.
struct Copier: Sendable {
    /// Why an application aborts what is complete.
    private struct SecondThoughts: Error {}

    private let crew: TransactionCrew
    private let client: TransactingClient
    private let notes: ReaderNotes
    /// How many transactions it has begun.
    private let count = Locked(0)

    init(_ crew: TransactionCrew, _ client: TransactingClient, _ notes: ReaderNotes) {
        (self.crew, self.client, self.notes) = (crew, client, notes)
    }

    private var name: String { client.host.name }

    /// Reads until the sequence ends, or its transactions cannot go on: with a new client it goes on where it has committed.
    func work() async {
        guard await client.takeIdentity(while: { !crew.isStopping(name) }) else { return }
        do {
            for try await event in notes.consumer.events {
                await notes.note(event)
                guard case .batch(let batch) = event else { continue }
                guard await copy(batch) else { return }
            }
        } catch {
            client.life.note(.told("\(error)"))
        }
    }

    /// Gives whether the next batch may follow.
    private func copy(_ batch: ConsumerBatch) async -> Bool {
        if client.isOne(in: client.run.plan.transactions.abortsOneIn), await !abortOne(batch) { return false }
        var last: History.Transaction?
        var isAsked = false
        do {
            let result: Void? = try await client.producer.withTransaction(committing: batch) { open in
                // That it is begun again says that the one before was aborted.
                if let last { client.note(.ended(last, .aborted)) }
                isAsked = false
                let transaction = begin()
                last = transaction
                try await send(batch, in: transaction, open)
                client.note(.ending(transaction, commits: true))
                isAsked = true
            }
            guard let last else { return false }
            guard result != nil else {
                // The records are somebody else's by now.
                client.note(.ended(last, .aborted))
                return true
            }
            committed(last, batch)
            return true
        } catch {
            client.life.note(.told("\(error)"))
            guard let last else { return false }
            guard isAsked else {
                client.note(.ended(last, .aborted))
                return false
            }
            if (error as? KafkaError)?.transaction == .outcomeUnknown, await learn() {
                committed(last, batch)
                return true
            }
            client.note(.ended(last, .unknown))
            return false
        }
    }

    /// Aborts a transaction that has all of the batch, its position as well. Gives whether another one may follow.
    private func abortOne(_ batch: ConsumerBatch) async -> Bool {
        var last: History.Transaction?
        do {
            try await client.producer.withTransaction { open in
                let transaction = begin()
                last = transaction
                try await send(batch, in: transaction, open)
                try await open.commit(batch)
                client.note(.ending(transaction, commits: false))
                throw SecondThoughts()
            }
        } catch {
            // Nobody has asked for its commit.
            if let last { client.note(.ended(last, .aborted)) }
            guard !(error is SecondThoughts) else { return true }
            client.life.note(.told("\(error)"))
            // What may pass is met again by who does it for good.
            let trouble = (error as? KafkaError)?.transaction
            return trouble != .fenced && trouble != .fatal
        }
        return true
    }

    private func begin() -> History.Transaction {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let transaction = History.Transaction(client.author, number)
        client.note(.began(transaction))
        return transaction
    }

    private func send(
        _ batch: ConsumerBatch, in transaction: History.Transaction, _ open: ProducerTransaction
    ) async throws(KafkaError) {
        let source = ReaderNotes.place(batch.source)
        for read in batch {
            guard let number = crew.nextRecord(name) else { return }
            let record = History.Record(client.author, number)
            let message = ProducerRecord(topic: ScenarioRun.copies, key: "\(number % 16)", value: record.description)
            client.life.note(.sent(record, topic: ScenarioRun.copies))
            do {
                _ = try await client.run.call(client.life, "enqueue", within: client.configuration.maximumBlock) {
                    () async throws(KafkaError) in try await open.enqueue(message)
                }
            } catch {
                client.life.note(.refused(record, .final))
                throw error
            }
            client.note(.sent(record, in: transaction))
            client.note(.copied(source, at: read.offset.rawValue, as: record))
        }
        let pause = client.run.slowness(of: name)
        if pause > .zero { try? await client.host.sleep(for: pause) }
    }

    private func committed(_ transaction: History.Transaction, _ batch: ConsumerBatch) {
        client.note(.ended(transaction, .committed))
        client.life.note(
            .committed(group: notes.group, [ReaderNotes.place(batch.source): batch.nextOffset.rawValue]))
    }

    /// Asks what came of a commit, as often as it takes. Gives whether it came through.
    private func learn() async -> Bool {
        for _ in 0..<20 where !Task.isCancelled {
            do {
                try await client.run.call(client.life, "commitTransaction", within: client.configuration.maximumBlock) {
                    [producer = client.producer] () async throws(KafkaError) in
                    try await producer.commitTransaction()
                }
                return true
            } catch {
                client.life.note(.told("\(error)"))
                guard error.transaction == .outcomeUnknown else { return false }
            }
        }
        return false
    }
}
