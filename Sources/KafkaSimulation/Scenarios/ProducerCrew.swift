import KafkaBroker
import KafkaWire

/// The producers of a plan: each sends its records over the whole time, and notes what becomes of each. One that was killed
/// or has closed its client goes on with another client, under which its records have another name: what an order is
/// promised for begins anew.
final class ProducerCrew: Sendable {
    private struct Producer {
        var task: Task<Void, Never>
        var life: HistoryRecorder.Life?
        var client: KafkaProducer?
        var isStopping = false
    }

    /// How far a producer has come, over all its lives.
    private struct Progress {
        var records = 0
        var clients = 0
    }

    private struct State {
        var producers: [String: Producer] = [:]
        var progress: [String: Progress] = [:]
    }

    private let run: ScenarioRun
    private let servers: [String]
    private let state = Locked(State())

    init(_ run: ScenarioRun, _ servers: [String]) { (self.run, self.servers) = (run, servers) }

    // MARK: - From outside

    func start(_ number: Int) {
        let name = "producer-\(number)"
        guard state.withLock({ $0.producers[name] == nil }) else { return }
        let task = run.simulation.host(name).start("\(name)'s sending") { [self] in await live(name, number) }
        state.withLock { $0.producers[name] = Producer(task: task) }
    }

    /// Nobody hears of it from itself, nor it of what becomes of its records.
    func kill(_ name: String) {
        guard let producer = state.withLock({ $0.producers.removeValue(forKey: name) }) else { return }
        producer.life?.end()
        let host = run.simulation.host(name)
        host.resume()
        host.kill()
        producer.task.cancel()
        Task { try? await producer.client?.close(timeout: .zero) }
    }

    /// It sends what it has taken over, and closes its client.
    func close(_ name: String) async {
        let task = state.withLock { state in
            state.producers[name]?.isStopping = true
            return state.producers[name]?.task
        }
        guard let task else { return }
        await task.value
        // Who closes it as well may have been faster, and have started it again.
        state.withLock { if $0.producers[name]?.task == task { $0.producers[name] = nil } }
    }

    /// Waits until all have sent everything. Who was held up for so long that much is left sends what it has begun.
    func finish() async {
        for (name, producer) in state.withLock({ $0.producers.inOrder }) {
            if await !run.end(of: producer.task) {
                state.withLock { $0.producers[name]?.isStopping = true }
                await run.end(of: producer.task)
            }
            state.withLock { $0.producers[name] = nil }
        }
    }

    // MARK: - As an application

    private func isStopping(_ name: String) -> Bool { state.withLock { $0.producers[name]?.isStopping ?? true } }

    /// The number of its next record; nil where it has sent all.
    private func nextRecord(_ name: String) -> Int? {
        state.withLock { state in
            let next = state.progress[name]?.records ?? 0
            guard next < run.plan.records else { return nil }
            state.progress[name, default: Progress()].records += 1
            return next
        }
    }

    private func live(_ name: String, _ number: Int) async {
        let host = run.simulation.host(name)
        while !Task.isCancelled, !isStopping(name),
            state.withLock({ $0.progress[name]?.records ?? 0 }) < run.plan.records
        {
            await use(name, run.plan.producer(number), host)
            try? await host.sleep(for: .seconds(1))
        }
    }

