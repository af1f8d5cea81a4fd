import KafkaWire

/// How it goes from one party to another, in that direction.
public struct LinkConditions: Sendable, Equatable {
    /// What becomes of attempts to connect.
    public enum Connects: Sendable, Equatable {
        /// They arrive.
        case pass
        /// The other side says that nobody listens.
        case refused
        /// Nothing is heard of them.
        case dropped
    }

    /// How long bytes are on their way. Default: half a millisecond, seldom 5 ms.
    public var latency = Latency.tailed(usual: .microseconds(500), rare: .milliseconds(5), oneIn: 1000)
    /// How many bytes a second pass; nil is any number.
    public var bandwidth: Int?
    /// In pieces of how many bytes they arrive at most; nil is as they were sent.
    public var pieces: Int?
    /// How much later each piece arrives than the one before.
    public var pieceGap: Duration = .zero
    /// Whether nothing passes. What was sent passes when this is over, unless the sender has given up.
    public var isBlocked = false
    /// What becomes of attempts to connect.
    public var connects = Connects.pass
    /// How many bytes may be on their way and not read by the other side, for each connection.
    public var window = 256 << 10
    /// Which connections do not last; nil is none.
    public var cuts: Cuts?

    /// A link on which nothing goes wrong: half a millisecond, seldom five, any bandwidth.
    public init() {}

    /// Connections that end after so many bytes in this direction, drawn for each connection.
    public struct Cuts: Sendable, Equatable {
        /// One connection in so many.
        public var oneIn: Int
        /// After how many bytes it ends: drawn from this range.
        public var bytes: ClosedRange<Int>
        /// How it ends.
        public var kind: CutKind

        /// One connection in `oneIn` ends so, after as many bytes as are drawn from `bytes`.
        public init(oneIn: Int, bytes: ClosedRange<Int>, kind: CutKind) {
            (self.oneIn, self.bytes, self.kind) = (oneIn, bytes, kind)
        }
    }
}

/// How a connection ends that neither side has closed.
public enum CutKind: Sendable, Equatable, CaseIterable {
    /// Both sides are told at once that it is broken.
    case reset
    /// Each side is told that the other one has closed it.
    case closed
    /// Neither side hears of it: what is sent arrives nowhere.
    case silent
}

/// What a name means to who looks it up.
public enum NameAnswer: Sendable, Equatable {
    /// The hosts with these names, in this order.
    case hosts([String])
    /// The resolver says no, in these words.
    case fails(String)
    /// The resolver never answers.
    case silent
}
