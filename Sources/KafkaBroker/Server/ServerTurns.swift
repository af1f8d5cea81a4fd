import KafkaWire

// Whose turn it is, and what a turn of the loop ends with: what was produced leaves, and what comes next is planned.

extension BrokerServer {
    /// The connection has its turn when those in front of it have had theirs.
    func wait(_ connection: ClientConnection) {
        turns.add(connection.id, isSlow: connection.isSlow || connection.input.holdsLargeFrame)
        planEndOfTurn()
    }

    /// Handles requests of the connections whose turn it is.
    private func handleRequests() {
        let began = loop.now
        var now = began
        var rest = turns.quickCount
        while rest > 0, now - began < TurnQueue.quickSlice, let id = turns.takeQuick() {
            now = handleRequests(of: id, now)
            rest -= 1
        }
        guard node.works.count < TurnQueue.workLimit else { return }
        rest = turns.slowCount
        let end = now + TurnQueue.slowSlice
        while rest > 0, now < end, let id = turns.takeSlow() {
            now = handleRequests(of: id, now)
            rest -= 1
        }
    }

    /// Handles what has arrived over a connection, as far as a turn goes, no answer is awaited, and the client takes its
    /// answers. Gives the time afterwards.
    private func handleRequests(of id: UInt64, _ began: Instant) -> Instant {
        guard let connection = connections[id] else { return began }
        var left = TurnQueue.requestLimit
        let end = connection.traffic + TurnQueue.byteLimit
        while connections[id] != nil, connection.mayBegin, connection.unsent <= configuration.maximumUnsentBytes,
            left > 0, connection.traffic < end
        {
            do {
                let next = try connection.input.next()
                // Also where none is whole: then the beginning of one has been moved to where there is room for its rest.
                connection.inputIsFull = false
                guard let frame = next else {
                    connection.mayHaveMore = false
                    break
                }
                left -= 1
                try handle(frame, of: connection)
            } catch {
                hangUp(connection, "\(error)")
            }
        }
        let now = loop.now
        connection.isSlow = now - began > TurnQueue.longTurn
        if left < TurnQueue.requestLimit { connection.lastProgress = now }
        // Its next turn is after those of the others. Where an answer is awaited, or not taken, it has none until then.
        touch(connection)
        return now
    }

    /// Sends what has become known, and goes on with the connections that waited for it.
    func deliverLateAnswers() {
        while true {
            let answers = node.takeAnswers()
            if answers.isEmpty { return }
            for late in answers {
                guard let connection = connections[late.ticket.connection], var request = connection.pending,
                    request.ticket == late.ticket
                else { continue }
                connection.pending = nil
                request.charge?.add(late.spent)
                perform(late.outcome, request, of: connection)
                // Requests may have waited behind this one.
                touch(connection)
            }
        }
    }

    // MARK: - The end of a turn

    func touch(_ connection: ClientConnection) {
        touched.insert(connection.id)
        planEndOfTurn()
    }

    func planEndOfTurn() {
        guard !endOfTurnIsPlanned, !isStopped else { return }
        endOfTurnIsPlanned = true
        loop.afterJobs { [weak self] in self?.assumeIsolated { $0.endTurn() } }
    }

    /// Handles requests and does a part of what takes long, writes out what that has produced, and sets the timer for
    /// what comes next. Where more is to be done at once, the loop looks at its sockets before that.
    private func endTurn() {
        turnCount += 1
        // Connections that are touched until their answers leave below need no further turn.
        handleRequests()
        node.work(now: node.time.now())
        deliverLateAnswers()
        node.saveBounds()
        let ids = touched.sorted()
        touched = []
        // What comes up from here on is for another one.
        endOfTurnIsPlanned = false
        for id in ids {
            guard let connection = connections[id] else { continue }
            do {
                if connection.needsFlush { try connection.flush(on: loop) }
                // Requests may have waited for this answer, or for room in the output.
                if connection.mayHaveMore, connection.mayBegin,
                    connection.unsent <= configuration.maximumUnsentBytes
                {
                    wait(connection)
                } else if connection.hasEnded, !connection.isMuted {
                    close(connection)
                    continue
                }
                updateInterest(of: connection)
                heldBytes += connection.count()
            } catch {
                logger.debug("Connection from \(connection.peer) failed: \(error)")
                close(connection)
            }
        }
        if heldBytes > configuration.maximumHeldBytes { makeRoom() }
        reconsiderListeners()
        setTimer()
        if node.works.count > 0 || !turns.isEmpty { planEndOfTurn() }
    }

    /// Closes the connections that have gone without progress for longest until the others hold less than they may:
    /// clients that neither take their answers nor end their requests.
    private func makeRoom() {
        let holding = connectionsInOrder.filter { $0.counted >= 64 << 10 }.sorted { $0.lastProgress < $1.lastProgress }
        for connection in holding where heldBytes > configuration.maximumHeldBytes / 8 * 7 {
            let bounds =
                "it held \(connection.counted) bytes, and all together more than \(configuration.maximumHeldBytes)"
            logger.warning("Closed the connection from \(connection.peer): \(bounds)")
            close(connection)
        }
    }

    func updateInterest(of connection: ClientConnection) {
        guard connections[connection.id] != nil else { return }
        var interest: Readiness = []
        // While an answer is awaited, reading goes on as far as there is room: so the connection's end is noticed.
        if !connection.inputIsFull, !connection.hasEnded { interest.insert(.readable) }
        if connection.unsent > 0 || connection.socket.wantsToWrite { interest.insert(.writable) }
        loop.setInterest(connection.socket, interest)
        guard interest.contains(.readable), connection.socket.holdsInput else { return }
        // It holds bytes that have arrived, of which the system does not know.
        let id = connection.id
        loop.afterJobs { [weak self] in self?.assumeIsolated { $0.ready(id, .readable) } }
    }

    private func setTimer() {
        // A manual clock is moved by commands alone.
        if case .manual = configuration.clock { return }
        // The configuration's clock may not be the loop's.
        timer.set(isStopped ? nil : node.nextDeadline, now: node.time.now)
    }

    func timerFired() {
        timer.fired()
        tick()
    }
}
