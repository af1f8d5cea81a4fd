import KafkaWire

/// The listeners that settings under Kafka's names describe (KIP-103, KIP-226): each by its name, with settings of its own behind
/// `listener.name.NAME.`. A value.
struct ListenerProperties {
    typealias PropertyError = BrokerConfiguration.PropertyError

    private let properties: [String: String]
    /// The names that have set something.
    private(set) var used: Set<String> = []
    /// Sentences about what was read otherwise than Kafka reads it.
    private(set) var remarks: [String] = []

    init(_ properties: [String: String]) { self.properties = properties }

    /// Where clients are told to connect to, where nothing says what is listened on.
    private(set) var advertisedAlone: (host: String, port: UInt16?)?

    /// The listeners for clients, in the order in which they are named; nil where none is.
    mutating func listeners() throws(PropertyError) -> [BrokerListener]? {
        let protocols = try protocolMap()
        let controllers = Set(ConfigDefinition.items(text("controller.listener.names") ?? ""))
        _ = text("inter.broker.listener.name")
        let told = try addresses("advertised.listeners", controllers) ?? []
        for address in told where address.host.isEmpty || ["0.0.0.0", "::"].contains(address.host) {
            throw refusal("advertised.listeners", "clients cannot connect to \(address.text); name a host")
        }
        guard let own = try addresses("listeners", controllers) else {
            advertisedAlone = told.first.map { ($0.host, $0.port == 0 ? nil : $0.port) }
            return nil
        }
        guard !own.isEmpty else {
            throw refusal("listeners", "there is no listener for clients in it; add PLAINTEXT://127.0.0.1:9092")
        }
        if let stranger = told.first(where: { told in !own.contains { $0.name == told.name } }) {
            throw refusal(
                "advertised.listeners", "\(stranger.name) is advertised, but listeners does not name it: use one name")
        }
        return try own.map { (address) throws(PropertyError) in
            var listener = BrokerListener(
                try security(of: address, protocols), host: address.host, port: address.port)
            guard let told = told.first(where: { $0.name == address.name }) else { return listener }
            listener.advertisedHost = told.host
            listener.advertisedPort = told.port == 0 ? nil : told.port
            return listener
        }
    }

    // MARK: - Addresses

    /// `listener.security.protocol.map`: the protocol of each listener by its name.
    private mutating func protocolMap() throws(PropertyError) -> [String: String] {
        let name = "listener.security.protocol.map"
        var map: [String: String] = [:]
        for item in ConfigDefinition.items(text(name) ?? BrokerConfigs.table[name]?.initial ?? "") {
            let parts = item.split(separator: ":", omittingEmptySubsequences: false).map { String($0).trimmed }
            guard parts.count == 2 else { throw refusal(name, "\"\(item)\" is no LISTENER:PROTOCOL") }
            map[parts[0].uppercased()] = parts[1].uppercased()
        }
        return map
    }

    /// The listeners of clients in a list such as `PLAINTEXT://:9092,CONTROLLER://:9093`.
    private mutating func addresses(
        _ setting: String, _ controllers: Set<String>
    ) throws(PropertyError) -> [ListenerAddress]? {
        guard let text = text(setting) else { return nil }
        var found: [ListenerAddress] = []
        for item in ConfigDefinition.items(text) {
            guard let listener = ListenerAddress(item) else {
                throw refusal(setting, "\"\(item)\" is no listener, such as PLAINTEXT://127.0.0.1:9092")
            }
            if controllers.contains(listener.name) || listener.name == "CONTROLLER" {
                if setting == "listeners" {
                    remarks.append("the listener \(item) is left out: this broker is its own controller")
                }
                continue
            }
            guard !found.contains(where: { $0.name == listener.name }) else {
                throw refusal(setting, "the listener \(listener.name) stands there twice; each has a name of its own")
            }
            found.append(listener)
        }
        return found
    }

    // MARK: - What a listener asks of clients

