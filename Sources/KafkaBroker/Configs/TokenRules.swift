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
        /// The same in a file, which is read when the broker starts (`sasl.oauthbearer.jwks.endpoint.url` with `file:`).
        case file(String)
    }

    /// Whose signatures are believed. Default: nobody's.
    public var keys = Keys.none
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
