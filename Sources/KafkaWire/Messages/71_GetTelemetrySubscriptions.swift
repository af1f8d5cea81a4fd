/// Asks which metrics a client should push (KIP-714).
public struct GetTelemetrySubscriptionsRequest: WireRequest {
    public typealias Response = GetTelemetrySubscriptionsResponse
    public static let api = APIKey.getTelemetrySubscriptions
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The client's own id; zero to be given one.
    public var clientInstanceId: Uuid = .zero
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("clientInstanceId", &clientInstanceId)
    }
}

/// The metrics that the client should push, and how.
public struct GetTelemetrySubscriptionsResponse: WireMessage {
    public static let api = APIKey.getTelemetrySubscriptions
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The id given to the client, or zero where it has one.
    public var clientInstanceId: Uuid = .zero
    /// The set of metrics; the client names it when it pushes.
    public var subscriptionId: Int32 = 0
    /// The codecs that the broker reads, the preferred one first: 1 gzip, 2 snappy, 3 lz4, 4 zstd.
    public var acceptedCompressionTypes: [Int8] = []
    /// How often to push, in milliseconds.
    public var pushIntervalMs: Milliseconds = 0
    /// How large the pushed metrics may be once compressed, in bytes.
    public var telemetryMaxBytes: Int32 = 0
    /// Whether to push changes since the last push; false for totals.
    public var deltaTemporality: Bool = false
    /// Prefixes of the metrics' names; empty for none, one that is "" for all.
    public var requestedMetrics: [String] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("clientInstanceId", &clientInstanceId)
        try visitor.field("subscriptionId", &subscriptionId)
        try visitor.field("acceptedCompressionTypes", &acceptedCompressionTypes)
        try visitor.field("pushIntervalMs", &pushIntervalMs)
        try visitor.field("telemetryMaxBytes", &telemetryMaxBytes)
        try visitor.field("deltaTemporality", &deltaTemporality)
        try visitor.field("requestedMetrics", &requestedMetrics)
    }
}