    private mutating func security(
        of address: ListenerAddress, _ protocols: [String: String]
    ) throws(PropertyError) -> ListenerSecurity {
        let kind = protocols[address.name] ?? address.name
        guard let spoken = SecurityProtocol(rawValue: kind) else {
            throw refusal(
                "listener.security.protocol.map",
                "the listener \(address.text) speaks \(kind); map \(address.name) to PLAINTEXT, SSL, SASL_PLAINTEXT or "
                    + "SASL_SSL")
        }
        var security = ListenerSecurity(name: address.name, spoken)
        if spoken.hasTLS { security.tls = try tls(address.name) }
        if let rules = own("ssl.principal.mapping.rules", address.name) {
            do throws(PrincipalRules.Refusal) { security.principalRules = try PrincipalRules(rules.value) } catch {
                throw refusal(rules.name, "\(error)")
            }
        }
        if spoken.hasSASL { try readSASL(&security) }
        return security
    }

    /// A setting of a listener: its own, or that of all.
    private mutating func own(_ name: String, _ listener: String) -> (name: String, value: String)? {
        for name in ["listener.name.\(listener.lowercased()).\(name)", name] {
            if let value = text(name) { return (name, value) }
        }
        return nil
    }

    private mutating func tls(_ listener: String) throws(PropertyError) -> TLSServerOptions {
        var texts: [String: Secret] = [:]
        for name in NamedSecurity.ofTLS {
            if let value = own(name, listener) { texts[name] = Secret(value.value) }
        }
        let named = NamedSecurity(texts)
        do throws(KafkaError) {
            guard let identity = try named.identity() else {
                throw KafkaError(
                    .invalidConfiguration,
                    "the listener \(listener) speaks TLS and has no certificate: set ssl.keystore.location, or "
                        + "ssl.keystore.certificate.chain and ssl.keystore.key", setting: "ssl.keystore.location")
            }
            var options = TLSServerOptions(identity: identity)
            try named.fill(&options)
            if let asked = own("ssl.client.auth", listener) {
                guard let wanted = TLSServerOptions.ClientAuthentication(rawValue: asked.value.lowercased()) else {
                    throw KafkaError(
                        .invalidConfiguration, "it must be none, requested or required, and is \(asked.value)",
                        setting: asked.name)
                }
                options.clientAuthentication = wanted
            }
            return options
        } catch {
            throw refusal(error.setting ?? "listeners", error.message)
        }
    }

    private mutating func readSASL(_ security: inout ListenerSecurity) throws(PropertyError) {
        let listener = security.name
        if let enabled = own("sasl.enabled.mechanisms", listener) {
            security.mechanisms = ConfigDefinition.items(enabled.value).map { $0.uppercased() }
            for mechanism in security.mechanisms where !ListenerSecurity.knownMechanisms.contains(mechanism) {
                throw refusal(
                    enabled.name,
                    "this broker does not speak \(mechanism); it has "
                        + ListenerSecurity.knownMechanisms.joined(separator: ", "))
            }
        }
        for mechanism in security.mechanisms {
            let name = mechanism.lowercased()
            if let line = own("\(name).sasl.jaas.config", listener) ?? own("sasl.jaas.config", listener) {
                try readLogin(line, mechanism, into: &security)
            }
            if let time = own("\(name).connections.max.reauth.ms", listener)
                ?? own("connections.max.reauth.ms", listener)
            {
                guard let milliseconds = Int64(time.value), milliseconds >= 0 else {
                    throw refusal(time.name, "it must be a whole number of milliseconds, and is \(time.value)")
                }
                security.sessionLifetime = milliseconds == 0 ? nil : .milliseconds(milliseconds)
            }
        }
        if security.mechanisms.contains("OAUTHBEARER") { try readTokens(&security) }
    }

