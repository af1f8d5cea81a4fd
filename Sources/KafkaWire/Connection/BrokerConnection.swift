/// A connection to one broker: an actor on its socket's loop. It connects, asks for the broker's versions, sends
/// frames and hands out their answers. Once closed it stays closed; the cluster opens another.
package actor BrokerConnection {
    package nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// The broker's address, as `host:port`.
    package nonisolated let name: String
    private let host: String
    private let port: UInt16
    private let clientId: String
    private let options: ConnectionOptions
    private let pin: VersionPin?
    private let watch: (any ConnectionWatch)?
    /// Is told once that the connection has ended, and why; on the loop.
    private let onClose: (@Sendable (ConnectionState.Reason) -> Void)?

    private var channel: FrameChannel?
    private var state: ConnectionState
    private var waiters: [ConnectionState.RequestID: Waiter] = [:]
    private var nextRequest: ConnectionState.RequestID = 0
    private let connector: Connector
    /// What opening the connection waits for.
    private var pausing: Arrival<Void>?
    private var dialing: Arrival<Result<any LoopSocket, DialFailure>>?
    private lazy var timer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
    private var flushIsPlanned = false
    /// Set when the other side has shown that it speaks Kafka.
    private var isNegotiated = false
    /// Who waits for what is queued to be written, where nothing else holds them back.
    private var writers: [CheckedContinuation<Void, Never>] = []

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
            host: host, port: port, clientId: clientId, loop: loop, watch: watch, options: options, pin: nil,
            onClose: onClose)
    }

    init(
        host: String, port: UInt16, clientId: String, loop: any EventLoop, watch: (any ConnectionWatch)?,
        options: ConnectionOptions, pin: VersionPin?, onClose: (@Sendable (ConnectionState.Reason) -> Void)?
    ) {
        self.host = host
        self.port = port
        self.clientId = clientId
        self.loop = loop
        self.watch = watch
        self.options = options
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

    /// Connects, not before a point in time, and asks for the versions that the broker speaks.
    package func open(timeout: Duration, notBefore start: Instant? = nil) async throws(KafkaError) -> VersionTable {
        if let start { await pause(until: start) }
        let deadline = loop.now + timeout
        let socket = try await dial(until: deadline)
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
        return versions
    }

    private func pause(until start: Instant) async {
        guard state.closeReason == nil, loop.now < start else { return }
        let arrival = Arrival<Void>()
        pausing = arrival
        let timer = loop.schedule(at: start) { arrival.give(()) }
        await arrival.value()
        loop.cancel(timer)
    }

    private func dial(until deadline: Instant) async throws(KafkaError) -> any LoopSocket {
        guard state.closeReason == nil else { throw failure(.closed, nil) }
        guard let dialer = options.dialer else {
            do throws(NetError) { return try await connector.connect(host: host, port: port, until: deadline) } catch {
                throw state.closeReason == nil ? .net(error, broker: name) : failure(.closed, nil)
            }
        }
        let call = DialedCall(host: host, port: port, connector: connector, deadline: deadline)
        let arrival = Arrival<Result<any LoopSocket, DialFailure>>()
        dialing = arrival
        let task = Task {
            let outcome: Result<any LoopSocket, DialFailure>
            do { outcome = .success(try await dialer.dial(call).socket) } catch {
                outcome = .failure(DialFailure(error))
            }
            if !arrival.give(outcome), case .success(let late) = outcome { late.close() }
        }
        let way = (dialer as? HTTPProxyDialer).map { " through \($0)" } ?? ""
        let timer = loop.schedule(at: deadline) { [name] in
            arrival.give(.failure(DialFailure(NetError.timedOut(doing: "connect to \(name)\(way)"))))
        }
        let outcome = await arrival.value()
        loop.cancel(timer)
        task.cancel()
        switch outcome {
        case .success(let socket): return socket
        case .failure(let failure):
            await connector.stop()
            throw state.closeReason == nil ? failure.error(broker: name) : self.failure(.closed, nil)
        }
    }

    /// Asks for the broker's versions. A broker that does not know the version of the question says so (KIP-511), in
    /// one form or another: whatever the rest of such an answer looks like, the oldest version is tried next.
    private func negotiate(until deadline: Instant) async throws(KafkaError) -> VersionTable {
        let request = ApiVersionsRequest.with {
            $0.clientSoftwareName = "kafkawire"
            $0.clientSoftwareVersion = kafkaWireVersion
        }
        // A release without this request is older than any that a client can be held to.
        let newest = min(API.of(.apiVersions)?.latestStable ?? 0, pin?.limit(of: .apiVersions) ?? .max)
        for version in newest > 0 ? [newest, 0] : [0] {
            let answer = try await exchange(request, version: version, deadline: deadline)
            var reader = ByteReader(answer)
            var code = ErrorCode.none
            do throws(WireError) {
                try reader.skip(4)
                code = ErrorCode(rawValue: try reader.integer())
                if code == .unsupportedVersion, version > 0 { continue }
                let response = try Frame.decodeResponse(ApiVersionsResponse.self, answer, version: version)
                if code == .none { return VersionTable(response, version: version, pin: pin) }
            } catch {
                throw failure(.wire(error), .apiVersions)
            }
            var refused = KafkaError.refused(code, "could not ask for the versions", by: name, api: .apiVersions)
            // The broker is in trouble, which need not last: Java connects anew (NetworkClient.handleApiVersionsResponse).
            refused.isRetriable = code != .unsupportedVersion
            throw refused
        }
        throw .refused(.unsupportedVersion, "could not ask for the versions", by: name, api: .apiVersions)
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

    /// Closes the connection; requests that wait fail.
    package func close() {
        perform(state.close(.closed))
        pausing?.give(())
        connector.assumeIsolated { $0.stop() }
        dialing?.give(.failure(DialFailure(NetError(.closed, doing: "connect to \(name)"))))
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
        if let end { perform(state.close(end)) }
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

    private func failure(_ reason: ConnectionState.Reason, _ api: APIKey?) -> KafkaError {
        switch reason {
        // Who has not spoken Kafka yet never will; from a broker, it was an accident.
        case .unexpectedAnswer where !isNegotiated, .wire where !isNegotiated:
            KafkaError(
                .malformedResponse,
                "what listens on \(name) does not answer in Kafka's protocol; look whether the port is a broker's, and "
                    + "whether it wants TLS", broker: name, api: api, setting: "bootstrap.servers", isRetriable: false)
        case .timedOut where !isNegotiated:
            KafkaError(
                .timedOut,
                "broker \(name) took the connection but did not answer in time; look whether it is a Kafka broker, and "
                    + "overloaded", broker: name, api: api, setting: "socket.connection.setup.timeout.ms")
        case .timedOut:
            KafkaError(
                .timedOut, "broker \(name) did not answer in time; look whether it is overloaded or unreachable",
                broker: name, api: api, setting: "request.timeout.ms")
        case .unexpectedAnswer(let correlationId, let awaited):
            KafkaError(
                .malformedResponse,
                "broker \(name) answered request \(correlationId) where \(awaited.map { "\($0)" } ?? "none") was awaited",
                broker: name, api: api, isRetriable: true)
        case .net(let error): .net(error, broker: name)
        case .wire(let error) where error.isOfSize:
            KafkaError(
                .malformedResponse,
                "broker \(name) sent more than this client takes (\(error)); ask for less at a time (fetch.max.bytes), or "
                    + "raise receive.message.max.bytes", broker: name, api: api, setting: "receive.message.max.bytes",
                isRetriable: true)
        case .wire(let error):
            KafkaError(
                .malformedResponse, "broker \(name) sent what is no frame (\(error)); the connection was closed",
                broker: name, api: api, isRetriable: true)
        case .closed, .idle:
            KafkaError(.connectionFailed, "the connection to broker \(name) is closed", broker: name, api: api)
        }
    }
}

extension WireError {
    /// Whether it is a frame that has a size, which is too large.
    fileprivate var isOfSize: Bool {
        if case .badLength(let size, _) = reason, message == "Frame", size > 0 { true } else { false }
    }
}

/// What the client calls itself in ApiVersions requests (KIP-511).
package let kafkaWireVersion = "0.1.0"
