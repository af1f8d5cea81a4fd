import KafkaWire

/// A client that says who it is to a broker without sockets, for the fuzzer: frames and the time go in, what comes of each comes
/// out. The way of a frame is that of ``BrokerServer``.
package struct OfflineLogin {
    /// What became of a frame.
    package enum Event: Sendable {
        /// It was answered with that frame, its size in front.
        case answer([UInt8])
        /// It was answered with those bytes, since the client began with SaslHandshake v0.
        case raw([UInt8])
        /// It is a request that goes on to its handler.
        case passed(APIKey)
        /// The connection is closed, for that reason, perhaps behind an answer.
        case hangUp(String, answer: [UInt8]?)
    }

    private let node: BrokerNode
    private let security: ListenerSecurity
    private let keys: TokenKeys?
    private var authentication: ConnectionAuthentication
    private var frames: UInt64 = 0

    /// A connection to a listener of that broker.
    package init(_ server: OfflineServer, _ security: ListenerSecurity) throws(BrokerStartError) {
        node = server.node
        self.security = security
        switch security.tokens.keys {
        case .none: keys = nil
        case .text(let text):
            do throws(TokenKeys.Failure) {
                keys = try TokenKeys(Array(text.utf8), of: security.tokens, now: Instant(nanoseconds: 0))
            } catch { throw BrokerStartError(description: "The broker cannot start: \(error)") }
        case .file, .address, .source:
            throw BrokerStartError(description: "The broker cannot start: keys are read from texts alone here")
        }
        authentication = ConnectionAuthentication(security)
    }

    /// Whether requests of any kind are taken.
    package var isComplete: Bool { authentication.isComplete }
    /// Who the client is.
    package var principal: String { "\(authentication.principal)" }
    /// Whether the next frame is what a mechanism says, and no request.
    package var takesRawFrames: Bool { authentication.takesRawFrames }

    /// The client sends a frame, without its size.
    package mutating func receive(_ frame: Bytes, now: Instant) -> Event {
        frames += 1
        if authentication.takesRawFrames {
            let reply = take(frame.copy(), now)
            return reply.failure.map { .hangUp($0, answer: nil) } ?? .raw(reply.answer.authBytes.copy())
        }
        do {
            let ticket = RequestTicket(connection: 0, number: frames)
            return try receive(try IncomingRequest(frame, ticket, speaking: node.release), now)
        } catch { return .hangUp("\(error)", answer: nil) }
    }

    private mutating func receive(_ request: IncomingRequest, _ now: Instant) throws(WireError) -> Event {
        let pending = request.pending
        switch authentication.verdict(on: request.api.key, now: now) {
        case .pass: return .passed(request.api.key)
        case .hangUp(let reason): return .hangUp(reason, answer: nil)
        case .fail(let code):
            let context = request.context(node.time, clientHost: "/127.0.0.1", node: node.configuration.nodeId)
            let outcome = try request.api.fail(request.body, code, context, node)
            return .hangUp("out of turn", answer: try OfflineServer.frame(of: outcome, to: pending))
        case .own: break
        }
        guard request.api.key == .saslHandshake else {
            let said = try SaslAuthenticateRequest.decode(request.body, version: pending.version)
            let reply = take(said.authBytes.copy(), now)
            return try event(reply.answer, reply.failure, pending)
        }
        let asked = try SaslHandshakeRequest.decode(request.body, version: pending.version)
        let nonce = (0..<24).map { UInt8(truncatingIfNeeded: frames &+ $0) }
        let (node, security, keys, wall) = (node, security, keys, wall(now))
        let reply = authentication.handshake(
            asked.mechanism, version: pending.version, enabled: security.mechanisms, now: now
        ) {
            node.exchange(
                $0, .init(security: security, isRenewal: $1, nonce: nonce, wall: wall, keys: keys))
        }
        return try event(reply.answer, reply.failure, pending)
    }

    private func event(
        _ answer: any WireMessage, _ failure: String?, _ pending: PendingRequest
    ) throws(WireError) -> Event {
        let frame = try OfflineServer.frame(of: answer, to: pending)
        return failure.map { .hangUp($0, answer: frame) } ?? .answer(frame)
    }

    private mutating func take(
        _ response: [UInt8], _ now: Instant
    ) -> ConnectionAuthentication.Reply<SaslAuthenticateResponse> {
        authentication.take(
            authentication.check(response)?.done(), lifetime: security.sessionLifetime, now: now, wall: wall(now))
    }

    private func wall(_ now: Instant) -> Int64 { 1_700_000_000_000 + now.nanoseconds / 1_000_000 }
}
