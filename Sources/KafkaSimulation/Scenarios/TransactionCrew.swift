import KafkaBroker
import KafkaWire

/// Those who work in transactions: transactors, which send records in them, and copiers, which read records and send copies
/// of them. Each is started, killed, closed and started again, under one transactional id, so that what is left of a life is
/// shut out by the next one. One whose client ends with an error is started again after a pause.
final class TransactionCrew: Sendable {
    private struct Party {
        var task: Task<Void, Never>
        var life: HistoryRecorder.Life?
        var producer: KafkaProducer?
        var consumer: KafkaConsumer?
        var isStopping = false
    }

    /// How far a party has come, over all its lives.
    private struct Progress {
        var records = 0
        var clients = 0
    }

    private struct State {
        var parties: [String: Party] = [:]
        var progress: [String: Progress] = [:]
    }

    let run: ScenarioRun
    let servers: [String]
    private let state = Locked(State())

    init(_ run: ScenarioRun, _ servers: [String]) { (self.run, self.servers) = (run, servers) }

    // MARK: - From outside

    /// Starts a party that the plan has and that does not run.
    func start(_ name: String) {
        guard run.plan.transactingNames.contains(name), state.withLock({ $0.parties[name] == nil }) else { return }
        let task = run.simulation.host(name).start("\(name)'s transactions") { [self] in await live(name) }
        state.withLock { $0.parties[name] = Party(task: task) }
    }

    /// Nobody hears of it from itself; what it has begun stays open until somebody ends it.
    func kill(_ name: String) {
        guard let party = state.withLock({ $0.parties.removeValue(forKey: name) }) else { return }
        party.life?.end()
        let host = run.simulation.host(name)
        host.resume()
        host.kill()
        party.task.cancel()
        Task {
            try? await party.producer?.close(timeout: .zero)
            await party.consumer?.close()
        }
    }

    /// It ends the transaction in hand, and closes what it has.
    func close(_ name: String) async {
        let party = state.withLock { state in
            state.parties[name]?.isStopping = true
            return state.parties[name]
        }
        guard let party else { return }
        await party.consumer?.stop()
        await run.end(of: party.task)
        // Who closes it as well may have been faster, and have started it again.
        state.withLock { if $0.parties[name]?.task == party.task { $0.parties[name] = nil } }
    }

    /// Waits until the transactors have sent everything. Who was held up for so long that much is left ends what it has begun.
    func finish() async {
        for name in run.plan.transactorNames {
            guard let task = state.withLock({ $0.parties[name]?.task }) else { continue }
            if await !run.end(of: task) { await close(name) }
            state.withLock { $0.parties[name] = nil }
        }
    }

    func closeAll() async { for name in run.plan.transactingNames { await close(name) } }

    // MARK: - As an application

    func isStopping(_ name: String) -> Bool { state.withLock { $0.parties[name]?.isStopping ?? true } }

    /// The number of a party's next record, over all its lives; nil where it has sent so many.
    func nextRecord(_ name: String, of count: Int = .max) -> Int? {
        state.withLock { state in
            let number = state.progress[name]?.records ?? 0
            guard number < count else { return nil }
            state.progress[name, default: Progress()].records = number + 1
            return number
        }
    }

    private func hasRecords(_ name: String) -> Bool {
        state.withLock { $0.progress[name]?.records ?? 0 } < run.plan.records
    }

    private func live(_ name: String) async {
        let host = run.simulation.host(name)
        let isCopier = run.plan.copierNames.contains(name)
        while !Task.isCancelled, !isStopping(name), isCopier || hasRecords(name) {
            let life = run.recorder.life(of: name)
            guard let client = client(name, host, life) else { return }
            if isCopier {
                await copy(client)
            } else {
                await Transactor(self, client).work()
            }
            guard !Task.isCancelled else { return }
            try? await run.call(life, "close", within: .seconds(30)) { () async throws(KafkaError) in
                try await client.producer.close(timeout: .seconds(30))
            }
            guard !Task.isCancelled else { return }
            await run.noteEnd(of: life, host)
            guard !Task.isCancelled, !isStopping(name) else { return }
            // Two that share an id would else do nothing but shut each other out.
            let most: UInt64 = run.plan.transactions.sharesIdentity ? 15_000 : 1000
            try? await host.sleep(for: .milliseconds(1000 + Int(host.loop.random() % most)))
        }
    }

