import Testing

@testable import KafkaWire

/// Stands between client and broker, frame by frame: passes on, drops, damages, cuts, or answers by itself. Without a
/// broker behind it, it is a scripted peer.
actor FaultProxy {
    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    nonisolated let port: UInt16
    nonisolated var address: String { "127.0.0.1:\(port)" }

    /// What happens to a frame.
    enum Verdict: Sendable {
        case pass
        case drop
        /// Both sides' connections end, before the frame goes on.
        case cut
        /// Another frame goes on in its place.
        case replace(Bytes)
        /// These bytes, as they are, go back to the client; the request goes no further.
        case answer([UInt8])
    }

    /// A frame that comes by.
    struct Passing: Sendable {
        var isRequest: Bool
        var api: APIKey
        var version: Int16
        var correlationId: Int32
        var frame: Bytes
    }

    typealias Rule = @Sendable (Passing) -> Verdict

    private struct Pair {
        var client: FrameChannel
        var broker: FrameChannel?
        var asked: [Int32: (APIKey, Int16)] = [:]
    }

    private var listener: (any LoopSocket)?
    private var upstream: SocketAddress?
    private var pairs: [Int: Pair] = [:]
    private var nextPair = 0
    private var rule: Rule = { _ in .pass }

    static func start(
        on address: SocketAddress = .loopback(port: 0), _ rule: @escaping Rule = { _ in .pass }
    ) async throws -> FaultProxy {
        let loop = try SocketLoop(name: "fault-proxy")
        let listener = try TCPSocket.listening(on: address)
        let proxy = FaultProxy(loop, listener)
        await proxy.setRule(rule)
        await proxy.listen(listener)
        return proxy
    }

    private init(_ loop: SocketLoop, _ listener: any LoopSocket) {
        self.loop = loop
        port = listener.localPort
    }

    func setRule(_ rule: @escaping Rule) { self.rule = rule }

    func setBroker(port: UInt16) throws {
        upstream = try SocketAddress.resolve(host: "127.0.0.1", port: port).first
    }

    /// Nobody listens any more, and every connection ends.
    func goAway() {
        if let listener {
            loop.unwatch(listener)
            listener.close()
        }
        listener = nil
        cutAll()
    }

    /// Listens again on the same port.
    func comeBack() throws {
        let address = try SocketAddress.resolve(host: "127.0.0.1", port: port)
        listen(try TCPSocket.listening(on: #require(address.first)))
    }

    /// How many clients are connected.
    var connections: Int { pairs.count }

    func cutAll() { for id in pairs.keys { close(id) } }

    func stop() {
        goAway()
        loop.stop()
    }

    // MARK: - Sockets

    private func listen(_ socket: any LoopSocket) {
        listener = socket
        loop.watch(socket, for: .readable) { [weak self] _ in self?.assumeIsolated { $0.accept() } }
    }

    private func accept() {
        while let socket = try? listener?.accept() {
            let id = nextPair
            nextPair += 1
            var pair = Pair(client: FrameChannel(socket))
            watch(socket, id, isClient: true)
            if let upstream, let broker = try? TCPSocket.connecting(to: upstream) {
                pair.broker = FrameChannel(broker)
                watch(broker, id, isClient: false)
            }
            pairs[id] = pair
        }
    }

    private func watch(_ socket: any LoopSocket, _ id: Int, isClient: Bool) {
        loop.watch(socket, for: isClient ? .readable : [.readable, .writable]) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(id, readiness, isClient: isClient) }
        }
    }

    private func ready(_ id: Int, _ readiness: Readiness, isClient: Bool) {
        guard pairs[id] != nil else { return }
        if readiness.contains(.writable) { flush(id) }
        guard pairs[id] != nil, !readiness.isDisjoint(with: [.readable, .failed]) else { return }
        var frames: [Bytes] = []
        var hasEnded = false
        do {
            let take: (Bytes) -> Bool = {
                frames.append($0)
                return true
            }
            if isClient { try pairs[id]?.client.receive(take) } else { try pairs[id]?.broker?.receive(take) }
        } catch {
            hasEnded = true
        }
        for frame in frames { route(frame, id, isRequest: isClient) }
        if pairs[id] != nil { flush(id) }
        if hasEnded { close(id) }
    }

    private func route(_ frame: Bytes, _ id: Int, isRequest: Bool) {
        guard let passing = describe(frame, id, isRequest: isRequest) else { return }
        switch rule(passing) {
        case .pass: forward(frame, id, toBroker: isRequest)
        case .drop: break
        case .cut: close(id)
        case .replace(let other): forward(other, id, toBroker: isRequest)
        case .answer(let bytes): pairs[id]?.client.queue(bytes)
        }
    }

    private func describe(_ frame: Bytes, _ id: Int, isRequest: Bool) -> Passing? {
        let bytes = frame.copy()
        func integer(_ at: Int, _ size: Int) -> Int { bytes[at..<at + size].reduce(0) { $0 << 8 | Int($1) } }
        guard bytes.count >= 8 || !isRequest && bytes.count >= 4 else { return nil }
        if isRequest {
            let (api, version) = (APIKey(rawValue: Int16(integer(0, 2))), Int16(integer(2, 2)))
            let correlationId = Int32(integer(4, 4))
            pairs[id]?.asked[correlationId] = (api, version)
            return Passing(isRequest: true, api: api, version: version, correlationId: correlationId, frame: frame)
        }
        let correlationId = Int32(integer(0, 4))
        guard let (api, version) = pairs[id]?.asked.removeValue(forKey: correlationId) else { return nil }
        return Passing(isRequest: false, api: api, version: version, correlationId: correlationId, frame: frame)
    }

    private func forward(_ frame: Bytes, _ id: Int, toBroker: Bool) {
        let bytes = Self.sized(frame.copy())
        if toBroker { pairs[id]?.broker?.queue(bytes) } else { pairs[id]?.client.queue(bytes) }
    }

    private func flush(_ id: Int) {
        do {
            if let socket = pairs[id]?.client.socket {
                let done = try pairs[id]?.client.flush() ?? true
                loop.setInterest(socket, done ? .readable : [.readable, .writable])
            }
            if let socket = pairs[id]?.broker?.socket {
                let done = try pairs[id]?.broker?.flush() ?? true
                loop.setInterest(socket, done ? .readable : [.readable, .writable])
            }
        } catch {
            close(id)
        }
    }

    private func close(_ id: Int) {
        guard let pair = pairs.removeValue(forKey: id) else { return }
        for socket in [pair.client.socket, pair.broker?.socket].compactMap({ $0 }) {
            loop.unwatch(socket)
            socket.close()
        }
    }

    /// A frame's bytes with its size in front.
    static func sized(_ bytes: [UInt8]) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }
}
