import KafkaWire
import Logging

/// The broker's sockets, of all its nodes: accepts connections, cuts frames, hands requests to the ``BrokerNode`` and
/// sends the answers. A connection belongs to the node whose listener it came in by; commands that open and close
/// listeners are in `Nodes/NodeCommands.swift`. Everything runs on one loop; what a turn of the loop produces for a
/// connection leaves in one `send`.
actor BrokerServer {
    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What the tests of a program let happen to requests.
    nonisolated let hooks = HookRegistry()
    /// Where clients begin; all nodes, also those that are stopped.
    nonisolated let bootstrapServers: Locked<String>
    let configuration: KafkaBroker.Configuration
    let node: BrokerNode
    private let logger: Logger
    private var acceptFailedAt: Instant?
    private var listeners: [BrokerID: TCPSocket] = [:]
    private(set) var connections: [UInt64: ClientConnection] = [:]
    private var connectionCount: UInt64 = 0
    /// How many requests of each API were handled.
    private(set) var requestCounts: [APIKey: Int] = [:]
    private var touched: Set<UInt64> = []
    private var endOfTurnIsPlanned = false
    private var timer: (deadline: Instant, id: TimerID)?
    private(set) var isStopped = false

    /// A listener for each node of the configuration.
    init(_ configuration: KafkaBroker.Configuration, loop: SocketLoop, listeners: [TCPSocket])
        throws(KafkaBroker.StartError)
    {
        self.configuration = configuration
        self.loop = loop
        logger = configuration.logger
        let nodes = listeners.enumerated().map { configuration.node($0, port: $1.localPort) }
        node = try BrokerNode(configuration, nodes: nodes)
        bootstrapServers = node.bootstrapServers
        for (member, socket) in zip(nodes, listeners) { self.listeners[member.id] = socket }
    }

    // MARK: - Life

    func start() {
        for id in listeners.keys { watchListener(of: id) }
        // Transactions whose end was decided before the broker was killed are ended before anybody asks.
        tick()
    }

    private func watchListener(of id: BrokerID) {
        guard !isStopped, let listener = listeners[id] else { return }
        loop.watch(listener.descriptor, for: .readable) { [weak self] _ in
            self?.assumeIsolated { $0.accept(at: id) }
        }
    }

    func stop() {
        guard !isStopped else { return }
        isStopped = true
        for id in Array(listeners.keys) { closeListener(of: id) }
        if let timer { loop.cancel(timer.id) }
        timer = nil
        node.close()
    }

    /// The node listens from now on.
    func open(_ socket: TCPSocket, for id: BrokerID) {
        listeners[id] = socket
        watchListener(of: id)
    }

    /// The node's port and its connections are closed.
    func closeListener(of id: BrokerID) {
        guard let listener = listeners.removeValue(forKey: id) else { return }
        loop.unwatch(listener.descriptor)
        listener.close()
        for connection in connections.values where connection.node == id { close(connection) }
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

    /// Answers what a change of the state from outside has decided.
    func settle() {
        node.settle(now: configuration.now())
        deliverLateAnswers()
        planEndOfTurn()
    }

    // MARK: - Connections

    private func accept(at id: BrokerID) {
        guard let listener = listeners[id] else { return }
        do {
            while let socket = try listener.accept() { open(socket, at: id) }
        } catch {
            let now = Instant.now
            // While it goes on it is said once.
            if acceptFailedAt.map({ now - $0 > .seconds(10) }) ?? true {
                logger.warning("Connections are accepted when this is over: \(error)")
            }
            acceptFailedAt = now
            // The listener stays readable: without a pause the loop would spin.
            loop.unwatch(listener.descriptor)
            loop.schedule(at: .now + .milliseconds(100)) { [weak self] in
                self?.assumeIsolated { $0.watchListener(of: id) }
            }
        }
    }

    private func open(_ socket: TCPSocket, at node: BrokerID) {
        connectionCount += 1
        let connection = ClientConnection(
            id: connectionCount, socket: socket, node: node, requestLimit: configuration.maximumRequestBytes)
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
        if let pending = connection.pending {
            node.forget(pending.ticket)
            planEndOfTurn()
        }
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
        guard let api = ServedAPI.of(key), let versions = served(api) else {
            return hangUp(connection, "\(key) is not served; ApiVersions tells what is")
        }
        var request = ClientConnection.Request(
            ticket: connection.nextTicket(), correlationId: header.correlationId, version: version,
            response: api.response)
        if configuration.observer != nil {
            request.observation = RequestObservation(header, bytes: frame.count, of: connection)
        }
        guard versions.contains(version) else {
            guard key == .apiVersions else {
                return hangUp(
                    connection,
                    "\(key) v\(version) is not served; \(versions.lowerBound) to \(versions.upperBound) are")
            }
            request.version = 0
            return answer(ApiVersionsHandler.unsupportedVersion(node), to: request, of: connection)
        }
        let context = RequestContext(
            ticket: request.ticket, version: version, clientId: header.clientId ?? "", now: configuration.now(),
            timestamp: configuration.timestamp(), clientHost: connection.clientHost, node: connection.node)
        requestCounts[key, default: 0] += 1
        try connection.note(key, header.clientId, frame, body, version)
        if hooks.wants(key) { return try handleHooked(api, body, context, request, of: connection) }
        perform(try node.handle(api, body, context), request, of: connection)
    }

    /// The versions of an API that are served, or nil where none is, by what the broker is held to speak.
    private func served(_ api: ServedAPI) -> ClosedRange<Int16>? {
        guard let release = node.release else { return api.versions }
        return release.cap(api.versions, of: api.key)
    }

    private func perform(_ outcome: Outcome, _ request: ClientConnection.Request, of connection: ClientConnection) {
        switch outcome {
        case .answer(let response): answer(response, to: request, of: connection)
        case .later: connection.pending = request
        case .silent: observe(request.observation?.ended(.silent))
        case .hangUp(let reason):
            observe(request.observation?.ended(.hungUp(reason)))
            hangUp(connection, reason)
        }
    }

    /// Does what the hooks want with a request.
    private func handleHooked(
        _ api: ServedAPI, _ body: Bytes, _ context: RequestContext, _ request: ClientConnection.Request,
        of connection: ClientConnection
    ) throws(WireError) {
        let message = try api.decode(body, context.version)
        let verdict = hooks.decide(
            .init(
                api: api.key, version: context.version, clientId: context.clientId, node: context.node,
                connection: connection.id, message: message))
        let isUnanswered = (message as? ProduceRequest)?.acks == 0
        switch verdict {
        case .pass: perform(try node.handle(api, body, context), request, of: connection)
        case .answer(let response):
            guard type(of: response) == api.response else {
                return hangUp(connection, "a hook answers \(api.key) with \(type(of: response))")
            }
            answer(response, to: request, of: connection)
        case .fail(let code):
            guard !isUnanswered else { return hangUp(connection, "a hook refuses a Produce with acks=0: \(code)") }
            answer(try api.fail(body, code, context, node), to: request, of: connection)
        case .delay(let duration):
            connection.pending = request
            node.handle(api, body, context, after: duration)
        case .drop: if !isUnanswered { connection.pending = request }
        case .disconnect: hangUp(connection, "a hook wants it")
        case .disconnectAfterwards:
            let outcome = try node.handle(api, body, context)
            connection.isToBeClosed = true
            perform(outcome, request, of: connection)
            if case .silent = outcome { hangUp(connection, "a hook wants it") }
        }
    }

    private func answer(
        _ response: any WireMessage, to request: ClientConnection.Request, of connection: ClientConnection
    ) {
        guard !connection.isToBeClosed else { return hangUp(connection, "a hook wants it") }
        do {
            let before = connection.unsent
            try connection.append(response, for: request)
            connection.needsFlush = true
            touch(connection)
            observe(
                request.observation?.ended(response, version: request.version, bytes: connection.unsent - before))
        } catch {
            hangUp(connection, "an answer could not be written: \(error)")
        }
    }

    private func observe(_ observation: RequestObservation?) {
        if let observation { configuration.observer?(observation) }
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
                perform(late.outcome, request, of: connection)
                // Requests may have waited behind one that is not answered.
                if case .silent = late.outcome { touch(connection) }
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
        // A manual clock is moved by commands alone.
        if case .manual = configuration.clock { return }
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
