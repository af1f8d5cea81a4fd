import KafkaWire

/// The keys that the signatures of a listener's tokens are held against; read when the broker starts.
struct TokenKeys: Sendable {
    let keys: JSONWebKeys

    /// Why there are none.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The keys of a listener; nil where its tokens need none.
    ///
    /// - Parameter read: Reads a file.
    init?(_ rules: TokenRules, read: (String) throws(Failure) -> [UInt8]) throws(Failure) {
        let text: [UInt8]
        switch rules.keys {
        case .none: return nil
        case .text(let given): text = Array(given.utf8)
        case .file(let path): text = try read(path)
        }
        do throws(JSONWebKeys.Failure) { keys = try JSONWebKeys(text) } catch {
            throw Failure(description: "\(error)")
        }
    }
}

extension TokenRules {
    /// What looks at tokens.
    func validator(_ keys: TokenKeys?) -> any OAuthTokenValidator {
        let skew = LongMilliseconds(clockSkew).rawValue
        guard let keys else {
            return UnsecuredTokenValidator(
                principalClaim: principalClaim, scopeClaim: scopeClaim, requiredScopes: requiredScopes,
                clockSkewMilliseconds: skew)
        }
        return JWTValidator(
            keys: keys.keys, issuer: issuer, audiences: audiences, principalClaim: principalClaim,
            scopeClaim: scopeClaim, requiredScopes: requiredScopes, clockSkewMilliseconds: skew)
    }
}
