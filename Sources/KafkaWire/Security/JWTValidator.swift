/// Believes tokens that are signed with one of these keys, were issued by and for whom they should be, and are valid now:
/// what Kafka does with `sasl.oauthbearer.jwks.endpoint.url` (KIP-768).
package struct JWTValidator: OAuthTokenValidator {
    private let keys: JSONWebKeys
    private let issuer: String?
    private let audiences: [String]
    private let rules: ClaimRules

    /// Kafka's names of these: `sasl.oauthbearer.expected.issuer`, `…expected.audience` (one of which has to be in the
    /// token), `…sub.claim.name`, `…scope.claim.name`, `…clock.skew.seconds` (30).
    package init(
        keys: JSONWebKeys, issuer: String? = nil, audiences: [String] = [], principalClaim: String = "sub",
        scopeClaim: String = "scope", requiredScopes: [String] = [], clockSkewMilliseconds: Int64 = 30_000
    ) {
        self.keys = keys
        self.issuer = issuer
        self.audiences = audiences
        rules = ClaimRules(
            principalClaim: principalClaim, scopeClaim: scopeClaim, requiredScopes: requiredScopes,
            clockSkewMilliseconds: clockSkewMilliseconds)
    }

    package func identity(of token: [UInt8], nowMilliseconds: Int64) throws(TokenRefusal) -> SASLIdentity {
        let read: JSONWebToken
        do throws(JSONWebToken.Malformed) { read = try JSONWebToken(token) } catch {
            throw TokenRefusal(error.description)
        }
        try checkSignature(of: read)
        if let issuer, read.claims["iss"]?.text.map({ $0.utf8.elementsEqual(issuer.utf8) }) != true {
            throw TokenRefusal("its issuer (iss) is not \(issuer)")
        }
        if !audiences.isEmpty {
            let named: [String] =
                switch read.claims["aud"] {
                case .string(let one)?: [one]
                case .array(let several)?: several.compactMap(\.text)
                default: []
                }
            guard named.contains(where: audiences.contains) else {
                throw TokenRefusal("it is for somebody else: its audience (aud) has none of \(audiences)")
            }
        }
        return try rules.identity(of: read, nowMilliseconds: nowMilliseconds)
    }

    private func checkSignature(of token: JSONWebToken) throws(TokenRefusal) {
        // What is critical (RFC 7515, 4.1.11) is not known here, and so the token is not understood.
        guard token.header["crit"] == nil else { throw TokenRefusal("its header has what has to be understood (crit)") }
        let named = token.algorithm ?? ""
        guard let algorithm = SignatureAlgorithm(rawValue: named) else {
            throw TokenRefusal(
                "it is signed with \(SASLError.shown(named.utf8).isEmpty ? "nothing" : SASLError.shown(named.utf8)), which proves nothing"
            )
        }
        if let id = token.header["kid"], id.text == nil { throw TokenRefusal("its key's id is no text") }
        let id = token.header["kid"]?.text
        let candidates = keys.candidates(id: id, algorithm: algorithm)
        guard !candidates.isEmpty else {
            let shown = id.map { " with the id \(SASLError.shown($0.utf8))" } ?? ""
            throw TokenRefusal("the key set has no key\(shown) for \(named)", missingKey: id)
        }
        for key in candidates {
            do throws(SASLError) {
                if try algorithm.isRight(token.signature, of: token.signed, info: key.info) { return }
            } catch { throw TokenRefusal(error.message) }
        }
        throw TokenRefusal("its signature is not that of the key")
    }
}
