import KafkaWire
import Logging

/// A machine of a simulation: with an address, a clock, and threads. What runs on it can be reached by its name.
public final class SimulatedHost: Sendable {
    /// Its name, in the network as well.
    public let name: String
    /// The threads of the processes that run now.
    private let threads: Locked<(loop: SimulatedLoop, pool: SimulatedPool)>
    /// Its disk.
    public let disk: SimulatedDisk
    private let core: SimulationCore

    init(_ name: String, in core: SimulationCore) {
        self.name = name
        self.core = core
        let number = core.shared.withLock { $0.addHost(name) }
        self.number = number
        threads = Locked(Self.threads(name, of: number, in: core))
        disk = SimulatedDisk(of: number, in: core)
    }

    private static func threads(
        _ name: String, of number: Int, in core: SimulationCore
    ) -> (SimulatedLoop, SimulatedPool) {
        (
            SimulatedLoop("\(name)'s loop", of: number, in: core),
            SimulatedPool("\(name)'s pool", of: number, in: core)
        )
    }

    private let number: Int

    /// Where clients and brokers of the host live.
    package var loop: SimulatedLoop { threads.withLock { $0.loop } }

    /// Where its tasks run.
    public var executor: any TaskExecutor { threads.withLock { $0.pool } }

    /// Its processes are killed: their connections end, and nothing that they do from now on reaches anybody, or the disk.
    /// Tasks that were started on the host are cancelled.
    /// What is started on the host afterwards is another process.
    ///
    /// - Parameter isSilent: Whether nobody is told, as when its power is cut.
    public func kill(isSilent: Bool = false) {
        let dead = threads.withLock { threads in
            defer { threads = Self.threads(name, of: number, in: core) }
            return threads.loop
        }
        dead.kill()
        disk.endProcesses()
        disconnect(isSilent: isSilent)
        // Nobody notices whether they do something still; they are to come to an end.
        cancelTasks()
    }

    /// Cancels the tasks that were started on it and have not ended.
    func cancelTasks() {
        for (_, cancel) in cancels.withLock({ $0.inOrder }) { cancel() }
    }

    /// What cancels the tasks that were started and have not ended.
    private let cancels = Locked<[Int: @Sendable () -> Void]>([:])

    /// Starts a task on the host. `what` names it where it does not end.
    @discardableResult
    public func start<R: Sendable>(_ what: String, _ body: @escaping @Sendable () async -> R) -> Task<R, Never> {
        let core = core
        let number = core.with("\(what) was started") { state in
            let number = (state.bodies.keys.max() ?? 0) + 1
            state.bodies[number] = "\(what) (\(name))"
            return number
        }
        let cancels = cancels
        let task = Task(executorPreference: executor) {
            let value = await body()
            core.shared.withLock { $0.bodies[number] = nil }
            cancels.withLock { $0[number] = nil }
            return value
        }
        cancels.withLock { $0[number] = { task.cancel() } }
        return task
    }

    /// Waits, in the simulation's time.
    public func sleep(for duration: Duration) async throws(CancellationError) { try await loop.sleep(for: duration) }

    /// By how much its time of day is wrong. Changed, it jumps.
    public var clockOffset: Duration {
        get { core.with("a clock was looked at") { .microseconds($0.offsets[number]) } }
        set { core.with("a clock was set") { $0.offsets[number] = newValue.nanoseconds / 1000 } }
    }

    /// Stands still with all that it runs, as when its processes are stopped or its memory is swapped out: its
    /// connections stay.
    public func pause() { core.with("a host was paused") { $0.setPaused(true, host: number) } }

    /// Goes on after ``pause()``.
    public func resume() { core.with("a host went on") { $0.setPaused(false, host: number) } }

    /// How long each turn of its threads takes; a slow machine.
    public func slowDown(to pace: Duration) {
        core.with("a host was slowed down") { state in
            for lane in state.lanes.indices where state.lanes[lane].host == number { state.lanes[lane].pace = pace }
        }
    }

    /// Whether it takes nothing in of what arrives over its connections.
    public func setDeaf(_ isDeaf: Bool) {
        core.network("a host was made deaf") { network, _ in network.setDeaf(isDeaf, number) }
    }

    /// All its connections and listeners are gone, as when its processes have ended; what they do from now on reaches
    /// nobody.
    ///
    /// - Parameter isSilent: Whether nobody is told, as when its power is cut.
    public func disconnect(isSilent: Bool = false) {
        core.network("a host was cut off") { network, now in network.shutDown(number, isSilent: isSilent, now: now) }
    }

    /// Its address, as 32 bits.
    var address: UInt32 {
        core.network("an address was asked for") { network, _ in network.hosts[number].address }
    }

    /// How many timers are set on its loop.
    var pendingTimers: Int {
        let lane = loop.lane
        return core.with("timers were counted") { state in
            state.agenda.count { if case .timer(lane, _) = $0 { true } else { false } }
        }
    }

    /// How many timers are set on its threads, those of killed processes as well.
    var allTimers: Int {
        core.with("timers were counted") { state in
            state.agenda.count { plan in
                if case .timer(let lane, _) = plan { state.lanes[lane].host == number } else { false }
            }
        }
    }

    /// How many sockets are watched for it, also such as are closed.
    var watchedSockets: Int {
        core.with("watches were counted") { state in
            state.watches.values.count { state.lanes[$0.lane].host == number }
        }
    }

    /// The names of its tasks that have not ended.
    var tasks: [String] {
        let mark = " (\(name))"
        return core.with("tasks were counted") { $0.waiting }.filter { $0.hasSuffix(mark) }
            .map { String($0.dropLast(mark.count)) }
    }

    /// How many sockets it has open.
    public var openSockets: Int {
        core.with("sockets were counted") { state in
            state.network.ends.values.reduce(0) { $0 + ($1.host == number ? 1 : 0) }
        }
    }

    /// A logger whose records are part of the simulation's digest, and go to `further` as well.
    public func logger(_ label: String = "", further: (@Sendable (String) -> Void)? = nil) -> Logger {
        let (core, host) = (core, name)
        return Logger(label: label.isEmpty ? name : label) { label in
            SimulatedLog(label: label) { line in
                core.with("something was logged") { state in
                    state.digest.add(UInt64(bitPattern: state.now.nanoseconds))
                    state.digest.add(host)
                    state.digest.add(line)
                }
                further?(line)
            }
        }
    }
}
