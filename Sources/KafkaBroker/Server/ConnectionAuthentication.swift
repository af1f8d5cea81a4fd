import KafkaWire

/// Who the client of a connection is, and how far it has come in saying so: Kafka's `SaslServerAuthenticator` as a value. What a
/// client says goes in, what is answered comes out.
struct ConnectionAuthentication {
    /// What becomes of a request.
    enum Verdict: Equatable {
        /// It is handled, for ``ConnectionAuthentication/principal``.
        case pass
        /// It is part of the authentication: ``ConnectionAuthentication/handshake(_:version:_:)``,
        /// ``ConnectionAuthentication/authenticate(_:version:now:)``.
        case own
        /// It is answered with this code, and the connection closed.
        case fail(ErrorCode)
        /// The connection is closed without an answer, for that reason.
        case hangUp(String)
    }

    /// What the client says, held against what is known of it. That may take as long as a hundred requests (a signature, the
    /// key of a token), and is done wherever there is time for it.
    struct Check: Sendable {
        fileprivate var exchange: any SASLServerExchange
        fileprivate let mechanism: String
        fileprivate let isRaw: Bool
        fileprivate let response: [UInt8]
        fileprivate var step: SASLServerStep?

        /// The key that a token names, where nobody knows it here.
        var missingKey: String? { (exchange as? OAuthBearerServer)?.missingKey }

        /// The same, done.
        func done() -> Check {
            var check = self
            check.step = check.exchange.take(response)
            return check
        }
    }

    /// What is answered, and whether the connection ends behind it.
    struct Reply<Answer> {
        var answer: Answer
        /// Why the connection is closed when the answer has left; nil where it stays.
        var failure: String?
    }

    private enum State {
        /// The listener has no SASL.
        case none
        /// No mechanism was named yet.
        case new
        /// A mechanism goes on; with `isRaw` what the client says comes in frames of its own (SaslHandshake v0).
        case going(any SASLServerExchange, mechanism: String, isRaw: Bool)
        /// It has said who it is.
        case done(mechanism: String, end: Instant?)
        /// It could not.
        case failed
    }

    private var state: State
    /// Who the client is, as far as that is known.
    private(set) var principal = KafkaPrincipal.anonymous
    /// Whether it showed a delegation token.
    private(set) var isToken = false
    /// The mechanism and principal of the session that is renewed: they have to stay (KIP-368).
    private var before: (mechanism: String, principal: KafkaPrincipal)?

    /// When the last renewal began: Kafka takes one a second (`KafkaChannel.maybeBeginServerReauthentication`).
    private var renewed: Instant?

    /// Of a connection to a listener; whom TLS has found is `principal`.
    init(_ security: ListenerSecurity, principal: KafkaPrincipal = .anonymous) {
        state = security.securityProtocol.hasSASL ? .new : .none
        self.principal = principal
    }

    /// Whether requests of any kind are taken.
    var isComplete: Bool {
        switch state {
        case .none, .done: true
        case .new, .going, .failed: before != nil
        }
    }

    /// Whether the next frame is what a mechanism says, and no request.
    var takesRawFrames: Bool { if case .going(_, _, isRaw: true) = state { true } else { false } }

    /// What becomes of a request for an API.
    func verdict(on api: APIKey, now: Instant) -> Verdict {
        switch state {
        case .none: return .pass
        case .new:
            if api == .apiVersions { return .pass }
            return api == .saslHandshake
                ? .own : .hangUp("it sent \(api) before it said who it is (SASL); look at its security.protocol")
        case .going:
            return api == .saslAuthenticate ? .own : .fail(.illegalSaslState)
        case .done(_, let end):
            // What is no renewal is a request like any other, and refused as one out of turn.
            guard let end else { return .pass }
            if api == .saslHandshake, renewed.map({ now >= $0 + .seconds(1) }) ?? true { return .own }
            // What comes later goes on with another session, or none (KIP-368).
            guard now >= end else { return .pass }
            return .hangUp("its session is over, and it did not authenticate again (connections.max.reauth.ms)")
        case .failed: return .hangUp("it could not say who it is")
        }
    }

