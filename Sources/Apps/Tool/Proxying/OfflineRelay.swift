import KafkaWire

/// A relay between two pairs of sockets of this process, for the fuzzer and for tests: what one side says is heard at the
/// other, at once and on the caller's thread.
package final class OfflineRelay {
    private let relay: Relay
    private let client: any LoopSocket
    private let broker: any LoopSocket
    private let feed = ExchangeFeed()
    private var heard: [Conversation.Side: [UInt8]] = [:]
    /// Whether an answer was among those in which addresses may stand.
    package private(set) var mayRewrite = false
    package private(set) var exchanges: [Exchange] = []

    private let loop: any EventLoop

    /// The gates of all relays: they listen, each on a port.
    private static let gates = Locked<Gates?>(nil)

    package init(faults: [FaultRule], watches: Bool) throws(NetError) {
        var configuration = Proxy.Configuration(
            listen: HostPort(host: "127.0.0.1", port: 0), bootstrap: [HostPort(host: "127.0.0.1", port: 9092)])
        configuration.faults = FaultPlan(seed: 1, rules: faults)
        configuration.feed = feed
        configuration.keepsRequests = watches
        configuration.keepsAnswers = watches
        configuration.tellsErrors = watches
        let loop = try SocketLoop.common()
        self.loop = loop
        let gates = try Self.gates.withLock { (slot) throws(NetError) in
            if let gates = slot { return gates }
            let gates = try Gates(configuration, at: .loopback(port: 0), on: loop)
            slot = gates
            return gates
        }
        let context = ProxyContext(configuration, gates, on: loop)
        let (ours, theirs) = try loop.socketPair()
        let (near, far) = try loop.socketPair()
        client = theirs
        broker = far
        relay = Relay(
            ours, place: .init(connection: 1, client: "client", broker: "broker"),
            faults: configuration.faults.connection(1), context: context)
        relay.connected(to: near)
    }

    /// A side says something, and what it is passed on as is taken up at the other.
    package func say(_ bytes: [UInt8], from side: Conversation.Side) {
        let socket = side == .client ? client : broker
        var from = 0
        while from < bytes.count, !relay.isClosed {
            let count = bytes.withUnsafeBytes {
                (try? socket.write(UnsafeRawBufferPointer(rebasing: $0[from...]))) ?? 0
            }
            guard count > 0 else { break }
            from += count
            let now = loop.now
            relay.receive(relay.lane(from: side), now: now)
            relay.tick(now: now + .seconds(1))
            takeUp()
        }
    }

    /// What has arrived at a side.
    package func heard(at side: Conversation.Side) -> [UInt8] { heard[side] ?? [] }

    /// Both sides have said their last.
    package func end() {
        client.shutdownWriting()
        broker.shutdownWriting()
        let now = loop.now
        for _ in 0..<2 {
            for side in [Conversation.Side.client, .broker] where !relay.isClosed {
                relay.receive(relay.lane(from: side), now: now)
                relay.flush(relay.lane(from: side), now: now + .seconds(1))
            }
            takeUp()
        }
        relay.close("over")
        for item in feed.take() { if case .exchange(let exchange) = item { exchanges.append(exchange) } }
        mayRewrite = exchanges.contains { AnswerRewriter.concerns($0.head.api, $0.head.version) }
    }

    package func close() {
        relay.close("over")
        client.close()
        broker.close()
        relay.client.close()
        relay.broker?.close()
    }

    private func takeUp() {
        for (side, socket) in [(Conversation.Side.client, client), (.broker, broker)] {
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while let count = buffer.withUnsafeMutableBytes({ (try? socket.read(into: $0)) ?? nil }), count > 0 {
                heard[side, default: []].append(contentsOf: buffer[..<count])
            }
        }
    }
}
