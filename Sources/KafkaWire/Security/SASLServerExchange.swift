/// One authentication as the broker has it: a value that is fed what the client says.
package protocol SASLServerExchange: Sendable {
    /// Takes the bytes of one `SaslAuthenticate`. After `done` or `refused` nothing more is to be taken.
    mutating func take(_ response: [UInt8]) -> SASLServerStep

    /// What the broker's log may say of a refusal, and the client is not told: whether a user exists, say. No secrets.
    var detail: String? { get }
}

/// What the broker does next.
package enum SASLServerStep: Sendable, Equatable {
    /// To be sent with error code 0; the client answers.
    case challenge([UInt8])
    /// To be sent with error code 0; the client is who the identity says.
    case done([UInt8], SASLIdentity)
    /// `SASL_AUTHENTICATION_FAILED` with these bytes, if any, and this sentence; then the connection is closed.
    case refused(bytes: [UInt8]?, reason: String)
}

/// Who a client has shown to be.
package struct SASLIdentity: Sendable, Equatable {
    /// The principal's name; of a delegation token, that of its owner.
    package var name: String
    /// The delegation token's id, where the client came with one.
    package var tokenID: String?
    /// When the credential ends, in milliseconds since 1970; the session ends with it (KIP-368).
    package var expiresAtMilliseconds: Int64?
    /// What the client sent beside its credential (KIP-342).
    package var extensions: [String: String]

    package init(
        name: String, tokenID: String? = nil, expiresAtMilliseconds: Int64? = nil, extensions: [String: String] = [:]
    ) {
        self.name = name
        self.tokenID = tokenID
        self.expiresAtMilliseconds = expiresAtMilliseconds
        self.extensions = extensions
    }

    /// Whether the client came with a delegation token, which may not ask for others (KIP-48).
    package var isToken: Bool { tokenID != nil }
}

/// What Kafka's broker says to clients where it does not tell more, so that nobody learns whether a user exists.
enum SASLRefusal {
    static func sentence(mechanism: String, reauthenticating: Bool) -> String {
        "Authentication failed during \(reauthenticating ? "re-authentication" : "authentication") due to invalid "
            + "credentials with SASL mechanism \(mechanism)"
    }

    static let foreignAuthorization =
        "Authentication failed: Client requested an authorization id that is different from username"
}
