// Ctrl-C and SIGTERM as something that a program can wait for, so that it ends when its work in hand is finished.
//
// Shape: the handler does nothing but store a flag and write one byte to a pipe, both of which POSIX allows inside a
// handler. The byte is never read: the pipe stays readable, so every waiter (a poll in plain code, the one thread
// that serves async waiters) sees it, whenever it looks.
//
// Once the end is requested it has to come soon, whatever the program waits for at that moment: a server that is silent, a
// pipe that nobody reads, a long computation. So the thread that wakes the waiters stays, and ends the process when its time
// is up; it shares nothing with the work that it ends.
//
// A thread in `sigwait` would be simpler, but needs the signals blocked in every thread, and the thread in which
// Swift's async `main` ends up on Linux unblocks all of them: Ctrl-C would kill the program there.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program's wish to end: requested by SIGINT, SIGTERM or `request()`, never withdrawn.
///
/// ```swift
/// let shutdown = ShutdownSignal.install()
/// while !shutdown.wait(for: .seconds(60)) { work() }      // plain code
/// await shutdown.wait()                                   // async code
/// ```
///
/// It is a product of its own, since what one would write first does not work in Swift 6: a closure given to `signal` in
/// `main.swift` or on the main actor is isolated to it, and the program is ended when the handler runs on another thread.
public struct ShutdownSignal: Sendable {
    /// Becomes readable when the end is requested, and stays so. For one's own `poll`; never read from it.
    /// It is -1 if the system had no pipe left, which `poll` ignores.
    public let descriptor: Int32

    /// Takes over SIGINT and SIGTERM, and ignores SIGPIPE (a closed peer is an error of `write`, not a death).
    ///
    /// Call it first in `main`. Calling it again is harmless. A second Ctrl-C ends the program at once with status
    /// 130, a second SIGTERM with 143: the way out when finishing the work in hand takes too long.
    ///
    /// - Parameter lastWords: with these, the program ends within ``patience`` of the first signal: one that has not come to
    ///   its end by itself says them, which should be what it leaves undone, on standard error, and is ended with the same
    ///   statuses. Without, it takes as long as it takes.
    public static func install(lastWords: String? = nil) -> ShutdownSignal {
        let descriptor = installed
        if let lastWords {
            lastWill.withLock { $0.words = lastWords }
            startWatcher(descriptor)
        }
        return ShutdownSignal(descriptor: descriptor)
    }

    /// How long a program with last words may take from the first signal to its end.
    public static let patience = Duration.milliseconds(1500)

    /// Has `body` called before a program is ended that did not end by itself: what must be put back as it was.
    public static func beforeForcedEnd(_ body: @escaping @Sendable () -> Void) {
        lastWill.withLock { $0.acts.append(body) }
    }

    /// A wish that no signal brings: for programs that Ctrl-C may end there and then.
    public static var never: ShutdownSignal { ShutdownSignal(descriptor: -1) }

    /// Whether the end was requested.
    public var isRequested: Bool { wasRequested.load(ordering: .acquiring) }

    /// Requests the end from inside the program, as a signal does from outside.
    public func request() { raiseFlag() }

    /// Blocks this thread until the end is requested or `duration` is over, and says whether the end was requested.
    /// A duration of zero or less only looks.
    public func wait(for duration: Duration) -> Bool {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: duration)
        while !isRequested {
            let left = clock.now.duration(to: deadline)
            if left <= .zero { return false }
            // Without a pipe, a signal that another thread takes is only noticed by looking: so look often.
            let slice = min(left, descriptor < 0 ? .milliseconds(200) : .seconds(3600))
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let wholeMilliseconds =
                slice.components.seconds * 1000 + slice.components.attoseconds / 1_000_000_000_000_000
            _ = poll(&entry, 1, Int32(wholeMilliseconds + 1))
        }
        return true
    }

    /// Suspends until the end is requested or the calling task is cancelled; look at `isRequested` to tell them apart.
    public func wait() async {
        let ticket = nextTicket.add(1, ordering: .relaxed).oldValue
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Registered under the lock that the watcher takes after the flag is up: one of the two sees the other.
                let mustWait = waiters.withLock { waiting in
                    if isRequested || Task.isCancelled { return false }
                    waiting[ticket] = continuation
                    return true
                }
                if mustWait { startWatcher(descriptor) } else { continuation.resume() }
            }
        } onCancel: {
            waiters.withLock { $0.removeValue(forKey: ticket) }?.resume()
        }
    }
}

// MARK: - What the handler touches: atomics and a descriptor, nothing else

private let wasRequested = Atomic<Bool>(false)
private let writeEnd = Atomic<Int32>(-1)
/// When the first signal came, in milliseconds of the monotonic clock; 0 before.
private let firstSignalAt = Atomic<Int>(0)
/// With which status a program ends that is ended.
private let forcedStatus = Atomic<Int32>(0)

