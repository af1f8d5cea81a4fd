// What stands in the records of control batches, which brokers write and clients never show to the application.

/// The key of a control record, behind a two-byte version: what kind of record it is (`ControlRecordType`).
public struct ControlRecordTypeSchema: EmbeddedMessage {
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible = Versions.none

    /// 0 for an aborted transaction, 1 for a committed one, 2 for a change of leader; others are KRaft's own.
    public var type: Int16 = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("type", &type)
    }
}

/// The value of a transaction's end marker, behind a two-byte version (`EndTransactionMarker`).
public struct EndTxnMarker: EmbeddedMessage {
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible = Versions.none

    /// The epoch of the transaction coordinator that wrote the marker.
    public var coordinatorEpoch: Int32 = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("coordinatorEpoch", &coordinatorEpoch)
    }
}

/// The value of a record that says who leads a KRaft partition now (KIP-595). Its version is a field of its own and
/// not repeated in front.
public struct LeaderChangeMessage: EmbeddedMessage {
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible = Versions.all

    /// The version of this message.
    public var version: Int16 = 0
    /// The leader's broker id.
    public var leaderId: BrokerID = 0
    /// Who could vote.
    public var voters: [Voter] = []
    /// Who voted for the leader.
    public var grantingVoters: [Voter] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("version", &version)
        try visitor.field("leaderId", &leaderId)
        try visitor.field("voters", &voters)
        try visitor.field("grantingVoters", &grantingVoters)
    }

    /// A voter of the quorum.
    public struct Voter: WireStruct {
        /// The voter's broker id.
        public var voterId: BrokerID = 0
        /// The voter's log directory (KIP-853).
        public var voterDirectoryId: Uuid = .zero
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("voterId", &voterId)
            try visitor.field("voterDirectoryId", &voterDirectoryId, 1...)
        }
    }
}
