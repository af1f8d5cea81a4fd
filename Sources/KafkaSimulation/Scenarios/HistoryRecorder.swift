import KafkaWire

/// Writes down what happens in a simulation, at its time. Who was killed is not heard any more.
final class HistoryRecorder: Sendable {
    private struct State {
        var history = History()
        var dead: Set<Int> = []
        var lastLife = 0
        var lastCall = 0
        /// Who lives, and who of them was told of a trouble that goes on.
        var living: Set<String> = []
        var troubled: [String: String] = [:]
        var cutOff: Set<String> = []
        /// How far each group has read each partition, and from where it goes on.
        var lastRead: [String: [History.Partition: Int64]] = [:]
        var reached: [String: [History.Partition: Int64]] = [:]
        var groups: [String: String] = [:]

        mutating func note(_ time: Duration, _ who: String, _ what: History.What) {
            history.events.append(.init(time, who, what))
            switch what {
            case .received(let partition, let offset, _):
                let group = groups[who] ?? ""
                lastRead[group, default: [:]][partition] = max(lastRead[group]?[partition] ?? -1, offset)
            case .assigned(let group, let positions, _):
                groups[who] = group
                reach(group, positions)
            case .committed(let group, let positions): reach(group, positions)
            case .killed, .closed: living.remove(who)
            default: break
            }
        }

        private mutating func reach(_ group: String, _ positions: [History.Partition: Int64]) {
            reached[group, default: [:]].merge(positions) { max($0, $1) }
        }
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

        /// Notes a trouble that goes on until it says otherwise.
        func note(trouble: String?) {
            if let trouble { note(.told(trouble)) }
            recorder.state.withLock { state in
                guard !state.dead.contains(number) else { return }
                state.troubled[who] = trouble
            }
        }

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
            state.living.insert(who)
            state.troubled[who] = nil
            return Life(recorder: self, who: who, number: state.lastLife)
        }
    }

    /// A fault of the plan.
    func note(_ fault: ScenarioPlan.Fault) {
        note(fault: "\(fault)")
        guard fault.forgetsMembers else { return }
        let time = simulation.elapsed
        state.withLock { $0.note(time, "kafka", .forgotMembers) }
    }

    /// What is done to them.
    func note(fault: String) {
        let time = simulation.elapsed
        state.withLock { $0.note(time, "simulation", .fault(fault)) }
    }

    /// All is closed, and that is left of a party.
    func note(left what: String, of who: String) {
        let time = simulation.elapsed
        state.withLock { $0.note(time, who, .left(what)) }
    }

    private func note(_ life: Life, _ what: History.What) {
        let time = simulation.elapsed
        state.withLock { state in
            guard !state.dead.contains(life.number) else { return }
            state.note(time, life.who, what)
        }
    }

    /// Notes that a party is cut off from all brokers, or is not any more, where that is new.
    func setCutOff(_ who: String, _ isCutOff: Bool) {
        let time = simulation.elapsed
        state.withLock { state in
            guard state.cutOff.contains(who) != isCutOff else { return }
            if isCutOff { state.cutOff.insert(who) } else { state.cutOff.remove(who) }
            guard state.living.contains(who) else { return }
            state.note(time, who, isCutOff ? .cutOff : .reachable)
            // It is not told twice.
            if isCutOff, let trouble = state.troubled[who] { state.note(time, who, .told("still: \(trouble)")) }
        }
    }

    func setLog(_ records: [History.Logged], of partition: History.Partition) {
        state.withLock { $0.history.logs[partition] = records }
    }

    var history: History { state.withLock { $0.history } }

    /// How far a group's members have read each partition, as far as its log goes.
    func lastRead(by group: String) -> [History.Partition: Int64] { state.withLock { $0.lastRead[group] ?? [:] } }

    /// From where a group goes on in each partition, as far as its members know.
    func reached(by group: String) -> [History.Partition: Int64] { state.withLock { $0.reached[group] ?? [:] } }

    /// There are no logs of that topic any more.
    func forgetEnds(of topic: String) {
        state.withLock { state in
            state.lastRead = state.lastRead.mapValues { $0.filter { $0.key.topic != topic } }
            state.reached = state.reached.mapValues { $0.filter { $0.key.topic != topic } }
        }
    }

    /// The log of a partition ends there now: what was read behind has to be read again.
    func setEnd(_ end: Int64, of partition: History.Partition) {
        state.withLock { state in
            state.lastRead = state.lastRead.mapValues { read in
                var read = read
                if let last = read[partition], last >= end { read[partition] = end - 1 }
                return read
            }
            state.reached = state.reached.mapValues { reached in
                var reached = reached
                if let next = reached[partition], next > end { reached[partition] = end }
                return reached
            }
        }
    }
}
