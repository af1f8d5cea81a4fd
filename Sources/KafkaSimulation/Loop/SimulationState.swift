import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a simulation knows: the time, whose turn it is, what is planned, and the network. Behind the lock of
/// ``SimulationCore``, which performs.
struct SimulationState {
    /// What is planned on a thread, or for the simulation itself.
    enum Plan {
        case timer(lane: Int, @Sendable () -> Void)
        /// The thread is no longer busy with its last turn.
        case free(lane: Int)
    }

    struct Watch {
        var lane: Int
        var interest: Readiness
        var ready: @Sendable (Readiness) -> Void
        /// Whether it is among those that its thread will look at.
        var isListed = false
    }

    /// How many parts of turns there may be without any time passing.
    static let spinLimit = 500_000
    /// When simulations begin: on the first day of 2026.
    static let wallStart: Int64 = 1_767_225_600_000
    static let start = Instant(nanoseconds: 1_000_000_000)

    var now = Self.start
    var lanes: [Lane] = []
    private var runnable: [Int] = []
    var agenda = Agenda<Plan>()
    let network: NetworkModel
    var watches: [Int32: Watch] = [:]
    /// Decides whose turn is next.
    private var chooser: RandomSource
    /// What each host draws from, and by how many microseconds its time of day is wrong.
    var chances: [RandomSource] = []
    var offsets: [Int64] = []
    private let seed: UInt64
    /// The thread that has its turn.
    private(set) var running: Int?
    /// The system's thread that the simulation is on, while it runs.
    var thread: pthread_t?
    var isFinished = false
    /// How many times it was run.
    var runs = 0
    /// What went on outside.
    var escapes: [String] = []
    /// What runs, by its number.
    var bodies: [Int: String] = [:]
    var digest = RunDigest()
    private(set) var parts: UInt64 = 0
    private var partsNow = 0
    private var charged = Duration.zero

    init(seed: UInt64) {
        self.seed = seed
        var random = RandomSource(seed: seed)
        chooser = random.split()
        network = NetworkModel(random: random.split())
    }

    /// How long it has gone on.
    var elapsed: Duration { now - Self.start }

    // MARK: - Hosts and their threads

    mutating func addHost(_ name: String) -> Int {
        // By its name: that another one is there, or not, changes nothing of what it draws.
        var own = RunDigest()
        own.add(name)
        var mixed: UInt64 = 0
        for character in own.description.utf8 { mixed = mixed &* 31 &+ UInt64(character) }
        chances.append(RandomSource(seed: seed ^ mixed))
        offsets.append(0)
        return network.addHost(name)
    }

    mutating func addLane(_ name: String, of host: Int) -> Int {
        lanes.append(Lane(name: name, host: host))
        return lanes.count - 1
    }

    mutating func enqueue(_ part: Lane.Part, on lane: Int) {
        lanes[lane].jobs.append(part)
        list(lane)
    }

    mutating func list(_ lane: Int) {
        guard !lanes[lane].isListed, running != lane, lanes[lane].mayRun else { return }
        lanes[lane].isListed = true
        runnable.append(lane)
    }

    mutating func setPaused(_ isPaused: Bool, host: Int) {
        for lane in lanes.indices where lanes[lane].host == host {
            lanes[lane].isPaused = isPaused
            list(lane)
        }
    }

    // MARK: - Turns

    /// Whoever has its turn needs so much longer for it.
    mutating func charge(_ time: Duration) { charged += time }

