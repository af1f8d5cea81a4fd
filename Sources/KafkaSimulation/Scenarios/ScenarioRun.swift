import KafkaBroker
import KafkaWire

/// Performs a plan: a broker with its nodes, producers, members of one group, and the faults at their times; then what was
/// sent is read to its end.
public struct ScenarioRun: Sendable {
    /// What came of a plan.
    public struct Outcome: Sendable {
        public var history: History
        public var digest: RunDigest
        /// How long it took, in the simulation's time.
        public var elapsed: Duration
    }

    static let topic = "orders"
    static let group = "readers"
    static let firstPort: UInt16 = 9092

    let plan: ScenarioPlan
    let simulation: Simulation
    let recorder: HistoryRecorder
    let slowness = Locked<[String: Duration]>([:])
    /// What ends the faults that last.
    let undoing = Locked<[Task<Void, Never>]>([])

    private init(_ plan: ScenarioPlan) {
        self.plan = plan
        simulation = Simulation(seed: plan.seed)
        recorder = HistoryRecorder(simulation)
    }

    /// Performs it, on this thread.
    public static func perform(_ plan: ScenarioPlan) throws -> Outcome {
        let run = ScenarioRun(plan)
        try run.simulation.run(limit: plan.duration + .seconds(3600)) { try await run.perform() }
        return Outcome(
            history: run.recorder.history, digest: run.simulation.digest, elapsed: run.simulation.elapsed)
    }

    private func perform() async throws {
        let host = simulation.host("kafka")
        var configuration = KafkaBroker.Configuration(
            port: Self.firstPort, topics: [Self.topic: plan.partitions], brokers: plan.nodes)
        configuration.run(on: host)
        for (place, name) in plan.nodeNames.enumerated() {
            simulation.network.name(name, port: Self.firstPort + UInt16(place), of: host)
        }
        let broker = try await KafkaBroker.start(configuration)
        let servers = broker.bootstrapServers.split(separator: ",").map(String.init)
        let members = MemberCrew(self, servers)
        for name in plan.memberNames { members.start(name) }
        let producers = plan.producerNames.map { name in
            simulation.host(name).start("\(name)'s sending") { await ProducerPart(self, name, servers).run() }
        }
        try await perform(faultsOn: broker, members)
        try await mend(broker)
        for producer in producers { await producer.value }
        try await drain(broker)
        await members.close()
        for partition in 0..<plan.partitions { await readLog(partition, of: broker) }
        await broker.stop()
    }

    // MARK: - Faults

    private func perform(faultsOn broker: KafkaBroker, _ members: MemberCrew) async throws {
        let start = simulation.elapsed
        for occurrence in plan.faults {
            try await wait(until: start + occurrence.time)
            recorder.note(fault: "\(occurrence.fault)")
            await FaultPart(self, broker, members).perform(occurrence.fault)
        }
        try await wait(until: start + plan.duration)
    }

    private func wait(until time: Duration) async throws {
        let left = time - simulation.elapsed
        if left > .zero { try await simulation.sleep(for: left) }
    }

    private func mend(_ broker: KafkaBroker) async throws {
        recorder.note(fault: "all is mended")
        let open = undoing.withLock { $0 }
        for task in open { task.cancel() }
        for task in open { await task.value }
        simulation.network.heal()
        for name in plan.producerNames + plan.memberNames { simulation.host(name).resume() }
        slowness.withLock { $0 = [:] }
        for node in 1...plan.nodes { try await broker.startNode(BrokerID(Int32(node))) }
    }

    /// Waits until the group has read what is there, or has had its time for it.
    private func drain(_ broker: KafkaBroker) async throws {
        for _ in 0..<600 {
            let ends = await broker.endOffsets(of: Self.topic) ?? []
            let read = recorder.lastRead
            let isRead = ends.enumerated().allSatisfy { number, end in
                (read[History.Partition(Self.topic, number)] ?? -1) + 1 >= end.rawValue
            }
            if isRead { return }
            try await simulation.sleep(for: .seconds(1))
        }
    }

    private func readLog(_ number: Int, of broker: KafkaBroker) async {
        var logged: [History.Logged] = []
        var offset = Offset(0)
        while true {
            let batches = await broker.batches(
                topic: Self.topic, partition: PartitionID(index: number), from: offset)
            guard let last = batches.last else { break }
            for batch in batches where !batch.attributes.isControl {
                guard let records = try? batch.records() else { continue }
                for record in records {
                    logged.append(.init(record.offset.rawValue, record.value.flatMap { History.Record($0.text) }))
                }
            }
            offset = last.lastOffset.next
        }
        recorder.setLog(logged, of: History.Partition(Self.topic, number))
    }
}
