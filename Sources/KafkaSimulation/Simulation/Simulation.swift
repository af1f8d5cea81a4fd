import KafkaWire

/// Hosts with a network between them under one clock, all on the thread that runs it: what happens follows from the seed
/// alone. Time passes only where nothing else can happen, straight to what is planned next, so that an hour of waiting
/// costs nothing.
///
/// ```swift
/// let simulation = Simulation(seed: 7)
/// try simulation.run {
///     let broker = try await simulation.startBroker(topics: ["orders": 4], nodes: 3)
///     var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
///     configuration.client.run(on: simulation.host("shop"))
///     let producer = try KafkaProducer(configuration)
///     simulation.network.part("shop", "node-2")
///     …
/// }
/// ```
///
/// Clients and brokers are the real ones. Tasks of the body, and those that they start, have their turns within the
/// simulation; what leaves it, for another thread or the system's clock, ends it with a ``SimulationError`` that says so.
public final class Simulation: Sendable {
    /// What everything follows from.
    public let seed: UInt64
    let core: SimulationCore
    private let hosts = Locked<[SimulatedHost]>([])

    /// A simulation in which no time has passed. Its one host is `test`, where whoever has none of their own runs.
    public init(seed: UInt64) {
        self.seed = seed
        core = SimulationCore(seed: seed)
        // Who has no host runs here.
        _ = host("test")
    }

    deinit { core.forget() }

    /// It is not run again: what still runs is cancelled, what its parties had planned is dropped, and they with it.
    func end() {
        for host in hosts.withLock({ $0 }) { host.cancelTasks() }
        core.forget()
    }

    /// The host of that name, which is made where there is none yet.
    public func host(_ name: String) -> SimulatedHost {
        hosts.withLock { hosts in
            if let known = hosts.first(where: { $0.name == name }) { return known }
            let host = SimulatedHost(name, in: core)
            hosts.append(host)
            return host
        }
    }

    /// The network between the hosts.
    public var network: SimulatedNetwork { SimulatedNetwork(core: core) }

    /// For how long it has gone on.
    public var elapsed: Duration { core.with("the time was asked for") { $0.elapsed } }

    /// What has happened until now; the same for the same seed.
    public var digest: RunDigest {
        core.with("the digest was asked for") { state in
            var digest = state.digest
            digest.add(state.network.digest.description)
            digest.add(UInt64(bitPattern: state.now.nanoseconds))
            return digest
        }
    }

    /// Runs `body`, and all that it sets going, on this thread, until it ends: with what it gives or throws, or with a
    /// ``SimulationError``.
    ///
    /// - Parameter limit: How much time may pass, of the simulation's.
    public func run<R: Sendable>(
        limit: Duration = .seconds(24 * 3600), _ body: @escaping @Sendable () async throws -> R
    ) throws -> R {
        let outcome = Locked<Result<R, any Error>?>(nil)
        let core = core
        let (end, number) = core.shared.withLock { state in
            precondition(state.thread == nil, "a simulation runs once at a time")
            state.isFinished = false
            state.escapes = []
            state.runs += 1
            return (state.now + limit, state.runs)
        }
        let task = host("test").start("the simulation's body") {
            do {
                let value = try await body()
                outcome.withLock { $0 = .success(value) }
            } catch {
                outcome.withLock { $0 = .failure(error) }
            }
            // A body of a run that was given up may end in the next one.
            core.shared.withLock { if $0.runs == number { $0.isFinished = true } }
        }
        defer { core.finish() }
        do throws(SimulationError) {
            try core.drive(until: end)
        } catch {
            task.cancel()
            throw error
        }
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("the body has ended") }
        return try result.get()
    }

    /// Waits, in the simulation's time.
    public func sleep(for duration: Duration) async throws(CancellationError) {
        try await host("test").loop.sleep(for: duration)
    }
}
