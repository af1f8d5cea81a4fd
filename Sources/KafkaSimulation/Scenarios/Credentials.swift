import KafkaBroker
import KafkaWire

/// Who the clients of a plan say that they are, and whom its brokers take.
struct Credentials: Sendable {
    private static let user = "application"
    private static let password: Secret = "an application's password"
    /// Clocks go wrong, by up to half an hour: a token is not to be over by that, or not to have begun.
    private static let tokenSeconds: Int64 = 24 * 3600
    private static let clockSkew = Duration.seconds(7200)

    private let settings: ScenarioPlan.AuthenticationSettings?
    /// One for all clients: to hash a password takes as long as seconds of many a history, and the mechanism keeps what came
    /// of it.
    private let scram: ScramMechanism?

    init(_ plan: ScenarioPlan) {
        settings = plan.authentication
        scram = plan.authentication.flatMap { Self.variant(of: $0.mechanism) }
            .map { ScramMechanism($0, user: Self.user, password: Self.password) }
    }

    private static func variant(of mechanism: ScenarioPlan.AuthenticationSettings.Mechanism) -> ScramVariant? {
        switch mechanism {
        case .scramSHA256: .sha256
        case .scramSHA512: .sha512
        case .plain, .oauthBearer: nil
        }
    }

    /// The brokers ask, and know the user.
    func secure(_ configuration: inout BrokerConfiguration) {
        guard let settings else { return }
        var security = ListenerSecurity(name: "SASL_PLAINTEXT", .saslPlaintext)
        security.mechanisms = [settings.mechanism.rawValue]
        security.sessionLifetime = settings.sessionLifetime
        switch settings.mechanism {
        case .plain: security.users = [Self.user: Self.password]
        case .scramSHA256, .scramSHA512: configuration.scramUsers = [Self.user: Self.password]
        case .oauthBearer: security.tokens.clockSkew = Self.clockSkew
        }
        configuration.security = security
    }

    /// The client says that it is the user.
    func secure(_ configuration: inout ClientConfiguration) {
        guard let settings else { return }
        configuration.security.securityProtocol = .saslPlaintext
        configuration.security.sasl =
            switch settings.mechanism {
            case .plain: PlainMechanism(user: Self.user, password: Self.password)
            case .scramSHA256, .scramSHA512: scram
            case .oauthBearer:
                OAuthBearerMechanism(
                    UnsecuredTokenProvider(principal: Self.user, lifetimeSeconds: Self.tokenSeconds))
            }
    }
}
