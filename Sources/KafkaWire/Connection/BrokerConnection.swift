import Logging

/// A connection to one broker: an actor on its socket's loop. It connects, asks for the broker's versions, sends
/// frames and hands out their answers. Once closed it stays closed; the cluster opens another.
package actor BrokerConnection {
    package nonisolated let loop: SocketLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// The broker's address, as `host:port`.
    package nonisolated let name: String
    private let host: String
    private let port: UInt16
    private let clientId: String
    private let logger: Logger

    /// What is done with an answer, on the loop.
    package typealias Completion = @Sendable (Result<Bytes, KafkaError>) -> Void

    private var channel: FrameChannel?
    private var state = ConnectionState()
    private var waiters: [ConnectionState.RequestID: Completion] = [:]
    private var nextRequest: ConnectionState.RequestID = 0
    private var connecting: CheckedContinuation<NetError?, Never>?
    private var timer: (deadline: Instant, id: TimerID)?
    private var flushIsPlanned = false

    package init(host: String, port: UInt16, clientId: String, loop: SocketLoop, logger: Logger) {
        self.host = host
        self.port = port
        self.clientId = clientId
        self.loop = loop
        self.logger = logger
        name = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether requests can be sent.
    package var isOpen: Bool { channel != nil && state.closeReason == nil }

    // MARK: - Opening

    /// Connects, to one address of the host after the other, and asks for the versions that the broker speaks.
    package func open(timeout: Duration) async throws(KafkaError) -> VersionTable {
        let deadline = Instant.now + timeout
        let addresses: [SocketAddress]
        do { addresses = try await Resolver.resolve(host: host, port: port) } catch { throw .net(error, broker: name) }
        var failure = NetError(.unresolved("the name has no address"), doing: "resolve \(host)")
        for (index, address) in addresses.enumerated() {
            // A host that swallows packets must not use up the time of the addresses behind it.
            let share = (deadline - Instant.now) / (addresses.count - index)
            guard let error = await connect(to: address, until: Instant.now + share) else {
                return try await negotiate(until: deadline)
            }
            failure = error
        }
        throw .net(failure, broker: name)
    }

    private func connect(to address: SocketAddress, until deadline: Instant) async -> NetError? {
        let socket: TCPSocket
        do { socket = try TCPSocket.connecting(to: address) } catch { return error }
        let error: NetError? = await withCheckedContinuation { continuation in
            connecting = continuation
            loop.watch(socket.descriptor, for: .writable) { [weak self] _ in
                self?.assumeIsolated { $0.connected(socket.connectError(to: address)) }
            }
            let timer = loop.schedule(at: deadline) { [weak self] in
                self?.assumeIsolated { $0.connected(.timedOut(doing: "connect to \(address)")) }
            }
            self.timer = (deadline, timer)
        }
        loop.unwatch(socket.descriptor)
        if let timer { loop.cancel(timer.id) }
        timer = nil
        if let error {
            socket.close()
            return error
        }
        if state.closeReason != nil {
            socket.close()
            return NetError(.closed, doing: "connect to \(address)")
        }
        channel = FrameChannel(socket)
        loop.watch(socket.descriptor, for: .readable) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(readiness) }
        }
        return nil
    }

    private func connected(_ error: NetError?) {
        connecting?.resume(returning: error)
        connecting = nil
    }

    /// Asks for the broker's versions. A broker that does not know the version of the question says so (KIP-511), in
    /// one form or another: whatever the rest of such an answer looks like, the oldest version is tried next.
    private func negotiate(until deadline: Instant) async throws(KafkaError) -> VersionTable {
        let request = ApiVersionsRequest.with {
            $0.clientSoftwareName = "kafkawire"
            $0.clientSoftwareVersion = kafkaWireVersion
        }
        for version in [API.of(.apiVersions)?.latestStable ?? 0, 0] {
            let answer = try await exchange(request, version: version, deadline: deadline)
            var reader = ByteReader(answer)
            var code = ErrorCode.none
            do throws(WireError) {
                try reader.skip(4)
                code = ErrorCode(rawValue: try reader.integer())
                if code == .unsupportedVersion, version > 0 { continue }
                let response = try Frame.decodeResponse(ApiVersionsResponse.self, answer, version: version)
                if code == .none { return VersionTable(response) }
            } catch {
                throw .wire(error, broker: name, api: .apiVersions)
            }
            throw .refused(code, "could not ask for the versions", by: name, api: .apiVersions)
        }
        throw .refused(.unsupportedVersion, "could not ask for the versions", by: name, api: .apiVersions)
    }

    // MARK: - Requests

    /// Sends a request and waits for the frame of its answer, which the caller decodes: large answers are not decoded
    /// on the loop.
    package func exchange<R: WireRequest>(
        _ request: R, version: Int16, deadline: Instant
    ) async throws(KafkaError) -> Bytes {
        try await exchange(frame: try encode(request, version), of: R.api, deadline: deadline)
    }

    /// As ``exchange(_:version:deadline:)`` with a frame that was encoded elsewhere; its correlation id is filled in.
    package func exchange(frame: [UInt8], of api: APIKey, deadline: Instant) async throws(KafkaError) -> Bytes {
        let outcome: Result<Bytes, KafkaError> = await withCheckedContinuation { continuation in
            post(frame: frame, of: api, deadline: deadline) { continuation.resume(returning: $0) }
        }
        return try outcome.get()
    }

    /// As ``exchange(frame:of:deadline:)``, without waiting: requests posted one after the other are sent in that order.
    /// `completion` is called on the loop, at once where the connection is closed.
    package func post(frame: [UInt8], of api: APIKey, deadline: Instant, _ completion: @escaping Completion) {
        let id = nextRequest
        nextRequest += 1
        guard channel != nil, let correlationId = state.send(id, deadline: deadline) else {
            return completion(.failure(failure(state.closeReason ?? .closed, api)))
        }
        waiters[id] = completion
        queue(frame, correlationId)
        planTimer()
    }

    /// Sends a frame that gets no answer (Produce with acks=0); gives the error where the connection is closed.
    package func postOneWay(frame: [UInt8], of api: APIKey) -> KafkaError? {
        guard channel != nil, let correlationId = state.sendOneWay() else {
            return failure(state.closeReason ?? .closed, api)
        }
        queue(frame, correlationId)
        return nil
    }

    /// Closes the connection; requests that wait fail.
    package func close() {
        connected(NetError(.closed, doing: "connect to \(name)"))
        perform(state.close(.closed))
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
        guard let descriptor = channel?.socket.descriptor else { return }
        do throws(NetError) {
            let done = try channel?.flush() ?? true
            loop.setInterest(descriptor, done ? .readable : [.readable, .writable])
        } catch {
            perform(state.close(.net(error)))
        }
    }

    private func ready(_ readiness: SocketLoop.Readiness) {
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
        for frame in frames { perform(state.received(frame)) }
        if let end { perform(state.close(end)) }
    }

    private func planTimer() {
        guard let deadline = state.nextDeadline else { return }
        if let timer {
            if timer.deadline <= deadline { return }
            loop.cancel(timer.id)
        }
        let id = loop.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
        timer = (deadline, id)
    }

    private func timerFired() {
        timer = nil
        perform(state.tick(now: .now))
        planTimer()
    }

    private func perform(_ actions: [ConnectionState.Action]) {
        for action in actions {
            switch action {
            case .deliver(let id, let frame):
                waiters.removeValue(forKey: id)?(.success(frame))
            case .fail(let id, let reason):
                waiters.removeValue(forKey: id)?(.failure(failure(reason, nil)))
            case .close(let reason):
                if let socket = channel?.socket {
                    loop.unwatch(socket.descriptor)
                    socket.close()
                }
                channel = nil
                if let timer { loop.cancel(timer.id) }
                timer = nil
                logger.debug("connection closed", metadata: ["broker": "\(name)", "reason": "\(reason)"])
            }
        }
    }

    private func failure(_ reason: ConnectionState.Reason, _ api: APIKey?) -> KafkaError {
        switch reason {
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
        case .wire(let error): .wire(error, broker: name, api: api)
        case .closed:
            KafkaError(.connectionFailed, "the connection to broker \(name) is closed", broker: name, api: api)
        }
    }
}

/// What the client calls itself in ApiVersions requests (KIP-511).
let kafkaWireVersion = "0.1.0"
