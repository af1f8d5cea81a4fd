/// How a client protects what it says, and says who it is.
///
/// ```swift
/// configuration.security.securityProtocol = .saslSSL
/// configuration.security.tls.trust = .file("ca.pem")
/// configuration.security.sasl = ScramMechanism(.sha512, user: "alice", password: "…")
/// ```
public struct SecurityOptions: Sendable {
    /// What the brokers' listener speaks (`security.protocol`). Default: neither TLS nor SASL, as in Java.
    public var securityProtocol = SecurityProtocol.plaintext
    /// How TLS is spoken, where ``securityProtocol`` has it. Default: the system's trust, names verified.
    public var tls = TLSOptions()
    /// By which mechanism the client says who it is, where ``securityProtocol`` has SASL. Default nil: with SASL it must
    /// be set.
    public var sasl: (any SASLMechanism)?
    /// What settings under Kafka's names have said of SASL: of several, in whatever order, comes one trust, one
    /// identity, one mechanism.
    package var named: [String: Secret] = [:]

    /// The defaults.
    public init() {}
}
