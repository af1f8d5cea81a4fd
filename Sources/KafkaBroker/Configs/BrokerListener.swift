import KafkaWire

/// What a listener of the broker asks of clients, under the names of Kafka's settings; those may stand behind
/// `listener.name.NAME.` for one listener.
public struct ListenerSecurity: Sendable {
    /// The listener's name (`listeners`, `listener.security.protocol.map`).
    public var name: String
    /// What it speaks.
    public var securityProtocol: SecurityProtocol
    /// Certificates, where it speaks TLS (`ssl.*`): then it must be set.
    public var tls: TLSServerOptions?
    /// What of a client's certificate is its name (`ssl.principal.mapping.rules`). Default: all of it.
    public var principalRules = PrincipalRules()
    /// The mechanisms that clients may choose from, where it has SASL (`sasl.enabled.mechanisms`), in the order in which
    /// they are told. Default: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512; Kafka's is GSSAPI.
    public var mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    /// Users and passwords of the mechanism PLAIN (`user_NAME="PASSWORD"` in the listener's `sasl.jaas.config`).
    public var users: [String: Secret] = [:]
    /// How tokens are looked at, for the mechanism OAUTHBEARER. Default: unsecured ones, as Kafka does for tests.
    public var tokens = TokenRules()
    /// After how long a client has to say anew who it is (`connections.max.reauth.ms`, KIP-368); nil is never. Default nil.
    public var sessionLifetime: Duration?

    /// The mechanisms that this broker speaks.
    static let knownMechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

    /// A listener of that name that speaks a protocol.
    public init(name: String = "PLAINTEXT", _ securityProtocol: SecurityProtocol = .plaintext) {
        self.name = name
        self.securityProtocol = securityProtocol
    }
}

/// A further listener of the broker's nodes, beside that of ``BrokerConfiguration/host`` and ``BrokerConfiguration/port``.
public struct BrokerListener: Sendable {
    /// What it asks of clients.
    public var security: ListenerSecurity
    /// The address to listen on.
    public var host: String
    /// The port to listen on; 0 takes any free one. Further nodes listen on the ports after it.
    public var port: UInt16
    /// The host that clients who came in here are told to connect to; nil is ``host``.
    public var advertisedHost: String?
    /// The port that they are told; nil is the port that is listened on. Further nodes are told with the ports after it.
    public var advertisedPort: UInt16?

    /// A listener.
    public init(
        _ security: ListenerSecurity, host: String = "127.0.0.1", port: UInt16 = 0, advertisedHost: String? = nil
    ) {
        self.security = security
        self.host = host
        self.port = port
        self.advertisedHost = advertisedHost
    }
}

extension BrokerConfiguration {
    /// Where its listeners listen, the one of ``host`` first.
    var addresses: [(host: String, port: UInt16)] { [(host, port)] + furtherListeners.map { ($0.host, $0.port) } }

    /// What its listeners ask of clients, in that order.
    var securities: [ListenerSecurity] { [security] + furtherListeners.map(\.security) }

    /// The names of its listeners, in that order.
    var listenerNames: [String] { securities.map(\.name) }
}
