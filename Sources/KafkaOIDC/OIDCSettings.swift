import KafkaWire

extension ClientConfiguration {
    /// Takes settings under Kafka's names as ``apply(_:)`` does, and those of ``OIDCSettings`` as well.
    ///
    /// - Returns: the names that no client of Kafka knows.
    /// - Throws: ``KafkaError`` with the setting's name, as ``apply(_:)``.
    @discardableResult
    public mutating func applyOIDC(_ settings: [(name: String, value: String)]) throws(KafkaError) -> [String] {
        let (rest, mechanism) = try OIDCSettings.take(settings)
        let unknown = try apply(rest)
        if let mechanism { security.sasl = mechanism }
        return unknown
    }
}

extension KafkaProducer.Configuration {
    /// Takes settings as ``ClientConfiguration/applyOIDC(_:)`` does, a producer's among them.
    @discardableResult
    public mutating func applyOIDC(_ settings: [(name: String, value: String)]) throws(KafkaError) -> [String] {
        let (rest, mechanism) = try OIDCSettings.take(settings)
        let unknown = try apply(rest)
        if let mechanism { client.security.sasl = mechanism }
        return unknown
    }
}

extension KafkaConsumer.Configuration {
    /// Takes settings as ``ClientConfiguration/applyOIDC(_:)`` does, a consumer's among them.
    @discardableResult
    public mutating func applyOIDC(_ settings: [(name: String, value: String)]) throws(KafkaError) -> [String] {
        let (rest, mechanism) = try OIDCSettings.take(settings)
        let unknown = try apply(rest)
        if let mechanism { client.security.sasl = mechanism }
        return unknown
    }
}

/// Settings under Kafka's names for tokens that are had over HTTP: `sasl.oauthbearer.token.endpoint.url`,
/// `sasl.oauthbearer.client.credentials.client.id` and `….client.secret` (KIP-768, KIP-1139; also `clientId`, `clientSecret` and
/// `scope` in `sasl.jaas.config`, as before), `sasl.oauthbearer.scope`, `sasl.oauthbearer.jwt.retriever.class` (Java's
/// JwtBearerJwtRetriever is the grant of an assertion), `sasl.oauthbearer.assertion.*`. A value.
public struct OIDCSettings {
    /// The settings that are read here alone.
    static let names: Set<String> = [
        "sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.client.credentials.client.id",
        "sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.scope",
        "sasl.oauthbearer.jwt.retriever.class", "sasl.oauthbearer.assertion.algorithm",
        "sasl.oauthbearer.assertion.claim.aud", "sasl.oauthbearer.assertion.claim.exp.seconds",
        "sasl.oauthbearer.assertion.claim.iss", "sasl.oauthbearer.assertion.claim.nbf.seconds",
        "sasl.oauthbearer.assertion.claim.sub", "sasl.oauthbearer.assertion.private.key.file",
        "sasl.oauthbearer.assertion.private.key.passphrase",
    ]

    private let values: [String: String]

    /// What settings say of it: the mechanism that comes of them, nil where tokens are not to be had over HTTP, and the other
    /// settings, which are a client's, a producer's or a consumer's.
    ///
    /// - Throws: ``KafkaError`` with the setting's name.
    public static func take(
        _ settings: [(name: String, value: String)]
    ) throws(KafkaError) -> (rest: [(name: String, value: String)], mechanism: (any SASLMechanism)?) {
        guard let provider = try OIDCSettings(settings).provider() else { return (settings, nil) }
        let rest = settings.filter {
            !names.contains($0.name) && !["sasl.mechanism", "sasl.mechanisms", "sasl.jaas.config"].contains($0.name)
        }
        return (rest, OAuthBearerMechanism(provider))
    }

    init(_ settings: [(name: String, value: String)]) {
        values = Dictionary(settings.map { ($0.name, $0.value) }) { $1 }
    }

