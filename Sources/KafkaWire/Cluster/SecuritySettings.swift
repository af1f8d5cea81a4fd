/// The settings of ``SecurityOptions``, under Java's names and librdkafka's. Of several of them, in whatever order they stand,
/// comes one trust, one identity, one mechanism: so they are gathered first (``SecurityOptions/named``) and read together.
enum SecuritySettings {
    /// Those that are gathered.
    static let names = SettingName.ofSecurity.map(\.name)

    static let table = SettingTable<ClientConfiguration>(
        gathering: names,
        into: { configuration, value in
            // Java switches the look at names off by leaving the value empty.
            let isOff = value.text.isEmpty && value.name == "ssl.endpoint.identification.algorithm"
            let text = isOff ? "none" : value.text
            configuration.security.named[SettingName.kafkaName(of: value.name)] = text.isEmpty ? nil : Secret(text)
        })

    /// Reads what was gathered.
    static func read(into options: inout SecurityOptions) throws(KafkaError) {
        let reader = NamedSecurity(options.named)
        try reader.check()
        options.securityProtocol = try reader.securityProtocol() ?? options.securityProtocol
        if let trust = try reader.trust() { options.tls.trust = trust }
        if let identity = try reader.identity() { options.tls.identity = identity }
        try reader.fill(&options.tls)
        if let mechanism = try reader.mechanism() { options.sasl = mechanism }
    }
}

extension ClientConfiguration {
    /// Takes the settings of all clients, and gives the others back.
    static func take(
        _ settings: [(name: String, value: String)], into configuration: inout ClientConfiguration
    ) throws(KafkaError) -> [(name: String, value: String)] {
        let rest = try SecuritySettings.table.apply(try table.apply(settings, to: &configuration), to: &configuration)
        try SecuritySettings.read(into: &configuration.security)
        return rest
    }
}

