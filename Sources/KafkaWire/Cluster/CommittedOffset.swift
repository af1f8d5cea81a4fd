/// A position to commit.
public struct CommittedOffset: Sendable, Equatable {
    /// The offset of the next record to read.
    public var offset: Offset
    /// The leader epoch of the record before it, or ``LeaderEpoch/none``.
    public var leaderEpoch: LeaderEpoch
    /// Text to keep with it.
    public var metadata: String

    /// A position.
    public init(offset: Offset, leaderEpoch: LeaderEpoch = .none, metadata: String = "") {
        self.offset = offset
        self.leaderEpoch = leaderEpoch
        self.metadata = metadata
    }
}
