/// What a member of a classic consumer group gets: the assignment in SyncGroup, behind a two-byte version.
public struct ConsumerProtocolAssignment: EmbeddedMessage {
    public static let versions: ClosedRange<Int16> = 0...3
    public static let flexible = Versions.none

    /// The partitions to consume.
    public var assignedPartitions: [TopicPartition] = []
    /// Data of the assignor, or null.
    public var userData: Bytes? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("assignedPartitions", &assignedPartitions)
        try visitor.field("userData", &userData, default: nil)
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
            try visitor.field("topic", &topic)
            try visitor.field("partitions", &partitions)
        }
    }
}