    /// Begins with the mechanism that the client names. `exchange` makes one of those that the listener has.
    mutating func handshake(
        _ mechanism: String, version: Int16, enabled: [String], now: Instant,
        _ exchange: (_ mechanism: String, _ isRenewal: Bool) -> (any SASLServerExchange)?
    ) -> Reply<SaslHandshakeResponse> {
        if case .done(let old, _) = state {
            before = (old, principal)
            renewed = now
            guard old == mechanism else {
                state = .failed
                return Self.unsupported(enabled, "it wants to go on with \(Self.shown(mechanism)) in place of \(old)")
            }
        }
        guard enabled.contains(mechanism), let exchange = exchange(mechanism, before != nil) else {
            state = .failed
            return Self.unsupported(
                enabled, "it wants the SASL mechanism \(Self.shown(mechanism)), which is not enabled")
        }
        state = .going(exchange, mechanism: mechanism, isRaw: version == 0)
        return Reply(answer: .with { $0.mechanisms = enabled })
    }

    /// What a client has chosen, as it may stand in a log.
    private static func shown(_ name: String) -> String { SASLError.shown(name.utf8) }

    private static func unsupported(_ enabled: [String], _ reason: String) -> Reply<SaslHandshakeResponse> {
        let answer = SaslHandshakeResponse.with {
            $0.errorCode = .unsupportedSaslMechanism
            $0.mechanisms = enabled
        }
        return Reply(answer: answer, failure: reason)
    }

    /// What is to be done with what the client says in the form of its mechanism, before anything else of it is looked at;
    /// nil where it is out of turn.
    func check(_ response: [UInt8]) -> Check? {
        guard case .going(let exchange, let mechanism, let isRaw) = state else { return nil }
        return Check(exchange: exchange, mechanism: mechanism, isRaw: isRaw, response: response)
    }

    /// Takes what came of it. `lifetime` is how long a session lasts at most; a token may end it before. `wall` is the time of
    /// day in milliseconds.
    mutating func take(
        _ check: Check?, lifetime: Duration?, now: Instant, wall: Int64
    ) -> Reply<SaslAuthenticateResponse> {
        guard let check, let step = check.step else {
            return fail("SaslAuthenticate request received after successful authentication", "it is out of turn")
        }
        let (exchange, mechanism) = (check.exchange, check.mechanism)
        switch step {
        case .challenge(let bytes):
            state = .going(exchange, mechanism: mechanism, isRaw: check.isRaw)
            return Reply(answer: .with { Self.fill(&$0, bytes) })
        case .refused(let bytes, let reason):
            let detail = exchange.detail.map { " (\($0))" } ?? ""
            var reply = fail(reason, "it could not authenticate by \(mechanism): \(reason)\(detail)")
            if let bytes { reply.answer.authBytes = Bytes(bytes) }
            return reply
        case .done(let bytes, let identity):
            let found = KafkaPrincipal(identity.name)
            if let before, before.principal != found {
                return fail(
                    "Cannot change principals during re-authentication from \(before.principal.type)."
                        + "\(before.principal.name): to \(found.type).\(found.name)",
                    "it authenticates again as \(found.type):\(Self.shown(found.name))")
            }
            principal = found
            isToken = identity.isToken
            let left = [lifetime, identity.expiresAtMilliseconds.map { .milliseconds(max(0, $0 &- wall)) }]
                .compactMap { $0 }.min()
            state = .done(mechanism: mechanism, end: left.map { now + $0 })
            before = nil
            return Reply(
                answer: .with {
                    Self.fill(&$0, bytes)
                    $0.sessionLifetimeMs = LongMilliseconds(
                        rawValue: left.map { Int64(Milliseconds($0).rawValue) } ?? 0)
                })
        }
    }

    private static func fill(_ answer: inout SaslAuthenticateResponse, _ bytes: [UInt8]) {
        answer.errorMessage = nil
        answer.authBytes = Bytes(bytes)
    }

    private mutating func fail(_ message: String, _ reason: String) -> Reply<SaslAuthenticateResponse> {
        state = .failed
        before = nil
        return Reply(
            answer: .with {
                $0.errorCode = .saslAuthenticationFailed
                $0.errorMessage = message
            }, failure: reason)
    }
}
