/// What a member of a classic consumer group wants: the metadata in JoinGroup, behind a two-byte version.
public struct ConsumerProtocolSubscription: EmbeddedMessage {
    public static let versions: ClosedRange<Int16> = 0...3
    public static let flexible = Versions.none

    /// The topics subscribed to.
    public var topics: [String] = []
    /// Data of the assignor, such as the sticky assignor's memory, or null.
    public var userData: Bytes? = nil
    /// The partitions that the member has, for cooperative rebalancing (KIP-429).
    public var ownedPartitions: [TopicPartition] = []
    /// The generation in which it got them, or -1 (KIP-792).
    public var generationId: Int32 = -1
    /// The member's rack, or null (KIP-881).
    public var rackId: String? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
        try visitor.field("userData", &userData, default: nil)
        try visitor.field("ownedPartitions", &ownedPartitions, 1..., ignorable: true)
        try visitor.field("generationId", &generationId, 2..., ignorable: true, default: -1)
        try visitor.field("rackId", &rackId, 3..., ignorable: true, default: nil)
    }

    /// The bytes as they travel: the version in two bytes, then the structure with its topics in order, which is how
    /// the Java client writes them (`ConsumerProtocol`): members with equal wishes then send equal bytes.
    public func encodeVersioned(version: Int16) throws(WireError) -> [UInt8] {
        var sorted = self
        sorted.topics.sort { $0.utf16.lexicographicallyPrecedes($1.utf16) }
        sorted.ownedPartitions.sort { $0.topic.utf16.lexicographicallyPrecedes($1.topic.utf16) }
        for index in sorted.ownedPartitions.indices { sorted.ownedPartitions[index].partitions.sort() }
        return try sorted.prefixed(version: version)
    }

    /// Partitions of one topic.
    public struct TopicPartition: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// The partitions concerned.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic, 1...)
            try visitor.field("partitions", &partitions, 1...)
        }
    }
}
