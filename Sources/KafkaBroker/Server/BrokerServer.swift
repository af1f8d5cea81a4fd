import KafkaWire
import Logging

/// The broker's sockets: accepts connections, cuts frames, hands requests to the ``BrokerNode`` and sends the answers.
/// Everything runs on one loop; what a turn of the loop produces for a connection leaves in one `send`.
actor BrokerServer {
    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Where the server listens; fixed from the beginning.
    nonisolated let port: UInt16
    private let listener: TCPSocket
    private let configuration: KafkaBroker.Configuration
    private let logger: Logger
    private let node: BrokerNode
    private var connections: [UInt64: ClientConnection] = [:]
    private var connectionCount: UInt64 = 0
    private var touched: Set<UInt64> = []
    private var endOfTurnIsPlanned = false
    private var timer: (deadline: Instant, id: TimerID)?
    private var isStopped = false

    init(_ configuration: KafkaBroker.Configuration, loop: SocketLoop, listener: TCPSocket)
        throws(KafkaBroker.StartError)
    {
        self.configuration = configuration
        self.loop = loop
        self.listener = listener
        port = listener.localPort
        logger = configuration.logger
        node = try BrokerNode(configuration, port: listener.localPort)
    }

    // MARK: - Life

    func start() {
        watchListener()
        // Transactions whose end was decided before the broker was killed are ended before anybody asks.
        tick()
    }

    private func watchListener() {
        guard !isStopped else { return }
        loop.watch(listener.descriptor, for: .readable) { [weak self] _ in
            self?.assumeIsolated { $0.accept() }
        }
    }

    func stop() {
        guard !isStopped else { return }
        isStopped = true
        loop.unwatch(listener.descriptor)
        listener.close()
        for connection in connections.values { close(connection) }
        if let timer { loop.cancel(timer.id) }
        timer = nil
        node.close()
    }

    /// Works on the broker's state.
    func withNode<R: Sendable>(_ body: @Sendable (BrokerNode) -> R) -> R { body(node) }

    /// How many bytes of answers the clients have not taken yet.
    var unsentBytes: Int { connections.values.reduce(0) { $0 + $1.unsent } }

    /// Does what is due by the configuration's clock, which a test may have moved.
    func tick() {
        node.tick(now: configuration.now())
        deliverLateAnswers()
        planEndOfTurn()
    }

    // MARK: - Connections

    private func accept() {
        do {
            while let socket = try listener.accept() { open(socket) }
        } catch {
            logger.warning("Accepting connections pauses for 100 ms: \(error)")
            // The listener stays readable: without a pause the loop would spin.
            loop.unwatch(listener.descriptor)
            loop.schedule(at: .now + .milliseconds(100)) { [weak self] in
                self?.assumeIsolated { $0.watchListener() }
            }
        }
    }

    private func open(_ socket: TCPSocket) {
        connectionCount += 1
        let connection = ClientConnection(
            id: connectionCount, socket: socket, requestLimit: configuration.maximumRequestBytes)
        connections[connection.id] = connection
        logger.debug("Connection from \(connection.peer)")
        let id = connection.id
        loop.watch(socket.descriptor, for: .readable) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(id, readiness) }
        }
    }

    private func ready(_ id: UInt64, _ readiness: SocketLoop.Readiness) {
        guard let connection = connections[id] else { return }
        if readiness.contains(.writable) {
            connection.needsFlush = true
            touch(connection)
        }
        if !readiness.isDisjoint(with: [.readable, .failed]) { receive(connection) }
    }

    private func receive(_ connection: ClientConnection) {
        var hasEnded = false
        do throws(NetError) {
            let socket = connection.socket
            var isFull = false
            try connection.input.receive { (buffer) throws(NetError) -> Int in
                isFull = buffer.isEmpty
                guard !isFull else { return 0 }
                let count = try socket.read(into: buffer)
                hasEnded = count == 0
                return count ?? 0
            }
            connection.inputIsFull = isFull
        } catch {
            logger.debug("Connection from \(connection.peer) failed: \(error)")
            return close(connection)
        }
        if hasEnded {
            logger.debug("Connection from \(connection.peer) was closed by the client")
            return close(connection)
        }
        handleRequests(of: connection)
    }

    private func close(_ connection: ClientConnection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        if let pending = connection.pending { node.forget(pending.ticket) }
        loop.unwatch(connection.socket.descriptor)
        connection.socket.close()
    }

    private func hangUp(_ connection: ClientConnection, _ reason: String) {
        logger.warning("Closed the connection from \(connection.peer): \(reason)")
        // What was answered before still leaves, as far as the system takes it at once.
        _ = try? connection.flush()
        close(connection)
    }

    // MARK: - Requests

    /// Handles what has arrived, as long as no answer is awaited and the client takes its answers.
    private func handleRequests(of connection: ClientConnection) {
        while connections[connection.id] != nil, connection.pending == nil,
            connection.unsent <= configuration.maximumUnsentBytes
        {
            do {
                guard let frame = try connection.input.next() else { break }
                connection.inputIsFull = false
                try handle(frame, of: connection)
            } catch {
                hangUp(connection, "\(error)")
            }
        }
        deliverLateAnswers()
        updateInterest(of: connection)
        planEndOfTurn()
    }

    private func handle(_ frame: Bytes, of connection: ClientConnection) throws(WireError) {
        let (header, body) = try Frame.decodeRequestHeader(frame)
        let version = header.requestApiVersion
        let key = APIKey(rawValue: header.requestApiKey)
        guard let api = ServedAPI.of(key) else {
            return hangUp(connection, "\(key) is not served; ApiVersions tells what is")
        }
        var request = ClientConnection.Request(
            ticket: connection.nextTicket(), correlationId: header.correlationId, version: version,
            response: api.response)
        guard api.versions.contains(version) else {
            guard key == .apiVersions else {
                return hangUp(
                    connection,
                    "\(key) v\(version) is not served; \(api.versions.lowerBound) to \(api.versions.upperBound) are")
            }
            request.version = 0
            return answer(ApiVersionsHandler.unsupportedVersion, to: request, of: connection)
        }
        let context = RequestContext(
            ticket: request.ticket, version: version, clientId: header.clientId ?? "", now: configuration.now(),
            timestamp: configuration.timestamp(), clientHost: connection.clientHost)
        switch try node.handle(api, body, context) {
        case .answer(let response): answer(response, to: request, of: connection)
        case .later: connection.pending = request
        case .silent: break
        case .hangUp(let reason): hangUp(connection, reason)
        }
    }

    private func answer(
        _ response: any WireMessage, to request: ClientConnection.Request, of connection: ClientConnection
    ) {
        do {
            try connection.append(response, for: request)
            connection.needsFlush = true
            touch(connection)
        } catch {
            hangUp(connection, "an answer could not be written: \(error)")
        }
    }

    /// Sends what has become known, and goes on with the connections that waited for it.
    private func deliverLateAnswers() {
        while true {
            let answers = node.takeAnswers()
            if answers.isEmpty { return }
            for late in answers {
                guard let connection = connections[late.ticket.connection], let request = connection.pending,
                    request.ticket == late.ticket
                else { continue }
                connection.pending = nil
                answer(late.response, to: request, of: connection)
            }
        }
    }

    // MARK: - The end of a turn

    private func touch(_ connection: ClientConnection) {
        touched.insert(connection.id)
        planEndOfTurn()
    }

    private func planEndOfTurn() {
        guard !endOfTurnIsPlanned, !isStopped else { return }
        endOfTurnIsPlanned = true
        loop.afterJobs { [weak self] in self?.assumeIsolated { $0.endTurn() } }
    }

    /// Writes out what the turn has produced, and sets the timer for what comes next.
    private func endTurn() {
        endOfTurnIsPlanned = false
        let ids = touched
        touched = []
        for id in ids {
            guard let connection = connections[id] else { continue }
            do {
                if connection.needsFlush { _ = try connection.flush() }
                // Requests may have waited for this answer, or for room in the output.
                handleRequests(of: connection)
            } catch {
                logger.debug("Connection from \(connection.peer) failed: \(error)")
                close(connection)
            }
        }
        setTimer()
    }

    private func updateInterest(of connection: ClientConnection) {
        guard connections[connection.id] != nil else { return }
        var interest: SocketLoop.Readiness = []
        // While an answer is awaited, reading goes on as far as there is room: so the connection's end is noticed.
        if !connection.inputIsFull { interest.insert(.readable) }
        if connection.unsent > 0 { interest.insert(.writable) }
        loop.setInterest(connection.socket.descriptor, interest)
    }

    private func setTimer() {
        guard !isStopped, let deadline = node.nextDeadline else {
            if let timer { loop.cancel(timer.id) }
            return timer = nil
        }
        guard timer?.deadline != deadline else { return }
        if let timer { loop.cancel(timer.id) }
        // The configuration's clock may not be the loop's.
        let wait = max(.zero, deadline - configuration.now())
        let id = loop.schedule(at: .now + wait) { [weak self] in
            self?.assumeIsolated { server in
                server.timer = nil
                server.tick()
            }
        }
        timer = (deadline, id)
    }
}
