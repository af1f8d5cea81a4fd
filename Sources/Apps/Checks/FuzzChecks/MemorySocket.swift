import KafkaWire

/// One direction of a connection in memory, whose bytes are changed on their way.
final class MemoryPipe: Sendable {
    struct State {
        var bytes: [UInt8] = []
        var isClosed = false
        /// How many bytes ever passed.
        var passed = 0
        /// What is done to bytes at their places: an exclusive or, or, of 0, that nothing more passes.
        var damage: [Int: UInt8] = [:]
    }

    let state = Locked(State())

    func put(_ bytes: some Sequence<UInt8>) {
        state.withLock { state in
            for byte in bytes where !state.isClosed {
                let change = state.damage[state.passed]
                state.passed += 1
                guard change != 0 else {
                    state.isClosed = true
                    return
                }
                state.bytes.append(byte ^ (change ?? 0))
            }
        }
    }

    func close() { state.withLock { $0.isClosed = true } }
}

/// A socket in memory, of which one call takes and gives a few bytes.
final class MemorySocket: LoopSocket {
    private let incoming: MemoryPipe
    private let outgoing: MemoryPipe
    private let step: Int

    init(_ incoming: MemoryPipe, _ outgoing: MemoryPipe, step: Int) {
        (self.incoming, self.outgoing, self.step) = (incoming, outgoing, max(1, step))
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> Int? {
        incoming.state.withLock { state in
            let count = min(buffer.count, step, state.bytes.count)
            if count == 0 { return state.isClosed ? 0 : nil }
            buffer.copyBytes(from: state.bytes[..<count])
            state.bytes.removeFirst(count)
            return count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(NetError) -> Int {
        if outgoing.state.withLock({ $0.isClosed }) { throw NetError(.closed, doing: "write to the connection") }
        let part = bytes.prefix(step)
        outgoing.put(part)
        return part.count
    }

    func write(_ parts: [UnsafeRawBufferPointer], isMore: Bool) throws(NetError) -> Int {
        guard let first = parts.first(where: { !$0.isEmpty }) else { return 0 }
        return try write(first)
    }

    let id: Int32 = 1
    func connectError(to address: SocketAddress) -> NetError? { nil }
    func accept() throws(NetError) -> (any LoopSocket)? { nil }
    func write(_ part: FilePart) throws(NetError) -> Int? { nil }
    var localPort: UInt16 { 0 }
    var peer: SocketAddress? { nil }
    var local: SocketAddress? { nil }
    func shutdownWriting() { outgoing.close() }
    func close() {
        incoming.close()
        outgoing.close()
    }
}
