import KafkaWire

// The way of a request from a frame to what becomes of it.

extension BrokerServer {
    func handle(_ frame: Bytes, of connection: ClientConnection) throws(WireError) {
        if connection.authentication.takesRawFrames { return take(raw: frame, of: connection) }
        var request: IncomingRequest
        do throws(IncomingRequest.Refusal) {
            request = try IncomingRequest(frame, connection.nextTicket(), speaking: node.release)
        } catch {
            return hangUp(connection, "\(error)")
        }
        if configuration.observer != nil {
            request.pending.observation = RequestObservation(
                request.header, bytes: frame.count, connection: connection.id, peer: connection.peer,
                timestamp: loop.wallMilliseconds, now: loop.now)
        }
        if request.isUnknownVersion {
            return answer(ApiVersionsHandler.unsupportedVersion(node), to: request.pending, of: connection)
        }
        countRequest(request.api.key)
        try connection.note(request, frame)
        guard try admits(request, of: connection) else { return }
        let context = request.context(node.time, connection)
        if node.ledger.isInForce {
            request.pending.charge = RequestCharge(context.quotaClient, bytes: frame.count, now: context.now)
        }
        if hooks.wants(request.api.key) { return try handleHooked(request, context, of: connection) }
        let outcome = try node.handle(request.api, request.body, context)
        if request.pending.charge != nil { request.pending.charge?.pause(node.time.now()) }
        perform(outcome, request.pending, of: connection)
    }

    func perform(_ outcome: Outcome, _ request: PendingRequest, of connection: ClientConnection) {
        switch outcome {
        case .answer(let response): answer(response, to: request, of: connection)
        case .later, .work: connection.pending = request
        case .silent:
            observe(request.observation?.ended(.silent, now: loop.now))
            let time = charge(request, isAnswered: false, told: 0)
            if let time = longer(connection.throttle.take(), time) { mute(connection, for: time) }
        case .hangUp(let reason):
            observe(request.observation?.ended(.hungUp(reason), now: loop.now))
            hangUp(connection, reason)
        }
    }

    /// Does what the hooks want with a request.
    private func handleHooked(
        _ request: IncomingRequest, _ context: RequestContext, of connection: ClientConnection
    ) throws(WireError) {
        let (api, body) = (request.api, request.body)
        var request = request.pending
        let message = try api.decode(body, context.version)
        let verdict = hooks.decide(
            .init(
                api: api.key, version: context.version, clientId: context.clientId, node: context.node,
                connection: connection.id, message: message))
        let isUnanswered = (message as? ProduceRequest)?.acks == 0
        switch verdict {
        case .pass:
            let outcome = try node.handle(api, body, context)
            request.charge?.pause(node.time.now())
            perform(outcome, request, of: connection)
        case .answer(let response):
            guard type(of: response) == api.response else {
                return hangUp(connection, "a hook answers \(api.key) with \(type(of: response))")
            }
            answer(response, to: request, of: connection)
        case .fail(let code):
            guard !isUnanswered else { return hangUp(connection, "a hook refuses a Produce with acks=0: \(code)") }
            answer(try api.fail(body, code, context, node), to: request, of: connection)
        case .delay(let duration):
            connection.pending = request
            node.handle(api, body, context, after: duration)
        case .throttle(let time):
            connection.throttle = time
            let outcome = try node.handle(api, body, context)
            request.charge?.pause(node.time.now())
            perform(outcome, request, of: connection)
        case .drop: if !isUnanswered { connection.pending = request }
        case .disconnect: hangUp(connection, "a hook wants it")
        case .disconnectAfterwards:
            let outcome = try node.handle(api, body, context)
            request.charge?.pause(node.time.now())
            connection.isToBeClosed = true
            perform(outcome, request, of: connection)
            if case .silent = outcome { hangUp(connection, "a hook wants it") }
        }
    }

    private func answer(
        _ response: any WireMessage, to request: PendingRequest, of connection: ClientConnection
    ) {
        guard !connection.isToBeClosed else { return hangUp(connection, "a hook wants it") }
        var response = response
        var time = connection.throttle.take()
        if request.charge != nil {
            let told = (response as? any ThrottledResponse)?.throttleTimeMs ?? 0
            time = longer(time, charge(request, isAnswered: true, told: told))
        }
        if let time {
            if var throttled = response as? any ThrottledResponse {
                throttled.throttleTimeMs = Milliseconds(time)
                response = throttled
            }
            mute(connection, for: time)
        }
        do {
            let before = connection.unsent
            let began = request.charge == nil ? nil : node.time.now()
            try connection.append(response, for: request)
            // As the time of Kafka's network threads: it counts for the next request.
            if let began, let client = request.charge?.client {
                let now = node.time.now()
                node.ledger.worked(now - began, client, now)
            }
            connection.needsFlush = true
            touch(connection)
            observe(
                request.observation?.ended(
                    response, version: request.version, bytes: connection.unsent - before, now: loop.now))
        } catch {
            hangUp(connection, "an answer could not be written: \(error)")
        }
    }

    /// Counts what a request has cost its client; for how long that is held back.
    private func charge(_ request: PendingRequest, isAnswered: Bool, told: Milliseconds) -> Duration? {
        request.charge.flatMap { node.throttle($0, request.api.key, isAnswered: isAnswered, told: told) }
    }

    private func longer(_ one: Duration?, _ other: Duration?) -> Duration? {
        guard let one, let other else { return one ?? other }
        return max(one, other)
    }

    /// Lets those go on whose time is over, by a clock that a test moves.
    func unmuteDue() {
        guard !mutes.isEmpty else { return }
        for id in mutes.take(upTo: node.time.now()) { unmute(id) }
    }

    private func unmute(_ id: UInt64) {
        guard let connection = connections[id] else { return }
        connection.isMuted = false
        connection.unmuting = nil
        // Only now it can be idle.
        connection.lastProgress = loop.now
        touch(connection)
    }

    /// Handles nothing more of the connection for so long, by the broker's clock.
    func mute(_ connection: ClientConnection, for time: Duration) {
        connection.isMuted = true
        let id = connection.id
        if case .manual = configuration.clock {
            mutes[id] = node.time.now() + time
            return
        }
        connection.unmuting = loop.schedule(at: loop.now + time) { [weak self] in
            self?.assumeIsolated { $0.unmute(id) }
        }
    }

    private func observe(_ observation: RequestObservation?) {
        if let observation { configuration.observer?(observation) }
    }
}
