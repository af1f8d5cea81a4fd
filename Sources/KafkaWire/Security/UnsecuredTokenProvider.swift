/// Tokens that nobody signed (RFC 7519, section 6), for tests and development: what Java's client does for OAUTHBEARER
/// when nothing else is set. Brokers take them only where they are told nothing better.
public struct UnsecuredTokenProvider: OAuthTokenProvider {
    /// What a claim may be.
    public enum Claim: Sendable, Equatable {
        /// A text.
        case string(String)
        /// A number.
        case number(Double)
        /// A list of texts.
        case list([String])

        var json: String {
            switch self {
            case .string(let text): JSONValue.quoted(text)
            case .number(let number):
                // As whole numbers are written: 1e+20 is valid JSON too.
                Int64(exactly: number).map { String($0) } ?? String(number)
            case .list(let texts): "[\(texts.map(JSONValue.quoted).joined(separator: ","))]"
            }
        }
    }

    /// The claims beside `iat` and `exp`, which follow from the time.
    public let claims: [String: Claim]
    /// How long a token lives, in seconds; 3600 unless set (`unsecuredLoginLifetimeSeconds`).
    public let lifetimeSeconds: Int64
    private let principalClaim: String
    private let scopeClaim: String
    private let extensions: [String: String]

    /// Tokens with that principal.
    public init(principal: String, scopes: [String] = [], lifetimeSeconds: Int64 = 3600) {
        var claims: [String: Claim] = ["sub": .string(principal)]
        if !scopes.isEmpty { claims["scope"] = .list(scopes) }
        self.init(claims: claims, lifetimeSeconds: lifetimeSeconds)
    }

    private init(
        claims: [String: Claim], lifetimeSeconds: Int64, principalClaim: String = "sub", scopeClaim: String = "scope",
        extensions: [String: String] = [:]
    ) {
        self.claims = claims
        self.lifetimeSeconds = lifetimeSeconds
        self.principalClaim = principalClaim
        self.scopeClaim = scopeClaim
        self.extensions = extensions
    }

    /// Tokens as the options of a JAAS line say: `unsecuredLoginStringClaim_NAME`, `…NumberClaim_NAME`,
    /// `…ListClaim_NAME` (whose first character separates), `…Extension_NAME`, `…PrincipalClaimName`,
    /// `…ScopeClaimName`, `…LifetimeSeconds`.
    /// - Throws: ``SASLError`` which names the option that cannot be.
    public init(options: [String: Secret]) throws(SASLError) {
        let prefix = "unsecuredLogin"
        func error(_ option: String, _ what: String) -> SASLError {
            SASLError(.settings, mechanism: "OAUTHBEARER", "the option \(option) \(what)")
        }
        func name(_ option: String, _ usual: String) -> String {
            let text = (options[prefix + option]?.text ?? "").split(separator: " ").joined(separator: " ")
            return text.isEmpty ? usual : text
        }
        var claims: [String: Claim] = [:]
        var extensions: [String: String] = [:]
        for (option, secret) in options.inOrder where option.hasPrefix(prefix) {
            let value = secret.text
            guard let line = option.firstIndex(of: "_") else { continue }
            let name = String(option[option.index(after: line)...])
            if option[..<line] == prefix + "Extension" {
                extensions[name] = value
                continue
            }
            guard name != "iat", name != "exp" else { throw error(option, "sets a claim that follows from the time") }
            switch option[..<line].dropFirst(prefix.count) {
            case "StringClaim": claims[name] = .string(value)
            case "NumberClaim":
                guard let number = Double(value), number.isFinite else { throw error(option, "is no number") }
                claims[name] = .number(number)
            case "ListClaim":
                guard let separator = value.first else {
                    claims[name] = .list([])
                    continue
                }
                claims[name] = .list(
                    value.dropFirst().split(separator: separator, omittingEmptySubsequences: false).map(String.init))
            default: throw error(option, "is none that is known")
            }
        }
        let lifetimeOption = prefix + "LifetimeSeconds"
        var lifetime: Int64 = 3600
        if let text = options[lifetimeOption]?.text {
            guard let seconds = Int64(text), (1...1 << 40).contains(seconds) else {
                throw error(lifetimeOption, "is no number of seconds")
            }
            lifetime = seconds
        }
        let principalClaim = name("PrincipalClaimName", "sub")
        guard case .string(let principal)? = claims[principalClaim], principal.contains(where: { !$0.isWhitespace })
        else {
            throw error("\(prefix)StringClaim_\(principalClaim)", "is missing: it is the principal's name")
        }
        if let objection = OAuthBearerMessage.objection(to: extensions) {
            throw SASLError(.settings, mechanism: "OAUTHBEARER", objection)
        }
        self.init(
            claims: claims, lifetimeSeconds: lifetime, principalClaim: principalClaim,
            scopeClaim: name("ScopeClaimName", "scope"), extensions: extensions)
    }

    /// A token that begins now.
    public nonisolated(nonsending) func token(for call: SASLCall) async throws -> OAuthToken {
        let now = Double(call.wallMilliseconds) / 1000
        let end = now + Double(lifetimeSeconds)
        var members = ["\"exp\":\(Claim.number(end).json)", "\"iat\":\(Claim.number(now).json)"]
        members += claims.inOrder.map { "\(JSONValue.quoted($0.key)):\($0.value.json)" }
        let header = Base64.encode(Array("{\"alg\":\"none\"}".utf8), .urlSafe)
        let body = Base64.encode(Array("{\(members.joined(separator: ","))}".utf8), .urlSafe)
        var token = OAuthToken(
            reading: Secret("\(header).\(body)."), principalClaim: principalClaim, scopeClaim: scopeClaim)
        token.extensions = extensions
        return token
    }
}
