import DequeModule
import KafkaWire

/// A thread of a host: what it has to do now, in the order of a real loop. One turn runs the jobs, then the timers that
/// are due, then what was left for the end of the jobs, then the sockets that are ready.
struct Lane {
    /// A part of a turn, which nothing of another thread comes into.
    enum Part {
        case job(UnownedJob)
        /// One that came from Swift's own pool of threads.
        case poolJob(UnownedJob)
        case actions([@Sendable () -> Void])
        case sockets([Int32])
    }

    private enum Phase {
        case timers, afterJobs, sockets
    }

    let name: String
    let host: Int
    /// What its jobs are told that they run on; the first only where actors live on it.
    var serial: UnownedSerialExecutor?
    var task: UnownedTaskExecutor?
    var jobs: Deque<Part> = []
    /// The timers whose time has come, by their numbers.
    var due: Deque<(number: UInt64, action: @Sendable () -> Void)> = []
    /// How many of them are of this turn.
    private var firing = 0
    var afterJobs: [@Sendable () -> Void] = []
    var ready: [Int32] = []
    private var phase = Phase.timers
    /// Whether it stands still, with all that it has to do.
    var isPaused = false
    /// How long each of its turns takes, and until when it is busy with the last one.
    var pace = Duration.zero
    var isBusy = false
    /// Whether it is among those that may have the next turn.
    var isListed = false
    /// How many parts of turns it has had since no time has passed for suspiciously many.
    var parts = 0

    init(name: String, host: Int) { (self.name, self.host) = (name, host) }

    var hasWork: Bool { !jobs.isEmpty || !due.isEmpty || !afterJobs.isEmpty || !ready.isEmpty }
    var mayRun: Bool { hasWork && !isPaused && !isBusy }

    /// What it does next.
    mutating func next() -> Part? {
        if firing == 0, let job = jobs.popFirst() { return job }
        for _ in 0..<3 {
            switch phase {
            case .timers:
                // One at a time, since each may cancel others; what becomes due meanwhile is the next turn's.
                if firing == 0 { firing = due.count }
                if firing > 0, let timer = due.popFirst() {
                    firing -= 1
                    if firing == 0 { phase = .afterJobs }
                    return .actions([timer.action])
                }
                phase = .afterJobs
            case .afterJobs:
                phase = .sockets
                if let actions = Self.take(&afterJobs) { return .actions(actions) }
            case .sockets:
                phase = .timers
                if let ready = Self.take(&ready) { return .sockets(ready) }
            }
        }
        return nil
    }

    /// A timer whose time has come, and that has not fired, does not.
    mutating func cancel(_ number: UInt64) {
        guard let index = due.firstIndex(where: { $0.number == number }) else { return }
        due.remove(at: index)
        guard index < firing else { return }
        firing -= 1
        if firing == 0 { phase = .afterJobs }
    }

    /// Only its jobs are left.
    mutating func dropPlans() { (due, firing, afterJobs, ready) = ([], 0, [], []) }

    private static func take<Element>(_ list: inout [Element]) -> [Element]? {
        if list.isEmpty { return nil }
        defer { list = [] }
        return list
    }
}
