import KafkaWire

/// The listeners of a proxy, one for each broker of the cluster, and by which address clients reach each.
final class Gates {
    /// A listener and where it leads.
    struct Gate {
        let socket: any LoopSocket
        let port: UInt16
        /// The brokers to try, in this order; more than one only where clients begin.
        let targets: [HostPort]
    }

    private let configuration: Proxy.Configuration
    private let loop: any EventLoop
    /// Where clients begin, as it was resolved.
    private let address: SocketAddress
    private(set) var all: [Gate] = []
    private var byBroker: [HostPort: Int] = [:]
    private var watched = 0
    private var lastPort: UInt16
    private static let brokerLimit = 1000
    /// How many ports behind the last one are tried before any free one is taken.
    private static let portsTried: UInt16 = 50

    /// Opens the listener where clients begin: `address` is what the configuration names.
    init(_ configuration: Proxy.Configuration, at address: SocketAddress, on loop: any EventLoop) throws(NetError) {
        self.configuration = configuration
        self.address = address
        self.loop = loop
        let socket = try loop.listen(on: address)
        lastPort = socket.localPort
        all = [Gate(socket: socket, port: socket.localPort, targets: configuration.bootstrap)]
        // With several brokers to begin with, the first listener leads to whichever is there, and is none of them.
        if configuration.bootstrap.count == 1 { byBroker[configuration.bootstrap[0]] = 0 }
    }

    /// Where clients begin.
    var first: HostPort { HostPort(host: configuration.listen.host, port: all[0].port) }

    /// The listeners that were opened since the last call.
    func takeNew() -> Range<Int> {
        defer { watched = all.count }
        return watched..<all.count
    }

    /// By which address a client that reached us at `local` reaches `broker`; opens a listener where there is none yet.
    /// Nil where none can be opened.
    func address(of broker: HostPort, for local: String?) throws(NetError) -> HostPort? {
        let gate: Gate
        if let index = byBroker[broker] {
            gate = all[index]
        } else {
            guard all.count < Self.brokerLimit else { return nil }
            gate = try open(broker)
        }
        var host = configuration.advertisedHost ?? configuration.listen.host
        if configuration.advertisedHost == nil, configuration.listen.isWildcard { host = local ?? "127.0.0.1" }
        return HostPort(host: host, port: gate.port)
    }

    private func open(_ broker: HostPort) throws(NetError) -> Gate {
        let socket = try listening()
        lastPort = max(lastPort, socket.localPort)
        let gate = Gate(socket: socket, port: socket.localPort, targets: [broker])
        byBroker[broker] = all.count
        all.append(gate)
        configuration.announce(HostPort(host: first.host, port: gate.port), broker)
        return gate
    }

    /// The next port that is free; any port where the first was any too.
    private func listening() throws(NetError) -> any LoopSocket {
        if configuration.listen.port != 0 {
            for step in 1...Self.portsTried {
                let (port, isOver) = lastPort.addingReportingOverflow(step)
                if isOver { break }
                if let socket = try? loop.listen(on: address.at(port: port)) { return socket }
            }
        }
        return try loop.listen(on: address.at(port: 0))
    }
}