    private func value(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    private func refusal(_ name: String, _ sentence: String) -> KafkaError {
        KafkaError(.invalidConfiguration, sentence, setting: name)
    }

    /// The provider; nil where tokens are not to be had over HTTP.
    func provider() throws(KafkaError) -> OIDCTokenProvider? {
        let mechanism = value("sasl.mechanism") ?? value("sasl.mechanisms")
        guard mechanism?.uppercased() == "OAUTHBEARER", let endpoint = value("sasl.oauthbearer.token.endpoint.url"),
            endpoint.lowercased().hasPrefix("http")
        else { return nil }
        var login: [String: Secret] = [:]
        if let line = value("sasl.jaas.config") {
            do throws(JAASLine.Failure) { login = try JAASLine(Secret(line)).entries.first?.options ?? [:] } catch {
                throw refusal("sasl.jaas.config", "sasl.jaas.config cannot be read: \(error)")
            }
        }
        let scope = value("sasl.oauthbearer.scope") ?? login["scope"]?.text
        let id = value("sasl.oauthbearer.client.credentials.client.id") ?? login["clientId"]?.text
        if value("sasl.oauthbearer.jwt.retriever.class")?.hasSuffix("JwtBearerJwtRetriever") == true {
            return OIDCTokenProvider(endpoint: endpoint, grant: .jwtBearer(try assertion(of: id)), scope: scope)
        }
        guard let id else {
            throw refusal(
                "sasl.oauthbearer.client.credentials.client.id",
                "nothing names the client at \(Self.place(endpoint)): set sasl.oauthbearer.client.credentials.client.id and "
                    + "sasl.oauthbearer.client.credentials.client.secret")
        }
        let secret =
            value("sasl.oauthbearer.client.credentials.client.secret").map { Secret($0) } ?? login["clientSecret"]
        if let secret {
            return OIDCTokenProvider(
                endpoint: endpoint, grant: .clientCredentials(id: id, secret: secret), scope: scope)
        }
        return OIDCTokenProvider(
            endpoint: endpoint, grant: .clientAssertion(id: id, try assertion(of: id)), scope: scope)
    }

    private static func place(_ endpoint: String) -> Substring { endpoint.prefix { $0 != "?" } }

    /// What the client signs.
    private func assertion(of id: String?) throws(KafkaError) -> ClientAssertion {
        let name = "sasl.oauthbearer.assertion.private.key.file"
        guard let path = value(name) else {
            throw refusal(
                name,
                "there is neither a secret nor a key that shows who the client is: set "
                    + "sasl.oauthbearer.client.credentials.client.secret, or \(name)")
        }
        let key: Secret
        do throws(SecretFileError) { key = try Secret.file(path).secret } catch { throw refusal(name, "\(error)") }
        guard let issuer = value("sasl.oauthbearer.assertion.claim.iss") ?? id,
            let audience = value("sasl.oauthbearer.assertion.claim.aud")
        else {
            throw refusal(
                "sasl.oauthbearer.assertion.claim.aud",
                "an assertion needs its claims: set sasl.oauthbearer.assertion.claim.iss, .sub and .aud")
        }
        let subject = value("sasl.oauthbearer.assertion.claim.sub") ?? issuer
        var assertion = ClientAssertion(key: key, issuer: issuer, subject: subject, audience: audience)
        assertion.password = value("sasl.oauthbearer.assertion.private.key.passphrase").map { Secret($0) }
        if let text = value("sasl.oauthbearer.assertion.algorithm") {
            guard let algorithm = ClientAssertion.Algorithm(rawValue: text) else {
                throw refusal("sasl.oauthbearer.assertion.algorithm", "it must be RS256 or ES256, and is \(text)")
            }
            assertion.algorithm = algorithm
        }
        assertion.lifetime = try seconds("sasl.oauthbearer.assertion.claim.exp.seconds") ?? assertion.lifetime
        assertion.leeway = try seconds("sasl.oauthbearer.assertion.claim.nbf.seconds") ?? assertion.leeway
        return assertion
    }

    private func seconds(_ name: String) throws(KafkaError) -> Duration? {
        guard let text = value(name) else { return nil }
        guard let number = Int32(text), number >= 0 else {
            throw refusal(name, "\(name) must be a whole number of seconds, and is \(text)")
        }
        return .seconds(number)
    }
}
