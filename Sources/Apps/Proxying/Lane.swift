import KafkaWire

/// One direction of a connection: what was read and not passed on yet, and where in the stream it stands.
final class Lane {
    /// What happens to the bytes of the frame that comes in.
    enum Mode {
        /// They are passed on as they come.
        case pass
        /// They are gathered; at the frame's end is decided what is passed on.
        case hold
        /// They go nowhere.
        case swallow
    }

    /// Whose frames these are.
    let from: Conversation.Side
    /// The beginning of a frame's head that is not whole yet.
    var stash: [UInt8] = []
    /// How many bytes of the frame are still to come; 0 between frames.
    var remaining = 0
    /// How many it has in all.
    var frameSize = 0
    var mode = Mode.pass
    /// The frame so far, where it is held.
    var held: [UInt8] = []
    /// The frame so far, where it is passed on and somebody wants to see it.
    var copy: [UInt8]?
    /// The exchange that the frame belongs to, where it has a head.
    var exchange: Exchange?
    /// Whether nothing in the stream can be told apart any more.
    var isLost = false
    /// Whether nothing was read yet.
    var isFresh = true

    var outlet = Outlet()
    var stop = Outlet.Stop.empty
    var throttle: Throttle?
    /// Nothing is read before then.
    var pausedUntil: Instant?
    /// Whether the sender has said that no more comes, and whether the receiver was told.
    var sawEnd = false
    var hasToldEnd = false

    /// How many bytes may wait behind one that is held back on purpose.
    private static let delayedLimit = 1 << 20

    init(from: Conversation.Side) { self.from = from }

    /// Whether there is room for what would be read. A receiver that does not read stops the sender.
    var hasRoom: Bool {
        if outlet.isEmpty { return true }
        if case .until = stop { return outlet.count < Self.delayedLimit }
        return false
    }
}
