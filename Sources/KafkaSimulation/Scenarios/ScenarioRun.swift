import KafkaBroker
import KafkaWire

/// Performs a plan: a broker with its nodes, producers, members of one group, those who work in transactions, and the faults
/// at their times; then what was sent is read to its end.
public struct ScenarioRun: Sendable {
    /// What came of a plan.
    public struct Outcome: Sendable {
        /// What everybody saw, and the logs at the end.
        public var history: History
        /// What the plan leaves of what is promised.
        public var promises: History.Promises
        /// What tells whether two runs were the same.
        public var digest: RunDigest
        /// How long it took, in the simulation's time.
        public var elapsed: Duration
        /// What went over the network, where that was wanted.
        public var sent: [SentBytes]

        /// What does not hold though it was promised.
        public var objections: [Objection] { history.objections(promises) }
    }

    static let topic = "orders"
    static let group = "readers"
    /// Where copiers read for, and write to.
    static let copies = "copies"
    static let copyGroup = "copiers"
    static let firstPort: UInt16 = 9092
    /// Who works for an administrator, and who has nothing to do with anybody.
    static let operatorHost = "operator"
    static let stranger = "stranger"
    static let diskCapacity = 1 << 40

    /// What parties are like for a while.
    struct Moods {
        /// How much longer they take for each batch or record.
        var slowness: [String: Duration] = [:]
        /// Within which time they cancel a call.
        var patience: [String: Duration] = [:]
    }

    let plan: ScenarioPlan
    let simulation: Simulation
    let recorder: HistoryRecorder
    let moods = Locked(Moods())
    let witnesses = Witnesses()
    let credentials: Credentials

    private init(_ plan: ScenarioPlan) {
        self.plan = plan
        simulation = Simulation(seed: plan.seed)
        recorder = HistoryRecorder(simulation)
        credentials = Credentials(plan)
        _ = simulation.host(Self.stranger)
    }

    /// Those between whom a network is.
    var parties: [String] { plan.allNodeNames + plan.clientNames }

    /// The topics that there are, which are those that members read.
    var topics: [String] { [Self.topic] + (plan.copiers > 0 ? [Self.copies] : []) }

    /// Performs it, on this thread.
    public static func perform(_ plan: ScenarioPlan) throws -> Outcome {
        let (outcome, failure) = attempt(plan)
        if let failure { throw failure }
        return outcome
    }

    /// Performs it, on this thread: what came of it until its end, or until it broke off, and why.
    ///
    /// - Parameter records: Whether all that is sent is kept.
    static func attempt(_ plan: ScenarioPlan, records: Bool = false) -> (outcome: Outcome, failure: (any Error)?) {
        let run = ScenarioRun(plan)
        defer { run.simulation.end() }
        if records { run.simulation.network.record() }
        var failure: (any Error)?
        do {
            try run.simulation.run(limit: plan.duration + .seconds(3600)) { try await run.perform() }
        } catch { failure = error }
        let outcome = Outcome(
            history: run.recorder.history, promises: plan.promises, digest: run.simulation.digest,
            elapsed: run.simulation.elapsed, sent: run.simulation.network.sent)
        return (outcome, failure)
    }

    private func perform() async throws {
        let broker = BrokerPart(self)
        broker.nameNodes()
        try await broker.start()
        let members = MemberCrew(self, broker.servers)
        let producers = ProducerCrew(self, broker.servers)
        for place in plan.memberNames.indices { members.start(place + 1) }
        for place in plan.producerNames.indices { producers.start(place + 1) }
        let transactions = TransactionCrew(self, broker.servers)
        for name in plan.transactingNames { transactions.start(name) }
        let faults = FaultPart(self, broker, members, producers, transactions)
        let start = simulation.elapsed
        for occurrence in plan.faults {
            try await wait(until: start + occurrence.time)
            // What was done to a cluster that stood still may have taken longer. Calls count on when their host stands still, as
            // it was planned: later it is left alone.
            if occurrence.fault.holdsUpHost, simulation.elapsed - start - occurrence.time > .seconds(1) { continue }
            recorder.note(occurrence.fault)
            await faults.perform(occurrence.fault)
        }
        try await wait(until: start + plan.duration)
        try await mend(faults, broker)
        await producers.finish()
        await transactions.finish()
        try await drain(broker, transactions)
        await members.closeAll()
        await readLogs(of: broker)
        await broker.stop()
        await noteLeftovers(of: broker.current)
    }

    private func wait(until time: Duration) async throws {
        let left = time - simulation.elapsed
        if left > .zero { try await simulation.sleep(for: left) }
    }

    // MARK: - The end

    private func mend(_ faults: FaultPart, _ broker: BrokerPart) async throws {
        recorder.note(fault: "all is mended")
        broker.host.resume()
        broker.mendDisk()
        await faults.endAll()
        for name in plan.clientNames { simulation.host(name).resume() }
        moods.withLock { $0 = Moods() }
        try await broker.mend()
    }

    /// Waits for a task, but not for one that has a call that never returns: that call stands open in the history. Gives
    /// whether it has ended.
    @discardableResult
    func end(of task: Task<Void, Never>) async -> Bool {
        let loop = simulation.host("test").loop
        let end = Arrival<Bool>()
        let timer = loop.schedule(at: loop.now + .seconds(300)) { end.give(false) }
        Task {
            await task.value
            end.give(true)
        }
        let hasEnded = await end.value()
        loop.cancel(timer)
        return hasEnded
    }
}