    private func client(_ name: String, _ host: SimulatedHost, _ life: HistoryRecorder.Life) -> TransactingClient? {
        var configuration = KafkaProducer.Configuration(bootstrapServers: servers)
        configuration.transactionalId = run.plan.transactionalId(of: name)
        configuration.transactionTimeout = run.plan.transactions.timeout
        configuration.client.run(on: host)
        run.credentials.secure(&configuration.client)
        configuration.client.logger = host.logger { life.note(log: $0) }
        guard let producer = try? KafkaProducer(configuration) else { return nil }
        run.witnesses.add(producer.worker, of: name)
        let clients = state.withLock { state in
            state.parties[name]?.life = life
            state.parties[name]?.producer = producer
            state.progress[name, default: Progress()].clients += 1
            return state.progress[name]?.clients ?? 1
        }
        return TransactingClient(
            run: run, host: host, life: life, author: clients == 1 ? name : "\(name).\(clients)",
            configuration: configuration, producer: producer)
    }

    private func copy(_ client: TransactingClient) async {
        let name = client.host.name
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: servers, group: ScenarioRun.copyGroup, topics: [ScenarioRun.topic])
        configuration.autoCommit = nil
        configuration.isolationLevel = run.plan.transactions.copiesCommitted ? .readCommitted : .readUncommitted
        configuration.apply(run.plan.groupProtocol, isFirst: client.author == name)
        configuration.client.run(on: client.host)
        configuration.client.security = client.configuration.client.security
        configuration.client.logger = client.configuration.client.logger
        guard let consumer = try? KafkaConsumer(configuration) else { return }
        run.witnesses.add(consumer.worker, of: name)
        if run.plan.transactions.copiesCommitted { client.life.note(.transacted(.readsCommitted)) }
        state.withLock { $0.parties[name]?.consumer = consumer }
        await Copier(self, client, ReaderNotes(ScenarioRun.copyGroup, consumer, client.life, run)).work()
        guard !Task.isCancelled else { return }
        _ = try? await run.call(client.life, "close", within: .seconds(120)) { () async throws(KafkaError) in
            await consumer.close()
        }
    }
}

/// One life of somebody who works in transactions, with the name under which its records and transactions go.
struct TransactingClient: Sendable {
    let run: ScenarioRun
    let host: SimulatedHost
    let life: HistoryRecorder.Life
    let author: String
    let configuration: KafkaProducer.Configuration
    let producer: KafkaProducer

    func note(_ what: History.Transacted) { life.note(.transacted(what)) }

    /// Gets its id, which shuts out whoever had it. Gives whether it has: what may pass is waited out.
    func takeIdentity(while goesOn: () -> Bool) async -> Bool {
        while !Task.isCancelled, goesOn() {
            do {
                try await run.call(life, "initTransactions", within: configuration.maximumBlock) {
                    [producer] () async throws(KafkaError) in
                    try await producer.initTransactions()
                }
                note(
                    .owned(
                        id: configuration.transactionalId ?? "", by: author, epoch: await producer.epoch.map(Int.init)))
                return true
            } catch {
                life.note(.told("\(error)"))
                guard error.transaction == nil, error.isRetriable || error.code == .timedOut else { return false }
                try? await host.sleep(for: .seconds(1))
            }
        }
        return false
    }

    /// Whether one of so many is meant.
    func isOne(in count: Int?) -> Bool {
        guard let count, count > 0 else { return false }
        return host.loop.random() % UInt64(count) == 0
    }
}
