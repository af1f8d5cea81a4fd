import KafkaWire

// Commands that open and close listeners, and those that decide what requests wait for.

extension BrokerServer {
    /// Works on the broker's state.
    func withNode<R: Sendable>(_ body: @Sendable (BrokerNode) -> R) -> R { body(node) }

    /// How many bytes of answers the clients have not taken yet.
    var unsentBytes: Int { connections.values.reduce(0) { $0 + $1.unsent } }

    /// Changes the broker's state, and answers what this has decided.
    func command(_ body: @Sendable (BrokerNode) throws(BrokerCommandError) -> Void)
        throws(BrokerCommandError)
    {
        try body(node)
        settle()
    }

    func stopNode(_ id: BrokerID) throws(BrokerCommandError) {
        try node.requireNode(id)
        guard node.cluster.isRunning(id) else { return }
        closeListener(of: id)
        node.stopped(id)
        settle()
    }

    func startNode(_ id: BrokerID) async throws(BrokerCommandError) {
        try node.requireNode(id)
        guard let found = node.cluster[id], !found.isRunning else { return }
        let socket = try await listen(on: found.listenedPort)
        // The command may have been given twice meanwhile, or the node removed.
        guard node.cluster[id]?.isRunning == false, !isStopped else { return socket.close() }
        open(socket, for: id)
        node.started(id)
        settle()
    }

    func addNode(rack: String?) async throws(BrokerCommandError) -> BrokerID {
        if let objection = BrokerConfiguration.objection(toRack: rack) { throw .init(objection) }
        guard node.cluster.highestId.rawValue < .max else { throw .init("No node id is left after \(Int32.max).") }
        let offset = Int(node.cluster.highestId.rawValue - configuration.nodeId.rawValue) + 1
        let port: UInt16
        do { port = try Listeners.port(configuration, offset) } catch { throw .init(error.description) }
        let socket = try await listen(on: port)
        guard !isStopped else {
            socket.close()
            throw .init("The broker is stopped.")
        }
        let place = Int(node.cluster.highestId.rawValue - configuration.nodeId.rawValue) + 1
        let added = configuration.node(place, port: socket.localPort, rack: rack)
        node.added(added)
        open(socket, for: added.id)
        settle()
        return added.id
    }

    func removeNode(_ id: BrokerID) throws(BrokerCommandError) {
        try node.requireNode(id)
        guard node.cluster.hasSeveralNodes else {
            throw .init("Node \(id) is the last one; stop the broker instead.")
        }
        try stopNode(id)
        node.removed(id)
        settle()
    }

    private func listen(on port: UInt16) async throws(BrokerCommandError) -> any LoopSocket {
        do throws(BrokerStartError) {
            return try await Listeners.open(configuration.host, port, on: loop)
        } catch {
            throw .init(error.description)
        }
    }

    func speak(as release: KafkaRelease?) { node.release = release }

    /// Moves the clock to each deadline on the way, so that what is due happens in its order.
    func advance(_ clock: ManualClock, by duration: Duration) {
        let end = clock.now + duration
        while let next = node.nextDeadline, next <= end {
            // A deadline that has been passed already moves nothing; then one tick has to do.
            let isProgress = next > clock.now
            clock.move(to: next)
            tick()
            if !isProgress, node.nextDeadline == next { break }
        }
        clock.move(to: end)
        tick()
    }
}
