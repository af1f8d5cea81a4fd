import KafkaWire

/// The ports of a broker's nodes.
enum Listeners {
    /// Opens a port for each node of the configuration; none is left open where one cannot be had.
    static func open(_ configuration: BrokerConfiguration, on loop: any EventLoop) async throws(BrokerStartError)
        -> [any LoopSocket]
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
        var sockets: [any LoopSocket] = []
        for index in 0..<configuration.brokers {
            do throws(BrokerStartError) {
                sockets.append(try await open(configuration.host, port(configuration, index), on: loop))
            } catch {
                for socket in sockets { socket.close() }
                throw error
            }
        }
        return sockets
    }

    /// Opens one port.
    static func open(_ host: String, _ port: UInt16, on loop: any EventLoop) async throws(BrokerStartError)
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

    /// The port that a node is to have: any free one, or one after the other.
    static func port(_ configuration: BrokerConfiguration, _ index: Int) throws(BrokerStartError) -> UInt16 {
        guard configuration.port != 0 else { return 0 }
        guard let port = UInt16(exactly: Int(configuration.port) + index) else {
            throw BrokerStartError(
                description:
                    "The broker cannot start: \(configuration.brokers) nodes from port \(configuration.port) on "
                    + "would need ports above 65535.")
        }
        return port
    }
}