/// A repeat within this time is the same wish: `timeout` and shells deliver one Ctrl-C both to the process and to its
/// group.
private let sameWish = 300

private func raiseFlag() {
    if wasRequested.exchange(true, ordering: .acquiringAndReleasing) { return }
    var byte: UInt8 = 1
    let descriptor = writeEnd.load(ordering: .acquiring)
    if descriptor >= 0 { _ = write(descriptor, &byte, 1) }
}

private func noteSignal(_ number: Int32) {
    let interruptedCallsError = errno
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    let now = max(1, Int(time.tv_sec) &* 1000 &+ Int(time.tv_nsec) / 1_000_000)
    _ = forcedStatus.compareExchange(expected: 0, desired: 128 &+ number, ordering: .acquiringAndReleasing)
    let before = firstSignalAt.compareExchange(expected: 0, desired: now, ordering: .acquiringAndReleasing)
    if !before.exchanged, now &- before.original > sameWish { _exit(128 &+ number) }
    raiseFlag()
    errno = interruptedCallsError
}

/// The read end of the pipe; made, with the handlers, when first asked for.
private let installed: Int32 = {
    var ends: [Int32] = [-1, -1]
    if pipe(&ends) == 0 {
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        writeEnd.store(ends[1], ordering: .releasing)
    }
    // Touched once here, so that no handler is ever the first to initialise one of them.
    _ = wasRequested.load(ordering: .relaxed)
    _ = firstSignalAt.load(ordering: .relaxed)
    _ = forcedStatus.load(ordering: .relaxed)
    _ = sameWish
    signal(SIGPIPE, SIG_IGN)
    signal(SIGINT, noteSignal)
    signal(SIGTERM, noteSignal)
    // Who starts a program may have blocked them, and left it that: the program would never hear of them.
    var heard = sigset_t()
    sigemptyset(&heard)
    for number in [SIGINT, SIGTERM, SIGALRM] { sigaddset(&heard, number) }
    pthread_sigmask(SIG_UNBLOCK, &heard, nil)
    return ends[0]
}()

// MARK: - Async waiters

private let nextTicket = Atomic<Int>(0)
private let waiters = Mutex<[Int: CheckedContinuation<Void, Never>]>([:])
private let watcherStarted = Atomic<Bool>(false)

/// Starts the thread that wakes async waiters, and ends what does not end; once per process.
private func startWatcher(_ descriptor: Int32) {
    if watcherStarted.exchange(true, ordering: .acquiringAndReleasing) { return }
    #if canImport(Darwin)
        var thread: pthread_t?
    #else
        var thread = pthread_t()
    #endif
    let status = pthread_create(
        &thread, nil,
        { _ in
            let shutdown = ShutdownSignal.install()
            while !shutdown.wait(for: .seconds(3600)) {}
            let woken = waiters.withLock { waiting in
                defer { waiting = [:] }
                return waiting
            }
            for continuation in woken.values { continuation.resume() }
            endInTime()
            return nil
        }, nil)
    guard status == 0 else {
        // No thread to be had: the next waiter tries again, and this program still ends by its second Ctrl-C.
        watcherStarted.store(false, ordering: .releasing)
        return
    }
    #if canImport(Darwin)
        if let thread { pthread_detach(thread) }
    #else
        pthread_detach(thread)
    #endif
}

// MARK: - The end of what does not end

private struct LastWill: Sendable {
    var words: String?
    var acts: [@Sendable () -> Void] = []
}

private let lastWill = Mutex(LastWill())

/// Waits until the time of the first signal is up, and ends the process. Returns at once where it may take its time.
private func endInTime() {
    let patience = Int(ShutdownSignal.patience / .milliseconds(1))
    while true {
        guard let words = lastWill.withLock({ $0.words }) else { return }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let first = firstSignalAt.load(ordering: .acquiring)
        let left = first + patience - (Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000)
        // A wish without a signal, as of a reader who is gone, has no limit; one may follow.
        guard first == 0 || left > 0 else { return forceEnd(words) }
        _ = usleep(UInt32(first == 0 ? 50 : min(left, 50)) * 1000)
    }
}

private func forceEnd(_ words: String) {
    // What follows may wait too, for a terminal that is stopped: not for long.
    signal(SIGALRM) { _ in _exit(forcedStatus.load(ordering: .relaxed)) }
    _ = ualarm(250_000, 0)
    for act in lastWill.withLock({ $0.acts }) { act() }
    let line = Array("\(words)\n".utf8)
    _ = write(2, line, line.count)
    _exit(forcedStatus.load(ordering: .relaxed))
}
