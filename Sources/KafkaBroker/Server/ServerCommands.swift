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
        closeListeners(of: id)
        node.stopped(id)
        settle()
    }

    func startNode(_ id: BrokerID) async throws(BrokerCommandError) {
        try node.requireNode(id)
        guard let found = node.cluster[id], !found.isRunning else { return }
        let sockets = try await listen(on: [found.listenedPort] + found.further.map(\.listenedPort))
        // The command may have been given twice meanwhile, or the node removed.
        guard node.cluster[id]?.isRunning == false, !isStopped else {
            for socket in sockets { socket.close() }
            return
        }
        open(sockets, for: id)
        node.started(id)
        settle()
    }

    func addNode(rack: String?) async throws(BrokerCommandError) -> BrokerID {
        if let objection = BrokerConfiguration.objection(toRack: rack) { throw .init(objection) }
        guard node.cluster.highestId.rawValue < .max else { throw .init("No node id is left after \(Int32.max).") }
        let offset = Int(node.cluster.highestId.rawValue - configuration.nodeId.rawValue) + 1
        let ports: [UInt16]
        do { ports = try Listeners.ports(configuration, offset) } catch { throw .init(error.description) }
        let sockets = try await listen(on: ports)
        guard !isStopped else {
            for socket in sockets { socket.close() }
            throw .init("The broker is stopped.")
        }
        let place = Int(node.cluster.highestId.rawValue - configuration.nodeId.rawValue) + 1
        let added = configuration.node(place, sockets: sockets, rack: rack)
        node.added(added)
        open(sockets, for: added.id)
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

    private func listen(on ports: [UInt16]) async throws(BrokerCommandError) -> [any LoopSocket] {
        do throws(BrokerStartError) {
            return try await Listeners.open(ports, configuration, on: loop)
        } catch {
            throw .init(error.description)
        }
    }

    func speak(as release: KafkaRelease?) { node.release = release }

    /// When something is due by a clock that is moved.
    private var nextDeadline: Instant? { [node.nextDeadline, mutes.first?.rank].compactMap { $0 }.min() }

    /// Moves the clock to each deadline on the way, so that what is due happens in its order.
    func advance(_ clock: ManualClock, by duration: Duration) {
        let end = clock.now + duration
        while let next = nextDeadline, next <= end {
            // A deadline that has been passed already moves nothing; then one tick has to do.
            let isProgress = next > clock.now
            clock.move(to: next)
            tick()
            if !isProgress, nextDeadline == next { break }
        }
        clock.move(to: end)
        tick()
    }
}
