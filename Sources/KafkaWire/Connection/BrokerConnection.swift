/// A connection to one broker: an actor on its socket's loop. It connects, asks for the broker's versions, sends
/// frames and hands out their answers. Once closed it stays closed; the cluster opens another.
package actor BrokerConnection {
    package nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// The broker's address, as `host:port`.
    package nonisolated let name: String
    package nonisolated let host: String
    package nonisolated let port: UInt16
    private let clientId: String
    let options: ConnectionOptions
    let pin: VersionPin?
    private let watch: (any ConnectionWatch)?
    /// What protects the connection, and who the client is on it.
    let security: ConnectionSecurity
    /// Is told once that the connection has ended, and why; on the loop.
    private let onClose: (@Sendable (ConnectionState.Reason) -> Void)?

    private var channel: FrameChannel?
    var state: ConnectionState
    private var waiters: [ConnectionState.RequestID: Waiter] = [:]
    private var nextRequest: ConnectionState.RequestID = 0
    let connector: Connector
    /// What opening the connection waits for.
    var pausing: Arrival<Void>?
    var dialing: Arrival<Result<any LoopSocket, DialFailure>>?
    var shaking: Task<TLSError?, Never>?
    private lazy var timer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
    private var flushIsPlanned = false
    /// Set when the other side has shown that it speaks Kafka.
    private(set) var isNegotiated = false
    /// Whether it has answered anything behind that.
    private(set) var hasServed = false
    /// When the broker wants the client to say anew who it is, and whether that goes on.
    var session = SASLSession()
    /// Who waits for what is queued to be written, where nothing else holds them back.
    private var writers: [CheckedContinuation<Void, Never>] = []
    /// Who waits until the client has said anew who it is.
    private var held: [Arrival<Void>] = []

    private struct Waiter {
        var api: APIKey
        var version: Int16
        var sentAt: Instant
        var continuation: CheckedContinuation<Result<Bytes, KafkaError>, Never>
    }

    package init(
        host: String, port: UInt16, clientId: String, loop: any EventLoop, watch: (any ConnectionWatch)? = nil,
        options: ConnectionOptions = ConnectionOptions(), onClose: (@Sendable (ConnectionState.Reason) -> Void)? = nil
    ) {
        self.init(
            host: host, port: port, clientId: clientId, loop: loop, watch: watch, options: options,
            security: ConnectionSecurity(), pin: nil, onClose: onClose)
    }

    /// One that is protected, and says who the client is, apart from a cluster.
    package init(
        host: String, port: UInt16, clientId: String, loop: any EventLoop, security: ConnectionSecurity
    ) {
        self.init(
            host: host, port: port, clientId: clientId, loop: loop, watch: nil, options: ConnectionOptions(),
            security: security, pin: nil, onClose: nil)
    }

    init(
        host: String, port: UInt16, clientId: String, loop: any EventLoop, watch: (any ConnectionWatch)?,
        options: ConnectionOptions, security: ConnectionSecurity, pin: VersionPin?,
        onClose: (@Sendable (ConnectionState.Reason) -> Void)?
    ) {
        self.host = host
        self.port = port
        self.clientId = clientId
        self.loop = loop
        self.watch = watch
        self.options = options
        self.security = security
        self.pin = pin
        self.onClose = onClose
        state = ConnectionState(idleLimit: options.maximumIdleTime)
        connector = Connector(loop, family: options.addressFamily, options: options.socket)
        name = Self.name(host, port)
    }

    /// A host and port as they are written; the path of a Unix socket has no port.
    static func name(_ host: String, _ port: UInt16) -> String {
        if UnixPath.read(host) != nil { return host }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether requests can be sent.
    package var isOpen: Bool { channel != nil && state.closeReason == nil }

    /// How many requests wait for their answers.
    var load: Int { waiters.count }

    // MARK: - Opening

    /// Connects, not before a point in time, asks for the versions that the broker speaks, and says who the client is.
    package func open(timeout: Duration, notBefore start: Instant? = nil) async throws(KafkaError) -> VersionTable {
        if let start { await pause(until: start) }
        let deadline = loop.now + timeout
        let socket = try await protect(try await dial(until: deadline), until: deadline)
        guard state.closeReason == nil else {
            socket.close()
            throw failure(.closed, nil)
        }
        channel = FrameChannel(socket, frameLimit: options.maximumAnswerSize)
        loop.watch(socket, for: .readable) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(readiness) }
        }
        let versions = try await negotiate(until: deadline)
        isNegotiated = true
        if let mechanism = security.sasl {
            do throws(KafkaError) {
                session = try await authenticate(by: mechanism, versions, until: deadline)
            } catch {
                perform(state.close(.unauthenticated(error)))
                throw error
            }
        }
        return versions
    }

    /// The socket under TLS, where that is wanted.
    private func protect(_ socket: any LoopSocket, until deadline: Instant) async throws(KafkaError) -> any LoopSocket {
        guard let tls = security.tls else { return socket }
        guard state.closeReason == nil else {
            socket.close()
            throw failure(.closed, nil)
        }
        let protected: TLSSocket
        do throws(TLSError) { protected = try tls.connect(over: socket, host: host, port: port) } catch {
            socket.close()
            throw .tls(error, broker: name)
        }
        let loop = loop
        let task = Task { () -> TLSError? in
            do throws(TLSError) { try await protected.clientHandshake(on: loop, until: deadline) } catch {
                return error
            }
            return nil
        }
        shaking = task
        guard let error = await task.value else { return protected }
        protected.close()
        throw state.closeReason == nil ? .tls(error, broker: name) : failure(.closed, nil)
    }

    // MARK: - Requests

    /// Sends a request and waits for the frame of its answer, which the caller decodes: large answers are not decoded
    /// on the loop.
    package func exchange<R: WireRequest>(
        _ request: R, version: Int16, deadline: Instant, onQueued: @Sendable () -> Void = {}
    ) async throws(KafkaError) -> Bytes {
        try await exchange(frame: try encode(request, version), of: R.api, deadline: deadline, onQueued: onQueued)
    }

    /// As ``exchange(_:version:deadline:)`` with a frame that was encoded elsewhere; its correlation id is filled in.
    /// `onQueued` is called when requests that come later can no longer overtake it.
    package func exchange(
        frame: [UInt8], of api: APIKey, deadline: Instant, onQueued: @Sendable () -> Void = {}
    ) async throws(KafkaError) -> Bytes {
        if session.isDue(now: loop.now), !api.isOfSASL { try await waitForSession(until: deadline, api) }
        guard channel != nil, state.closeReason == nil else { throw failure(state.closeReason ?? .closed, api) }
        let outcome: Result<Bytes, KafkaError> = await withCheckedContinuation { continuation in
            let id = nextRequest
            nextRequest += 1
            guard let correlationId = state.send(id, deadline: deadline) else {
                return continuation.resume(returning: .failure(failure(.closed, api)))
            }
            state.used(now: loop.now)
            waiters[id] = Waiter(
                api: api, version: Frame.version(of: frame), sentAt: watch == nil ? deadline : loop.now,
                continuation: continuation)
            watch?.sent(api, version: Frame.version(of: frame), bytes: frame.count)
            queue(frame, correlationId)
            onQueued()
            timer.bringForward(to: state.nextDeadline)
        }
        return try outcome.get()
    }

    /// Sends a request that gets no answer (Produce with acks=0). Waits until the system has taken it: no answer holds
    /// the sender back, so this does, and closing the connection then loses nothing that counts as sent.
    package func sendOneWay<R: WireRequest>(_ request: R, version: Int16, deadline: Instant) async throws(KafkaError) {
        let frame = try encode(request, version)
        if session.isDue(now: loop.now) { try await waitForSession(until: deadline, R.api) }
        guard channel != nil, let correlationId = state.sendOneWay() else {
            throw failure(state.closeReason ?? .closed, R.api)
        }
        state.used(now: loop.now)
        queue(frame, correlationId)
        watch?.sent(R.api, version: version, bytes: frame.count)
        let timer = loop.schedule(at: deadline) { [weak self] in
            self?.assumeIsolated { $0.perform($0.state.close(.timedOut)) }
        }
        await withCheckedContinuation { continuation in
            // On the way in it may have been written already, or the connection have ended.
            guard state.closeReason == nil, let channel, channel.unsent > 0 else { return continuation.resume() }
            writers.append(continuation)
        }
        loop.cancel(timer)
        if let reason = state.closeReason { throw failure(reason, R.api) }
    }

    /// The broker holds this connection back for so long (KIP-219): what waits is answered that much later.
    func hold(for time: Duration) { state.hold(for: time) }

    /// It is about to be used: it is not closed as idle.
    func keep() { state.used(now: loop.now) }

    /// Gives away the socket, over which was said who the client is, and for how long that holds, to whoever speaks over it from now on. This connection
    /// is over; nil where it was before, or something waits for an answer.
    package func handOver() -> (socket: any LoopSocket, session: SASLSession)? {
        guard let socket = channel?.socket, state.closeReason == nil, state.inFlight == 0 else { return nil }
        loop.unwatch(socket)
        channel = nil
        perform(state.close(.closed))
        return (socket, session)
    }

    /// Closes the connection; requests that wait fail.
    package func close() {
        perform(state.close(.closed))
        pausing?.give(())
        connector.assumeIsolated { $0.stop() }
        shaking?.cancel()
        dialing?.give(.failure(DialFailure(NetError(.closed, doing: "connect to \(name)"))))
    }

    // MARK: - The session

    /// Waits until the client has said anew who it is (KIP-368): between SaslHandshake and the end the broker takes nothing
    /// else. What was asked before is answered before.
    private func waitForSession(until deadline: Instant, _ api: APIKey) async throws(KafkaError) {
        if !session.isRenewing, let mechanism = security.sasl {
            session.isRenewing = true
            Task { await self.renewSession(by: mechanism) }
        }
        let arrival = Arrival<Void>()
        held.append(arrival)
        let isForgotten = PlantedMistake.forgetsHeldRequests.isMade
        let timer = isForgotten ? nil : loop.schedule(at: deadline) { arrival.give(()) }
        await arrival.value()
        if let timer { loop.cancel(timer) }
        if state.closeReason == nil, session.isRenewing { throw failure(.timedOut, api) }
    }

    private func renewSession(by mechanism: any SASLMechanism) async {
        let patience = loop.now + SASLSession.patience
        let deadline = state.lastDeadline.map { max($0, patience) } ?? patience
        do throws(KafkaError) {
            session = try await authenticate(by: mechanism, session.versions, renewing: session, until: deadline)
            releaseHeld()
        } catch {
            perform(state.close(.unauthenticated(error)))
        }
    }

    private func releaseHeld() {
        let waiting = held
        held = []
        for arrival in waiting {
            arrival.give(())
            if PlantedMistake.forgetsHeldRequests.isMade { break }
        }
    }

    private func encode<R: WireRequest>(_ request: R, _ version: Int16) throws(KafkaError) -> [UInt8] {
        do throws(WireError) {
            return try Frame.request(request, version: version, correlationId: 0, clientId: clientId)
        } catch {
            throw .wire(error, broker: name, api: R.api)
        }
    }

    private func queue(_ frame: [UInt8], _ correlationId: Int32) {
        var frame = frame
        frame.withUnsafeMutableBytes {
            $0.storeBytes(of: correlationId.bigEndian, toByteOffset: Frame.correlationOffset, as: Int32.self)
        }
        channel?.queue(frame)
        guard !flushIsPlanned else { return }
        flushIsPlanned = true
        // One send for all requests of a turn of the loop.
        loop.afterJobs { [weak self] in self?.assumeIsolated { $0.flush() } }
    }

    // MARK: - The socket

    private func flush() {
        flushIsPlanned = false
        guard let socket = channel?.socket else { return }
        do throws(NetError) {
            let done = try channel?.flush() ?? true
            loop.setInterest(socket, done ? .readable : [.readable, .writable])
            if done { resumeWriters() }
        } catch {
            perform(state.close(.net(error)))
        }
    }

    private func ready(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        guard channel != nil, !readiness.isDisjoint(with: [.readable, .failed]) else { return }
        var frames: [Bytes] = []
        var end: ConnectionState.Reason?
        do throws(FrameChannel.Failure) {
            try channel?.receive {
                frames.append($0)
                return true
            }
        } catch {
            switch error {
            case .net(let error): end = .net(error)
            case .wire(let error): end = .wire(error)
            }
        }
        if !frames.isEmpty { state.used(now: loop.now) }
        for frame in frames { perform(state.received(frame)) }
        if let end { return perform(state.close(end)) }
        if channel?.socket.holdsInput == true {
            // It has more than was taken in one go, of which the system does not know.
            loop.afterJobs { [weak self] in self?.assumeIsolated { $0.ready(.readable) } }
        }
    }

    private func timerFired() {
        if !PlantedMistake.losesTimer.isMade { timer.fired() }
        perform(state.tick(now: loop.now))
        timer.bringForward(to: state.nextDeadline)
    }

    private func perform(_ actions: [ConnectionState.Action]) {
        for action in actions {
            switch action {
            case .deliver(let id, let frame):
                guard let waiter = waiters.removeValue(forKey: id) else { continue }
                if isNegotiated, !waiter.api.isOfSASL { hasServed = true }
                tellAnswer(waiter, bytes: frame.count + 4)
                waiter.continuation.resume(returning: .success(frame))
            case .fail(let id, let reason):
                guard let waiter = waiters.removeValue(forKey: id) else { continue }
                let error = failure(reason, waiter.api)
                tellAnswer(waiter, bytes: 0, error)
                waiter.continuation.resume(returning: .failure(error))
            case .close(let reason):
                if let socket = channel?.socket {
                    loop.unwatch(socket)
                    if reason != .timedOut || !PlantedMistake.leaksTimedOutConnections.isMade { socket.close() }
                }
                channel = nil
                timer.cancel()
                resumeWriters()
                releaseHeld()
                if isNegotiated {
                    watch?.ended(because: reason == .closed || reason == .idle ? nil : failure(reason, nil))
                }
                onClose?(reason)
            }
        }
    }

    private func tellAnswer(_ waiter: Waiter, bytes: Int, _ error: KafkaError? = nil) {
        guard let watch else { return }
        watch.answered(waiter.api, version: waiter.version, bytes: bytes, after: loop.now - waiter.sentAt, error: error)
    }

    private func resumeWriters() {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }
}

/// What the client calls itself in ApiVersions requests (KIP-511).
package let kafkaWireVersion = "0.1.0"
