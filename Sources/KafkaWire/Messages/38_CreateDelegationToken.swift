/// Asks for a token to authenticate with instead of a principal's own credentials (KIP-48).
public struct CreateDelegationTokenRequest: WireRequest {
    public typealias Response = CreateDelegationTokenResponse
    public static let api = APIKey.createDelegationToken
    public static let versions: ClosedRange<Int16> = 1...3
    public static let flexible: Versions = 2...

    /// The kind of principal that will own the token, such as `User` (KIP-373), or null for the requester's.
    public var ownerPrincipalType: String? = ""
    /// The name of the principal that will own the token (KIP-373), or null for the requester's.
    public var ownerPrincipalName: String? = ""
    /// Who else may renew the token.
    public var renewers: [CreatableRenewers] = []
    /// How long the token can live at most, in milliseconds; -1 for the broker's setting.
    public var maxLifetimeMs: LongMilliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("ownerPrincipalType", &ownerPrincipalType, 3...)
        try visitor.field("ownerPrincipalName", &ownerPrincipalName, 3...)
        try visitor.field("renewers", &renewers)
        try visitor.field("maxLifetimeMs", &maxLifetimeMs)
    }

    /// A principal that may renew the token.
    public struct CreatableRenewers: WireStruct {
        /// The kind of principal, such as `User`.
        public var principalType: String = ""
        /// The principal's name.
        public var principalName: String = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("principalType", &principalType)
            try visitor.field("principalName", &principalName)
        }
    }
}

/// The new token.
public struct CreateDelegationTokenResponse: WireMessage {
    public static let api = APIKey.createDelegationToken
    public static let versions: ClosedRange<Int16> = 1...3
    public static let flexible: Versions = 2...

    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The kind of principal that owns the token, such as `User`.
    public var principalType: String = ""
    /// The name of the principal that owns the token.
    public var principalName: String = ""
    /// The kind of principal that asked for the token (KIP-373).
    public var tokenRequesterPrincipalType: String = ""
    /// The name of the principal that asked for the token (KIP-373).
    public var tokenRequesterPrincipalName: String = ""
    /// When the token was made, in milliseconds since 1970.
    public var issueTimestampMs: Int64 = 0
    /// Until when the token is good unless it is renewed, in milliseconds since 1970.
    public var expiryTimestampMs: Int64 = 0
    /// Until when the token can be renewed, in milliseconds since 1970.
    public var maxTimestampMs: Int64 = 0
    /// The token's id; it is no secret.
    public var tokenId: String = ""
    /// The token's HMAC, which whoever holds it authenticates with: a secret.
    public var hmac: Bytes = Bytes()
    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("errorCode", &errorCode)
        try visitor.field("principalType", &principalType)
        try visitor.field("principalName", &principalName)
        try visitor.field("tokenRequesterPrincipalType", &tokenRequesterPrincipalType, 3...)
        try visitor.field("tokenRequesterPrincipalName", &tokenRequesterPrincipalName, 3...)
        try visitor.field("issueTimestampMs", &issueTimestampMs)
        try visitor.field("expiryTimestampMs", &expiryTimestampMs)
        try visitor.field("maxTimestampMs", &maxTimestampMs)
        try visitor.field("tokenId", &tokenId)
        try visitor.field("hmac", &hmac, sensitive: true)
        try visitor.field("throttleTimeMs", &throttleTimeMs)
    }
}
