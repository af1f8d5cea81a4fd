/// Says which SASL mechanism the client wants to authenticate with.
public struct SaslHandshakeRequest: WireRequest {
    public typealias Response = SaslHandshakeResponse
    public static let api = APIKey.saslHandshake
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .none

    /// The mechanism, such as `SCRAM-SHA-512`.
    public var mechanism: String = ""
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("mechanism", &mechanism)
    }
}

/// Whether the broker knows the mechanism.
public struct SaslHandshakeResponse: WireMessage {
    public static let api = APIKey.saslHandshake
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .none

    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The mechanisms that the broker has enabled.
    public var mechanisms: [String] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("errorCode", &errorCode)
        try visitor.field("mechanisms", &mechanisms)
    }
}
