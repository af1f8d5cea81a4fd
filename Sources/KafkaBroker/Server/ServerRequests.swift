import KafkaWire

// The way of a request from a frame to what becomes of it.

extension BrokerServer {
    func handle(_ frame: Bytes, of connection: ClientConnection) throws(WireError) {
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
        let context = request.context(node.time, clientHost: connection.clientHost, node: connection.node)
        if hooks.wants(request.api.key) { return try handleHooked(request, context, of: connection) }
        perform(try node.handle(request.api, request.body, context), request.pending, of: connection)
    }

    func perform(_ outcome: Outcome, _ request: PendingRequest, of connection: ClientConnection) {
        switch outcome {
        case .answer(let response): answer(response, to: request, of: connection)
        case .later, .work: connection.pending = request
        case .silent:
            observe(request.observation?.ended(.silent, now: loop.now))
            if let time = connection.throttle.take() { mute(connection, for: time) }
        case .hangUp(let reason):
            observe(request.observation?.ended(.hungUp(reason), now: loop.now))
            hangUp(connection, reason)
        }
    }

    /// Does what the hooks want with a request.
    private func handleHooked(
        _ request: IncomingRequest, _ context: RequestContext, of connection: ClientConnection
    ) throws(WireError) {
        let (api, body, request) = (request.api, request.body, request.pending)
        let message = try api.decode(body, context.version)
        let verdict = hooks.decide(
            .init(
                api: api.key, version: context.version, clientId: context.clientId, node: context.node,
                connection: connection.id, message: message))
        let isUnanswered = (message as? ProduceRequest)?.acks == 0
        switch verdict {
        case .pass: perform(try node.handle(api, body, context), request, of: connection)
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
            perform(try node.handle(api, body, context), request, of: connection)
        case .drop: if !isUnanswered { connection.pending = request }
        case .disconnect: hangUp(connection, "a hook wants it")
        case .disconnectAfterwards:
            let outcome = try node.handle(api, body, context)
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
        if let time = connection.throttle.take() {
            if var throttled = response as? any ThrottledResponse {
                throttled.throttleTimeMs = Milliseconds(time)
                response = throttled
            }
            mute(connection, for: time)
        }
        do {
            let before = connection.unsent
            try connection.append(response, for: request)
            connection.needsFlush = true
            touch(connection)
            observe(
                request.observation?.ended(
                    response, version: request.version, bytes: connection.unsent - before, now: loop.now))
        } catch {
            hangUp(connection, "an answer could not be written: \(error)")
        }
    }

    /// Handles nothing more of the connection for so long.
    func mute(_ connection: ClientConnection, for time: Duration) {
        connection.isMuted = true
        let id = connection.id
        connection.unmuting = loop.schedule(at: loop.now + time) { [weak self] in
            self?.assumeIsolated { server in
                guard let connection = server.connections[id] else { return }
                connection.isMuted = false
                connection.unmuting = nil
                server.touch(connection)
            }
        }
    }

    private func observe(_ observation: RequestObservation?) {
        if let observation { configuration.observer?(observation) }
    }
}
