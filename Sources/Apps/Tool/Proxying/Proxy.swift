import KafkaWire

/// Stands between clients and brokers of any make, and passes on what they say, byte for byte, except that the
/// addresses of brokers in answers lead back to it. Each client's connection has one of its own to its broker, so that
/// correlation ids, authentication and the order of answers stay what they are.
///
/// What is changed: the hosts and ports in the answers that ``AnswerRewriter`` names, and the highest versions that a
/// broker offers of just these APIs, where they are above those that can be read here.
package actor Proxy {
    nonisolated let loop: any EventLoop
    /// Where it was handed none.
    private let ownLoop: SocketLoop?
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let context: ProxyContext
    let configuration: Configuration
    var relays: [Int: Relay] = [:]
    private var timers: [Int: DeadlineTimer] = [:]
    private var interests: [Int32: Readiness] = [:]
    private var connecting: [Int: CheckedContinuation<NetError?, Never>] = [:]
    /// Who waits for a broker's answer to the proxy itself, by connection.
    var asking: [Int: Arrival<Bytes?>] = [:]
    private var addresses: [HostPort: [SocketAddress]] = [:]
    private var connectionCount = 0
    private var isStopped = false

    /// Listens. Throws where the port is taken.
    package static func start(_ configuration: Configuration) async throws(NetError) -> Proxy {
        if let loop = configuration.loop { return try await start(configuration, on: loop, nil) }
        let own = try SocketLoop(name: "proxy")
        do throws(NetError) { return try await start(configuration, on: own, own) } catch {
            own.stop()
            throw error
        }
    }

    private static func start(
        _ configuration: Configuration, on loop: any EventLoop, _ own: SocketLoop?
    ) async throws(NetError) -> Proxy {
        let listen = configuration.listen
        guard
            let address = try await loop.resolve(host: listen.host, port: listen.port, isPassive: true).first
        else {
            throw NetError(.unresolved("the name has no address"), doing: "listen on \(listen)")
        }
        let proxy = Proxy(configuration, try Gates(configuration, at: address, on: loop), on: loop, own)
        await proxy.watchNewGates()
        if configuration.probes { Task { await proxy.probe() } }
        return proxy
    }

    private init(_ configuration: Configuration, _ gates: Gates, on loop: any EventLoop, _ own: SocketLoop?) {
        self.configuration = configuration
        self.loop = loop
        ownLoop = own
        context = ProxyContext(configuration, gates, on: loop)
    }

    /// Where clients begin.
    package var address: HostPort { context.gates.first }

    /// How many clients are connected, and how many connections there were in all.
    package var counts: (open: Int, all: Int) { (relays.count, connectionCount) }

    /// How many listeners there are: one where clients begin, and one for each further broker.
    package var listenerCount: Int { context.gates.all.count }

    /// How many bytes wait in memory for those that do not read.
    package var waitingBytes: Int {
        relays.values.reduce(0) { $0 + $1.requests.waiting + $1.answers.waiting }
    }

    /// Closes all listeners and connections.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        for gate in context.gates.all {
            loop.unwatch(gate.socket)
            gate.socket.close()
        }
        connected(0, NetError(.closed, doing: "connect"))
        for (number, relay) in relays {
            relay.close("the proxy ended")
            remove(number, relay)
        }
        configuration.feed?.close()
        ownLoop?.stop()
    }

    // MARK: - Accepting

    func watchNewGates() {
        for index in context.gates.takeNew() { watchGate(index) }
    }

    private func watchGate(_ index: Int) {
        guard !isStopped else { return }
        loop.watch(context.gates.all[index].socket, for: .readable) { [weak self] _ in
            self?.assumeIsolated { $0.accept(index) }
        }
    }

    private func accept(_ index: Int) {
        let gate = context.gates.all[index]
        do throws(NetError) {
            while let socket = try gate.socket.accept() { open(socket, gate) }
        } catch {
            context.complain("accept", "accepting connections pauses: \(error)")
            // The listener stays readable: without a pause the loop would spin.
            loop.unwatch(gate.socket)
            loop.schedule(at: loop.now + .milliseconds(100)) { [weak self] in
                self?.assumeIsolated { $0.watchGate(index) }
            }
        }
    }

    private func open(_ socket: any LoopSocket, _ gate: Gates.Gate) {
        connectionCount += 1
        let number = connectionCount
        let client = socket.peer.map { "\($0)" } ?? "unknown"
        let faults = configuration.faults.connection(number)
        guard !faults.isRefused, relays.count < configuration.connectionLimit else {
            if faults.isRefused {
                configuration.feed?.push(.note("#\(number) \(client) refused on purpose"))
            } else {
                context.complain(
                    "limit",
                    "more than \(configuration.connectionLimit) clients at once (--max-connections): \(client) was"
                        + " turned away")
            }
            socket.close()
            return
        }
        let place = Exchange.Place(connection: number, client: client, broker: "\(gate.targets[0])")
        relays[number] = Relay(socket, place: place, faults: faults, context: context)
        let logsIn = configuration.logsIn
        Task { await (logsIn ? self.logIn(number, gate.targets) : self.connect(number, gate.targets)) }
    }

    // MARK: - Connecting

    /// Says at the beginning where no broker can be reached; it may well be started later.
    private func probe() async {
        var failures: [String] = []
        for target in configuration.bootstrap {
            do throws(NetError) {
                for address in try await resolve(target) {
                    guard !isStopped else { return }
                    let socket = try loop.connect(to: address)
                    if let error = await outcome(0, socket, address) {
                        socket.close()
                        failures.append("\(error)")
                        continue
                    }
                    do throws(TLSError) {
                        try await secured(socket, target).close()
                        return
                    } catch { failures.append("\(error)") }
                }
            } catch { failures.append("\(error)") }
            addresses[target] = nil
        }
        guard !isStopped, let failure = failures.last else { return }
        context.complain(
            "connect \(configuration.bootstrap)",
            "\(failure); clients are turned away until a broker can be reached")
    }

    private func connect(_ number: Int, _ targets: [HostPort]) async {
        var failures: [String] = []
        for target in targets {
            do throws(NetError) {
                for address in try await resolve(target) {
                    guard relays[number] != nil else { return }
                    let socket = try loop.connect(to: address)
                    if let error = await outcome(number, socket, address) {
                        socket.close()
                        failures.append("\(error)")
                        continue
                    }
                    do throws(TLSError) {
                        let protected = try await secured(socket, target)
                        guard let relay = relays[number] else { return protected.close() }
                        return opened(number, relay, protected)
                    } catch { failures.append("\(error)") }
                }
            } catch { failures.append("\(error)") }
            addresses[target] = nil
        }
        turnAway(number, targets, failures)
    }

    private func turnAway(_ number: Int, _ targets: [HostPort], _ failures: [String]) {
        guard let relay = relays[number] else { return }
        context.complain(
            "connect \(targets)",
            "\(failures.last ?? "no broker has an address"); clients that want it are turned away until it can be"
                + " reached: is a broker running at \(targets.map(\.description).joined(separator: " or "))?")
        relay.close("the broker could not be reached")
        remove(number, relay)
    }

    /// The socket under TLS, where the brokers want that.
    private func secured(_ socket: any LoopSocket, _ target: HostPort) async throws(TLSError) -> any LoopSocket {
        guard let tls = configuration.security.tls else { return socket }
        let protected: TLSSocket
        do throws(TLSError) { protected = try tls.connect(over: socket, host: target.host, port: target.port) } catch {
            socket.close()
            throw error
        }
        do throws(TLSError) {
            try await protected.clientHandshake(on: loop, until: loop.now + configuration.connectTimeout)
        } catch {
            protected.close()
            throw error
        }
        return protected
    }

    /// Connects, and says to the broker who the proxy is, before the client's first request passes.
    private func logIn(_ number: Int, _ targets: [HostPort]) async {
        var failures: [String] = []
        for target in targets {
            guard relays[number] != nil else { return }
            let connection = BrokerConnection(
                host: target.host, port: target.port, clientId: "kw-proxy", loop: loop,
                security: configuration.security)
            do throws(KafkaError) {
                _ = try await connection.open(timeout: configuration.connectTimeout)
                guard let (socket, session) = await connection.handOver() else { continue }
                guard let relay = relays[number] else { return socket.close() }
                return opened(number, relay, socket, as: session, at: target)
            } catch { failures.append("\(error)") }
            await connection.close()
        }
        turnAway(number, targets, failures)
    }

    private func resolve(_ target: HostPort) async throws(NetError) -> [SocketAddress] {
        if let known = addresses[target] { return known }
        let found = try await loop.resolve(host: target.host, port: target.port)
        addresses[target] = found
        return found
    }

    private func outcome(_ number: Int, _ socket: any LoopSocket, _ address: SocketAddress) async -> NetError? {
        let timer = loop.schedule(at: loop.now + configuration.connectTimeout) { [weak self] in
            self?.assumeIsolated { $0.connected(number, .timedOut(doing: "connect to \(address)")) }
        }
        defer { loop.cancel(timer) }
        let error = await withCheckedContinuation { continuation in
            connecting[number] = continuation
            loop.watch(socket, for: .writable) { [weak self] _ in
                self?.assumeIsolated { $0.connected(number, socket.connectError(to: address)) }
            }
        }
        loop.unwatch(socket)
        return error
    }

    private func connected(_ number: Int, _ error: NetError?) {
        connecting.removeValue(forKey: number)?.resume(returning: error)
    }

    private func opened(
        _ number: Int, _ relay: Relay, _ socket: any LoopSocket, as session: SASLSession = SASLSession(),
        at upstream: HostPort? = nil
    ) {
        guard !relay.isClosed, !isStopped else {
            socket.close()
            return
        }
        relay.connected(to: socket, as: session, at: upstream)
        update(number, relay)
    }

    // MARK: - Passing on

    private func ready(_ number: Int, _ side: Conversation.Side, _ readiness: Readiness) {
        guard let relay = relays[number] else { return }
        let now = loop.now
        let lane = relay.lane(from: side)
        if readiness.contains(.writable) {
            let other = relay.lane(from: side == .client ? .broker : .client)
            relay.flush(other, now: now)
            if other.outlet.isEmpty { relay.receive(other, now: now) }
        }
        if !readiness.isDisjoint(with: [.readable, .failed]) {
            if relay.canRead(lane, now: now) {
                relay.receive(lane, now: now)
            } else if readiness.contains(.failed), let socket = relay.socket(side) {
                // It would be told again and again. What the other side still has to get is got first.
                unwatch(socket)
                if lane.sawEnd, lane.outlet.isEmpty { relay.close(relay.closeReason) }
                if side == .client, !lane.sawEnd, lane.outlet.isEmpty { relay.close("the client's connection broke") }
            }
        }
        watchNewGates()
        update(number, relay)
    }

    private func tick(_ number: Int) {
        timers[number]?.fired()
        guard let relay = relays[number] else { return }
        relay.tick(now: loop.now)
        watchNewGates()
        update(number, relay)
    }

    /// Watches for what the connection now waits for, or lets it go.
    func update(_ number: Int, _ relay: Relay) {
        guard !relay.isClosed else { return remove(number, relay) }
        if relay.wantsSession {
            relay.sessionBegins()
            Task { await self.renewSession(number, relay) }
        }
        let now = loop.now
        for side in [Conversation.Side.client, .broker] {
            guard let socket = relay.socket(side) else { continue }
            var interest: Readiness = []
            if relay.canRead(relay.lane(from: side), now: now) { interest.insert(.readable) }
            if relay.lane(from: side == .client ? .broker : .client).stop == .full { interest.insert(.writable) }
            watch(socket, interest, number, side)
            if interest.contains(.readable), socket.holdsInput { resume(number, side, relay.lane(from: side)) }
        }
        timers[number, default: timer(number)].set(relay.nextMoment)
    }

    /// Reads on what a socket holds, of which the system does not know.
    private func resume(_ number: Int, _ side: Conversation.Side, _ lane: Lane) {
        guard !lane.willResume else { return }
        lane.willResume = true
        loop.afterJobs { [weak self] in
            self?.assumeIsolated { proxy in
                proxy.relays[number]?.lane(from: side).willResume = false
                proxy.ready(number, side, .readable)
            }
        }
    }

    private func watch(
        _ socket: any LoopSocket, _ interest: Readiness, _ number: Int, _ side: Conversation.Side
    ) {
        let known = interests[socket.id]
        guard known != interest else { return }
        if known == nil {
            // What has failed and is wanted for nothing stays unwatched.
            guard !interest.isEmpty || relays[number]?.lane(from: side).isFresh == true else { return }
            loop.watch(socket, for: interest) { [weak self] readiness in
                self?.assumeIsolated { $0.ready(number, side, readiness) }
            }
        } else {
            loop.setInterest(socket, interest)
        }
        interests[socket.id] = interest
    }

    private func unwatch(_ socket: any LoopSocket) {
        guard interests.removeValue(forKey: socket.id) != nil else { return }
        loop.unwatch(socket)
    }

    private func timer(_ number: Int) -> DeadlineTimer {
        DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.tick(number) } }
    }

    private func remove(_ number: Int, _ relay: Relay) {
        guard relays.removeValue(forKey: number) != nil else { return }
        timers[number]?.cancel()
        timers[number] = nil
        for side in [Conversation.Side.client, .broker] {
            guard let socket = relay.socket(side) else { continue }
            unwatch(socket)
            socket.close()
        }
        connected(number, NetError(.closed, doing: "connect to \(relay.place.broker)"))
        asking.removeValue(forKey: number)?.give(nil)
    }
}
