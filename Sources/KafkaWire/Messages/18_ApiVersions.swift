/// Asks which APIs and versions a broker speaks.
public struct ApiVersionsRequest: WireRequest {
    public typealias Response = ApiVersionsResponse
    public static let api = APIKey.apiVersions
    public static let versions: ClosedRange<Int16> = 0...4
    public static let flexible: Versions = 3...

    /// The client's name (KIP-511).
    public var clientSoftwareName: String = ""
    /// The client's version (KIP-511).
    public var clientSoftwareVersion: String = ""
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("clientSoftwareName", &clientSoftwareName, 3..., ignorable: true)
        try visitor.field("clientSoftwareVersion", &clientSoftwareVersion, 3..., ignorable: true)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }
}

/// The APIs and versions that the broker speaks.
public struct ApiVersionsResponse: WireMessage {
    public static let api = APIKey.apiVersions
    public static let versions: ClosedRange<Int16> = 0...4
    public static let flexible: Versions = 3...

    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The APIs that the broker speaks.
    public var apiKeys: [ApiVersion] = []
    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The features that the broker knows (KIP-584).
    public var supportedFeatures: [SupportedFeatureKey] = []
    /// The epoch of the finalized features, or -1.
    public var finalizedFeaturesEpoch: Int64 = -1
    /// The features in force in the cluster (KIP-584).
    public var finalizedFeatures: [FinalizedFeatureKey] = []
    /// Whether the broker was ready to migrate from ZooKeeper.
    public var zkMigrationReady: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("errorCode", &errorCode)
        try visitor.field("apiKeys", &apiKeys)
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
    }

    public mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "supportedFeatures", &supportedFeatures, 3..., ignorable: true)
        try visitor.tagged(1, "finalizedFeaturesEpoch", &finalizedFeaturesEpoch, 3..., ignorable: true, default: -1)
        try visitor.tagged(2, "finalizedFeatures", &finalizedFeatures, 3..., ignorable: true)
        try visitor.tagged(3, "zkMigrationReady", &zkMigrationReady, 3..., ignorable: true)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    /// An API and its versions.
    public struct ApiVersion: WireStruct {
        /// The number of the API.
        public var apiKey: Int16 = 0
        /// The lowest version.
        public var minVersion: Int16 = 0
        /// The highest version.
        public var maxVersion: Int16 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("apiKey", &apiKey)
            try visitor.field("minVersion", &minVersion)
            try visitor.field("maxVersion", &maxVersion)
        }
    }

    /// A feature that the broker knows.
    public struct SupportedFeatureKey: WireStruct {
        /// The feature's name.
        public var name: String = ""
        /// The lowest version.
        public var minVersion: Int16 = 0
        /// The highest version.
        public var maxVersion: Int16 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, 3...)
            try visitor.field("minVersion", &minVersion, 3...)
            try visitor.field("maxVersion", &maxVersion, 3...)
        }
    }

    /// A feature in force.
    public struct FinalizedFeatureKey: WireStruct {
        /// The feature's name.
        public var name: String = ""
        /// The highest level in force.
        public var maxVersionLevel: Int16 = 0
        /// The lowest level in force.
        public var minVersionLevel: Int16 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, 3...)
            try visitor.field("maxVersionLevel", &maxVersionLevel, 3...)
            try visitor.field("minVersionLevel", &minVersionLevel, 3...)
        }
    }
}
