import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs what the hosts of a simulation have to do, one part after the other, on the thread of who wants it run. Time stands
/// still while anything can be done, and then jumps to where something is planned.
final class SimulationCore: Sendable {
    let shared: Locked<SimulationState>

    init(seed: UInt64) { shared = Locked(SimulationState(seed: seed)) }

    /// Works on the state. Whoever does that on another thread while the simulation runs is told of as `what`.
    func with<R, E: Error>(_ what: @autoclosure () -> String, _ body: (inout SimulationState) throws(E) -> R) throws(E)
        -> R
    {
        try shared.withLock { (state) throws(E) in
            if let thread = state.thread, !state.isFinished, pthread_equal(thread, pthread_self()) == 0 {
                let turn = state.running.map { state.lanes[$0].name } ?? "nobody"
                state.escapes.append("\(what()) on another thread, in the turn of \(turn)")
            }
            return try body(&state)
        }
    }

    /// Works with the network, and has those told whose sockets have become ready.
    func network<R, E: Error>(_ what: @autoclosure () -> String, _ body: (NetworkModel, Instant) throws(E) -> R)
        throws(E) -> R
    {
        try with(what()) { (state) throws(E) in
            defer { state.noteReadiness() }
            return try body(state.network, state.now)
        }
    }

    func enqueue(_ part: Lane.Part, on lane: Int) {
        let isLate = with("a task went on (\(part))") { state in
            state.enqueue(part, on: lane)
            return state.thread == nil && state.isFinished
        }
        if isLate { runLateJobs() }
    }

    /// What comes when the simulation is over runs where it comes from, so that no task hangs for ever.
    func runLateJobs() {
        _ = try? drive(until: .distant, isLate: true)
    }

    /// Runs until `isFinished`; late, until there is nothing more to do now.
    func drive(until limit: Instant, isLate: Bool = false) throws(SimulationError) {
        let isFirst = shared.withLock { state in
            guard state.thread == nil else { return false }
            state.thread = pthread_self()
            return true
        }
        guard isFirst else { return }
        let outer = PoolHook.enter(self)
        defer {
            PoolHook.leave(outer)
            if !isLate { shared.withLock { $0.thread = nil } }
        }
        while let (lane, part) = try shared.withLock({ (state) throws(SimulationError) in
            isLate ? state.lateJob() : try state.nextPart(until: limit)
        }) {
            perform(part, on: lane)
        }
    }

    private func perform(_ part: Lane.Part, on lane: Int) {
        switch part {
        case .job(let job), .poolJob(let job):
            let (serial, task) = shared.withLock { ($0.lanes[lane].serial, $0.lanes[lane].task) }
            switch (part, serial, task) {
            case (.job, let serial?, let task?): job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            case (_, _, let task?): job.runSynchronously(on: task)
            default: preconditionFailure("a thread has an executor")
            }
        case .actions(let actions): for action in actions { action() }
        case .sockets(let sockets):
            for socket in sockets {
                guard let (ready, readiness) = shared.withLock({ $0.takeReady(socket) }) else { continue }
                ready(readiness)
                shared.withLock { $0.recheck(socket) }
            }
        }
    }

    /// Whether that thread of a host has its turn, here.
    func isRunning(_ lane: Int) -> Bool {
        shared.withLock { state in
            guard let thread = state.thread, state.running == lane else { return false }
            return pthread_equal(thread, pthread_self()) != 0
        }
    }

    /// A job that Swift would hand to its own threads, of who has its turn here.
    func adopt(_ job: UnownedJob) {
        shared.withLock { $0.enqueue(.poolJob(job), on: $0.running ?? 0) }
    }
}

extension Instant {
    /// Later than anything.
    static let distant = Instant(nanoseconds: .max)
}

extension SimulationCore {
    /// It is over: what still comes of its tasks runs where it comes.
    func finish() {
        shared.withLock { $0.isFinished = true }
        runLateJobs()
    }

    /// It is over for good. What is still planned never happens, and would hold on to who planned it, and so to all of this.
    func forget() {
        runLateJobs()
        // What it held ends outside of the lock: it may ask for the time.
        withExtendedLifetime(shared.withLock { $0.takePlans() }) {}
        runLateJobs()
    }
}
