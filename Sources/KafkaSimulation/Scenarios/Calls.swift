import KafkaWire

// What applications do in a run, whether they send or read.

extension ScenarioRun {
    /// A call of a party, which it cancels where its patience ends.
    func call<R: Sendable>(
        _ life: HistoryRecorder.Life, _ name: String, within limit: Duration,
        _ body: @escaping @Sendable () async throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        let host = simulation.host(life.who)
        let loop = host.loop
        let time = limit + plan.standstill(of: life.who, from: simulation.elapsed, within: limit)
        return try await life.call(name, within: time) { () async throws(KafkaError) -> R in
            guard let patience = moods.withLock({ $0.patience[life.who] }) else { return try await body() }
            let task = Task(executorPreference: host.executor) { () async -> Result<R, KafkaError> in
                do throws(KafkaError) { return .success(try await body()) } catch { return .failure(error) }
            }
            let patienceLeft = patience * (Double(loop.random() >> 11) / Double(1 << 53))
            let timer = loop.schedule(at: loop.now + patienceLeft) { task.cancel() }
            let result = await withTaskCancellationHandler {
                await task.value
            } onCancel: {
                task.cancel()
            }
            loop.cancel(timer)
            return try result.get()
        }
    }

    /// How much longer the party takes for what it works on.
    func slowness(of who: String) -> Duration { moods.withLock { $0.slowness[who] } ?? .zero }

    /// The party has closed its client: what is left of it a few seconds later is noted.
    func noteEnd(of life: HistoryRecorder.Life, _ host: SimulatedHost) async {
        try? await host.sleep(for: .seconds(5))
        let timers = host.pendingTimers
        if timers > 0 { life.note(.left("\(timers) timers")) }
        life.note(.closed(sockets: host.openSockets))
    }
}

extension HistoryRecorder.Life {
    /// Notes a line of the log that tells of a trouble.
    func note(log line: String) {
        guard line.hasPrefix("warning ") || line.hasPrefix("error ") || line.hasPrefix("critical ") else { return }
        note(.told("log: \(line)"))
    }
}

extension ScenarioPlan.Fault {
    /// Whether what is begun on a host takes longer for it.
    var holdsUpHost: Bool {
        switch self {
        case .pause, .slowMachine: true
        default: false
        }
    }
}

extension ScenarioPlan {
    /// How much longer a call may take that begins then, since its host stands still, or nearly does.
    func standstill(of who: String, from now: Duration, within limit: Duration) -> Duration {
        var sum = Duration.zero
        for occurrence in faults {
            switch occurrence.fault {
            case .pause(who, let time), .slowMachine(who, _, let time):
                // A run begins a moment behind the simulation.
                guard occurrence.time + time + .seconds(5) > now, occurrence.time < now + limit + sum else { break }
                sum += time
            default: break
            }
        }
        return sum
    }
}
