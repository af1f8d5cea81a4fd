/// What a client's connections have in common of TLS and SASL: files that were read once, sessions, credentials.
package struct ConnectionSecurity: Sendable {
    /// TLS, where the connections are to be protected.
    package let tls: TLSContext?
    /// The mechanism by which the client says who it is, where it is to.
    package let sasl: (any SASLMechanism)?

    /// Neither.
    package init() {
        tls = nil
        sasl = nil
    }

    /// These; a doctor looks at one of them without the other.
    init(tls: TLSContext?, sasl: (any SASLMechanism)?) {
        self.tls = tls
        self.sasl = sasl
    }

    /// As the options have it. `tell` hears of files that work and that somebody should look at, and later of those that have
    /// changed and cannot be used. Throws where a file cannot be used, or nothing says who the client is.
    package init(
        _ options: SecurityOptions, tell: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(KafkaError) {
        if options.securityProtocol.hasTLS {
            do throws(TLSError) { tls = try TLSContext(options.tls, onTrouble: tell) } catch {
                throw KafkaError(.invalidConfiguration, "\(error)", setting: error.setting)
            }
        } else {
            tls = nil
        }
        for warning in tls?.warnings ?? [] { tell(warning) }
        sasl = options.securityProtocol.hasSASL ? options.sasl : nil
        guard options.securityProtocol.hasSASL, sasl == nil else { return }
        throw KafkaError(
            .invalidConfiguration,
            "security.protocol is \(options.securityProtocol.rawValue), and nothing says who the client is: set "
                + "sasl.mechanism with sasl.jaas.config, or SecurityOptions.sasl", setting: "sasl.mechanism")
    }
}

extension APIKey {
    /// Whether a request is part of saying who the client is.
    var isOfSASL: Bool { self == .saslHandshake || self == .saslAuthenticate }
}
