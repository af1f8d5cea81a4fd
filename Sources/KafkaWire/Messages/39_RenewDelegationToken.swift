/// Lets a token live longer (KIP-48).
public struct RenewDelegationTokenRequest: WireRequest {
    public typealias Response = RenewDelegationTokenResponse
    public static let api = APIKey.renewDelegationToken
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = 2...

    /// The token's HMAC, which whoever holds it authenticates with: a secret.
    public var hmac: Bytes = Bytes()
    /// How much longer the token is to live, in milliseconds; -1 for the broker's setting.
    public var renewPeriodMs: LongMilliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("hmac", &hmac, sensitive: true)
        try visitor.field("renewPeriodMs", &renewPeriodMs)
    }
}

/// Until when the token is good now.
public struct RenewDelegationTokenResponse: WireMessage {
    public static let api = APIKey.renewDelegationToken
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
