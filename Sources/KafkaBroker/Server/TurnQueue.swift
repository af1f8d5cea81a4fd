import DequeModule

/// Whose requests are handled next. Connections take turns, and a turn is bounded; those whose last turn took long, or
/// whose next request is large, wait in a line of their own, so that who asks for little is not behind them.
struct TurnQueue {
    /// How many requests a connection has handled in its turn, and about how many bytes of requests and answers.
    static let requestLimit = 32
    static let byteLimit = 512 << 10
    /// After which time of the quick, and of the slow ones, the loop looks at its sockets again.
    static let quickSlice = Duration.milliseconds(10)
    static let slowSlice = Duration.milliseconds(5)
    /// What is a long turn.
    static let longTurn = Duration.milliseconds(2)
    /// Up to how many long works are under way while slow ones have their turns: each holds its request.
    static let workLimit = 16

    private var quick: Deque<UInt64> = []
    private var slow: Deque<UInt64> = []
    private var waiting: Set<UInt64> = []

    var isEmpty: Bool { waiting.isEmpty }
    var quickCount: Int { quick.count }
    var slowCount: Int { slow.count }

    /// A connection wants its turn, if it does not wait for one already.
    mutating func add(_ id: UInt64, isSlow: Bool) {
        guard waiting.insert(id).inserted else { return }
        if isSlow { slow.append(id) } else { quick.append(id) }
    }

    /// A connection is gone.
    mutating func remove(_ id: UInt64) {
        guard waiting.remove(id) != nil else { return }
        // Passed over when its turn comes, unless nobody else waits.
        if waiting.isEmpty { (quick, slow) = ([], []) }
    }

    mutating func takeQuick() -> UInt64? { Self.take(&quick, &waiting) }
    mutating func takeSlow() -> UInt64? { Self.take(&slow, &waiting) }

    private static func take(_ line: inout Deque<UInt64>, _ waiting: inout Set<UInt64>) -> UInt64? {
        while let id = line.popFirst() {
            if waiting.remove(id) != nil { return id }
        }
        return nil
    }
}
