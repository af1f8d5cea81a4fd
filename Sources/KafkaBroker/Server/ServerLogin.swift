import KafkaWire

// Before a connection's requests are handled: TLS, and who the client is.

extension BrokerServer {
    /// Closes the connection where it does not come as far as its listener wants in time.
    func limitLogin(of connection: ClientConnection) {
        let id = connection.id
        connection.loginEnd = loop.schedule(at: loop.now + configuration.loginTimeout) { [weak self] in
            self?.assumeIsolated { server in
                guard let connection = server.connections[id] else { return }
                connection.loginEnd = nil
                server.hangUp(connection, "it did not say who it is in time")
            }
        }
    }

    /// The client has come in.
    private func loggedIn(_ connection: ClientConnection) {
        if let timer = connection.loginEnd { loop.cancel(timer) }
        connection.loginEnd = nil
        connection.input.limit = configuration.maximumRequestBytes
    }

    // MARK: - TLS

    func beginHandshake(of connection: ClientConnection, _ tls: TLSContext) {
        let socket: TLSSocket
        do throws(TLSError) { socket = try tls.accept(over: connection.socket) } catch {
            return hangUp(connection, "\(error)")
        }
        connection.socket = socket
        let id = connection.id
        loop.watch(socket, for: .readable) { [weak self] _ in
            self?.assumeIsolated { $0.goOnShaking(id, socket) }
        }
    }

    /// Hands a step of the handshake to the loop that is there for them: a signature takes as long as a hundred requests.
    private func goOnShaking(_ id: UInt64, _ socket: TLSSocket) {
        guard let connection = connections[id], !connection.isShaking else { return }
        connection.isShaking = true
        loop.unwatch(socket)
        let loop = loop
        let work: @Sendable () -> Void = { [weak self] in
            let outcome: Result<HandshakeStep, TLSError>
            do throws(TLSError) { outcome = .success(try socket.handshake()) } catch { outcome = .failure(error) }
            let server = self
            loop.schedule(at: loop.now) { server?.assumeIsolated { $0.shook(id, socket, outcome) } }
        }
        if let handshakes { handshakes.schedule(at: handshakes.now, work) } else { work() }
    }

    private func shook(_ id: UInt64, _ socket: TLSSocket, _ outcome: Result<HandshakeStep, TLSError>) {
        guard let connection = connections[id], connection.isShaking else { return }
        connection.isShaking = false
        switch outcome {
        case .failure(let error): hangUp(connection, "\(error)")
        case .success(.done):
            do throws(NetError) { try greet(connection, socket) } catch { hangUp(connection, "\(error)") }
        case .success(let step):
            loop.watch(socket, for: step == .wantsWrite ? .writable : .readable) { [weak self] _ in
                self?.assumeIsolated { $0.goOnShaking(id, socket) }
            }
        }
    }

