import KafkaWire
import Logging

/// The broker's sockets, of all its nodes: accepts connections, cuts frames, hands requests to the ``BrokerNode`` and
/// sends the answers. A connection belongs to the node whose listener it came in by; commands that open and close
/// listeners are in `ServerCommands.swift`, turns in `ServerTurns.swift`. Everything runs on one loop; what a turn of the
/// loop produces for a connection leaves in one `send`.
actor BrokerServer {
    nonisolated let loop: any EventLoop
    /// Where it was handed none.
    private nonisolated let ownLoop: SocketLoop?
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What the tests of a program let happen to requests.
    nonisolated let hooks = HookRegistry()
    /// Where clients begin; all nodes, also those that are stopped.
    nonisolated let bootstrapServers: Locked<String>
    /// The port that the first node listens on.
    nonisolated let port: UInt16
    let configuration: BrokerConfiguration
    let node: BrokerNode
    let logger: Logger
    var acceptFailedAt: Instant?
    /// How many connections there are from whom, and which listeners accept none because their nodes have enough.
    var limits: ConnectionLimits
    var fullListeners: Set<ListenerPlace> = []
    /// When the first connection may be idle for too long.
    lazy var idleTimer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.idleTimerFired() } }
    /// Which connections are held back until when, where a test moves the clock.
    var mutes = RankedKeys<UInt64, Instant>()
    private(set) var listeners: [ListenerPlace: any LoopSocket] = [:]
    /// TLS of the listeners, in their order, where they speak it.
    let tls: [TLSContext?]
    /// The loop that its handshakes are on, and what SASL holds against keys.
    let handshakes: SocketLoop?
    /// The keys of their tokens, where somebody signs those.
    var tokenKeys: [TokenKeys?]
    /// When keys are asked for again.
    lazy var keyTimer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.keyTimerFired() } }
    private(set) var connections: [UInt64: ClientConnection] = [:]
    private var connectionCount: UInt64 = 0
    /// How many requests of each API were handled.
    private(set) var requestCounts: [APIKey: Int] = [:]
    /// Which connections have something to be looked at, or sent, when the turn ends, and whose turns come next.
    var touched: Set<UInt64> = []
    var turns = TurnQueue()
    /// When idle connections were last looked for.
    private var rested: Instant
    /// How many bytes of requests and answers the connections hold together.
    var heldBytes = 0
    var endOfTurnIsPlanned = false
    /// How many turns there were.
    var turnCount = 0
    lazy var timer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
    private(set) var isStopped = false

    /// Opens the listeners of all nodes; none is left open where the broker cannot be started.
    static func listening(_ configuration: BrokerConfiguration) async throws(BrokerStartError) -> BrokerServer {
        if let loop = configuration.loop { return try await listening(configuration, on: loop, nil) }
        let own: SocketLoop
        do throws(NetError) { own = try SocketLoop(name: "kafka-broker") } catch {
            throw BrokerStartError(description: "The broker cannot start: \(error).")
        }
        do throws(BrokerStartError) { return try await listening(configuration, on: own, own) } catch {
            own.stop()
            throw error
        }
    }

    private static func listening(
        _ configuration: BrokerConfiguration, on loop: any EventLoop, _ own: SocketLoop?
    ) async throws(BrokerStartError) -> BrokerServer {
        let keys = try await configuration.tokenKeys(loop.now)
        let listeners = try await Listeners.open(configuration, on: loop)
        do throws(BrokerStartError) {
            return try BrokerServer(configuration, loop: loop, own, listeners: listeners, keys)
        } catch {
            for listener in listeners.joined() { listener.close() }
            throw error
        }
    }

    /// A listener for each node of the configuration.
    private init(
        _ configuration: BrokerConfiguration, loop: any EventLoop, _ own: SocketLoop?, listeners: [[any LoopSocket]],
        _ keys: [TokenKeys?]
    ) throws(BrokerStartError) {
        self.configuration = configuration
        self.loop = loop
        ownLoop = own
        rested = loop.now
        port = listeners[0][0].localPort
        tls = try configuration.tlsContexts()
        tokenKeys = keys
        handshakes = try Self.handshakeLoop(for: configuration, on: loop)
        logger = configuration.logger
        limits = ConnectionLimits(window: configuration.quotaWindow, listeners: configuration.listenerNames)
        let nodes = listeners.enumerated().map { configuration.node($0, sockets: $1) }
        node = try BrokerNode(
            configuration, nodes: nodes, time: configuration.time(on: loop),
            seed: configuration.seed ?? loop.random())
        bootstrapServers = node.bootstrapServers
        for (member, sockets) in zip(nodes, listeners) {
            for (index, socket) in sockets.enumerated() {
                self.listeners[ListenerPlace(node: member.id, listener: index)] = socket
            }
        }
    }

    // MARK: - Life

    func start() {
        for place in listeners.keys.sorted() { watchListener(at: place) }
        planKeys()
        // Transactions whose end was decided before the broker was killed are ended before anybody asks.
        tick()
    }

    func stop() {
        guard !isStopped else { return }
        isStopped = true
        for id in Set(listeners.keys.map(\.node)).sorted() { closeListeners(of: id) }
        timer.cancel()
        idleTimer.cancel()
        keyTimer.cancel()
        node.close()
    }

    /// Ends the broker's own thread, when nobody uses the broker any more.
    nonisolated func endLoop() {
        ownLoop?.stop()
        handshakes?.stop()
    }

    /// The node listens from now on.
    func open(_ sockets: [any LoopSocket], for id: BrokerID) {
        for (index, socket) in sockets.enumerated() {
            let place = ListenerPlace(node: id, listener: index)
            listeners[place] = socket
            watchListener(at: place)
        }
    }

    /// The node's ports and its connections are closed.
    func closeListeners(of id: BrokerID) {
        for place in listeners.keys.filter({ $0.node == id }).sorted() {
            guard let listener = listeners.removeValue(forKey: place) else { continue }
            loop.unwatch(listener)
            listener.close()
        }
        for connection in connectionsInOrder where connection.node == id { close(connection) }
    }

    /// The connections, those in front that were made first.
    var connectionsInOrder: [ClientConnection] { connections.values.sorted { $0.id < $1.id } }

    func countRequest(_ key: APIKey) { requestCounts[key, default: 0] += 1 }

    /// Does what is due by the configuration's clock, which a test may have moved.
    func tick() {
        node.tick(now: node.time.now())
        unmuteDue()
        let now = loop.now
        if now - rested > .seconds(10) {
            rested = now
            for connection in connections.values { connection.restIfIdle() }
        }
        deliverLateAnswers()
        planEndOfTurn()
    }

    /// Answers what a change of the state from outside has decided.
    func settle() {
        node.settle(now: node.time.now())
        deliverLateAnswers()
        planEndOfTurn()
    }

    // MARK: - Connections

    /// A connection that the limits have taken.
    func open(_ socket: any LoopSocket, at place: ListenerPlace, _ address: String) {
        connectionCount += 1
        let security = configuration.securities[place.listener]
        let isOpen = security.securityProtocol == .plaintext
        let connection = ClientConnection(
            id: connectionCount, socket: socket, place: place, security: security, address: address,
            requestLimit: isOpen ? configuration.maximumRequestBytes : configuration.maximumLoginBytes, now: loop.now)
        connections[connection.id] = connection
        logger.debug("Connection from \(connection.peer)")
        let id = connection.id
        if !isOpen { limitLogin(of: connection) }
        // Others may have to go for it.
        if limits.isProtected(place, node.connectionBounds) { planEndOfTurn() }
        if let tls = tls[place.listener] { return beginHandshake(of: connection, tls) }
        loop.watch(socket, for: .readable) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(id, readiness) }
        }
        planIdleCheck()
    }

    func ready(_ id: UInt64, _ readiness: Readiness) {
        guard let connection = connections[id] else { return }
        if readiness.contains(.writable) {
            connection.needsFlush = true
            touch(connection)
        }
        if !readiness.isDisjoint(with: [.readable, .failed]) { receive(connection) }
    }

    func receive(_ connection: ClientConnection) {
        var hasEnded = false
        let socket = connection.socket
        do throws(NetError) {
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
            // What came before is still handled, as in Kafka: it may be records whose sender wants no answer (acks=0).
            guard connection.mayHaveMore, connection.pending == nil, !connection.hasEnded else {
                return close(connection)
            }
            connection.hasEnded = true
            return touch(connection)
        }
        if connection.inputIsFull || socket.holdsInput { updateInterest(of: connection) }
        connection.mayHaveMore = true
        heldBytes += connection.count()
        wait(connection)
    }

    /// Everything that the connection has begun ends with it.
    func close(_ connection: ClientConnection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        if let pending = connection.pending {
            node.forget(pending.ticket)
            planEndOfTurn()
        }
        node.forget(connection: connection.id)
        turns.remove(connection.id)
        heldBytes -= connection.counted
        loop.unwatch(connection.socket)
        if let timer = connection.unmuting { loop.cancel(timer) }
        if let timer = connection.loginEnd { loop.cancel(timer) }
        mutes[connection.id] = nil
        if connection.isShaking, let handshakes {
            // Another thread may be at work on it, and is the one to close it.
            let socket = connection.socket
            Task(executorPreference: handshakes) { socket.close() }
        } else {
            connection.socket.close()
        }
        left(connection.address, connection.place)
    }

    func hangUp(_ connection: ClientConnection, _ reason: String) {
        logger.warning("Closed the connection from \(connection.peer): \(reason)")
        // What was answered before still leaves, as far as the system takes it at once.
        _ = try? connection.flush(on: loop)
        close(connection)
    }
}
