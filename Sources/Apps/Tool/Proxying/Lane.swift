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
    /// The frame so far, where it is held: the first ``heldCount`` bytes.
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
    /// Whether it is read again soon, since its sender's socket holds what the system does not know of.
    var willResume = false

    /// What more of a frame than that is still to come is read to where it is held.
    static let directRead = 32 << 10
    /// How many bytes may wait behind one that is held back on purpose.
    private static let delayedLimit = 1 << 20

    private let memory: WarmMemory

    init(from: Conversation.Side, memory: WarmMemory) {
        self.from = from
        self.memory = memory
    }

    /// How many bytes it has in memory.
    var waiting: Int { outlet.count + held.count + (copy?.capacity ?? 0) }

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
        if held.isEmpty { held = memory.take() }
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
        if !keepingMemory { held = [] }
        heldCount = 0
    }

    /// Everything has left: what nothing is held in is for the next frame, of whatever connection.
    func giveBack() {
        guard heldCount == 0, !held.isEmpty else { return }
        let free = held
        held = []
        memory.give(free)
    }
}

/// Memory that frames were gathered in, kept since it is warm: once for the proxy, and not for each connection, of which
/// there may be a thousand.
final class WarmMemory {
    private var free: [[UInt8]] = []
    private static let most = 4
    private static let largest = 4 << 20

    func take() -> [UInt8] { free.popLast() ?? [] }

    func give(_ memory: consuming [UInt8]) {
        guard free.count < Self.most, memory.count <= Self.largest else { return }
        free.append(memory)
    }
}
