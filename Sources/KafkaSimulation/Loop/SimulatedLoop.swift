import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A loop of a simulated host: a thread that has its turns when the simulation lets it, with its host's clock, chance and
/// network. What lives on it cannot tell it from a ``SocketLoop``.
package final class SimulatedLoop: EventLoop {
    let core: SimulationCore
    let lane: Int
    let host: Int
    /// Whether its process was killed: nothing that it does reaches anybody.
    private let isDead = Locked(false)

    init(_ name: String, of host: Int, in core: SimulationCore) {
        self.core = core
        self.host = host
        lane = core.shared.withLock { $0.addLane(name, of: host) }
        let (serial, task) = (asUnownedSerialExecutor(), asUnownedTaskExecutor())
        core.shared.withLock { state in
            state.lanes[lane].serial = serial
            state.lanes[lane].task = task
        }
    }

    func kill() { isDead.withLock { $0 = true } }

    private func live(_ action: String) throws(NetError) {
        if isDead.withLock({ $0 }) { throw NetError(.system(ENETDOWN), doing: action) }
    }

    // MARK: - Executor

    package func enqueue(_ job: consuming ExecutorJob) { core.enqueue(.job(UnownedJob(job)), on: lane) }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    package func checkIsolated() {
        precondition(core.isRunning(lane), "this runs only in the turn of the loop's own thread")
    }

    package func isIsolatingCurrentContext() -> Bool? { core.isRunning(lane) }

    // MARK: - Time

    package var now: Instant { core.with("the time was asked for") { $0.now } }

    package var wallMicroseconds: Int64 {
        core.with("the time of day was asked for") { state in
            SimulationState.wallStart * 1000 + state.elapsed.nanoseconds / 1000 + state.offsets[host]
        }
    }

    package var wallMilliseconds: Int64 { wallMicroseconds / 1000 }

    @discardableResult
    package func schedule(at deadline: Instant, _ action: @escaping @Sendable () -> Void) -> TimerID {
        core.with("a timer was set") { TimerID(number: $0.agenda.plan(.timer(lane: lane, action), at: deadline)) }
    }

    package func cancel(_ timer: TimerID) {
        core.with("a timer was cancelled") { state in
            if !state.agenda.cancel(timer.number) { state.lanes[lane].cancel(timer.number) }
        }
    }

    package func afterJobs(_ action: @escaping @Sendable () -> Void) {
        core.with("something was left for later") { state in
            state.lanes[lane].afterJobs.append(action)
            state.list(lane)
        }
    }

    // MARK: - Chance

    package func random() -> UInt64 {
        core.with("a random number was drawn") { state in
            let number = state.chances[host].next()
            state.digest.add(number)
            return number
        }
    }

    // MARK: - Bytes

    package func resolve(
        host name: String, port: UInt16, isPassive: Bool,
        _ body: @escaping @Sendable (Result<[SocketAddress], NetError>) -> Void
    ) {
        core.with("a name was looked up") { state in
            guard let found = state.network.lookUp(name, port: port, isPassive: isPassive, from: host) else { return }
            state.agenda.plan(.timer(lane: lane) { body(found.answer) }, at: state.now + found.after)
        }
    }

    package func connect(to address: SocketAddress) throws(NetError) -> any LoopSocket {
        try live("connect to \(address)")
        return SimulatedSocket(
            core: core,
            id: try core.network("a connection was opened") { (network, now) throws(NetError) in
                try network.connect(to: address, from: host, now: now).id
            })
    }

    package func listen(on address: SocketAddress, backlog: Int32) throws(NetError) -> any LoopSocket {
        try live("listen on \(address)")
        return SimulatedSocket(
            core: core,
            id: try core.network("a listener was opened") { (network, _) throws(NetError) in
                try network.listen(on: address, backlog: Int(backlog), host: host).id
            })
    }

    package func socketPair() throws(NetError) -> (any LoopSocket, any LoopSocket) {
        core.network("a pair of sockets was opened") { network, _ in
            let (one, other) = network.pair(on: host)
            return (SimulatedSocket(core: core, id: one.id), SimulatedSocket(core: core, id: other.id))
        }
    }

    package func watch(
        _ socket: any LoopSocket, for interest: Readiness, _ ready: @escaping @Sendable (Readiness) -> Void
    ) {
        core.with("a socket was watched") { state in
            state.watches[socket.id] = SimulationState.Watch(lane: lane, interest: interest, ready: ready)
            state.recheck(socket.id)
        }
    }

    package func setInterest(_ socket: any LoopSocket, _ interest: Readiness) {
        core.with("a socket was watched otherwise") { state in
            guard let watch = state.watches[socket.id], watch.interest != interest else { return }
            state.watches[socket.id]?.interest = interest
            state.recheck(socket.id)
        }
    }

    package func unwatch(_ socket: any LoopSocket) {
        core.with("a socket was watched no longer") { $0.watches[socket.id] = nil }
    }
}

/// The threads on which a simulated host runs what is no actor of a loop: the tasks of its application.
package final class SimulatedPool: TaskExecutor {
    let core: SimulationCore
    let lane: Int

    init(_ name: String, of host: Int, in core: SimulationCore) {
        self.core = core
        lane = core.shared.withLock { $0.addLane(name, of: host) }
        let task = asUnownedTaskExecutor()
        core.shared.withLock { $0.lanes[lane].task = task }
    }

    package func enqueue(_ job: consuming ExecutorJob) { core.enqueue(.poolJob(UnownedJob(job)), on: lane) }
}

extension Duration {
    /// As nanoseconds, as far as they go.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    }
}
