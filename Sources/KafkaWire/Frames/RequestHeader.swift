/// What stands in front of every request. Version 2, with tagged fields, goes with flexible requests; the client id
/// keeps its old encoding even there.
public struct RequestHeader: WireMessageHeader {
    /// Versions 1 and 2; no request that Kafka 4 takes has version 0.
    public static let versions: ClosedRange<Int16> = 1...2
    /// Version 2.
    public static let flexible: Versions = 2...

    /// The API of the request.
    public var requestApiKey: Int16 = 0
    /// The version of the request.
    public var requestApiVersion: Int16 = 0
    /// A number that the answer carries too.
    public var correlationId: Int32 = 0
    /// What the client calls itself, or null.
    public var clientId: String? = ""
    /// Tagged fields that this library does not know: kept when decoding, written back when encoding.
    public var unknownTaggedFields: [UnknownTaggedField] = []

    /// All fields at their defaults.
    public init() {}

    /// Names the fields in wire order.
    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("requestApiKey", &requestApiKey)
        try visitor.field("requestApiVersion", &requestApiVersion)
        try visitor.field("correlationId", &correlationId)
        try visitor.neverFlexible("clientId", &clientId, 1...)
    }

    /// The header's version for a request of `type` in `version`.
    public static func version(for type: any WireMessage.Type, _ version: Int16) -> Int16 {
        type.flexible.contains(version) ? 2 : 1
    }
}

/// What stands in front of every response. Version 1, with tagged fields, goes with flexible responses, except that of
/// ApiVersions, which a client must be able to read before it knows the broker's versions (KIP-511).
public struct ResponseHeader: WireMessageHeader {
    /// Versions 0 and 1.
    public static let versions: ClosedRange<Int16> = 0...1
    /// Version 1.
    public static let flexible: Versions = 1...

    /// The number of the request that is answered.
    public var correlationId: Int32 = 0
    /// Tagged fields that this library does not know: kept when decoding, written back when encoding.
    public var unknownTaggedFields: [UnknownTaggedField] = []

    /// All fields at their defaults.
    public init() {}

    /// Names the fields in wire order.
    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("correlationId", &correlationId)
    }

    /// The header's version for a response of `type` in `version`.
    public static func version(for type: any WireMessage.Type, _ version: Int16) -> Int16 {
        type.api != .apiVersions && type.flexible.contains(version) ? 1 : 0
    }
}

/// A structure in front of a body: it ends where the body begins.
public protocol WireMessageHeader: WireStruct {
    /// The header's own versions.
    static var versions: ClosedRange<Int16> { get }
    /// The header's versions that end in tagged fields.
    static var flexible: Versions { get }
}

extension WireMessageHeader {
    /// Appends the header to what `writer` holds.
    package func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        var encoder = MessageEncoder(version: version, flexible: Self.flexible.contains(version), writer: writer)
        var header = self
        do { try encoder.visit(&header) } catch { throw Self.located(error, version) }
        return encoder.finish()
    }

    /// Reads a header from the beginning of `bytes`; also gives the number of its bytes.
    package static func decodePrefix(_ bytes: Bytes, version: Int16) throws(WireError) -> (header: Self, size: Int) {
        var decoder = MessageDecoder(version: version, flexible: flexible.contains(version), bytes)
        var header = Self()
        do { try decoder.visit(&header) } catch { throw located(error, version) }
        return (header, decoder.reader.offset)
    }

    private static func located(_ error: WireError, _ version: Int16) -> WireError {
        var error = error
        error.message = wireName
        error.version = version
        return error
    }
}