    /// Users of a line such as `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="…";`.
    private func readLogin(
        _ line: (name: String, value: String), _ mechanism: String, into security: inout ListenerSecurity
    ) throws(PropertyError) {
        guard mechanism == "PLAIN" else { return }
        do throws(JAASLine.Failure) {
            for entry in try JAASLine(Secret(line.value)).entries { security.users.merge(entry.users) { $1 } }
        } catch {
            throw refusal(line.name, "it cannot be read: \(error)")
        }
    }

    private mutating func readTokens(_ security: inout ListenerSecurity) throws(PropertyError) {
        let listener = security.name
        var tokens = security.tokens
        if let place = ofTokens("jwks.endpoint.url", listener) {
            guard let keys = Self.keys(at: place.value) else {
                throw refusal(
                    place.name,
                    "\(place.value) is neither a file, such as file:///etc/kafka/keys.json, nor an address, such as "
                        + "https://login.example/keys")
            }
            tokens.keys = keys
        }
        if let time = try milliseconds("jwks.endpoint.refresh.ms", 1, listener) { tokens.refreshInterval = time }
        if let time = try milliseconds("jwks.endpoint.retry.backoff.ms", 0, listener) { tokens.retryBackoff = time }
        if let time = try milliseconds("jwks.endpoint.retry.backoff.max.ms", 0, listener) {
            tokens.longestRetryBackoff = time
        }
        if let claim = ofTokens("sub.claim.name", listener) { tokens.principalClaim = claim.value }
        if let claim = ofTokens("scope.claim.name", listener) { tokens.scopeClaim = claim.value }
        if let issuer = ofTokens("expected.issuer", listener) { tokens.issuer = issuer.value }
        if let audience = ofTokens("expected.audience", listener) {
            tokens.audiences = ConfigDefinition.items(audience.value)
        }
        if let skew = ofTokens("clock.skew.seconds", listener) {
            guard let seconds = Int32(skew.value), seconds >= 0 else {
                throw refusal(skew.name, "it must be a whole number of seconds, and is \(skew.value)")
            }
            tokens.clockSkew = .seconds(seconds)
        }
        security.tokens = tokens
    }

    private static func keys(at place: String) -> TokenRules.Keys? {
        let scheme = place.prefix { $0 != ":" }.lowercased()
        if scheme == "https" || scheme == "http" { return .address(place) }
        guard scheme == "file" else { return nil }
        let path = place.dropFirst("file:".count)
        return .file(String(path.hasPrefix("///") ? path.dropFirst(2) : path))
    }

    /// A setting of a listener's tokens; as in Kafka it may stand behind the mechanism's name, too.
    private mutating func ofTokens(_ name: String, _ listener: String) -> (name: String, value: String)? {
        own("oauthbearer.sasl.oauthbearer.\(name)", listener) ?? own("sasl.oauthbearer.\(name)", listener)
    }

    private mutating func milliseconds(
        _ name: String, _ least: Int64, _ listener: String
    ) throws(PropertyError) -> Duration? {
        guard let time = ofTokens(name, listener) else { return nil }
        guard let number = Int64(time.value), number >= least else {
            throw refusal(
                time.name, "it must be a whole number of milliseconds, \(least) at least, and is \(time.value)")
        }
        return .milliseconds(number)
    }

    // MARK: -

    private func refusal(_ name: String, _ text: String) -> PropertyError {
        PropertyError(name: name, description: text)
    }

    private mutating func text(_ name: String) -> String? {
        guard let value = properties[name], !value.isEmpty else { return nil }
        used.insert(name)
        return value
    }
}

/// A listener as Kafka writes it: `NAME://host:port`.
private struct ListenerAddress {
    let name: String
    let host: String
    let port: UInt16
    let text: String

    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"), colon != text.startIndex,
            let last = text.lastIndex(of: ":"), last > text.index(colon, offsetBy: 2),
            let port = UInt16(text[text.index(after: last)...])
        else { return nil }
        var host = text[text.index(colon, offsetBy: 3)..<last]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        name = text[..<colon].uppercased()
        self.host = String(host)
        self.port = port
        self.text = text
    }
}
