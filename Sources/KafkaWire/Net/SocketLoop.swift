import DequeModule

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One thread, one `poll` set, timers, and the executor of the actors that own sockets.
///
/// A turn of the loop runs every job that waits, then writes out what the jobs have left in the sockets' buffers (so
/// that many requests leave in one `send`), then waits for sockets, timers or new jobs. `poll` equals `epoll` at the
/// few descriptors of a client, and is POSIX.
package final class SocketLoop: SerialExecutor, TaskExecutor {
    /// What is told of a descriptor's readiness. Called on the loop's thread.
    package typealias Ready = @Sendable (Readiness) -> Void

    /// What a descriptor is ready for.
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: Int16
        package init(rawValue: Int16) { self.rawValue = rawValue }
        /// Bytes, or the end of the stream, can be read; on a listening socket a connection can be accepted.
        package static let readable = Readiness(rawValue: Int16(POLLIN))
        /// Bytes can be written; on a connecting socket the attempt has ended.
        package static let writable = Readiness(rawValue: Int16(POLLOUT))
        /// The connection failed or was closed.
        package static let failed = Readiness(rawValue: Int16(POLLERR | POLLHUP | POLLNVAL))
    }

    private struct Watch {
        /// Tells a descriptor from an earlier one of the same number.
        var id: UInt64
        var interest: Readiness
        var ready: Ready
    }

    private struct Shared {
        var jobs: Deque<UnownedJob> = []
        var watches: [Int32: Watch] = [:]
        /// The descriptors whose watches have changed since the last `poll`.
        var changed: Set<Int32> = []
        var lastWatch: UInt64 = 0
        var timers = TimerQueue()
        var afterJobs: [@Sendable () -> Void] = []
        var isWaiting = false
        var isStopped = false
        var hasEnded = false
        var isRunningLateJobs = false
        var thread: pthread_t?
    }

    private let shared = Locked(Shared())
    private let wakeUp: Pipe

    /// Starts a loop on a thread of its own. Throws where the system has no descriptors left.
    package init(name: String = "kafkawire") throws(NetError) {
        wakeUp = try Pipe()
        try Thread.start { self.run() }
    }

    /// The loop that clients use when they are given none. It lives as long as the process.
    package static func common() throws(NetError) -> SocketLoop {
        let loop: Result<SocketLoop, NetError> = commonLoop.withLock { slot in
            if let loop = slot { return .success(loop) }
            do throws(NetError) {
                let loop = try SocketLoop()
                slot = loop
                return .success(loop)
            } catch {
                return .failure(error)
            }
        }
        return try loop.get()
    }

    private static let commonLoop = Locked<SocketLoop?>(nil)

    deinit { wakeUp.close() }

    /// Ends the thread after the jobs that wait now. Jobs enqueued later are still run, one at a time, on a thread that
    /// enqueues one, so that no task hangs for ever; timers no longer fire.
    package func stop() {
        shared.withLock { $0.isStopped = true }
        wakeUp.signal()
    }

    // MARK: - Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (wake, late) = shared.withLock { state in
            state.jobs.append(job)
            if state.hasEnded {
                // One thread at a time stands in for the loop's.
                if state.isRunningLateJobs { return (false, false) }
                state.isRunningLateJobs = true
                state.thread = pthread_self()
                return (false, true)
            }
            let wake = state.isWaiting
            state.isWaiting = false
            return (wake, false)
        }
        if late {
            // The last job may let go of the actor, and the actor of this loop.
            let own = Unmanaged.passRetained(self)
            defer { own.release() }
            runLateJobs()
        } else if wake {
            wakeUp.signal()
        }
    }

    private func runLateJobs() {
        repeat {
            runJobs()
        } while shared.withLock { state in
            guard state.jobs.isEmpty else { return true }
            state.isRunningLateJobs = false
            state.thread = nil
            return false
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    package func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "this runs only on the loop's own thread")
    }

    package func isIsolatingCurrentContext() -> Bool? {
        shared.withLock { state in
            state.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false
        }
    }

    // MARK: - Sockets and timers (from the loop's thread)

    /// Watches a descriptor. `ready` is called on the loop's thread, each turn while the descriptor is ready.
    package func watch(_ descriptor: Int32, for interest: Readiness, _ ready: @escaping Ready) {
        shared.withLock { state in
            state.lastWatch += 1
            state.watches[descriptor] = Watch(id: state.lastWatch, interest: interest, ready: ready)
            state.changed.insert(descriptor)
        }
    }

    /// Changes what a watched descriptor is watched for.
    package func setInterest(_ descriptor: Int32, _ interest: Readiness) {
        shared.withLock { state in
            guard let watch = state.watches[descriptor], watch.interest != interest else { return }
            state.watches[descriptor] = Watch(id: watch.id, interest: interest, ready: watch.ready)
            state.changed.insert(descriptor)
        }
    }

    /// Watches the descriptor no longer; to be called before it is closed.
    package func unwatch(_ descriptor: Int32) {
        shared.withLock { state in
            state.watches[descriptor] = nil
            state.changed.insert(descriptor)
        }
    }

    /// Calls `action` once on the loop's thread, at `deadline` or soon after.
    @discardableResult
    package func schedule(at deadline: Instant, _ action: @escaping @Sendable () -> Void) -> TimerID {
        let (timer, wake) = shared.withLock { state in
            let timer = state.timers.insert(deadline, action)
            let wake = state.isWaiting
            state.isWaiting = false
            return (timer, wake)
        }
        if wake { wakeUp.signal() }
        return timer
    }

    /// Forgets a timer. One that has fired, or was cancelled, is passed over.
    package func cancel(_ timer: TimerID) { shared.withLock { $0.timers.remove(timer) } }

    /// Calls `action` once when the jobs that wait now have run: the place to write out what they have produced.
    package func afterJobs(_ action: @escaping @Sendable () -> Void) {
        shared.withLock { $0.afterJobs.append(action) }
    }

    // MARK: - The thread

    private func run() {
        let thread = pthread_self()
        shared.withLock { $0.thread = thread }
        var polled = PollSet(wakeUp.reader)
        while true {
            runJobs()
            let now = Instant.now
            for action in shared.withLock({ $0.timers.takeDue(now) }) { action() }
            for action in shared.withLock({ state in
                defer { state.afterJobs.removeAll(keepingCapacity: true) }
                return state.afterJobs
            }) { action() }

            let (timeout, stopped) = shared.withLock { state -> (Int32, Bool) in
                if !state.changed.isEmpty {
                    for descriptor in state.changed {
                        let watch = state.watches[descriptor]
                        polled.set(descriptor, watch.map { ($0.id, $0.interest.rawValue) })
                    }
                    state.changed.removeAll(keepingCapacity: true)
                }
                let isBusy = !state.jobs.isEmpty || !state.afterJobs.isEmpty
                state.isWaiting = !isBusy
                return (isBusy ? 0 : state.timers.millisecondsToNext(Instant.now), state.isStopped && !isBusy)
            }
            if stopped { break }
            let count = poll(&polled.entries, nfds_t(polled.entries.count), timeout)
            shared.withLock { $0.isWaiting = false }
            guard count > 0 else { continue }
            if polled.entries[0].revents != 0 { wakeUp.drain() }
            for (entry, id) in zip(polled.entries, polled.watches).dropFirst() where entry.revents != 0 {
                // An earlier callback of this turn may have closed the descriptor, or opened another with its number.
                guard let watch = shared.withLock({ $0.watches[entry.fd] }), watch.id == id else { continue }
                watch.ready(Readiness(rawValue: entry.revents))
            }
        }
        // From here on, what is enqueued runs where it is enqueued.
        shared.withLock { state in
            state.hasEnded = true
            state.isRunningLateJobs = true
        }
        runLateJobs()
    }

    private func runJobs() {
        while true {
            var batch = shared.withLock { state in
                defer { state.jobs = [] }
                return state.jobs
            }
            if batch.isEmpty { return }
            while let job = batch.popFirst() {
                job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
        }
    }
}

/// What `poll` is given. A change costs the same however many descriptors there are.
private struct PollSet {
    var entries: [pollfd]
    /// The watch of each entry.
    private(set) var watches: [UInt64] = [0]
    private var places: [Int32: Int] = [:]

    /// Of the descriptor that wakes the loop up, which stays in front.
    init(_ wakeUp: Int32) { entries = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)] }

    /// Polls the descriptor for that watch and those events from now on; nil for nothing.
    mutating func set(_ descriptor: Int32, _ watch: (id: UInt64, events: Int16)?) {
        guard let watch else {
            guard let place = places.removeValue(forKey: descriptor) else { return }
            let last = entries.removeLast()
            let lastWatch = watches.removeLast()
            guard place < entries.count else { return }
            entries[place] = last
            watches[place] = lastWatch
            places[last.fd] = place
            return
        }
        let entry = pollfd(fd: descriptor, events: watch.events, revents: 0)
        guard let place = places[descriptor] else {
            places[descriptor] = entries.count
            entries.append(entry)
            return watches.append(watch.id)
        }
        entries[place] = entry
        watches[place] = watch.id
    }
}