/// What settings of TLS and SASL say together: of a client, and of a broker's listener. A value.
package struct NamedSecurity {
    /// The settings of TLS.
    package static let ofTLS = SecuritySettings.names.filter { $0.contains("ssl.") }

    private let texts: [String: Secret]

    package init(_ texts: [String: Secret]) { self.texts = texts }

    private func value(_ name: String) -> SettingValue? {
        texts[name].map { SettingValue(name, $0.text) }
    }

    /// The first of these names that is set.
    private func first(_ names: String...) -> SettingValue? { names.lazy.compactMap(value).first }

    private func secret(_ names: String...) -> Secret? { names.lazy.compactMap { texts[$0] }.first }

    func securityProtocol() throws(KafkaError) -> SecurityProtocol? {
        guard let value = value("security.protocol") else { return nil }
        return try value.choice([
            "plaintext": .plaintext, "ssl": .ssl, "sasl_plaintext": .saslPlaintext, "sasl_ssl": .saslSSL,
        ])
    }

    /// Throws for a value that a setting cannot have, also where nothing reads it since another one is missing.
    func check() throws(KafkaError) {
        for name in ["ssl.truststore.type", "ssl.keystore.type"] {
            _ = try value(name)?.choice(["pem": 1, "pkcs12": 2, "jks": 3])
        }
        _ = try refresh()
    }

    // MARK: - TLS

    /// The kind of a store of Java's: its own setting, or what the file's name says.
    private func storeKind(_ type: String, of file: SettingValue) throws(KafkaError) -> String {
        if let kind = value(type) {
            return try kind.choice(["pem": "PEM", "pkcs12": "PKCS12", "jks": "JKS"])
        }
        let name = file.text.lowercased()
        if name.hasSuffix(".pem") || name.hasSuffix(".crt") { return "PEM" }
        return name.hasSuffix(".jks") ? "JKS" : "PKCS12"
    }

    /// A store of the JVM's own form, with the way out.
    private func refuseJKS(_ file: SettingValue) -> KafkaError {
        file.refusal(
            "\(file.name) is a store of the JVM's own form (JKS), which this client does not read; make a PKCS12 file of it "
                + "with keytool -importkeystore -srckeystore \(file.text) -destkeystore \(file.text).p12 -deststoretype "
                + "PKCS12, or name PEM files")
    }

    package func trust() throws(KafkaError) -> TLSTrust? {
        if let text = first("ssl.truststore.certificates", "ssl.ca.pem") { return .pem(text.text) }
        if let file = value("ssl.ca.location") {
            // librdkafka looks for the system's bundle where it says probe.
            return file.text == "probe" ? .system : .pemFile(file.text)
        }
        guard let file = value("ssl.truststore.location") else { return nil }
        switch try storeKind("ssl.truststore.type", of: file) {
        case "PEM": return .pemFile(file.text)
        case "PKCS12": return .pkcs12File(file.text, password: secret("ssl.truststore.password"))
        default: throw refuseJKS(file)
        }
    }

    package func identity() throws(KafkaError) -> TLSIdentity? {
        if let chain = first("ssl.keystore.certificate.chain", "ssl.certificate.pem") {
            guard let key = secret("ssl.keystore.key", "ssl.key.pem") else {
                throw chain.refusal(
                    "\(chain.name) is set without its key: set ssl.keystore.key (librdkafka: ssl.key.pem)")
            }
            return .pem(certificate: chain.text, key: key, password: secret("ssl.key.password"))
        }
        if let file = value("ssl.certificate.location") {
            let key = value("ssl.key.location")?.text ?? file.text
            return .pemFiles(certificate: file.text, key: key, password: secret("ssl.key.password"))
        }
        guard let file = value("ssl.keystore.location") else { return nil }
        switch try storeKind("ssl.keystore.type", of: file) {
        case "PEM":
            return .pemFiles(certificate: file.text, key: file.text, password: secret("ssl.key.password"))
        case "PKCS12":
            return .pkcs12File(file.text, password: secret("ssl.keystore.password", "ssl.key.password"))
        default: throw refuseJKS(file)
        }
    }

    /// What else a client is told of TLS.
    func fill(_ tls: inout TLSOptions) throws(KafkaError) {
        if let lists = value("ssl.crl.location") { tls.revocationLists = lists.text }
        if let names = value("ssl.endpoint.identification.algorithm") {
            tls.verifiesHostName = try names.choice(["https": true, "none": false])
        }
        if let verifies = value("enable.ssl.certificate.verification") {
            tls.verifiesCertificates = try verifies.flag()
        }
        try versions(&tls.lowestVersion, &tls.highestVersion)
        algorithms(&tls.algorithms)
        if let file = value("ssl.key.log.location") { tls.keyLog = file.text }
    }

    /// What else a broker's listener is told of TLS.
    package func fill(_ tls: inout TLSServerOptions) throws(KafkaError) {
        if let trust = try trust() { tls.trust = trust }
        if let lists = value("ssl.crl.location") { tls.revocationLists = lists.text }
        try versions(&tls.lowestVersion, &tls.highestVersion)
        algorithms(&tls.algorithms)
        if let file = value("ssl.key.log.location") { tls.keyLog = file.text }
    }

    private func versions(_ lowest: inout TLSVersion, _ highest: inout TLSVersion) throws(KafkaError) {
        if let versions = value("ssl.enabled.protocols") {
            var taken: [TLSVersion] = []
            for item in versions.items {
                taken.append(try SettingValue(versions.name, item).choice(["tlsv1.2": .v12, "tlsv1.3": .v13]))
            }
            (lowest, highest) = (taken.min() ?? lowest, taken.max() ?? highest)
        } else if let version = value("ssl.protocol") {
            // Java's highest version; what is lower is taken as well.
            highest = try version.choice(["tlsv1.2": .v12, "tlsv1.3": .v13, "tls": .v13])
        }
    }

    private func algorithms(_ algorithms: inout TLSAlgorithms) {
        if let ciphers = value("ssl.cipher.suites") {
            // TLS 1.3's begin so, and are set apart (RFC 8446, B.4): Java and librdkafka have both in one list.
            let all = ciphers.text.split { ":, ".contains($0) }.map(String.init)
            let new = all.filter { $0.hasPrefix("TLS_AES_") || $0.hasPrefix("TLS_CHACHA20_") }
            let old = all.filter { !new.contains($0) }
            if !new.isEmpty { algorithms.cipherSuites = new.joined(separator: ":") }
            if !old.isEmpty { algorithms.ciphers = old.joined(separator: ":") }
        }
        if let curves = value("ssl.curves.list") { algorithms.curves = curves.text }
        if let signatures = value("ssl.sigalgs.list") { algorithms.signatures = signatures.text }
    }

    // MARK: - SASL

    /// The mechanism, where one is named.
    func mechanism() throws(KafkaError) -> (any SASLMechanism)? {
        guard let name = first("sasl.mechanism", "sasl.mechanisms") else { return nil }
        let wanted = name.text.uppercased()
        switch wanted {
        case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "AWS_MSK_IAM":
            do throws(SASLError) { if let login = try login() { return try login.mechanism(named: wanted) } } catch {
                throw Self.login.refusal("\(error)")
            }
            if wanted == "AWS_MSK_IAM" { return AWSMSKIAMMechanism(.environment) }
            guard let user = value("sasl.username")?.text, let password = secret("sasl.password") else {
                throw name.refusal(
                    "\(name.name) is \(name.text), and nothing says who the client is: set sasl.jaas.config with username "
                        + "and password, or sasl.username and sasl.password")
            }
            if wanted == "PLAIN" { return PlainMechanism(user: user, password: password) }
            return ScramMechanism(wanted == "SCRAM-SHA-256" ? .sha256 : .sha512, user: user, password: password)
        case "OAUTHBEARER": return OAuthBearerMechanism(try tokens(name), refresh: try refresh())
        case "GSSAPI":
            throw name.refusal(
                "\(name.name) is GSSAPI (Kerberos), which this client does not speak: use SCRAM-SHA-512, PLAIN or OAUTHBEARER"
            )
        default:
            throw name.refusal(
                "\(name.name) is \"\(name.text)\"; it must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM"
            )
        }
    }

    /// What is wrong in it is told with its place, and without its text.
    private static let login = SettingValue("sasl.jaas.config", "")

    /// The login module of `sasl.jaas.config`, which has one, as Java wants it.
    private func login() throws(SASLError) -> JAASLine.Entry? {
        guard let line = secret(Self.login.name) else { return nil }
        let entries: [JAASLine.Entry]
        do throws(JAASLine.Failure) { entries = try JAASLine(line).entries } catch {
            throw SASLError(.settings, mechanism: "", "\(Self.login.name) cannot be read: \(error)")
        }
        guard entries.count < 2 else {
            throw SASLError(
                .settings, mechanism: "",
                "\(Self.login.name) has \(entries.count) login modules, and a client logs in by one: leave the others out"
            )
        }
        return entries.first
    }

    /// Where tokens come from: a file (as Java's FileJwtRetriever has it), or claims that nobody signs.
    private func tokens(_ mechanism: SettingValue) throws(KafkaError) -> any OAuthTokenProvider {
        if let place = value("sasl.oauthbearer.token.endpoint.url") {
            guard place.text.hasPrefix("file:") else {
                throw place.refusal(
                    "\(place.name) is no file: this library does not speak HTTP; set SecurityOptions.sasl to an "
                        + "OAuthBearerMechanism whose provider fetches the token, or name a file (file:///run/token)")
            }
            let path = place.text.dropFirst("file:".count)
            return FileTokenProvider(path: String(path.hasPrefix("///") ? path.dropFirst(2) : path))
        }
        var claims: [String: Secret]
        do throws(SASLError) { claims = try login()?.options ?? [:] } catch { throw Self.login.refusal("\(error)") }
        // librdkafka's: `principal=alice scope=a,b lifeSeconds=600`.
        for item in value("sasl.oauthbearer.config")?.text.split(separator: " ") ?? [] {
            let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "principal": claims["unsecuredLoginStringClaim_sub"] = Secret(parts[1])
            case "scope": claims["unsecuredLoginListClaim_scope"] = Secret("," + parts[1])
            case "lifeSeconds": claims["unsecuredLoginLifetimeSeconds"] = Secret(parts[1])
            default: break
            }
        }
        guard claims["unsecuredLoginStringClaim_sub"] != nil else {
            throw mechanism.refusal(
                "\(mechanism.name) is OAUTHBEARER, and nothing says where tokens come from: set "
                    + "sasl.oauthbearer.token.endpoint.url to a file, or SecurityOptions.sasl to an OAuthBearerMechanism with "
                    + "a provider; unsecuredLoginStringClaim_sub in sasl.jaas.config makes unsigned ones for tests")
        }
        do throws(SASLError) { return try UnsecuredTokenProvider(options: claims) } catch {
            throw mechanism.refusal("\(error)")
        }
    }

    /// When tokens are fetched anew.
    private func refresh() throws(KafkaError) -> OAuthRefresh {
        var refresh = OAuthRefresh()
        func fraction(_ name: String, _ range: ClosedRange<Double>) throws(KafkaError) -> Double? {
            guard let value = value(name) else { return nil }
            guard let number = Double(value.text), range.contains(number) else {
                throw value.refusal(
                    "\(name) is \"\(value.text)\"; it must be a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        if let factor = try fraction("sasl.login.refresh.window.factor", 0.5...1) { refresh.windowFactor = factor }
        if let jitter = try fraction("sasl.login.refresh.window.jitter", 0...0.25) { refresh.windowJitter = jitter }
        if let time = value("sasl.login.refresh.min.period.seconds") {
            refresh.minimumPeriodSeconds = try time.integer(0...900)
        }
        if let time = value("sasl.login.refresh.buffer.seconds") { refresh.bufferSeconds = try time.integer(0...3600) }
        return refresh
    }
}
