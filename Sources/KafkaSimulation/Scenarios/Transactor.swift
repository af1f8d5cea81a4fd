import KafkaWire

/// Sends records in transactions, a few in each, and commits or aborts them, as chance has it.
struct Transactor: Sendable {
    private let crew: TransactionCrew
    private let client: TransactingClient

    init(_ crew: TransactionCrew, _ client: TransactingClient) { (self.crew, self.client) = (crew, client) }

    private var name: String { client.host.name }
    private var plan: ScenarioPlan { client.run.plan }

    /// One client, until all is sent, it is to stop, or its transactions cannot go on.
    func work() async {
        guard await client.takeIdentity(while: { !crew.isStopping(name) }) else { return }
        await withTaskGroup(of: Void.self) { deliveries in
            var number = 0
            while !Task.isCancelled, !crew.isStopping(name), let first = crew.nextRecord(name, of: plan.records) {
                number += 1
                let transaction = History.Transaction(client.author, number)
                guard await perform(transaction, first, &deliveries) else { break }
            }
        }
    }

    /// Gives whether another transaction may follow.
    private func perform(
        _ transaction: History.Transaction, _ first: Int, _ deliveries: inout TaskGroup<Void>
    ) async -> Bool {
        do {
            try await client.run.call(client.life, "beginTransaction", within: client.configuration.maximumBlock) {
                [producer = client.producer] () async throws(KafkaError) in
                try await producer.beginTransaction()
            }
        } catch {
            client.life.note(.told("\(error)"))
            return await mayGoOn(error)
        }
        client.note(.began(transaction))
        let pause = plan.duration * 0.9 / max(1, plan.records)
        let count = 1 + Int(client.host.loop.random() % UInt64(max(1, plan.transactions.maximumRecords)))
        var next: Int? = first
        for place in 0..<count {
            guard let number = next, await send(History.Record(client.author, number), in: transaction, &deliveries)
            else { break }
            try? await client.host.sleep(for: pause + client.run.slowness(of: name))
            guard !Task.isCancelled else { return false }
            next = place + 1 < count ? crew.nextRecord(name, of: plan.records) : nil
        }
        if plan.transactions.hold > .zero { try? await client.host.sleep(for: plan.transactions.hold) }
        guard !Task.isCancelled else { return false }
        return await end(transaction, commits: !client.isOne(in: plan.transactions.abortsOneIn))
    }

    private func mayGoOn(_ error: KafkaError) async -> Bool {
        try? await client.host.sleep(for: .seconds(1))
        switch error.transaction {
        case .fenced, .fatal: return false
        case .abortable, .outcomeUnknown: return await abort() == .aborted
        case nil: return error.isRetriable || error.code == .timedOut || error.code == .cancelled
        }
    }

    /// Gives whether the transaction can have more.
    private func send(
        _ record: History.Record, in transaction: History.Transaction, _ deliveries: inout TaskGroup<Void>
    ) async -> Bool {
        let (run, life, producer) = (client.run, client.life, client.producer)
        let limit = client.configuration.deliveryTimeout
        let key = "\(client.host.loop.random() % 16)"
        life.note(.sent(record, topic: ScenarioRun.topic))
        do {
            let delivery = try await run.call(life, "enqueue", within: client.configuration.maximumBlock) {
                () async throws(KafkaError) in
                try await producer.enqueue(
                    ProducerRecord(topic: ScenarioRun.topic, key: key, value: record.description))
            }
            client.note(.sent(record, in: transaction))
            deliveries.addTask {
                do {
                    let place = try await run.call(life, "delivery", within: limit) { () async throws(KafkaError) in
                        try await delivery.acknowledgement()
                    }
                    life.note(
                        .acknowledged(
                            record, in: History.Partition(place.topic, place.partition.index),
                            at: place.offset?.rawValue))
                } catch {
                    // What an abort drops may have arrived before.
                    life.note(.refused(record, .unknown))
                }
            }
            return true
        } catch {
            life.note(.refused(record, .final))
            life.note(.told("\(error)"))
            return error.code == .cancelled
        }
    }

    // MARK: - Ends

    private func end(_ transaction: History.Transaction, commits: Bool) async -> Bool {
        client.note(.ending(transaction, commits: commits))
        var ending = commits ? await commit() : await abort()
        // It has failed, so that it can only be aborted.
        if ending == nil { ending = await abort() }
        // What nobody has asked to commit is not committed, however it ends.
        let told = commits ? ending ?? .unknown : .aborted
        client.note(.ended(transaction, told))
        return ending == .committed || ending == .aborted
    }

    /// Nil where the transaction is to be aborted.
    private func commit() async -> History.Ending? {
        await ask("commitTransaction", for: .committed) { [producer = client.producer] () async throws(KafkaError) in
            try await producer.commitTransaction()
        }
    }

    private func abort() async -> History.Ending? {
        await ask("abortTransaction", for: .aborted) { [producer = client.producer] () async throws(KafkaError) in
            try await producer.abortTransaction()
        }
    }

    /// Asks as often as it takes to learn what came of it.
    private func ask(
        _ what: String, for ending: History.Ending, _ body: @escaping @Sendable () async throws(KafkaError) -> Void
    ) async -> History.Ending? {
        for _ in 0..<20 where !Task.isCancelled {
            do {
                try await client.run.call(client.life, what, within: client.configuration.maximumBlock, body)
                return ending
            } catch {
                client.life.note(.told("\(error)"))
                switch error.transaction {
                case .outcomeUnknown: continue
                case .abortable where ending == .committed: return nil
                default: return .unknown
                }
            }
        }
        return .unknown
    }
}
