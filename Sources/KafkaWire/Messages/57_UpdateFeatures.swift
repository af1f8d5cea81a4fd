/// Raises or lowers the features in force in the cluster (KIP-584).
public struct UpdateFeaturesRequest: WireRequest {
    public typealias Response = UpdateFeaturesResponse
    public static let api = APIKey.updateFeatures
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = .all

    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 60000
    /// The features to change.
    public var featureUpdates: [FeatureUpdateKey] = []
    /// Whether to check the request without changing anything.
    public var validateOnly: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("timeoutMs", &timeoutMs, default: 60000)
        try visitor.field("featureUpdates", &featureUpdates)
        try visitor.field("validateOnly", &validateOnly, 1...)
    }

    /// A feature to change.
    public struct FeatureUpdateKey: WireStruct {
        /// The feature's name, such as `metadata.version`.
        public var feature: String = ""
        /// The new level; 0 deletes the feature.
        public var maxVersionLevel: Int16 = 0
        /// Whether the level may fall.
        public var allowDowngrade: Bool = false
        /// What may happen: 1 rise, 2 fall where nothing is lost, 3 fall even where something is lost.
        public var upgradeType: Int8 = 1
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("feature", &feature)
            try visitor.field("maxVersionLevel", &maxVersionLevel)
            try visitor.field("allowDowngrade", &allowDowngrade, 0...0)
            try visitor.field("upgradeType", &upgradeType, 1..., default: 1)
        }
    }
}

/// Which features were changed.
public struct UpdateFeaturesResponse: WireMessage {
    public static let api = APIKey.updateFeatures
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = ""
    /// The outcome by feature.
    public var results: [UpdatableFeatureResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage)
        try visitor.field("results", &results, 0...1, ignorable: true)
    }

    /// The outcome for one feature.
    public struct UpdatableFeatureResult: WireStruct {
        /// The feature's name, such as `metadata.version`.
        public var feature: String = ""
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("feature", &feature)
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage)
        }
    }
}
