/// `OAUTHBEARER` (RFC 7628, KIP-255): a token from elsewhere shows who the client is.
public struct OAuthBearerMechanism: SASLMechanism {
    /// `OAUTHBEARER`.
    public var name: String { "OAUTHBEARER" }
    private let cache: OAuthTokenCache

    /// Tokens of a provider, which is asked by one connection at a time; the others wait for what it gives.
    public init(_ provider: any OAuthTokenProvider, refresh: OAuthRefresh = OAuthRefresh()) {
        cache = OAuthTokenCache(provider, refresh: refresh)
    }

    /// An exchange with a token that is valid now.
    /// - Throws: what the provider throws; ``SASLError`` when its token cannot be sent or has ended already.
    public nonisolated(nonsending) func begin(_ call: SASLCall) async throws -> any SASLExchange {
        let token = try await cache.token(for: call)
        let isToken = token.value.withBytes { OAuthBearerMessage.isToken($0) }
        guard isToken else {
            throw SASLError(
                .credentials, mechanism: name,
                "the provider's token is empty or has characters that no token has (RFC 6750): a line's end, say")
        }
        if let end = token.expiresAtMilliseconds, end <= call.wallMilliseconds {
            throw SASLError(
                .credentials, mechanism: name,
                "the token\(token.principal.isEmpty ? "" : " of \(SASLError.shown(token.principal.utf8))") ended "
                    + "\(UTCTime(milliseconds: end).text), and it is \(UTCTime(milliseconds: call.wallMilliseconds).text): "
                    + "its source does not renew it, or this machine's clock is wrong")
        }
        if let objection = OAuthBearerMessage.objection(to: token.extensions) {
            throw SASLError(.settings, mechanism: name, objection)
        }
        return OAuthBearerExchange(token: token)
    }
}

/// The client's side of OAUTHBEARER.
struct OAuthBearerExchange: SASLExchange {
    private enum State {
        case begun
        case sent
        case refused(SASLError)
        case complete
        case failed
    }

    private let token: OAuthToken
    private var state = State.begun

    init(token: OAuthToken) { self.token = token }

    var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    mutating func start() throws -> [UInt8] {
        state = .sent
        return OAuthBearerMessage.initial(token: token.value, extensions: token.extensions)
    }

    /// An error of the server is JSON, which is answered so that the server may close the exchange; its own answer to
    /// that is the refusal. Whoever gets no such answer finds the reason in ``refusal``.
    mutating func respond(to challenge: [UInt8]) throws -> [UInt8]? {
        switch state {
        case .sent where challenge.isEmpty:
            state = .complete
            return nil
        case .sent:
            state = .refused(Self.refusal(in: challenge))
            return OAuthBearerMessage.acknowledgement
        case .refused(let error):
            state = .failed
            throw error
        case .begun, .complete, .failed:
            throw SASLError(
                .malformed, mechanism: "OAUTHBEARER", "the server sent a message when it was not its turn")
        }
    }

    /// What the server said before it refused: more than the sentence with its error code.
    var refusal: SASLError? {
        if case .refused(let error) = state { error } else { nil }
    }

    /// The sentence of an error as RFC 7628, 3.2.2, has it.
    static func refusal(in challenge: [UInt8]) -> SASLError {
        let json = try? JSONValue(challenge, maximumDepth: 4, maximumSize: 16 << 10)
        guard let status = json?["status"]?.text else {
            return SASLError(
                .refused, mechanism: "OAUTHBEARER", "the server refuses the token: \(SASLError.shown(challenge))")
        }
        let told = SASLError.shown(status.utf8)
        var message = "the server refuses the token (\(told))"
        if let scope = json?["scope"]?.text {
            message += status == "insufficient_scope" ? ": it lacks a scope of " : "; it asks for the scope "
            message += SASLError.shown(scope.utf8)
        } else if status == "invalid_token" {
            message += ": it has ended, is not signed by whom the server trusts, or is for somebody else"
        }
        if let address = json?["openid-configuration"]?.text {
            message += "; tokens are issued as \(SASLError.shown(address.utf8)) says"
        }
        return SASLError(.refused, mechanism: "OAUTHBEARER", message)
    }
}
