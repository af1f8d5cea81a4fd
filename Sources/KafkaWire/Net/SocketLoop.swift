import DequeModule

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The loop that is the system's: one thread, one `poll` set, timers, the system's clocks, resolver and sockets; and the
/// executor of the actors that own sockets.
///
/// A turn of the loop runs every job that waits, then writes out what the jobs have left in the sockets' buffers (so
/// that many requests leave in one `send`), then waits for sockets, timers or new jobs. `poll` equals `epoll` at the
/// few descriptors of a client, and is POSIX.
package final class SocketLoop: EventLoop {
    private struct Watch {
        /// Tells a descriptor from an earlier one of the same number.
        var id: UInt64
        var interest: Readiness
        var ready: @Sendable (Readiness) -> Void
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

    // MARK: - Bytes

    package func resolve(
        host: String, port: UInt16, isPassive: Bool,
        _ body: @escaping @Sendable (Result<[SocketAddress], NetError>) -> Void
    ) {
        Resolver.resolve(host: host, port: port, isPassive: isPassive, body)
    }

    package func canonicalNames(of host: String, _ body: @escaping @Sendable (Result<[String], NetError>) -> Void) {
        Resolver.canonicalNames(of: host, body)
    }

    package func connect(to address: SocketAddress) throws(NetError) -> any LoopSocket {
        try TCPSocket.connecting(to: address)
    }

    package func connect(to address: SocketAddress, options: SocketOptions) throws(NetError) -> any LoopSocket {
        try TCPSocket.connecting(to: address, options)
    }

    package func listen(on address: SocketAddress, backlog: Int32) throws(NetError) -> any LoopSocket {
        try TCPSocket.listening(on: address, backlog: backlog)
    }

    package func socketPair() throws(NetError) -> (any LoopSocket, any LoopSocket) { try TCPSocket.pair() }

    package func watch(
        _ socket: any LoopSocket, for interest: Readiness, _ ready: @escaping @Sendable (Readiness) -> Void
    ) {
        shared.withLock { state in
            state.lastWatch += 1
            state.watches[socket.id] = Watch(id: state.lastWatch, interest: interest, ready: ready)
            state.changed.insert(socket.id)
        }
    }

    package func setInterest(_ socket: any LoopSocket, _ interest: Readiness) {
        shared.withLock { state in
            guard let watch = state.watches[socket.id], watch.interest != interest else { return }
            state.watches[socket.id] = Watch(id: watch.id, interest: interest, ready: watch.ready)
            state.changed.insert(socket.id)
        }
    }

    package func unwatch(_ socket: any LoopSocket) {
        shared.withLock { state in
            state.watches[socket.id] = nil
            state.changed.insert(socket.id)
        }
    }

    // MARK: - Time and chance

    package var now: Instant { .now }

    package var wallMilliseconds: Int64 { Instant.wallMilliseconds }

    package var wallMicroseconds: Int64 { Instant.wallMicroseconds }

    package func random() -> UInt64 { .random(in: .min ... .max) }

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

    package func cancel(_ timer: TimerID) { shared.withLock { $0.timers.remove(timer) } }

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
            let next = shared.withLock { $0.timers.next }
            while let action = shared.withLock({ $0.timers.takeDue(now, setBefore: next) }) { action() }
            for action in shared.withLock({ state in
                defer { state.afterJobs.removeAll(keepingCapacity: true) }
                return state.afterJobs
            }) { action() }

            let (timeout, stopped) = shared.withLock { state -> (Int32, Bool) in
                if !state.changed.isEmpty {
                    for descriptor in state.changed {
                        let watch = state.watches[descriptor]
                        polled.set(descriptor, watch.map { ($0.id, $0.interest.polled) })
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
                watch.ready(Readiness(polled: entry.revents))
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
