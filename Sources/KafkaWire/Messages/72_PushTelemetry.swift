/// Pushes a client's metrics (KIP-714).
public struct PushTelemetryRequest: WireRequest {
    public typealias Response = PushTelemetryResponse
    public static let api = APIKey.pushTelemetry
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The client's id.
    public var clientInstanceId: Uuid = .zero
    /// The set of metrics that the client was given.
    public var subscriptionId: Int32 = 0
    /// Whether the client is ending and pushes for the last time.
    public var terminating: Bool = false
    /// The codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
    public var compressionType: Int8 = 0
    /// The metrics in OpenTelemetry's `MetricsData`, compressed.
    public var metrics: Bytes = Bytes()
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("clientInstanceId", &clientInstanceId)
        try visitor.field("subscriptionId", &subscriptionId)
        try visitor.field("terminating", &terminating)
        try visitor.field("compressionType", &compressionType)
        try visitor.field("metrics", &metrics)
    }
}

/// Whether the metrics were taken.
public struct PushTelemetryResponse: WireMessage {
    public static let api = APIKey.pushTelemetry
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
    }
}
