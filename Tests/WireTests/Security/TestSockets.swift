import Foundation
import TestSupport

@testable import KafkaWire

/// One direction of a connection in memory.
final class MemoryPipe: Sendable {
    struct State {
        var bytes: [UInt8] = []
        var isClosed = false
        /// How many bytes ever passed, and after how many it breaks.
        var passed = 0
        var cutAfter = Int.max
        var damage: [Int: UInt8] = [:]
    }
    let state = Locked(State())
}

/// A socket in memory, which takes and gives as little at a time as a test wants.
final class MemorySocket: LoopSocket {
    let incoming: MemoryPipe
    let outgoing: MemoryPipe
    /// The most that one call takes or gives.
    let step: Int
    /// The most that waits.
    let room: Int
    let id: Int32

    init(_ incoming: MemoryPipe, _ outgoing: MemoryPipe, step: Int, room: Int, id: Int32) {
        (self.incoming, self.outgoing, self.step, self.room, self.id) = (incoming, outgoing, step, room, id)
    }

    static func pair(step: Int = .max, room: Int = 1 << 20) -> (MemorySocket, MemorySocket) {
        let (a, b) = (MemoryPipe(), MemoryPipe())
        return (MemorySocket(a, b, step: step, room: room, id: 1), MemorySocket(b, a, step: step, room: room, id: 2))
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
        let count = outgoing.state.withLock { state -> Int? in
            if state.isClosed { return nil }
            let count = min(bytes.count, step, room - state.bytes.count)
            if state.damage.isEmpty, state.cutAfter == .max {
                state.bytes.append(contentsOf: bytes.prefix(count))
                state.passed += count
                return count
            }
            for (index, byte) in bytes.prefix(count).enumerated() {
                guard state.passed < state.cutAfter else {
                    state.isClosed = true
                    return index
                }
                state.bytes.append(byte ^ (state.damage[state.passed] ?? 0))
                state.passed += 1
            }
            return count
        }
        guard let count else { throw NetError(.system(EPIPE), doing: "write to the connection") }
        return count
    }

    func write(_ parts: [UnsafeRawBufferPointer], isMore: Bool) throws(NetError) -> Int {
        guard let first = parts.first(where: { !$0.isEmpty }) else { return 0 }
        return try write(first)
    }

    func connectError(to address: SocketAddress) -> NetError? { nil }
    func accept() throws(NetError) -> (any LoopSocket)? { nil }
    func write(_ part: FilePart) throws(NetError) -> Int? { nil }
    var localPort: UInt16 { 0 }
    var peer: SocketAddress? { nil }
    var local: SocketAddress? { nil }
    func shutdownWriting() { outgoing.state.withLock { $0.isClosed = true } }
    func close() {
        outgoing.state.withLock { $0.isClosed = true }
        incoming.state.withLock { $0.isClosed = true }
    }
}

/// What tests do with sockets, holding their thread.
enum Driving {
    struct Stuck: Error, CustomStringConvertible { let description: String }

    static func connect(to port: UInt16) throws -> TCPSocket {
        let socket = try TCPSocket.connecting(to: .loopback(port: port))
        try wait(socket, POLLOUT)
        if let error = socket.connectError(to: .loopback(port: port)) { throw error }
        return socket
    }

    static func wait(_ socket: any LoopSocket, _ events: Int32, seconds: Int32 = 20) throws {
        var entry = pollfd(fd: socket.id, events: Int16(events), revents: 0)
        guard poll(&entry, 1, seconds * 1000) > 0 else { throw Stuck(description: "nothing happens") }
    }

    static func handshake(_ socket: TLSSocket) throws {
        while true {
            switch try socket.handshake() {
            case .done: return
            case .wantsRead: try wait(socket, Int32(POLLIN))
            case .wantsWrite: try wait(socket, Int32(POLLOUT))
            }
        }
    }

    static func write(_ bytes: [UInt8], to socket: any LoopSocket) throws {
        var sent = 0
        while sent < bytes.count || socket.wantsToWrite {
            let count = try bytes.withUnsafeBytes { try socket.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
            sent += count
            if count == 0, sent < bytes.count || socket.wantsToWrite { try wait(socket, Int32(POLLOUT)) }
        }
    }

    /// What comes next; empty at the end.
    static func read(_ socket: any LoopSocket, most: Int = 65536) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: most)
        while true {
            if let count = try buffer.withUnsafeMutableBytes({ try socket.read(into: $0) }) {
                return Array(buffer[..<count])
            }
            if socket.holdsInput { throw Stuck(description: "says that it holds input, and gives none") }
            try wait(socket, Int32(POLLIN))
        }
    }

    /// So many bytes, or what there is before the end.
    static func read(_ socket: any LoopSocket, count: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            let next = try read(socket, most: min(65536, count - all.count))
            if next.isEmpty { break }
            all += next
        }
        return all
    }

    /// Takes the handshake of both sides as far as it goes in one thread; what each has come to.
    static func shake(_ client: TLSSocket, _ server: TLSSocket) -> (Result<Bool, TLSError>, Result<Bool, TLSError>) {
        var outcomes: [Result<Bool, TLSError>] = [.success(false), .success(false)]
        for _ in 0..<100_000 {
            for (index, socket) in [client, server].enumerated() {
                guard case .success(false) = outcomes[index] else { continue }
                do throws(TLSError) { outcomes[index] = .success(try socket.handshake() == .done) } catch {
                    outcomes[index] = .failure(error)
                    socket.close()
                }
            }
            if outcomes.allSatisfy({ if case .success(false) = $0 { false } else { true } }) { break }
        }
        return (outcomes[0], outcomes[1])
    }
}
