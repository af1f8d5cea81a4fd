import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// A broker with a listener of each kind, on one node: `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT`, `SASL_SSL`. Its certificate is for
/// localhost and 127.0.0.1; it knows alice.
struct SecureBroker {
    static let password: Secret = "alice-secret"
    let broker: KafkaBroker
    let authority: DevelopmentCA.Issued

    static func day(_ days: Int = 1) -> DevelopmentCA.Validity {
        DevelopmentCA.Validity(days: days, now: Instant.wallMilliseconds / 1000)
    }

    static func start(
        names: [String] = ["localhost", "127.0.0.1"], validity: DevelopmentCA.Validity = day(),
        brokers: Int = 1, _ change: (inout KafkaBroker.Configuration) -> Void = { _ in },
        listener: (inout ListenerSecurity) -> Void = { _ in }
    ) async throws -> SecureBroker {
        let authority = try DevelopmentCA.authority(named: "Test CA", day(400))
        let server = try DevelopmentCA.issue("broker", .server(names: names), validity, by: authority)
        var configuration = KafkaBroker.Configuration(topics: ["t": 1], brokers: brokers)
        configuration.scramUsers["alice"] = password
        for kind in SecurityProtocol.allCases where kind != .plaintext {
            var security = ListenerSecurity(name: kind.rawValue, kind)
            if kind.hasTLS {
                var tls = TLSServerOptions(identity: server.identity)
                tls.trust = .pem(authority.certificate)
                tls.clientAuthentication = kind == .ssl ? .requested : .none
                security.tls = tls
            }
            security.users["alice"] = password
            security.mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
            listener(&security)
            configuration.furtherListeners.append(BrokerListener(security))
        }
        change(&configuration)
        return SecureBroker(broker: try await KafkaBroker.start(configuration), authority: authority)
    }

    /// A client of a listener, which trusts the broker's authority.
    func client(
        _ kind: SecurityProtocol, _ mechanism: (any SASLMechanism)? = nil,
        _ change: (inout SecurityOptions) -> Void = { _ in }
    ) async throws -> ClientConfiguration {
        var client = ClientConfiguration.quick([try #require(await broker.bootstrapServers(of: kind.rawValue))])
        client.security.securityProtocol = kind
        client.security.tls.trust = .pem(authority.certificate)
        client.security.sasl = mechanism
        change(&client.security)
        return client
    }

    /// The mechanisms, with alice's password, or another.
    static func mechanism(_ name: String, user: String = "alice", password: Secret = password) -> any SASLMechanism {
        switch name {
        case "PLAIN": PlainMechanism(user: user, password: password)
        case "SCRAM-SHA-256": ScramMechanism(.sha256, user: user, password: password)
        case "SCRAM-SHA-512": ScramMechanism(.sha512, user: user, password: password)
        default: OAuthBearerMechanism(UnsecuredTokenProvider(principal: user))
        }
    }
}
