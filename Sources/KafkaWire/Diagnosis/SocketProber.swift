/// Connects to addresses and talks with whatever listens there in bare bytes, many at a time. An actor on a socket loop;
/// every attempt has a deadline, so that none waits for another.
actor SocketProber {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private struct Connecting {
        var socket: any LoopSocket
        var address: SocketAddress
        var timer: TimerID
        var continuation: CheckedContinuation<NetError?, Never>
    }

    private struct Talking {
        var socket: any LoopSocket
        var address: SocketAddress
        var unsent: [UInt8]
        var received: [UInt8] = []
        var timer: TimerID
        var continuation: CheckedContinuation<RawAnswer, Never>
    }

    private var connecting: [Int: Connecting] = [:]
    private var talking: [Int: Talking] = [:]
    private var lastId = 0

    init(loop: any EventLoop) { self.loop = loop }

    /// Looks a name up. What the system's resolver says after the limit is not listened to: it cannot be stopped.
    nonisolated func resolve(
        _ address: BrokerAddress, with resolver: KafkaDoctor.Configuration.LookUp?, within limit: Duration
    ) async -> Result<[SocketAddress], NetError> {
        let arrival = Arrival<Result<[SocketAddress], NetError>>()
        let timer = loop.schedule(at: loop.now + limit) {
            arrival.give(.failure(.timedOut(doing: "resolve \(address.host)")))
        }
        defer { loop.cancel(timer) }
        if let resolver {
            resolver(address.host, address.port) { arrival.give($0) }
        } else {
            loop.resolve(host: address.host, port: address.port, isPassive: false) { arrival.give($0) }
        }
        return await arrival.value()
    }

    /// Connects, and closes the connection again: how that went.
    func connect(to address: SocketAddress, within limit: Duration) async -> ConnectOutcome {
        let start = loop.now
        switch await open(address, until: start + limit) {
        case .success(let socket):
            socket.close()
            return .connected(loop.now - start)
        case .failure(let error):
            return ConnectOutcome(error, after: loop.now - start)
        }
    }

    /// Connects, sends these bytes, and gives what comes back: until the other side closes, `limit` has passed, or
    /// enough has come to know what it is.
    func converse(with address: SocketAddress, saying bytes: [UInt8], within limit: Duration) async -> RawAnswer {
        let deadline = loop.now + limit
        guard case .success(let socket) = await open(address, until: deadline) else { return RawAnswer(end: .failed) }
        lastId += 1
        let id = lastId
        return await withCheckedContinuation { continuation in
            let timer = loop.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.end(id, .silence) } }
            talking[id] = Talking(
                socket: socket, address: address, unsent: bytes, timer: timer, continuation: continuation)
            loop.watch(socket, for: [.readable, .writable]) { [weak self] readiness in
                self?.assumeIsolated { $0.ready(id, readiness) }
            }
        }
    }

    /// Waits no longer for what an address may say: what it is, is known.
    func hangUp(on address: SocketAddress) {
        for (id, talk) in talking.inOrder where talk.address == address { end(id, .silence) }
    }

    // MARK: - Connecting

    func open(_ address: SocketAddress, until deadline: Instant) async -> Result<any LoopSocket, NetError> {
        let socket: any LoopSocket
        do { socket = try loop.connect(to: address) } catch { return .failure(error) }
        lastId += 1
        let id = lastId
        let error: NetError? = await withCheckedContinuation { continuation in
            let timer = loop.schedule(at: deadline) { [weak self] in
                self?.assumeIsolated { $0.connected(id, .timedOut(doing: "connect to \(address)")) }
            }
            connecting[id] = Connecting(socket: socket, address: address, timer: timer, continuation: continuation)
            loop.watch(socket, for: .writable) { [weak self] _ in
                self?.assumeIsolated { $0.connected(id, socket.connectError(to: address)) }
            }
        }
        guard let error else { return .success(socket) }
        socket.close()
        return .failure(error)
    }

    private func connected(_ id: Int, _ error: NetError?) {
        guard let attempt = connecting.removeValue(forKey: id) else { return }
        loop.unwatch(attempt.socket)
        loop.cancel(attempt.timer)
        attempt.continuation.resume(returning: error)
    }

    // MARK: - Talking

    private static let enough = 512

    private func ready(_ id: Int, _ readiness: Readiness) {
        guard var talk = talking[id] else { return }
        var end: RawAnswer.End?
        do throws(NetError) {
            if !talk.unsent.isEmpty, readiness.contains(.writable) {
                let (socket, bytes) = (talk.socket, talk.unsent)
                let count: Result<Int, NetError> = bytes.withUnsafeBytes { buffer in
                    do throws(NetError) { return .success(try socket.write(buffer)) } catch { return .failure(error) }
                }
                talk.unsent.removeFirst(min(try count.get(), talk.unsent.count))
            }
        } catch {
            // What was received before still counts.
            talk.unsent = []
        }
        if talk.unsent.isEmpty { loop.setInterest(talk.socket, .readable) }
        if !readiness.isDisjoint(with: [.readable, .failed]) {
            do throws(NetError) {
                let socket = talk.socket
                var part = [UInt8](repeating: 0, count: 4096)
                let count: Result<Int?, NetError> = part.withUnsafeMutableBytes { buffer in
                    do throws(NetError) { return .success(try socket.read(into: buffer)) } catch {
                        return .failure(error)
                    }
                }
                if let count = try count.get() {
                    if count == 0 { end = .closed } else { talk.received += part[..<count] }
                }
            } catch {
                end = .reset
            }
        }
        talking[id] = talk
        if let end {
            self.end(id, end)
        } else if talk.received.count >= Self.enough || PeerProtocol(said: talk.received) != nil {
            self.end(id, .enough)
        }
    }

    private func end(_ id: Int, _ end: RawAnswer.End) {
        guard let talk = talking.removeValue(forKey: id) else { return }
        loop.unwatch(talk.socket)
        loop.cancel(talk.timer)
        talk.socket.close()
        talk.continuation.resume(returning: RawAnswer(bytes: talk.received, end: end))
    }
}

/// What came back on a connection.
struct RawAnswer: Sendable, Equatable {
    /// Why no more came.
    enum End: Sendable, Equatable {
        /// The other side closed the connection.
        case closed
        /// The other side broke the connection off.
        case reset
        /// The time was up.
        case silence
        /// What came is enough to tell.
        case enough
        /// There was no connection.
        case failed
    }

    var bytes: [UInt8] = []
    var end: End
}

/// How an attempt to connect has ended.
package enum ConnectOutcome: Sendable, Equatable {
    /// It worked, after that time.
    case connected(Duration)
    /// The host said that nobody listens on the port.
    case refused
    /// Nothing came back in that time.
    case noAnswer(Duration)
    /// There is no way there; the system's words.
    case unreachable(String)
    /// Anything else; the system's words.
    case failed(String)

    init(_ error: NetError, after time: Duration) {
        switch error.cause {
        case .refused: self = .refused
        case .noAnswer: self = .noAnswer(time)
        case .unreachable: self = .unreachable(error.words)
        case .unresolved, .ended, .other: self = .failed(error.words)
        }
    }

    /// Whether it worked.
    package var isConnected: Bool { if case .connected = self { true } else { false } }
}
