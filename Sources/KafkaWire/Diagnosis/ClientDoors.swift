/// What a client opens doors with, made from its settings once for an examination: as it is set, and for a look at
/// certificates that it does not believe.
struct ClientDoors: Sendable {
    /// As the client is set; neither TLS nor SASL where that cannot be set up.
    private(set) var security = ConnectionSecurity()
    /// TLS that believes everybody: only to see what is there. Nothing secret is ever said under it.
    private(set) var credulous: TLSContext?
    private(set) var own = OwnSecurity()

    init(_ options: SecurityOptions, secretFiles: [String], now: Int64) {
        own.securityProtocol = options.securityProtocol
        own.now = now
        own.mechanism = options.securityProtocol.hasSASL ? options.sasl?.name : nil
        do throws(KafkaError) { security = try ConnectionSecurity(options) } catch { own.failure = error }
        var files = secretFiles
        if options.securityProtocol.hasTLS {
            own.verifiesCertificates = options.tls.verifiesCertificates
            own.verifiesHostName = options.tls.verifiesHostName
            own.trust = options.tls.trust.words
            own.highestVersion = options.tls.highestVersion
            own.certificate = security.tls?.ownCertificate
            own.keyLog = options.tls.keyLog
            switch options.tls.identity {
            case .pemFiles(_, let key, _): files.append(key)
            case .pkcs12File(let path, _): files.append(path)
            case .pem, nil: break
            }
        }
        if options.securityProtocol.hasSASL {
            let token = options.named["sasl.oauthbearer.token.endpoint.url"]?.text
            if let token, token.hasPrefix("file:") { files.append(Self.path(token)) }
        }
        var seen: Set<String> = []
        own.remarks = files.filter { seen.insert($0).inserted }.compactMap(Secret.remark(onFile:))
        var lax = TLSOptions()
        if options.securityProtocol.hasTLS { lax = options.tls }
        lax.verifiesCertificates = false
        lax.keyLog = nil
        lax.identity = nil
        credulous = try? TLSContext(lax)
    }

    /// The path of a `file:` address.
    private static func path(_ address: String) -> String {
        let path = address.dropFirst("file:".count)
        return String(path.hasPrefix("///") ? path.dropFirst(2) : path)
    }

    /// Adds whom the brokers take the client for.
    mutating func learnPrincipal(_ options: SecurityOptions, on loop: any EventLoop, within limit: Duration) async {
        guard options.securityProtocol.hasSASL, let mechanism = security.sasl else {
            own.principal = own.certificate.map { "User:\($0.subject)" } ?? "User:ANONYMOUS"
            return
        }
        own.isDelegationToken = (mechanism as? ScramMechanism)?.options.isToken ?? false
        let arrival = Arrival<OwnPrincipal?>()
        let call = SASLCall(
            host: "", port: 0, wallMilliseconds: loop.wallMilliseconds, nonce: [UInt8](repeating: 0x4B, count: 24))
        let task = Task { arrival.give(await OwnPrincipal.read(mechanism, call)) }
        let timer = loop.schedule(at: loop.now + limit) { arrival.give(nil) }
        let found = await arrival.value()
        own.principal = found?.user.map { "User:\($0)" }
        own.token = found?.token
        loop.cancel(timer)
        task.cancel()
    }
}

/// Whom a mechanism says that the client is, read from what it would say first.
struct OwnPrincipal: Sendable, Equatable {
    var user: String?
    var token: TokenDates?

    static func read(_ mechanism: any SASLMechanism, _ call: SASLCall) async -> OwnPrincipal? {
        guard var exchange = try? await mechanism.begin(call), var message = try? exchange.start() else { return nil }
        defer { message.withUnsafeMutableBytes { Secret.wipe($0) } }
        return OwnPrincipal(user: user(mechanism.name, message), token: token(mechanism.name, message))
    }

    /// The dates of the token in a first message; nil where there is none, or it has no dates.
    static func token(_ mechanism: String, _ message: [UInt8]) -> TokenDates? {
        guard mechanism == "OAUTHBEARER", let initial = try? OAuthBearerMessage.Initial(message),
            let token = try? JSONWebToken(initial.token)
        else { return nil }
        return TokenDates(token)
    }

    static func user(_ mechanism: String, _ message: [UInt8]) -> String? {
        switch mechanism {
        case "PLAIN":
            let parts = message.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            return String(decoding: parts[1], as: UTF8.self)
        case "SCRAM-SHA-256", "SCRAM-SHA-512":
            let fields = message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            // Behind a delegation token's id stands an owner, whom only the broker knows.
            guard !fields.contains(where: { $0.elementsEqual("tokenauth=true".utf8) }),
                let name = fields.first(where: { $0.starts(with: Array("n=".utf8)) })
            else { return nil }
            return ScramMessage.unescaped(Array(name.dropFirst(2)))
        case "OAUTHBEARER":
            guard let initial = try? OAuthBearerMessage.Initial(message),
                let token = try? JSONWebToken(initial.token)
            else { return nil }
            return token.claims["sub"]?.text
        default: return nil
        }
    }
}