    /// One client, from its start to its end.
    private func use(_ name: String, _ settings: ScenarioPlan.ProducerSettings, _ host: SimulatedHost) async {
        let life = run.recorder.life(of: name)
        let configuration = configuration(settings, host, life)
        guard let producer = try? KafkaProducer(configuration) else { return }
        run.witnesses.add(producer.worker, of: name)
        let clients = state.withLock { state in
            state.producers[name]?.life = life
            state.producers[name]?.client = producer
            state.progress[name, default: Progress()].clients += 1
            return state.progress[name]?.clients ?? 1
        }
        let author = clients == 1 ? name : "\(name).\(clients)"
        let pause = run.plan.duration * 0.9 / max(1, run.plan.records)
        await withTaskGroup(of: Void.self) { group in
            var random = host.loop.randomSource()
            var sinceFlush = 0
            while !Task.isCancelled, !isStopping(name), let number = nextRecord(name) {
                let record = History.Record(author, number)
                let message = settings.message(record, &random)
                life.note(.sent(record, topic: ScenarioRun.topic))
                do throws(KafkaError) {
                    let delivery = try await run.call(life, "enqueue", within: configuration.maximumBlock) {
                        () async throws(KafkaError) in try await producer.enqueue(message)
                    }
                    group.addTask { [run] in
                        await Self.follow(record, delivery, life, run, configuration.deliveryTimeout)
                    }
                } catch {
                    // It was not taken over.
                    life.note(.refused(record, .final))
                    life.note(.told("\(error)"))
                    // A client that refuses for good is of no use any more.
                    if !error.isRetriable, error.code != .cancelled { break }
                }
                sinceFlush += 1
                if let count = settings.flushEvery, sinceFlush >= count {
                    sinceFlush = 0
                    let limit = configuration.deliveryTimeout + configuration.linger
                    try? await run.call(life, "flush", within: limit) { () async throws(KafkaError) in
                        try await producer.flush()
                    }
                }
                try? await host.sleep(for: pause + run.slowness(of: name))
            }
            guard !Task.isCancelled else { return }
            try? await run.call(life, "close", within: .seconds(30)) { () async throws(KafkaError) in
                try await producer.close(timeout: .seconds(30))
            }
        }
        guard !Task.isCancelled else { return }
        await run.noteEnd(of: life, host)
    }

    private func configuration(
        _ settings: ScenarioPlan.ProducerSettings, _ host: SimulatedHost, _ life: HistoryRecorder.Life
    ) -> KafkaProducer.Configuration {
        var configuration = KafkaProducer.Configuration(bootstrapServers: servers)
        configuration.apply(settings)
        configuration.client.run(on: host)
        run.credentials.secure(&configuration.client)
        configuration.client.logger = host.logger { life.note(log: $0) }
        return configuration
    }

    private static func follow(
        _ record: History.Record, _ delivery: Delivery, _ life: HistoryRecorder.Life, _ run: ScenarioRun,
        _ limit: Duration
    ) async {
        do throws(KafkaError) {
            let place = try await run.call(life, "delivery", within: limit) { () async throws(KafkaError) in
                try await delivery.acknowledgement()
            }
            life.note(
                .acknowledged(
                    record, in: History.Partition(place.topic, place.partition.index), at: place.offset?.rawValue))
        } catch {
            // What another request was refused for says nothing of the one that may have arrived.
            let isFinal = error.api == .produce && error.code.broker.map { !$0.isRetriable } ?? false
            life.note(.refused(record, isFinal ? .final : .unknown))
            life.note(.told("\(error)"))
        }
    }
}

extension KafkaProducer.Configuration {
    fileprivate mutating func apply(_ settings: ScenarioPlan.ProducerSettings) {
        acks = settings.acks
        isIdempotent = settings.isIdempotent
        linger = settings.linger
        batchSize = settings.batchSize
        maximumInFlight = settings.maximumInFlight
        deliveryTimeout = settings.deliveryTimeout
        client.requestTimeout = settings.requestTimeout
        #if Compression
            compression = settings.compression
        #endif
    }
}

extension ScenarioPlan.ProducerSettings {
    /// What is sent of a record: its value says which one it is.
    fileprivate func message(_ record: History.Record, _ random: inout RandomSource) -> ProducerRecord {
        var message = ProducerRecord(
            topic: ScenarioRun.topic, key: keys <= 0 ? nil : "\(random.next() % UInt64(keys))",
            value: record.description)
        if padding > 0 {
            let bytes = (0..<padding).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            message.headers = [RecordHeader("padding", Bytes(bytes))]
        }
        return message
    }
}
