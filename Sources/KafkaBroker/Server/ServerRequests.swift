import KafkaWire

// The way of a request from a frame to what becomes of it.

extension BrokerServer {
    func handle(_ frame: Bytes, of connection: ClientConnection) throws(WireError) {
        let (header, body) = try Frame.decodeRequestHeader(frame)
        let version = header.requestApiVersion
        let key = APIKey(rawValue: header.requestApiKey)
        guard let api = ServedAPI.of(key), let versions = served(api) else {
            return hangUp(connection, "\(key) is not served; ApiVersions tells what is")
        }
        var request = ClientConnection.Request(
            ticket: connection.nextTicket(), correlationId: header.correlationId, version: version,
            response: api.response)
        if configuration.observer != nil {
            request.observation = RequestObservation(
                header, bytes: frame.count, connection: connection.id, peer: connection.peer,
                timestamp: loop.wallMilliseconds, now: loop.now)
        }
        guard versions.contains(version) else {
            guard key == .apiVersions else {
                return hangUp(
                    connection,
                    "\(key) v\(version) is not served; \(versions.lowerBound) to \(versions.upperBound) are")
            }
            request.version = 0
            return answer(ApiVersionsHandler.unsupportedVersion(node), to: request, of: connection)
        }
        let context = RequestContext(
            ticket: request.ticket, version: version, clientId: header.clientId ?? "", now: node.time.now(),
            timestamp: node.time.timestamp(), clientHost: connection.clientHost, node: connection.node)
        countRequest(key)
        try connection.note(key, header.clientId, frame, body, version)
        if hooks.wants(key) { return try handleHooked(api, body, context, request, of: connection) }
        perform(try node.handle(api, body, context), request, of: connection)
    }

    /// The versions of an API that are served, or nil where none is, by what the broker is held to speak.
    private func served(_ api: ServedAPI) -> ClosedRange<Int16>? {
        guard let release = node.release else { return api.versions }
        return release.cap(api.versions, of: api.key)
    }

    func perform(_ outcome: Outcome, _ request: ClientConnection.Request, of connection: ClientConnection) {
        switch outcome {
        case .answer(let response): answer(response, to: request, of: connection)
        case .later, .work: connection.pending = request
        case .silent: observe(request.observation?.ended(.silent, now: loop.now))
        case .hangUp(let reason):
            observe(request.observation?.ended(.hungUp(reason), now: loop.now))
            hangUp(connection, reason)
        }
    }

    /// Does what the hooks want with a request.
    private func handleHooked(
        _ api: ServedAPI, _ body: Bytes, _ context: RequestContext, _ request: ClientConnection.Request,
        of connection: ClientConnection
    ) throws(WireError) {
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
        _ response: any WireMessage, to request: ClientConnection.Request, of connection: ClientConnection
    ) {
        guard !connection.isToBeClosed else { return hangUp(connection, "a hook wants it") }
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

    private func observe(_ observation: RequestObservation?) {
        if let observation { configuration.observer?(observation) }
    }
}
