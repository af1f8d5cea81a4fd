import KafkaWire

/// A listener of a node: 0 is that of ``BrokerConfiguration/host``, behind it are the further ones.
struct ListenerPlace: Hashable, Comparable {
    var node: BrokerID
    var listener: Int

    static func < (a: ListenerPlace, b: ListenerPlace) -> Bool {
        (a.node, a.listener) < (b.node, b.listener)
    }
}

/// The ports of a broker's nodes.
enum Listeners {
    /// Opens the ports of each node of the configuration; none is left open where one cannot be had.
    static func open(_ configuration: BrokerConfiguration, on loop: any EventLoop) async throws(BrokerStartError)
        -> [[any LoopSocket]]
    {
        guard configuration.brokers >= 1, configuration.brokers <= 100 else {
            throw BrokerStartError(
                description: "The broker cannot start: it can have 1 to 100 nodes, and not \(configuration.brokers).")
        }
        guard configuration.nodeId >= 0, Int(configuration.nodeId.rawValue) + configuration.brokers - 1 <= Int32.max
        else {
            throw BrokerStartError(
                description: "The broker cannot start: the ids of \(configuration.brokers) nodes from node.id "
                    + "\(configuration.nodeId) on are not all from 0 to \(Int32.max).")
        }
        let racks = (0..<configuration.brokers).map { configuration.rack(of: $0) }
        if let objection = racks.lazy.compactMap(BrokerConfiguration.objection(toRack:)).first {
            throw BrokerStartError(description: "The broker cannot start. \(objection)")
        }
        let names = configuration.listenerNames
        guard Set(names).count == names.count else {
            throw BrokerStartError(
                description: "The broker cannot start: two of its listeners have the same name: "
                    + names.joined(separator: ", ") + ".")
        }
        var sockets: [[any LoopSocket]] = []
        do throws(BrokerStartError) {
            for index in 0..<configuration.brokers {
                sockets.append(try await open(try ports(configuration, index), configuration, on: loop))
            }
        } catch {
            for socket in sockets.joined() { socket.close() }
            throw error
        }
        return sockets
    }

    /// Opens the ports of one node, one for each listener.
    static func open(
        _ ports: [UInt16], _ configuration: BrokerConfiguration, on loop: any EventLoop
    ) async throws(BrokerStartError) -> [any LoopSocket] {
        var sockets: [any LoopSocket] = []
        for (port, address) in zip(ports, configuration.addresses) {
            do throws(BrokerStartError) { sockets.append(try await open(address.host, port, on: loop)) } catch {
                for socket in sockets { socket.close() }
                throw error
            }
        }
        return sockets
    }

    /// Opens one port.
    private static func open(_ host: String, _ port: UInt16, on loop: any EventLoop) async throws(BrokerStartError)
        -> any LoopSocket
    {
        do throws(NetError) {
            let host = host.isEmpty ? "0.0.0.0" : host
            guard let address = try await loop.resolve(host: host, port: port).first else {
                throw NetError(.unresolved("the name has no address"), doing: "resolve \(host)")
            }
            return try loop.listen(on: address)
        } catch {
            throw BrokerStartError(
                description: "The broker cannot start: \(error). Choose another host or port; port 0 is any free one.")
        }
    }

    /// The ports that a node is to have: any free ones, or one after the other.
    static func ports(_ configuration: BrokerConfiguration, _ index: Int) throws(BrokerStartError) -> [UInt16] {
        try configuration.addresses.map { (address) throws(BrokerStartError) in
            try port(address.port, index, of: configuration)
        }
    }

    private static func port(
        _ first: UInt16, _ index: Int, of configuration: BrokerConfiguration
    ) throws(BrokerStartError) -> UInt16 {
        guard first != 0 else { return 0 }
        guard let port = UInt16(exactly: Int(first) + index) else {
            throw BrokerStartError(
                description:
                    "The broker cannot start: \(configuration.brokers) nodes from port \(first) on "
                    + "would need ports above 65535.")
        }
        return port
    }
}

extension BrokerConfiguration {
    /// How clients are told of the node at that place, whose listeners have these sockets.
    func node(_ index: Int, sockets: [any LoopSocket], rack: String? = nil) -> ClusterMap.Node {
        var node = node(index, port: sockets.first?.localPort ?? 0, rack: rack)
        node.further = endpoints(index, ports: sockets.dropFirst().map(\.localPort))
        return node
    }

    /// TLS of the listeners, in their order, where they speak it.
    func tlsContexts() throws(BrokerStartError) -> [TLSContext?] {
        var contexts: [TLSContext?] = []
        for security in securities {
            guard security.securityProtocol.hasTLS else {
                contexts.append(nil)
                continue
            }
            guard let options = security.tls else {
                throw BrokerStartError(
                    description:
                        "The broker cannot start: listener \(security.name) speaks TLS and has no certificate; set "
                        + "ListenerSecurity.tls (ssl.keystore.location).")
            }
            let (logger, name) = (logger, security.name)
            do throws(TLSError) {
                let context = try TLSContext(server: options) { logger.warning("Listener \(name): \($0)") }
                for warning in context.warnings { logger.warning("Listener \(name): \(warning)") }
                contexts.append(context)
            } catch {
                throw BrokerStartError(
                    description: "The broker cannot start: listener \(security.name): \(error)")
            }
        }
        return contexts
    }
}

extension BrokerServer {
    /// A loop for the handshakes of TLS and the checks of SASL, where any listener has them. Where time is made up there is no
    /// other thread.
    static func handshakeLoop(
        for configuration: BrokerConfiguration, on loop: any EventLoop
    ) throws(BrokerStartError) -> SocketLoop? {
        let protocols = configuration.securities.map(\.securityProtocol)
        guard protocols.contains(where: { $0.hasTLS || $0.hasSASL && loop is SocketLoop }) else { return nil }
        do throws(NetError) { return try SocketLoop(name: "kafka-broker-login") } catch {
            throw BrokerStartError(description: "The broker cannot start: \(error).")
        }
    }
}
