/// Lets a token end sooner (KIP-48).
public struct ExpireDelegationTokenRequest: WireRequest {
    public typealias Response = ExpireDelegationTokenResponse
    public static let api = APIKey.expireDelegationToken
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = 2...

    /// The token's HMAC, which whoever holds it authenticates with: a secret.
    public var hmac: Bytes = Bytes()
    /// In how many milliseconds the token ends; negative for now.
    public var expiryTimePeriodMs: LongMilliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("hmac", &hmac, sensitive: true)
        try visitor.field("expiryTimePeriodMs", &expiryTimePeriodMs)
    }
}

/// Until when the token is good now.
public struct ExpireDelegationTokenResponse: WireMessage {
    public static let api = APIKey.expireDelegationToken
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = 2...

    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// Until when the token is good unless it is renewed, in milliseconds since 1970.
    public var expiryTimestampMs: Int64 = 0
    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("errorCode", &errorCode)
        try visitor.field("expiryTimestampMs", &expiryTimestampMs)
        try visitor.field("throttleTimeMs", &throttleTimeMs)
    }
}
