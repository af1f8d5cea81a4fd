/// The broker's side of OAUTHBEARER: a token that is not believed is answered with JSON (RFC 7628, 3.2.2), and refused
/// when the client has read it.
package struct OAuthBearerServer: SASLServerExchange {
    private let validator: any OAuthTokenValidator
    private let nowMilliseconds: Int64
    private let reauthenticating: Bool
    private var refusal: String?
    private var hasEnded = false
    package private(set) var detail: String?
    /// The key that a token was signed with, where nobody knows it here.
    package private(set) var missingKey: String?

    /// A server that believes what the validator does, at the time of day `nowMilliseconds`.
    package init(validator: any OAuthTokenValidator, nowMilliseconds: Int64, reauthenticating: Bool = false) {
        self.validator = validator
        self.nowMilliseconds = nowMilliseconds
        self.reauthenticating = reauthenticating
    }

    package mutating func take(_ response: [UInt8]) -> SASLServerStep {
        if let refusal, response == OAuthBearerMessage.acknowledgement, !hasEnded {
            hasEnded = true
            return .refused(bytes: nil, reason: refusal)
        }
        guard !hasEnded, refusal == nil else { return refuse("a message after the last one") }
        let initial: OAuthBearerMessage.Initial
        do throws(OAuthBearerMessage.Malformed) { initial = try OAuthBearerMessage.Initial(response) } catch {
            return refuse("the first message is not one of RFC 7628: \(error.reason)")
        }
        let identity: SASLIdentity
        do throws(TokenRefusal) {
            identity = try validator.identity(of: initial.token, nowMilliseconds: nowMilliseconds)
        } catch {
            detail = error.reason
            missingKey = error.missingKey
            let json = error.json
            refusal = json
            return .challenge(Array(json.utf8))
        }
        if let authorization = initial.authorization, !authorization.utf8.elementsEqual(identity.name.utf8) {
            hasEnded = true
            detail = "a client that would act as another"
            return .refused(
                bytes: nil,
                reason:
                    "Authentication failed: Client requested an authorization id (\(SASLError.shown(authorization.utf8)))"
                    + " that is different from the token's principal name (\(SASLError.shown(identity.name.utf8)))")
        }
        hasEnded = true
        var whole = identity
        whole.extensions = initial.extensions
        return .done([], whole)
    }

    private mutating func refuse(_ detail: String) -> SASLServerStep {
        hasEnded = true
        self.detail = detail
        return .refused(
            bytes: nil,
            reason: SASLRefusal.sentence(mechanism: "OAUTHBEARER", reauthenticating: reauthenticating))
    }
}

/// Who decides whether a token is believed.
package protocol OAuthTokenValidator: Sendable {
    /// Whose token it is, at that time of day.
    func identity(of token: [UInt8], nowMilliseconds: Int64) throws(TokenRefusal) -> SASLIdentity
}

/// Why a token is not believed.
package struct TokenRefusal: Error, Equatable, Sendable {
    /// For the broker's log: no part of the token but names of claims and keys.
    package var reason: String
    /// The scopes that are required and that it lacks.
    package var scope: [String]?
    /// The name of a key (`kid`) that is not known, and may be known later.
    package var missingKey: String?

    package init(_ reason: String, scope: [String]? = nil, missingKey: String? = nil) {
        self.reason = reason
        self.scope = scope
        self.missingKey = missingKey
    }

    /// What the client is told, in Kafka's words.
    var json: String {
        guard let scope else { return "{\"status\":\"invalid_token\"}" }
        return "{\"status\":\"insufficient_scope\", \"scope\":"
            + JSONValue.quoted("[\(scope.joined(separator: ", "))]") + "}"
    }
}

/// What both validators ask of a token's claims.
struct ClaimRules: Sendable {
    var principalClaim = "sub"
    var scopeClaim = "scope"
    var requiredScopes: [String] = []
    var clockSkewMilliseconds: Int64 = 0

