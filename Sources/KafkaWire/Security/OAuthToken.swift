/// A bearer token as a provider hands it over (RFC 6750).
public struct OAuthToken: Sendable {
    /// The token itself.
    public var value: Secret
    /// Whose it is, for logs; empty where the provider does not know.
    public var principal: String
    /// When it ends, in milliseconds since 1970; nil where the provider does not know, and then it is not kept.
    public var expiresAtMilliseconds: Int64?
    /// Since when it is valid, in milliseconds since 1970; nil counts from when it was fetched.
    public var startsAtMilliseconds: Int64?
    /// What it is good for; for logs too.
    public var scopes: [String]
    /// What is sent to the broker beside it (KIP-342), such as `logicalCluster`: names of letters, printable values.
    public var extensions: [String: String]

    /// A token.
    public init(
        value: Secret, principal: String = "", expiresAtMilliseconds: Int64?, startsAtMilliseconds: Int64? = nil,
        scopes: [String] = [], extensions: [String: String] = [:]
    ) {
        self.value = value
        self.principal = principal
        self.expiresAtMilliseconds = expiresAtMilliseconds
        self.startsAtMilliseconds = startsAtMilliseconds
        self.scopes = scopes
        self.extensions = extensions
    }

    /// The token of a text that is a JWT (RFC 7519), with what its claims say; they are not checked, which is the
    /// broker's business. Of any other text, nothing is known.
    public init(reading text: Secret, principalClaim: String = "sub", scopeClaim: String = "scope") {
        self.init(value: text, expiresAtMilliseconds: nil)
        guard let token = text.withBytes({ try? JSONWebToken(Array($0)) }) else { return }
        principal = token.claims[principalClaim]?.text ?? ""
        expiresAtMilliseconds = token.milliseconds("exp")
        startsAtMilliseconds = token.milliseconds("iat")
        scopes = token.scopes(claim: scopeClaim) ?? []
    }
}

/// Where tokens come from: a file, an identity provider, a function.
public protocol OAuthTokenProvider: Sendable {
    /// A token that is valid now.
    nonisolated(nonsending) func token(for call: SASLCall) async throws -> OAuthToken

    /// Whether it is asked for each authentication, since it knows itself when its tokens change. Else tokens are kept
    /// and renewed before they end, as ``OAuthRefresh`` says.
    var keepsTokens: Bool { get }
}

extension OAuthTokenProvider {
    /// It does not.
    public var keepsTokens: Bool { false }
}

/// A provider that is a function.
public struct ClosureTokenProvider: OAuthTokenProvider {
    private let fetch: @Sendable (SASLCall) async throws -> OAuthToken

    /// Calls `fetch` for each token.
    public init(_ fetch: @escaping @Sendable (SASLCall) async throws -> OAuthToken) { self.fetch = fetch }

    /// What the function gives.
    public nonisolated(nonsending) func token(for call: SASLCall) async throws -> OAuthToken { try await fetch(call) }
}

/// A token in a file that something else renews, as Kubernetes does with those of service accounts. The file is looked at
/// for each authentication, and read anew when it has changed.
public struct FileTokenProvider: OAuthTokenProvider {
    private struct Read {
        var stamp: FileStamp
        var token: OAuthToken
    }

    /// Which file.
    public let path: String
    private let extensions: [String: String]
    private let last = Locked<Read?>(nil)

    /// The token in the file at `path`, with what is sent beside it.
    public init(path: String, extensions: [String: String] = [:]) {
        self.path = path
        self.extensions = extensions
    }

    /// It does.
    public var keepsTokens: Bool { true }

    /// What stands in the file now.
    /// - Throws: ``SecretFileError`` when it cannot be read; ``SASLError`` when it is empty.
    public nonisolated(nonsending) func token(for call: SASLCall) async throws -> OAuthToken {
        let stamp = FileStamp(path)
        if let stamp, let known = last.withLock({ $0 }), known.stamp == stamp { return known.token }
        let text = try Secret.file(path).secret
        guard !text.isEmpty else {
            throw SASLError(.credentials, mechanism: "OAUTHBEARER", "the token's file \(path) is empty")
        }
        var token = OAuthToken(reading: text)
        token.extensions = extensions
        if let stamp { last.withLock { $0 = Read(stamp: stamp, token: token) } }
        return token
    }
}
