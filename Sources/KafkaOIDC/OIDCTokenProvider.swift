import KafkaWire

/// Tokens of an identity provider, over HTTP: OAuth 2.0's client credentials (RFC 6749, 4.4; KIP-768), with a secret or with an
/// assertion that the client signs (RFC 7523, 2.2; KIP-1258), or the grant of such an assertion (RFC 7523, 2.1; KIP-1139).
///
/// ```swift
/// let provider = OIDCTokenProvider(
///     endpoint: "https://login.example/oauth2/token",
///     grant: .clientCredentials(id: "orders", secret: Secret(secret)), scope: "kafka")
/// configuration.security.sasl = OAuthBearerMechanism(provider)
/// ```
///
/// It is a product beside the library, which does not speak HTTP. A token is kept by ``OAuthBearerMechanism`` and fetched anew
/// before it ends.
public struct OIDCTokenProvider: OAuthTokenProvider {
    /// What the client shows to get a token.
    public enum Grant: Sendable {
        /// Its id and secret, in the header Authorization (HTTP Basic).
        case clientCredentials(id: String, secret: Secret)
        /// Its id, and an assertion that it has signed in the secret's place.
        case clientAssertion(id: String, ClientAssertion)
        /// An assertion that it has signed, by itself.
        case jwtBearer(ClientAssertion)
    }

    /// Where tokens are to be had (`sasl.oauthbearer.token.endpoint.url`): an `https:` address, or an `http:` one of this machine.
    public var endpoint: String
    /// What the client shows.
    public var grant: Grant
    /// What the token is to be good for (`sasl.oauthbearer.scope`), with spaces between several; nil leaves it to the provider.
    public var scope: String?
    /// Further fields of the request, such as `audience`.
    public var parameters: [(name: String, value: String)] = []
    /// How long one request may take. Default 10 s, as in Java (`sasl.login.connect.timeout.ms`, `sasl.login.read.timeout.ms`).
    public var timeout: Duration = .seconds(10)
    /// How often it is tried again where the provider is not reached, or is in trouble (5xx, 429). Default 3.
    public var retries = 3
    /// The pause before the first of these (`sasl.login.retry.backoff.ms`), doubled each time, 10 s at most. Default 100 ms.
    public var retryBackoff: Duration = .milliseconds(100)

    /// A provider at that address.
    public init(endpoint: String, grant: Grant, scope: String? = nil) {
        self.endpoint = endpoint
        self.grant = grant
        self.scope = scope
    }

    /// A token.
    ///
    /// - Throws: ``SASLError`` with the provider's words, and without any secret.
    public nonisolated(nonsending) func token(for call: SASLCall) async throws -> OAuthToken {
        let request = try TokenRequest(self, wallMilliseconds: call.wallMilliseconds, nonce: call.nonce)
        var pause = min(max(retryBackoff, .zero), .seconds(10))
        for attempt in 0... {
            do { return try await ask(request).token(wallMilliseconds: call.wallMilliseconds) } catch let error
                as Passing
            {
                guard attempt < retries else { throw error.error }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(10))
            }
        }
        throw SASLError(.credentials, mechanism: "OAUTHBEARER", "no token was asked for")
    }

    /// What may go well the next time.
    private struct Passing: Error {
        var error: SASLError
    }

    private nonisolated(nonsending) func ask(_ request: TokenRequest) async throws -> TokenAnswer {
        let found: HTTPExchange.Answer
        do throws(HTTPExchange.Failure) {
            found = try await HTTPExchange.perform(
                request.urlRequest(timeout: timeout.timeoutInterval), limit: TokenAnswer.limit)
        } catch {
            let words =
                switch error {
                case .unreachable(let words): words
                case .tooLong(let limit): "its answer has more than \(limit) bytes"
                }
            throw Passing(
                error: SASLError(
                    .credentials, mechanism: "OAUTHBEARER",
                    "the token endpoint \(request.place) cannot be asked (\(words)); look at "
                        + "sasl.oauthbearer.token.endpoint.url"))
        }
        let answer = TokenAnswer(status: found.status, body: found.body, from: request.place)
        if answer.isPassing { throw Passing(error: answer.refusal) }
        return answer
    }
}

/// What a client signs to show who it is to an identity provider (RFC 7523, 3): a token with these claims.
public struct ClientAssertion: Sendable {
    /// How it is signed (`sasl.oauthbearer.assertion.algorithm`).
    public enum Algorithm: String, Sendable, CaseIterable {
        /// With an RSA key.
        case rs256 = "RS256"
        /// With a key of the curve P-256.
        case es256 = "ES256"
    }

    /// How it is signed. Default RS256.
    public var algorithm = Algorithm.rs256
    /// The private key, as PEM (`sasl.oauthbearer.assertion.private.key.file`).
    public var key: Secret
    /// The key's password, where it is encrypted (`sasl.oauthbearer.assertion.private.key.passphrase`).
    public var password: Secret?
    /// The key's name at the provider (`kid`); nil is none.
    public var keyID: String?
    /// Who signs (`sasl.oauthbearer.assertion.claim.iss`).
    public var issuer: String
    /// For whom it is (`sasl.oauthbearer.assertion.claim.sub`).
    public var subject: String
    /// Who is to take it (`sasl.oauthbearer.assertion.claim.aud`).
    public var audience: String
    /// How long it is valid (`sasl.oauthbearer.assertion.claim.exp.seconds`). Default 5 minutes, as in Java.
    public var lifetime: Duration = .seconds(300)
    /// By how much it is valid before it was made (`sasl.oauthbearer.assertion.claim.nbf.seconds`). Default 1 minute, as in Java.
    public var leeway: Duration = .seconds(60)

    /// An assertion with these claims.
    public init(key: Secret, issuer: String, subject: String, audience: String) {
        self.key = key
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
    }

    /// The signed token, as of that time of day in milliseconds; `nonce` makes its id.
    func token(wallMilliseconds: Int64, nonce: [UInt8]) throws(SASLError) -> Secret {
        let now = wallMilliseconds / 1000
        // More seconds than 64 bits hold have no components.
        func seconds(_ time: Duration) -> Int64 {
            min(max(time, .seconds(-1 << 35)), .seconds(1 << 35)).components.seconds
        }
        let signer = TokenSigner(algorithm == .rs256 ? .rs256 : .es256, key: key, password: password)
        return try signer.token(
            [
                ("iss", JSONValue.quoted(issuer)), ("sub", JSONValue.quoted(subject)),
                ("aud", JSONValue.quoted(audience)), ("iat", "\(now)"),
                ("nbf", "\(now &- seconds(leeway))"), ("exp", "\(now &+ seconds(lifetime))"),
                ("jti", JSONValue.quoted(Base64.encode(nonce, .urlSafe))),
            ], keyID: keyID)
    }
}