    func identity(of token: JSONWebToken, nowMilliseconds now: Int64) throws(TokenRefusal) -> SASLIdentity {
        for claim in ["exp", "iat", "nbf"] {
            guard let value = token.claims[claim] else { continue }
            guard value.number != nil else { throw TokenRefusal("the claim \(claim) is no number") }
        }
        guard let end = token.milliseconds("exp") else { throw TokenRefusal("the claim exp is missing") }
        let skew = min(max(clockSkewMilliseconds, 0), 1 << 40)
        let now = min(max(now, -(1 << 56)), 1 << 56)
        guard now - skew < end else { throw TokenRefusal("it ended \(UTCTime(milliseconds: end).text)") }
        for claim in ["iat", "nbf"] {
            guard let start = token.milliseconds(claim) else { continue }
            guard start <= now + skew else {
                throw TokenRefusal("it begins \(UTCTime(milliseconds: start).text) (\(claim)): are the clocks right?")
            }
            guard start < end else { throw TokenRefusal("it ends before it begins (\(claim))") }
        }
        guard let name = token.claims[principalClaim]?.text, name.contains(where: { !$0.isWhitespace }) else {
            throw TokenRefusal("the claim \(principalClaim), which has the principal's name, is missing or no text")
        }
        let scopes = token.scopes(claim: scopeClaim)
        if scopes == nil, token.claims[scopeClaim] != nil {
            throw TokenRefusal("the claim \(scopeClaim) is neither a text nor a list of texts")
        }
        for scope in requiredScopes where scopes?.contains(scope) != true {
            throw TokenRefusal("it lacks the scope \(scope)", scope: requiredScopes)
        }
        return SASLIdentity(name: name, expiresAtMilliseconds: end)
    }
}

/// Believes tokens that nobody signed, as Kafka does where nothing better is set (OAuthBearerUnsecuredValidator): for
/// development.
package struct UnsecuredTokenValidator: OAuthTokenValidator {
    private let rules: ClaimRules

    /// The options' defaults are Kafka's: `sub`, `scope`, no scope required, clocks that agree.
    package init(
        principalClaim: String = "sub", scopeClaim: String = "scope", requiredScopes: [String] = [],
        clockSkewMilliseconds: Int64 = 0
    ) {
        rules = ClaimRules(
            principalClaim: principalClaim, scopeClaim: scopeClaim, requiredScopes: requiredScopes,
            clockSkewMilliseconds: clockSkewMilliseconds)
    }

    /// As the options of a JAAS line say: `unsecuredValidatorPrincipalClaimName`, `…ScopeClaimName`,
    /// `…RequiredScope`, `…AllowableClockSkewMs`.
    package init(options: [String: Secret]) throws(SASLError) {
        func option(_ name: String) -> String {
            (options["unsecuredValidator" + name]?.text ?? "").split(separator: " ").joined(separator: " ")
        }
        let skewText = option("AllowableClockSkewMs")
        guard let skew = Int64(skewText.isEmpty ? "0" : skewText), (0...Int64(Int32.max)).contains(skew) else {
            throw SASLError(
                .settings, mechanism: "OAUTHBEARER",
                "the option unsecuredValidatorAllowableClockSkewMs is no number of milliseconds")
        }
        let principal = option("PrincipalClaimName")
        let scope = option("ScopeClaimName")
        self.init(
            principalClaim: principal.isEmpty ? "sub" : principal, scopeClaim: scope.isEmpty ? "scope" : scope,
            requiredScopes: option("RequiredScope").split(separator: " ").map(String.init), clockSkewMilliseconds: skew)
    }

    package func identity(of token: [UInt8], nowMilliseconds: Int64) throws(TokenRefusal) -> SASLIdentity {
        let read: JSONWebToken
        do throws(JSONWebToken.Malformed) { read = try JSONWebToken(token) } catch {
            throw TokenRefusal(error.description)
        }
        guard read.algorithm == "none" else { throw TokenRefusal("it is signed, and no keys are set to check it with") }
        guard read.signature.isEmpty else { throw TokenRefusal("it says that it is not signed, and is") }
        return try rules.identity(of: read, nowMilliseconds: nowMilliseconds)
    }
}
