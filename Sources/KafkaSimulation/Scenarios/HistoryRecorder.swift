import KafkaWire

/// Writes down what happens in a simulation, at its time. Who was killed is not heard any more.
final class HistoryRecorder: Sendable {
    private struct State {
        var history = History()
        var dead: Set<Int> = []
        var lastLife = 0
        var lastCall = 0
    }

    private let simulation: Simulation
    private let state = Locked(State())

    init(_ simulation: Simulation) { self.simulation = simulation }

    /// One life of a party, from its start to its end.
    struct Life: Sendable {
        let recorder: HistoryRecorder
        let who: String
        fileprivate let number: Int

        func note(_ what: History.What) { recorder.note(self, what) }

        /// Notes a call, and when it returns.
        func call<R, E: Error>(
            _ name: String, within limit: Duration, _ body: () async throws(E) -> R
        ) async throws(E) -> R {
            let number = recorder.state.withLock { state in
                state.lastCall += 1
                return state.lastCall
            }
            note(.called(number, name, within: limit))
            defer { note(.returned(number)) }
            return try await body()
        }

        /// It is killed: what it does from now on is not seen.
        func end() {
            note(.killed)
            recorder.state.withLock { _ = $0.dead.insert(number) }
        }
    }

    func life(of who: String) -> Life {
        state.withLock { state in
            state.lastLife += 1
            return Life(recorder: self, who: who, number: state.lastLife)
        }
    }

    /// What is done to them.
    func note(fault: String) {
        let time = simulation.elapsed
        state.withLock { $0.history.events.append(.init(time, "simulation", .fault(fault))) }
    }

    private func note(_ life: Life, _ what: History.What) {
        let time = simulation.elapsed
        state.withLock { state in
            guard !state.dead.contains(life.number) else { return }
            state.history.events.append(.init(time, life.who, what))
        }
    }

    func setLog(_ records: [History.Logged], of partition: History.Partition) {
        state.withLock { $0.history.logs[partition] = records }
    }

    var history: History { state.withLock { $0.history } }

    /// How many records the members have read of each partition, without those that came again.
    var lastRead: [History.Partition: Int64] {
        state.withLock { state in
            var last: [History.Partition: Int64] = [:]
            for event in state.history.events {
                if case .received(let partition, let offset, _) = event.what {
                    last[partition] = max(last[partition] ?? -1, offset)
                }
            }
            return last
        }
    }
}