    /// What happens next: time passes where nothing else can happen. Nil when the simulation is finished.
    mutating func nextPart(until limit: Instant) throws(SimulationError) -> (lane: Int, part: Lane.Part)? {
        if let lane = running {
            running = nil
            let time = lanes[lane].pace + charged
            charged = .zero
            if time > .zero {
                lanes[lane].isBusy = true
                agenda.plan(.free(lane: lane), at: now + time)
            }
            list(lane)
        }
        if !escapes.isEmpty { throw .escaped(escapes) }
        if isFinished { return nil }
        while true {
            while !runnable.isEmpty {
                let place = runnable.count == 1 ? 0 : Int(chooser.next() % UInt64(runnable.count))
                let lane = runnable[place]
                runnable.swapAt(place, runnable.count - 1)
                runnable.removeLast()
                lanes[lane].isListed = false
                guard lanes[lane].mayRun, let part = lanes[lane].next() else { continue }
                try count(lane)
                running = lane
                return (lane, part)
            }
            try pass(until: limit)
        }
    }

    /// A job that came when the simulation was over; where there is none, its thread is done with.
    mutating func lateJob() -> (lane: Int, part: Lane.Part)? {
        running = nil
        guard let lane = lanes.firstIndex(where: { !$0.jobs.isEmpty }), let job = lanes[lane].jobs.popFirst() else {
            thread = nil
            return nil
        }
        running = lane
        return (lane, job)
    }

    /// All that is planned, and all who watch sockets, which nothing comes of from now on.
    mutating func takePlans() -> (Agenda<Plan>, [Int32: Watch], [Lane]) {
        defer {
            agenda = Agenda()
            watches = [:]
            for lane in lanes.indices { lanes[lane].dropPlans() }
        }
        return (agenda, watches, lanes)
    }

    private mutating func count(_ lane: Int) throws(SimulationError) {
        parts += 1
        partsNow += 1
        // Only where it begins to look like that it is counted who it is.
        guard partsNow > Self.spinLimit / 2 else { return }
        if partsNow == Self.spinLimit / 2 + 1 { for lane in lanes.indices { lanes[lane].parts = 0 } }
        lanes[lane].parts += 1
        guard partsNow > Self.spinLimit else { return }
        let most = lanes.max { $0.parts < $1.parts }
        throw .spinning(at: elapsed, thread: most?.name ?? "")
    }

    /// Time passes, to where something happens next.
    private mutating func pass(until limit: Instant) throws(SimulationError) {
        let (own, outer) = (agenda.next, network.nextDeadline)
        guard let next = own.map({ min($0, outer ?? $0) }) ?? outer else {
            throw .stalled(at: elapsed, waiting: waiting)
        }
        guard next <= limit else { throw .tookTooLong(limit - Self.start, running: waiting) }
        if next > now {
            now = next
            partsNow = 0
        }
        while let (number, plan) = agenda.take(now) {
            switch plan {
            case .timer(let lane, let action):
                lanes[lane].due.append((number, action))
                list(lane)
            case .free(let lane):
                lanes[lane].isBusy = false
                list(lane)
            }
        }
        network.advance(to: now)
        noteReadiness()
    }

    /// What runs or waits, by its names.
    var waiting: [String] { bodies.sorted { $0.key < $1.key }.map(\.value) }

    // MARK: - Sockets

    /// Those whose sockets have become ready are told so in their next turn.
    mutating func noteReadiness() {
        while let id = network.changed.popLast() { recheck(id) }
    }

    mutating func recheck(_ id: Int32) {
        guard let watch = watches[id], !watch.isListed, !readiness(of: id, watch).isEmpty else { return }
        watches[id]?.isListed = true
        lanes[watch.lane].ready.append(id)
        list(watch.lane)
    }

    /// What the watcher of a socket is to be told now.
    private func readiness(of id: Int32, _ watch: Watch) -> Readiness {
        network.readiness(of: id).intersection(watch.interest.union(.failed))
    }

    /// Whom to tell of a socket that was ready, and what; nil where it is no longer.
    mutating func takeReady(_ id: Int32) -> (ready: @Sendable (Readiness) -> Void, readiness: Readiness)? {
        guard let watch = watches[id] else { return nil }
        watches[id]?.isListed = false
        let readiness = readiness(of: id, watch)
        return readiness.isEmpty ? nil : (watch.ready, readiness)
    }
}
