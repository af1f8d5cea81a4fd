import KafkaWire

// How connections come, and how they end when nobody uses them.

extension BrokerServer {
    func accept(at place: ListenerPlace) {
        guard let listener = listeners[place] else { return }
        do {
            while listeners[place] != nil {
                if let objection = limits.objection(at: place, node.connectionBounds) {
                    // They wait in the system's queue, as in Kafka.
                    if fullListeners.insert(place).inserted { logger.warning("\(objection)") }
                    return loop.unwatch(listener)
                }
                guard let socket = try listener.accept() else { return }
                guard take(socket, at: place) else { return }
            }
        } catch {
            let now = loop.now
            // While it goes on it is said once.
            if acceptFailedAt.map({ now - $0 > .seconds(10) }) ?? true {
                logger.warning("Connections are accepted when this is over: \(error)")
            }
            acceptFailedAt = now
            // The listener stays readable: without a pause the loop would spin.
            pauseListener(at: place, for: .milliseconds(100))
        }
    }

    private func pauseListener(at place: ListenerPlace, for time: Duration) {
        guard let listener = listeners[place] else { return }
        loop.unwatch(listener)
        loop.schedule(at: loop.now + time) { [weak self] in
            self?.assumeIsolated { $0.watchListener(at: place) }
        }
    }

    /// Does with a connection what the limits say; false where no other is accepted for now.
    private func take(_ socket: any LoopSocket, at place: ListenerPlace) -> Bool {
        let address = ClientConnection.address(of: socket)
        let verdict = limits.arrive(
            from: address, at: place, node.connectionBounds, rate: node.ledger.connectionRate(of: address),
            loop.now)
        switch verdict {
        case .taken: open(socket, at: place, address)
        case .takenAfter(let time):
            pauseListener(at: place, for: time)
            let listener = listeners[place]?.id
            loop.schedule(at: loop.now + time) { [weak self] in
                guard let self else { return socket.close() }
                assumeIsolated { server in
                    // The node may have been stopped meanwhile, or have another listener by now.
                    guard !server.isStopped, listener != nil, server.listeners[place]?.id == listener else {
                        socket.close()
                        return server.left(address, place)
                    }
                    server.open(socket, at: place, address)
                }
            }
            return false
        case .tooMany(let limit):
            logger.info("Closed a connection from \(address), which has \(limit) already (max.connections.per.ip)")
            socket.close()
        case .refused: socket.close()
        case .closedAfter(let time):
            logger.debug("A connection from \(address) is closed in \(time): its quota of new ones is used up")
            loop.schedule(at: loop.now + time) { [weak self] in
                socket.close()
                self?.assumeIsolated { $0.limits.release() }
            }
        }
        return true
    }

    /// A connection that was counted has left: there is room for another.
    func left(_ address: String, _ place: ListenerPlace) {
        limits.leave(address, place)
        reopenListeners()
    }

    /// Listeners that were full accept again where there is room.
    private func reopenListeners() {
        guard !fullListeners.isEmpty else { return }
        for place in fullListeners.sorted() where limits.objection(at: place, node.connectionBounds) == nil {
            watchListener(at: place)
        }
    }

    /// The bounds may have been changed, or a listener that is let past them has taken somebody.
    func reconsiderListeners() {
        reopenListeners()
        let bounds = node.connectionBounds
        for (node, count) in limits.excess(bounds) {
            let others = connections.values.filter { $0.node == node && !limits.isProtected($0.place, bounds) }
            for connection in others.sorted(by: { ($0.lastProgress, $0.id) < ($1.lastProgress, $1.id) }).prefix(count) {
                hangUp(connection, "node \(node) has more connections than it may (max.connections)")
            }
        }
    }

    func watchListener(at place: ListenerPlace) {
        fullListeners.remove(place)
        guard !isStopped, let listener = listeners[place] else { return }
        loop.watch(listener, for: .readable) { [weak self] _ in
            self?.assumeIsolated { $0.accept(at: place) }
        }
    }

    // MARK: - Idle connections

    /// Looks for connections that nobody uses, when the first of them may be one.
    func planIdleCheck() {
        guard idleTimer.deadline == nil, !isStopped, let idle = node.connectionBounds.idle, !connections.isEmpty else {
            return
        }
        let first = connections.values.lazy.map(\.lastProgress).min() ?? loop.now
        // Not more often than that: each look costs as much as there are connections.
        let next = max(first + idle, loop.now + min(.seconds(1), max(.milliseconds(10), idle / 4)))
        idleTimer.set(next)
    }

    func idleTimerFired() {
        idleTimer.fired()
        closeIdle()
        planIdleCheck()
    }

    private func closeIdle() {
        guard let idle = node.connectionBounds.idle else { return }
        let now = loop.now
        for connection in connectionsInOrder where now - connection.lastProgress >= idle {
            // Who is kept waiting by the broker is not idle.
            guard connection.mayBegin else { continue }
            logger.debug("Closed the connection from \(connection.peer), which was idle for \(idle)")
            close(connection)
        }
    }
}
