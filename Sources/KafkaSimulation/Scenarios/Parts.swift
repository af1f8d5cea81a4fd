import KafkaBroker
import KafkaWire

/// A producer of a plan: sends its records over the whole time, and notes what becomes of each.
struct ProducerPart: Sendable {
    private let run: ScenarioRun
    private let name: String
    private let servers: [String]

    init(_ run: ScenarioRun, _ name: String, _ servers: [String]) {
        (self.run, self.name, self.servers) = (run, name, servers)
    }

    func run() async {
        let host = run.simulation.host(name)
        let life = run.recorder.life(of: name)
        var configuration = KafkaProducer.Configuration(bootstrapServers: servers)
        configuration.client.run(on: host)
        guard let producer = try? KafkaProducer(configuration) else { return }
        let deliveryTimeout = configuration.deliveryTimeout
        let pause = run.plan.duration * 0.9 / max(1, run.plan.records)
        await withTaskGroup(of: Void.self) { group in
            var random = host.loop.randomSource()
            for number in 0..<run.plan.records {
                let record = History.Record(name, number)
                let key = "\(random.next() % 16)"
                life.note(.sent(record, topic: ScenarioRun.topic))
                do {
                    let delivery = try await life.call("enqueue", within: configuration.maximumBlock) {
                        try await producer.enqueue(
                            ProducerRecord(topic: ScenarioRun.topic, key: key, value: record.description))
                    }
                    group.addTask { await Self.follow(record, delivery, life, deliveryTimeout) }
                } catch {
                    // It was not taken over.
                    life.note(.refused(record, .final))
                    life.note(.told("\(error)"))
                }
                try? await host.sleep(for: pause)
            }
        }
        _ = try? await life.call("close", within: .seconds(60)) { try await producer.close() }
        try? await host.sleep(for: .seconds(5))
        life.note(.closed(sockets: host.openSockets))
    }

    private static func follow(
        _ record: History.Record, _ delivery: Delivery, _ life: HistoryRecorder.Life, _ limit: Duration
    ) async {
        do throws(KafkaError) {
            let place = try await life.call("delivery", within: limit) { () throws(KafkaError) in
                try await delivery.acknowledgement()
            }
            life.note(
                .acknowledged(
                    record, in: History.Partition(place.topic, place.partition.index), at: place.offset?.rawValue))
        } catch {
            life.note(.refused(record, error.code.broker.map { !$0.isRetriable } ?? false ? .final : .unknown))
            life.note(.told("\(error)"))
        }
    }
}

/// The members of the group: started, killed, started again.
struct MemberCrew: Sendable {
    private struct Member {
        var consumer: KafkaConsumer
        var task: Task<Void, Never>
        var life: HistoryRecorder.Life
    }

    private let run: ScenarioRun
    private let servers: [String]
    private let members = Locked<[String: Member]>([:])

    init(_ run: ScenarioRun, _ servers: [String]) { (self.run, self.servers) = (run, servers) }

    /// Starts a member, unless it is there: it was killed twice, and started again since.
    func start(_ name: String) {
        if members.withLock({ $0[name] != nil }) { return }
        let host = run.simulation.host(name)
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: servers, group: ScenarioRun.group, topics: [ScenarioRun.topic])
        configuration.client.run(on: host)
        configuration.autoCommit = nil
        guard let consumer = try? KafkaConsumer(configuration) else { return }
        let life = run.recorder.life(of: name)
        let task = host.start("\(name)'s reading") { [run] in await Self.read(consumer, life, host, run) }
        members.withLock { $0[name] = Member(consumer: consumer, task: task, life: life) }
    }

    /// Kills a member: nobody hears of it from itself.
    func kill(_ name: String) {
        guard let member = members.withLock({ $0.removeValue(forKey: name) }) else { return }
        member.life.end()
        run.simulation.host(name).kill()
        member.task.cancel()
        Task { await member.consumer.close() }
    }

    func close() async {
        for (name, member) in members.withLock({ $0.inOrder }) {
            let host = run.simulation.host(name)
            await member.consumer.stop()
            await member.task.value
            _ = await member.life.call("close", within: .seconds(120)) { await member.consumer.close() }
            try? await host.sleep(for: .seconds(5))
            member.life.note(.closed(sockets: host.openSockets))
        }
    }

    private static func read(
        _ consumer: KafkaConsumer, _ life: HistoryRecorder.Life, _ host: SimulatedHost, _ run: ScenarioRun
    ) async {
        do {
            for try await event in consumer.events { await note(event, life, host, run) }
        } catch {
            life.note(.told("\(error)"))
        }
    }

    private static func note(
        _ event: ConsumerEvent, _ life: HistoryRecorder.Life, _ host: SimulatedHost, _ run: ScenarioRun
    ) async {
        func place(_ partition: TopicPartition) -> History.Partition {
            History.Partition(partition.topic, partition.partition.index)
        }
        switch event {
        case .batch(let batch):
            for record in batch {
                life.note(
                    .received(
                        place(batch.source), at: record.offset.rawValue,
                        record.value.flatMap { History.Record($0.text) }))
            }
            if let pause = run.slowness.withLock({ $0[host.name] }) { try? await host.sleep(for: pause) }
            do {
                try await life.call("commit", within: .seconds(60)) { try await batch.commit() }
                life.note(.committed(group: ScenarioRun.group, [place(batch.source): batch.nextOffset.rawValue]))
            } catch {
                life.note(.told("\(error)"))
            }
        case .assigned(let offsets):
            let positions = Dictionary(offsets.map { (place($0.key), $0.value.rawValue) }) { first, _ in first }
            life.note(.assigned(group: ScenarioRun.group, positions, generation: nil))
        case .revoked(let partitions, let lost):
            life.note(.released(group: ScenarioRun.group, partitions.map(place), lost: lost))
        case .reset(let partition, _, let to, let error):
            life.note(.moved(place(partition), to: to.rawValue))
            life.note(.told("\(error)"))
        case .trouble(let error): life.note(.told("\(error)"))
        case .recovered, .reachedEnd: break
        }
    }
}
