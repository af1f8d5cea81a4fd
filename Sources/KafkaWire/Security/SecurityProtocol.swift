/// How a listener, or a client, protects what is said and finds out who says it (`security.protocol`).
public enum SecurityProtocol: String, Sendable, CaseIterable, Hashable {
    /// Neither.
    case plaintext = "PLAINTEXT"
    /// TLS, in which the client may show a certificate.
    case ssl = "SSL"
    /// SASL, unprotected.
    case saslPlaintext = "SASL_PLAINTEXT"
    /// SASL under TLS.
    case saslSSL = "SASL_SSL"

    /// Whether there is TLS.
    public var hasTLS: Bool { self == .ssl || self == .saslSSL }
    /// Whether there is SASL.
    public var hasSASL: Bool { self == .saslPlaintext || self == .saslSSL }
}
