/// How a client says who it is on a connection: SaslHandshake names the mechanism (KIP-43), and SaslAuthenticate carries what it
/// says (KIP-152), in as many rounds as it needs.
///
/// It goes over whatever carries requests to a broker, one at a time: a connection, or a proxy's between two requests of its
/// client.
package protocol SASLCarrier: Actor {
    /// The broker's host, as the client knows it.
    nonisolated var host: String { get }
    /// Its port.
    nonisolated var port: UInt16 { get }
    /// The broker, for errors.
    nonisolated var name: String { get }
    nonisolated var loop: any EventLoop { get }

    /// Sends a request and waits for the frame of its answer, without its size.
    func answer<R: WireRequest>(
        to request: R, version: Int16, deadline: Instant
    ) async throws(KafkaError) -> Bytes
}

/// How many rounds a mechanism may take. None that there is takes more than three.
private let mostRounds = 16

extension SASLCarrier {
    /// Says who the client is; gives for how long that holds.
    ///
    /// - Parameter session: The one that is renewed; nil is the connection's first.
    package func authenticate(
        by mechanism: any SASLMechanism, _ versions: VersionTable, renewing session: SASLSession? = nil,
        until deadline: Instant
    ) async throws(KafkaError) -> SASLSession {
        if let earliest = session?.earliest, loop.now < earliest {
            do { try await loop.sleep(for: earliest - loop.now) } catch {
                throw .net(NetError(.closed, doing: "authenticate"), broker: name)
            }
        }
        let handshake = SaslHandshakeRequest.with { $0.mechanism = mechanism.name }
        let hello = try await said(handshake, version: 1, until: deadline)
        switch hello.errorCode {
        case .none: break
        case .unsupportedSaslMechanism: throw .noMechanism(mechanism.name, of: hello.mechanisms, broker: name)
        case .illegalSaslState where session != nil: throw .renewalRefused(broker: name)
        case .illegalSaslState: throw .noSASL(broker: name)
        default: throw .refused(hello.errorCode, "could not begin to authenticate", by: name, api: .saslHandshake)
        }
        let renewed = session.map { _ in loop.now }
        let version = try versions.negotiate(SaslAuthenticateRequest.self, broker: name)
        let call = SASLCall(
            host: host, port: port, wallMilliseconds: loop.wallMilliseconds, nonce: (0..<3).flatMap { _ in nonce() })
        var exchange = try await given(until: deadline, "get the credentials for \(mechanism.name)") {
            try await mechanism.begin(call)
        }
        let began = loop.now
        var message = try step(mechanism) { () throws in try exchange.start() }
        for _ in 0..<mostRounds {
            let request = SaslAuthenticateRequest.with { $0.authBytes = Bytes(message) }
            let answer = try await said(request, version: version, until: deadline)
            guard answer.errorCode == .none else {
                // The mechanism may have been told more: OAUTHBEARER's broker says why before it says no.
                if let refusal = exchange.refusal {
                    throw .unauthenticated(answer.errorCode, refusal.message, mechanism.name, broker: name)
                }
                throw .unauthenticated(answer.errorCode, answer.errorMessage, mechanism.name, broker: name)
            }
            let challenge = answer.authBytes.copy()
            guard let next = try step(mechanism, { () throws in try exchange.respond(to: challenge) }) else {
                return SASLSession(
                    versions, lifetime: .milliseconds(max(0, answer.sessionLifetimeMs.rawValue)), now: began,
                    renewed: renewed, chance: loop.random())
            }
            message = next
        }
        throw .unauthenticated(
            .none, "the broker goes on asking after \(mostRounds) rounds", mechanism.name, broker: name)
    }

    /// Work that is not the connection's own, such as fetching a token, for as long as there is time.
    package func given<T: Sendable>(
        until deadline: Instant, _ what: String, _ work: @escaping @Sendable () async throws -> T
    ) async throws(KafkaError) -> T {
        let arrival = Arrival<Result<T, any Error>>()
        let late = NetError.timedOut(doing: what)
        let task = Task(executorPreference: loop) {
            do { arrival.give(.success(try await work())) } catch { arrival.give(.failure(error)) }
        }
        let timer = loop.schedule(at: deadline) { arrival.give(.failure(late)) }
        let outcome = await arrival.value()
        loop.cancel(timer)
        task.cancel()
        switch outcome {
        case .success(let value): return value
        case .failure(let error): throw .unauthenticated(error, what, broker: name)
        }
    }

    private func said<R: WireRequest>(
        _ request: R, version: Int16, until deadline: Instant
    ) async throws(KafkaError) -> R.Response {
        let answer = try await answer(to: request, version: version, deadline: deadline)
        do throws(WireError) { return try Frame.decodeResponse(R.Response.self, answer, version: version) } catch {
            throw .wire(error, broker: name, api: R.api)
        }
    }

    /// What a mechanism says, or why it does not go on.
    private func step<T>(_ mechanism: any SASLMechanism, _ body: () throws -> T) throws(KafkaError) -> T {
        do { return try body() } catch {
            throw .unauthenticated(error, "authenticate by \(mechanism.name)", broker: name)
        }
    }

    /// Eight bytes that nobody can foresee.
    private func nonce() -> [UInt8] { withUnsafeBytes(of: loop.random().bigEndian) { Array($0) } }
}

extension BrokerConnection: SASLCarrier {
    package func answer<R: WireRequest>(
        to request: R, version: Int16, deadline: Instant
    ) async throws(KafkaError) -> Bytes {
        try await exchange(request, version: version, deadline: deadline)
    }
}
