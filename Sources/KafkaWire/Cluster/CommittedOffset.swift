/// A position to commit.
public struct CommittedOffset: Sendable, Equatable {
    /// The offset of the next record to read.
    public var offset: Int64
    /// The leader epoch of the record before it, or -1.
    public var leaderEpoch: Int32
    /// Text to keep with it.
    public var metadata: String

    /// A position.
    public init(offset: Int64, leaderEpoch: Int32 = -1, metadata: String = "") {
        self.offset = offset
        self.leaderEpoch = leaderEpoch
        self.metadata = metadata
    }
}
