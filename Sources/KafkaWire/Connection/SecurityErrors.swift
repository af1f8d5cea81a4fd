/// What goes wrong before a broker takes requests, in sentences.
extension KafkaError {
    /// TLS was not agreed on.
    static func tls(_ error: TLSError, broker: String) -> KafkaError {
        KafkaError(
            .tlsFailed, "broker \(broker): \(error)", broker: broker, setting: error.setting,
            isRetriable: error.isRetriable)
    }

    /// A port that wants TLS was spoken to without.
    static func speaksTLS(_ broker: String) -> KafkaError {
        KafkaError(
            .tlsFailed,
            "broker \(broker) speaks TLS, and this client does not with it: set security.protocol to SSL, or to SASL_SSL "
                + "where the broker wants a user as well", broker: broker, setting: "security.protocol",
            isRetriable: false)
    }

    /// A port that wants to know who the client is was asked something first.
    static func wantsSASL(_ broker: String) -> KafkaError {
        KafkaError(
            .connectionFailed,
            "broker \(broker) told its versions and closed the connection at the first request behind that: where it is not "
                + "just stopping, it wants to know who the client is (SASL); set security.protocol to SASL_PLAINTEXT, or to "
                + "SASL_SSL under TLS, with sasl.mechanism and sasl.jaas.config", broker: broker,
            setting: doorSetting)
    }

    private static let doorSetting = "security.protocol"

    /// Whether the broker closed the connection just behind the door, which says that this client may not have come in as it
    /// should have: by ``wantsSASL(_:)`` or ``tokenEnded(_:)``.
    var isOfDoor: Bool {
        code == .connectionFailed && setting == Self.doorSetting
            || code == .authenticationFailed && isRetriable && setting == "sasl.jaas.config"
    }

    /// A delegation token's owner was let in, and the connection closed at once: Kafka takes a token that has ended for one
    /// with a session of no time, and closes at the next request.
    static func tokenEnded(_ broker: String) -> KafkaError {
        KafkaError(
            .authenticationFailed,
            "broker \(broker) took the delegation token, and closed the connection at the first request behind that: where it is "
                + "not just stopping, the token has ended; look at its end (kw tokens --describe), and renew it or create another "
                + "one", broker: broker, api: .saslAuthenticate, setting: "sasl.jaas.config", isRetriable: true)
    }

    /// The broker's listener does not know the mechanism.
    static func noMechanism(_ name: String, of known: [String], broker: String) -> KafkaError {
        let list = known.isEmpty ? "none at all" : known.prefix(20).joined(separator: ", ")
        return KafkaError(
            .broker(.unsupportedSaslMechanism),
            "broker \(broker) does not know the SASL mechanism \(name) there; it has \(list): set sasl.mechanism",
            broker: broker, api: .saslHandshake, setting: "sasl.mechanism", isRetriable: false)
    }

    /// The broker's listener asks nobody who he is.
    static func noSASL(broker: String) -> KafkaError {
        KafkaError(
            .broker(.illegalSaslState),
            "broker \(broker) has no SASL on that port: set security.protocol to PLAINTEXT or SSL, or name the port of a "
                + "listener with SASL", broker: broker, api: .saslHandshake, setting: "security.protocol",
            isRetriable: false)
    }

    /// The broker takes no new authentication on this connection now. Another connection begins with one.
    static func renewalRefused(broker: String) -> KafkaError {
        KafkaError(
            .connectionFailed, "broker \(broker) did not let the client renew its session; it has to connect anew",
            broker: broker, api: .saslHandshake, isRetriable: true)
    }

    /// The broker refused who the client says it is; `words` are the broker's.
    static func unauthenticated(
        _ code: ErrorCode, _ words: String?, _ mechanism: String, broker: String
    ) -> KafkaError {
        let reason = words.flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
        return KafkaError(
            code == .none ? .authenticationFailed : .broker(code),
            "broker \(broker) did not take the client's credentials (\(mechanism))\(reason)\(credentialsAdvice(mechanism))",
            broker: broker, api: .saslAuthenticate, setting: "sasl.jaas.config", isRetriable: false)
    }

    private static let passwordAdvice =
        "; look at the user and its password or token, and whether the broker knows the user for this mechanism"
    private static let tokenAdvice =
        "; look at the token: its end, its issuer, its audience, and whether the broker knows the key that it is signed with"

    private static func credentialsAdvice(_ mechanism: String) -> String {
        mechanism == "OAUTHBEARER" ? tokenAdvice : passwordAdvice
    }

    /// The broker's own words in a refusal of credentials; empty where it has said none.
    var wordsOfRefusal: String {
        guard api == .saslAuthenticate,
            let advice = [Self.passwordAdvice, Self.tokenAdvice].first(where: message.hasSuffix)
        else { return "" }
        let sentence = message.dropLast(advice.count)
        // Behind the mechanism's name, which has no parenthesis in it.
        guard let name = sentence.firstIndex(of: ")") else { return "" }
        return String(sentence[sentence.index(after: name)...].drop { $0 == ":" || $0 == " " })
    }

    /// This side could not go on, or does not take the broker for one.
    static func unauthenticated(_ error: any Error, _ what: String, broker: String) -> KafkaError {
        if let error = error as? KafkaError { return error }
        if let error = error as? NetError {
            return KafkaError(
                .timedOut, "\(error) (broker \(broker))", broker: broker, api: .saslAuthenticate, isRetriable: true)
        }
        return KafkaError(
            .authenticationFailed, "could not \(what) with broker \(broker): \(error)", broker: broker,
            api: .saslAuthenticate, isRetriable: (error as? SASLError)?.isRetriable ?? true)
    }
}

extension TLSError {
    /// The setting to look at first.
    var setting: String {
        switch reason {
        case .unavailable, .plainPeer, .closed, .alert: "security.protocol"
        case .nameMismatch: "ssl.endpoint.identification.algorithm"
        case .certificateRequired, .certificateRefused, .ownExpired: "ssl.keystore.location"
        case .noCommonVersion: "ssl.enabled.protocols"
        case .noCommonCipher: "ssl.cipher.suites"
        case .revoked, .revocationUnknown: "ssl.crl.location"
        case .timedOut: "socket.connection.setup.timeout.ms"
        // The sentence names it: the last one in it is the one to look at.
        case .setting(let sentence): Self.named.last(where: sentence.contains) ?? "ssl.truststore.location"
        default: "ssl.truststore.location"
        }
    }

    /// What sentences about settings name.
    private static let named = [
        "ssl.truststore.location", "ssl.truststore.password", "ssl.truststore.certificates", "ssl.crl.location",
        "ssl.cipher.suites", "ssl.key.log.location", "ssl.keystore.location", "ssl.keystore.certificate.chain",
        "ssl.keystore.key", "ssl.keystore.password", "ssl.key.location", "ssl.key.password",
    ]

    /// Whether the same may go well later without any change on this side: a certificate may be renewed there, but only a
    /// connection that broke is tried again by itself, as in Java.
    var isRetriable: Bool {
        switch reason {
        case .closed, .timedOut, .connection, .broken: true
        default: false
        }
    }
}

extension SASLError {
    /// Whether the same may go well later without any change on this side: a token that cannot be had now.
    var isRetriable: Bool { kind == .credentials || kind == .malformed }
}
