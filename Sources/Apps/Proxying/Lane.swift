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
    /// The frame so far, where it is held: the first ``heldCount`` bytes. The memory stays for the next one.
    private(set) var held: [UInt8] = []
    private(set) var heldCount = 0
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

    /// What more of a frame than that is still to come is read to where it is held.
    static let directRead = 32 << 10
    private static let keptMemory = 4 << 20
    /// How many bytes may wait behind one that is held back on purpose.
    private static let delayedLimit = 1 << 20

    init(from: Conversation.Side) { self.from = from }

    /// Whether there is room for what would be read. A receiver that does not read stops the sender.
    var hasRoom: Bool {
        if outlet.isEmpty { return true }
        if case .until = stop { return outlet.count < Self.delayedLimit }
        return false
    }

    // MARK: - Holding

    /// Makes room for so many bytes more.
    private func makeRoom(_ count: Int) {
        let wanted = heldCount + count
        guard wanted > held.count else { return }
        // Bytes arrive before memory is given to what a size only announces.
        let size = max(wanted, min(frameSize, max(2 * held.count, 1 << 20)))
        held += [UInt8](repeating: 0, count: size - held.count)
    }

    /// Gathers bytes that came by.
    func hold(_ bytes: UnsafeRawBufferPointer) {
        makeRoom(bytes.count)
        held.withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0[heldCount...]).copyMemory(from: bytes)
        }
        heldCount += bytes.count
    }

    /// Lets `body` write at most so many of the frame's bytes where they are held; it says how many it wrote.
    func hold(
        upTo count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(NetError) -> Int?
    ) throws(NetError) -> Int? {
        makeRoom(count)
        let from = heldCount
        let outcome: Result<Int?, NetError> = held.withUnsafeMutableBytes { buffer in
            do throws(NetError) {
                return .success(try body(UnsafeMutableRawBufferPointer(rebasing: buffer[from..<from + count])))
            } catch { return .failure(error) }
        }
        let written = try outcome.get()
        heldCount += written ?? 0
        remaining -= written ?? 0
        return written
    }

    /// What is held. As long as somebody keeps it, the memory is theirs: ``letGo(keepingMemory:)`` says so.
    var heldBytes: Bytes { Bytes(storage: held, start: 0, count: heldCount) }

    /// Holds nothing any more.
    func letGo(keepingMemory: Bool) {
        if !keepingMemory || held.count > Self.keptMemory { held = [] }
        heldCount = 0
    }
}
