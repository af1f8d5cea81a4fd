/// Where everything that is no value has its turns, its time, its chance and its bytes from: actors are on a loop, are
/// handed it, and ask nobody else. ``SocketLoop`` has them from the system.
///
/// All but what says otherwise is for the loop's own thread.
package protocol EventLoop: SerialExecutor, TaskExecutor {
    // MARK: - Time

    /// The clock that deadlines are held against. From any thread.
    var now: Instant { get }

    /// The time of day, as records carry it: milliseconds since 1970, a few late at most. From any thread.
    var wallMilliseconds: Int64 { get }

    /// The same in microseconds, and exact: asking takes five times as long. From any thread.
    var wallMicroseconds: Int64 { get }

    /// Calls `action` once on the loop's thread, at `deadline` or soon after. From any thread.
    @discardableResult
    func schedule(at deadline: Instant, _ action: @escaping @Sendable () -> Void) -> TimerID

    /// Forgets a timer. One that has fired, or was cancelled, is passed over. From any thread.
    func cancel(_ timer: TimerID)

    /// Calls `action` once when the jobs that wait now have run: the place to write out what they have produced.
    func afterJobs(_ action: @escaping @Sendable () -> Void)

    // MARK: - Chance

    /// 64 bits that nobody can foresee. From any thread. Who draws often has a ``RandomSource``.
    func random() -> UInt64

    // MARK: - Bytes

    /// Looks a name up, and calls `body` once, on some thread: the system's resolver blocks, may do so for many seconds,
    /// and cannot be stopped. With `isPassive` an empty host means every local address. From any thread.
    func resolve(
        host: String, port: UInt16, isPassive: Bool,
        _ body: @escaping @Sendable (Result<[SocketAddress], NetError>) -> Void)

    /// Begins to connect. When the socket becomes writable, ``LoopSocket/connectError(to:)`` tells how it went.
    func connect(to address: SocketAddress) throws(NetError) -> any LoopSocket

    /// The same with a socket of that kind, where the loop has kinds of them.
    func connect(to address: SocketAddress, options: SocketOptions) throws(NetError) -> any LoopSocket

    /// The names that the system has for a host's addresses, each once, and calls `body` once, on some thread. Loops
    /// without such names give the name back. From any thread.
    func canonicalNames(of host: String, _ body: @escaping @Sendable (Result<[String], NetError>) -> Void)

    /// Opens a listening socket. Port 0 lets the system choose one; see ``LoopSocket/localPort``.
    func listen(on address: SocketAddress, backlog: Int32) throws(NetError) -> any LoopSocket

    /// Two sockets that are connected to each other, within this process.
    func socketPair() throws(NetError) -> (any LoopSocket, any LoopSocket)

    /// Watches a socket. `ready` is called on the loop's thread, each turn while the socket is ready.
    func watch(_ socket: any LoopSocket, for interest: Readiness, _ ready: @escaping @Sendable (Readiness) -> Void)

    /// Changes what a watched socket is watched for.
    func setInterest(_ socket: any LoopSocket, _ interest: Readiness)

    /// Watches the socket no longer; to be called before it is closed.
    func unwatch(_ socket: any LoopSocket)
}

extension EventLoop {
    package func connect(to address: SocketAddress, options: SocketOptions) throws(NetError) -> any LoopSocket {
        try connect(to: address)
    }

    package func canonicalNames(of host: String, _ body: @escaping @Sendable (Result<[String], NetError>) -> Void) {
        body(.success([host]))
    }

    /// Opens a listening socket with room for many that wait.
    package func listen(on address: SocketAddress) throws(NetError) -> any LoopSocket {
        try listen(on: address, backlog: 1024)
    }

    /// Looks a name up, for as long as it takes.
    package nonisolated(nonsending) func resolve(
        host: String, port: UInt16, isPassive: Bool = false
    ) async throws(NetError) -> [SocketAddress] {
        let arrival = Arrival<Result<[SocketAddress], NetError>>()
        resolve(host: host, port: port, isPassive: isPassive) { arrival.give($0) }
        return try await arrival.value().get()
    }

    /// Waits. Ends early, with an error, when the task is cancelled. A loop that was stopped wakes nobody.
    package nonisolated(nonsending) func sleep(until deadline: Instant) async throws(CancellationError) {
        let arrival = Arrival<Result<Void, CancellationError>>()
        let timer = schedule(at: deadline) { arrival.give(.success(())) }
        defer { cancel(timer) }
        let outcome = await withTaskCancellationHandler {
            await arrival.value()
        } onCancel: {
            arrival.give(.failure(CancellationError()))
        }
        try outcome.get()
    }

    /// Waits for that long; see ``sleep(until:)``.
    package nonisolated(nonsending) func sleep(for duration: Duration) async throws(CancellationError) {
        try await sleep(until: now + duration)
    }

    /// Numbers of one's own, which begin where chance has it.
    package func randomSource() -> RandomSource { RandomSource(seed: random()) }
}

/// What a socket is ready for, or is watched for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Bytes, or the end of the stream, can be read; on a listening socket a connection can be accepted.
    package static let readable = Readiness(rawValue: 1)
    /// Bytes can be written; on a connecting socket the attempt has ended.
    package static let writable = Readiness(rawValue: 2)
    /// The connection failed or was closed. Told unasked.
    package static let failed = Readiness(rawValue: 4)
}
