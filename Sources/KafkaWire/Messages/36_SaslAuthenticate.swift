/// Carries what the client says in a SASL exchange (KIP-152).
public struct SaslAuthenticateRequest: WireRequest {
    public typealias Response = SaslAuthenticateResponse
    public static let api = APIKey.saslAuthenticate
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// The client's message, in the form of the mechanism: a secret.
    public var authBytes: Bytes = Bytes()
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("authBytes", &authBytes, sensitive: true)
    }
}

/// Carries what the broker says in a SASL exchange.
public struct SaslAuthenticateResponse: WireMessage {
    public static let api = APIKey.saslAuthenticate
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = ""
    /// The broker's message, in the form of the mechanism: a secret.
    public var authBytes: Bytes = Bytes()
    /// After how many milliseconds the client has to authenticate again (KIP-368); 0 for never.
    public var sessionLifetimeMs: LongMilliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage)
        try visitor.field("authBytes", &authBytes, sensitive: true)
        try visitor.field("sessionLifetimeMs", &sessionLifetimeMs, 1..., ignorable: true)
    }
}
