/// A socket with what waits to be written to it, and the frames that come out of it. A value that its owner, an actor
/// on the socket's loop, keeps; client and broker use the same one.
package struct FrameChannel: Sendable {
    package let socket: any LoopSocket
    private var assembler: FrameAssembler
    private var outgoing: [UInt8] = []
    private var sent = 0
    private static let keptMemory = 2 << 20
    private static let largeFrame = 64 << 10

    package init(_ socket: any LoopSocket, frameLimit: Int = Frame.defaultLimit) {
        self.socket = socket
        assembler = FrameAssembler(limit: frameLimit)
    }

    /// Why no further frames come out of a channel.
    package enum Failure: Error, Equatable, Sendable {
        case net(NetError)
        case wire(WireError)
    }

    /// How many bytes wait to be written.
    package var unsent: Int { outgoing.count - sent }

    /// Queues bytes; ``flush()`` writes them.
    package mutating func queue(_ bytes: [UInt8]) {
        if unsent == 0 {
            sent = 0
            // A large frame is sent from where it is; small ones are gathered in memory that stays warm.
            if bytes.count >= Self.largeFrame {
                outgoing = bytes
                return
            }
            outgoing.removeAll(keepingCapacity: true)
        }
        outgoing.append(contentsOf: bytes)
    }

    /// Writes what waits, as far as the system takes it now. True when nothing is left.
    package mutating func flush() throws(NetError) -> Bool {
        while sent < outgoing.count {
            let count = try Self.write(outgoing, from: sent, to: socket)
            if count == 0 { break }
            sent += count
        }
        guard sent == outgoing.count else { return false }
        // Memory that is warm is kept, but not that of a rare, large frame.
        if outgoing.capacity > Self.keptMemory { outgoing = [] } else { outgoing.removeAll(keepingCapacity: true) }
        sent = 0
        return true
    }

    private static func write(_ bytes: [UInt8], from: Int, to socket: any LoopSocket) throws(NetError) -> Int {
        let outcome: Result<Int, NetError> = bytes.withUnsafeBytes { buffer in
            do throws(NetError) {
                return .success(try socket.write(UnsafeRawBufferPointer(rebasing: buffer[from...])))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Reads what has arrived and hands each whole frame to `body`, until nothing waits, or `body` answers false (it
    /// wants no more for now), or about a megabyte was read, so that one connection does not keep the loop to itself.
    package mutating func receive(_ body: (Bytes) -> Bool) throws(Failure) {
        var budget = 1 << 20
        while budget > 0 {
            while let frame = try nextFrame() {
                if !body(frame) { return }
            }
            var received: Int?
            do throws(NetError) {
                let socket = self.socket
                try assembler.receive { (buffer) throws(NetError) in
                    received = try socket.read(into: buffer)
                    return received ?? 0
                }
            } catch {
                throw .net(error)
            }
            guard let count = received else { return }
            guard count > 0 else { throw .net(NetError(.closed, doing: "read from the connection")) }
            budget -= count
        }
        while let frame = try nextFrame() {
            if !body(frame) { return }
        }
    }

    private mutating func nextFrame() throws(Failure) -> Bytes? {
        do throws(WireError) { return try assembler.next() } catch { throw .wire(error) }
    }
}
