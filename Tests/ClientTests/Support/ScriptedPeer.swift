import Testing

@testable import KafkaWire

/// Something that listens on a port and is no Kafka broker: it greets, answers bytes with bytes, hangs up, or says nothing.
actor ScriptedPeer {
    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    nonisolated let port: UInt16
    nonisolated var address: String { "127.0.0.1:\(port)" }

    /// What follows on bytes that came.
    enum Reply: Sendable {
        case nothing
        case say([UInt8])
        case sayAndClose([UInt8])
        case close
    }

    private let listener: any LoopSocket
    private let greeting: [UInt8]
    private let isHangingUp: Bool
    private let reply: @Sendable ([UInt8]) -> Reply
    private var sockets: [Int32: any LoopSocket] = [:]
    private(set) var heard: [[UInt8]] = []
    /// How many connections there were.
    private(set) var accepted = 0

    /// `hangsUp`: connections are closed as soon as they are there.
    static func start(
        greeting: String = "", hangsUp: Bool = false,
        _ reply: @escaping @Sendable ([UInt8]) -> Reply = { _ in .nothing }
    ) async throws -> ScriptedPeer {
        let any = try SocketAddress.resolve(host: "127.0.0.1", port: 0)
        let peer = ScriptedPeer(
            try SocketLoop(name: "scripted-peer"), try TCPSocket.listening(on: #require(any.first)),
            Array(greeting.utf8),
            hangsUp, reply)
        await peer.listen()
        return peer
    }

    private init(
        _ loop: SocketLoop, _ listener: any LoopSocket, _ greeting: [UInt8], _ hangsUp: Bool,
        _ reply: @escaping @Sendable ([UInt8]) -> Reply
    ) {
        self.loop = loop
        self.listener = listener
        self.greeting = greeting
        isHangingUp = hangsUp
        self.reply = reply
        port = listener.localPort
    }

    private func listen() {
        loop.watch(listener, for: .readable) { [weak self] _ in self?.assumeIsolated { $0.accept() } }
    }

    private func accept() {
        while let socket = try? listener.accept() {
            accepted += 1
            if isHangingUp {
                socket.close()
                continue
            }
            sockets[socket.id] = socket
            say(greeting, on: socket)
            loop.watch(socket, for: .readable) { [weak self] _ in
                self?.assumeIsolated { $0.ready(socket) }
            }
        }
    }

    private func ready(_ socket: any LoopSocket) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { (try? socket.read(into: $0)) ?? 0 }
        guard count > 0 else { return close(socket) }
        let bytes = Array(buffer[..<count])
        heard.append(bytes)
        switch reply(bytes) {
        case .nothing: break
        case .say(let answer): say(answer, on: socket)
        case .sayAndClose(let answer):
            say(answer, on: socket)
            close(socket)
        case .close: close(socket)
        }
    }

    private func say(_ bytes: [UInt8], on socket: any LoopSocket) {
        guard !bytes.isEmpty else { return }
        _ = bytes.withUnsafeBytes { try? socket.write($0) }
    }

    private func close(_ socket: any LoopSocket) {
        guard sockets.removeValue(forKey: socket.id) != nil else { return }
        loop.unwatch(socket)
        socket.close()
    }

    func stop() {
        for socket in sockets.values { close(socket) }
        loop.unwatch(listener)
        listener.close()
        loop.stop()
    }
}

/// Helpers of the doctor's tests.
extension KafkaDoctor.Configuration {
    /// With time-outs of a test, and no look at the ports that Kafka's examples use.
    static func quick(_ servers: String...) -> Self {
        var configuration = Self(bootstrapServers: servers)
        configuration.timeout = .seconds(1)
        configuration.watch = .milliseconds(600)
        // A busy machine is no slow network.
        configuration.slow = .seconds(10)
        configuration.usualPorts = []
        return configuration
    }
}

extension DiagnosisReport {
    /// The severities and codes of what is not as it should be, in the order of the report.
    var troubles: [String] { findings.filter { $0.severity > .ok }.map { "\($0.severity) \($0.code)" } }
    /// The only finding with that code.
    func only(_ code: DiagnosisFinding.Code) throws -> DiagnosisFinding {
        try #require(self[code].count == 1 ? self[code].first : nil, "\(troubles)")
    }
    func step(_ stage: Stage) throws -> Step { try #require(steps.first { $0.stage == stage }) }
}

/// A port on which nobody listens.
func closedPort() throws -> UInt16 {
    // Not one that the system hands out (from 32768 on): another test's broker might get it meanwhile.
    for _ in 0..<100 {
        let address = try #require(
            SocketAddress.resolve(host: "127.0.0.1", port: UInt16.random(in: 20_000..<30_000)).first)
        guard let socket = try? TCPSocket.listening(on: address) else { continue }
        defer { socket.close() }
        return socket.localPort
    }
    throw NetError.timedOut(doing: "find a port that is free")
}

/// A port that answers no attempt to connect, as one behind a firewall: its queue of connections is full, and the system
/// drops what comes.
final class FilteredPort: Sendable {
    let port: UInt16
    private let sockets: [any LoopSocket]

    init() throws {
        let listener = try TCPSocket.listening(
            on: #require(SocketAddress.resolve(host: "127.0.0.1", port: 0).first), backlog: 0)
        port = listener.localPort
        let address = try #require(SocketAddress.resolve(host: "127.0.0.1", port: port).first)
        sockets = try [listener] + (0..<4).map { _ in try TCPSocket.connecting(to: address) }
    }

    deinit { for socket in sockets { socket.close() } }
}
