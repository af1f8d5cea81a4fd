import KafkaWire

/// How a listener looks at the tokens of OAUTHBEARER: unsecured ones, as Kafka does for tests, or such as somebody has signed whose
/// keys are known (`sasl.oauthbearer.*`).
public struct TokenRules: Sendable {
    /// Whose signatures are believed.
    public enum Keys: Sendable {
        /// Nobody's: tokens are taken as they are, and have to be unsigned. For tests.
        case none
        /// The keys of a JSON Web Key Set (RFC 7517), as a text.
        case text(String)
        /// The same in a file (`sasl.oauthbearer.jwks.endpoint.url` with `file:`), which is read when the broker starts, and
        /// again when it has changed.
        case file(String)
        /// The same at an address (`sasl.oauthbearer.jwks.endpoint.url` with `https:`), as ``BrokerConfiguration/tokenKeySource``
        /// asks for it: when the broker starts, from time to time, and when a token names a key that is not known.
        case address(String)
        /// The same from somewhere else, asked for in the same way.
        case source(any JSONWebKeySource)
    }

    /// Whose signatures are believed. Default: nobody's.
    public var keys = Keys.none
    /// How often keys are asked for that are in no file (`sasl.oauthbearer.jwks.endpoint.refresh.ms`). Default an hour.
    public var refreshInterval: Duration = .seconds(3600)
    /// After how long that is tried again where it has failed (`sasl.oauthbearer.jwks.endpoint.retry.backoff.ms`), doubled each
    /// time. Default 100 ms. The keys that are known stay in force meanwhile.
    public var retryBackoff: Duration = .milliseconds(100)
    /// The longest of these pauses (`sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms`). Default 10 s.
    public var longestRetryBackoff: Duration = .seconds(10)
    /// Which claim is the client's name (`sasl.oauthbearer.sub.claim.name`). Default `sub`.
    public var principalClaim = "sub"
    /// Which claim has the scopes (`sasl.oauthbearer.scope.claim.name`). Default `scope`.
    public var scopeClaim = "scope"
    /// The scopes that a token has to have. Default: none.
    public var requiredScopes: [String] = []
    /// By how much clocks may differ (`sasl.oauthbearer.clock.skew.seconds`). Default 30 s, as in Kafka; for unsecured tokens
    /// Kafka has none.
    public var clockSkew: Duration = .seconds(30)
    /// Who has to have issued a token (`sasl.oauthbearer.expected.issuer`); nil is anybody. Default nil.
    public var issuer: String?
    /// For whom one of them a token has to be (`sasl.oauthbearer.expected.audience`); none is for anybody. Default none.
    public var audiences: [String] = []

    /// Unsecured tokens.
    public init() {}
}