    /// TLS is agreed on: what the client says is read, for whom its certificate names.
    private func greet(_ connection: ClientConnection, _ socket: TLSSocket) throws(NetError) {
        if connection.security.securityProtocol == .ssl {
            var principal = KafkaPrincipal.anonymous
            if let name = socket.details?.peer?.distinguishedName {
                guard let found = connection.security.principalRules.name(of: name) else {
                    return hangUp(connection, "no rule of ssl.principal.mapping.rules matches the name \(name)")
                }
                principal = KafkaPrincipal(found)
            }
            connection.authentication = ConnectionAuthentication(connection.security, principal: principal)
            loggedIn(connection)
        }
        let id = connection.id
        loop.watch(socket, for: .readable) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(id, readiness) }
        }
        if socket.holdsInput { receive(connection) }
    }

    // MARK: - SASL

    /// Whether the request goes on to its handler: not where it is part of the authentication, or comes before its end.
    func admits(_ request: IncomingRequest, of connection: ClientConnection) throws(WireError) -> Bool {
        switch connection.authentication.verdict(on: request.api.key, now: loop.now) {
        case .pass: return true
        case .own: try authenticate(request, of: connection)
        case .fail(let code):
            let context = request.context(node.time, connection)
            perform(.answer(try request.api.fail(request.body, code, context, node)), request.pending, of: connection)
            hangUp(connection, "it sent \(request.api.key) in the middle of saying who it is")
        case .hangUp(let reason): hangUp(connection, reason)
        }
        return false
    }

    private func authenticate(_ request: IncomingRequest, of connection: ClientConnection) throws(WireError) {
        let version = request.pending.version
        if request.api.key == .saslHandshake {
            let asked = try SaslHandshakeRequest.decode(request.body, version: version)
            let security = connection.security
            let reply = connection.authentication.handshake(
                asked.mechanism, version: version, enabled: security.mechanisms, now: loop.now
            ) { mechanism, isRenewal in
                let nonce = (0..<3).flatMap { _ in withUnsafeBytes(of: loop.random().bigEndian) { Array($0) } }
                let login = BrokerNode.Login(
                    security: security, isRenewal: isRenewal, nonce: nonce, wall: loop.wallMilliseconds,
                    keys: mechanism == "OAUTHBEARER" ? currentTokenKeys(of: connection.place.listener) : nil)
                connection.derived = login.derived
                return node.exchange(mechanism, login)
            }
            return say(reply.answer, ending: reply.failure, to: request.pending, of: connection)
        }
        let said = try SaslAuthenticateRequest.decode(request.body, version: version)
        check(said.authBytes.copy(), request.pending, of: connection)
    }

    /// A frame that is what a mechanism says, of a client that began with SaslHandshake v0.
    func take(raw frame: Bytes, of connection: ClientConnection) { check(frame.copy(), nil, of: connection) }

    /// Hands what the client says to the loop that is there for what takes long; a frame that is no request has none.
    private func check(_ response: [UInt8], _ request: PendingRequest?, of connection: ClientConnection) {
        let check = connection.authentication.check(response)
        guard let handshakes, let check else { return checked(check?.done(), request, of: connection) }
        connection.isBeingChecked = true
        let (id, loop) = (connection.id, loop)
        handshakes.schedule(at: handshakes.now) { [weak self] in
            let done = check.done()
            let server = self
            loop.schedule(at: loop.now) {
                server?.assumeIsolated { server in
                    guard let connection = server.connections[id], connection.isBeingChecked else { return }
                    connection.isBeingChecked = false
                    server.checked(done, request, of: connection)
                    // Requests may have waited behind this one.
                    server.touch(connection)
                }
            }
        }
    }

    private func checked(
        _ check: ConnectionAuthentication.Check?, _ request: PendingRequest?, of connection: ClientConnection
    ) {
        let reply = connection.authentication.take(
            check, lifetime: connection.security.sessionLifetime, now: loop.now, wall: loop.wallMilliseconds)
        if let key = check?.missingKey { missed(key, connection.place.listener) }
        if let derived = connection.derived?.withLock({ $0.take() }) { node.delegationTokens.keep(derived) }
        if connection.authentication.isComplete, reply.failure == nil { loggedIn(connection) }
        if let request { return say(reply.answer, ending: reply.failure, to: request, of: connection) }
        if let failure = reply.failure { return refuseLogin(of: connection, failure) {} }
        connection.append(raw: reply.answer.authBytes.copy())
        connection.needsFlush = true
        touch(connection)
    }

    private func say(
        _ answer: any WireMessage, ending failure: String?, to request: PendingRequest, of connection: ClientConnection
    ) {
        guard let failure else { return perform(.answer(answer), request, of: connection) }
        let id = connection.id
        refuseLogin(of: connection, failure) { [weak self] in
            self?.assumeIsolated { server in
                guard let connection = server.connections[id] else { return }
                server.perform(.answer(answer), request, of: connection)
            }
        }
    }

    /// Answers and ends a failed authentication, not at once: so nobody tries many passwords.
    private func refuseLogin(
        of connection: ClientConnection, _ reason: String, _ answer: @escaping @Sendable () -> Void
    ) {
        connection.isMuted = true
        let id = connection.id
        connection.unmuting = loop.schedule(at: loop.now + node.connectionBounds.failedAuthenticationDelay) {
            [weak self] in
            answer()
            self?.assumeIsolated { server in
                if let connection = server.connections[id] { server.hangUp(connection, reason) }
            }
        }
    }
}
