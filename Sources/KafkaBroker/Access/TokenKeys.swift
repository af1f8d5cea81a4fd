import KafkaWire

/// The keys that the signatures of a listener's tokens are held against, and what they are known from.
struct TokenKeys: Sendable {
    /// Why there are none.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var keys: JSONWebKeys
    /// The file they stand in, as it was when they were read.
    private(set) var file: (path: String, stamp: FileStamp?)?
    /// Who is asked for them, and when.
    let source: (any JSONWebKeySource)?
    var refresh: KeyRefresh

    /// The keys of a text.
    init(_ text: [UInt8], of rules: TokenRules, source: (any JSONWebKeySource)? = nil, now: Instant) throws(Failure) {
        keys = try Self.read(text)
        self.source = source
        refresh = KeyRefresh(rules, now: now)
    }

    /// The keys of a file.
    init(path: String, of rules: TokenRules, now: Instant, read: (String) throws(Failure) -> [UInt8]) throws(Failure) {
        // From before: what is changed meanwhile is seen the next time.
        let stamp = FileStamp(path)
        try self.init(try read(path), of: rules, now: now)
        file = (path, stamp)
    }

    static func read(_ text: [UInt8]) throws(Failure) -> JSONWebKeys {
        do throws(JSONWebKeys.Failure) { return try JSONWebKeys(text) } catch {
            throw Failure(description: "\(error)")
        }
    }

    /// Others take their place.
    mutating func replace(by keys: JSONWebKeys) { self.keys = keys }

    /// Reads the file again where it has changed; false where it has not. One that cannot be read is tried when it has changed
    /// once more, and the keys stay until then.
    mutating func readAgain(_ read: (String) throws(Failure) -> [UInt8]) throws(Failure) -> Bool {
        guard let path = file?.path else { return false }
        let stamp = FileStamp(path)
        guard stamp != file?.stamp else { return false }
        file = (path, stamp)
        keys = try Self.read(try read(path))
        return true
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
