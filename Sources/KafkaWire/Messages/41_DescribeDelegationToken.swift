/// Asks for the tokens of principals (KIP-48).
public struct DescribeDelegationTokenRequest: WireRequest {
    public typealias Response = DescribeDelegationTokenResponse
    public static let api = APIKey.describeDelegationToken
    public static let versions: ClosedRange<Int16> = 1...3
    public static let flexible: Versions = 2...

    /// The principals whose tokens are wanted, or null for all.
    public var owners: [DescribeDelegationTokenOwner]? = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("owners", &owners)
    }

    /// A principal that owns tokens.
    public struct DescribeDelegationTokenOwner: WireStruct {
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

/// The tokens found.
public struct DescribeDelegationTokenResponse: WireMessage {
    public static let api = APIKey.describeDelegationToken
    public static let versions: ClosedRange<Int16> = 1...3
    public static let flexible: Versions = 2...

    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The tokens found.
    public var tokens: [DescribedDelegationToken] = []
    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("errorCode", &errorCode)
        try visitor.field("tokens", &tokens)
        try visitor.field("throttleTimeMs", &throttleTimeMs)
    }

    /// A token.
    public struct DescribedDelegationToken: WireStruct {
        /// The kind of principal that owns the token, such as `User`.
        public var principalType: String = ""
        /// The name of the principal that owns the token.
        public var principalName: String = ""
        /// The kind of principal that asked for the token (KIP-373).
        public var tokenRequesterPrincipalType: String = ""
        /// The name of the principal that asked for the token (KIP-373).
        public var tokenRequesterPrincipalName: String = ""
        /// When the token was made, in milliseconds since 1970.
        public var issueTimestamp: Int64 = 0
        /// Until when the token is good unless it is renewed, in milliseconds since 1970.
        public var expiryTimestamp: Int64 = 0
        /// Until when the token can be renewed, in milliseconds since 1970.
        public var maxTimestamp: Int64 = 0
        /// The token's id; it is no secret.
        public var tokenId: String = ""
        /// The token's HMAC, which whoever holds it authenticates with: a secret.
        public var hmac: Bytes = Bytes()
        /// Who else may renew the token.
        public var renewers: [DescribedDelegationTokenRenewer] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("principalType", &principalType)
            try visitor.field("principalName", &principalName)
            try visitor.field("tokenRequesterPrincipalType", &tokenRequesterPrincipalType, 3...)
            try visitor.field("tokenRequesterPrincipalName", &tokenRequesterPrincipalName, 3...)
            try visitor.field("issueTimestamp", &issueTimestamp)
            try visitor.field("expiryTimestamp", &expiryTimestamp)
            try visitor.field("maxTimestamp", &maxTimestamp)
            try visitor.field("tokenId", &tokenId)
            try visitor.field("hmac", &hmac, sensitive: true)
            try visitor.field("renewers", &renewers)
        }

        /// A principal that may renew the token.
        public struct DescribedDelegationTokenRenewer: WireStruct {
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
}
