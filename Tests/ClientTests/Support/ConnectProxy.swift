import Testing

@testable import KafkaWire

/// An HTTP proxy that knows CONNECT: it hears the head, and passes bytes on to the broker, wherever that is said to be.
actor ConnectProxy {
    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    nonisolated let port: UInt16

    private struct Tunnel {
        let client: any LoopSocket
        var broker: (any LoopSocket)?
        var head = ""
        var toBroker: [UInt8] = []
        var toClient: [UInt8] = []
    }

    private let listener: any LoopSocket
    private let broker: UInt16
    /// The line that a head has to have.
    private let credentials: String?
    private var tunnels: [Int: Tunnel] = [:]
    private var next = 0
    /// The heads that came.
    private(set) var heads: [String] = []

    static func start(broker: UInt16, credentials: String? = nil) async throws -> ConnectProxy {
        let proxy = ConnectProxy(
            try SocketLoop(name: "connect-proxy"), try TCPSocket.listening(on: .loopback(port: 0)), broker, credentials)
        await proxy.listen()
        return proxy
    }

    private init(_ loop: SocketLoop, _ listener: any LoopSocket, _ broker: UInt16, _ credentials: String?) {
        self.loop = loop
        self.listener = listener
        self.broker = broker
        self.credentials = credentials
        port = listener.localPort
    }

    private func listen() {
        loop.watch(listener, for: .readable) { [weak self] _ in self?.assumeIsolated { $0.accept() } }
    }

    private func accept() {
        while let socket = try? listener.accept() {
            let id = next
            next += 1
            tunnels[id] = Tunnel(client: socket)
            loop.watch(socket, for: .readable) { [weak self] _ in self?.assumeIsolated { $0.ready(id, isClient: true) }
            }
        }
    }

    private func ready(_ id: Int, isClient: Bool) {
        guard let tunnel = tunnels[id], let socket = isClient ? tunnel.client : tunnel.broker else { return }
        flush(id)
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        let count: Int?
        do { count = try buffer.withUnsafeMutableBytes { try socket.read(into: $0) } } catch { return close(id) }
        guard let count else { return }
        guard count > 0 else { return close(id) }
        if tunnel.broker == nil {
            hear(id, buffer[..<count])
        } else if isClient {
            tunnels[id]?.toBroker += buffer[..<count]
        } else {
            tunnels[id]?.toClient += buffer[..<count]
        }
        flush(id)
    }

    private func hear(_ id: Int, _ bytes: ArraySlice<UInt8>) {
        guard var tunnel = tunnels[id] else { return }
        tunnel.head += String(decoding: bytes, as: UTF8.self)
        tunnels[id] = tunnel
        guard tunnel.head.hasSuffix("\r\n\r\n") else { return }
        heads.append(tunnel.head)
        if let credentials, !tunnel.head.contains("\r\nProxy-Authorization: \(credentials)\r\n") {
            tunnels[id]?.toClient += Array("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".utf8)
            return
        }
        guard let broker = try? TCPSocket.connecting(to: .loopback(port: broker)) else { return close(id) }
        tunnels[id]?.broker = broker
        tunnels[id]?.toClient += Array("HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n".utf8)
        loop.watch(broker, for: [.readable, .writable]) { [weak self] _ in
            self?.assumeIsolated { $0.ready(id, isClient: false) }
        }
    }

    private func flush(_ id: Int) {
        guard var tunnel = tunnels[id] else { return }
        do {
            try Self.write(&tunnel.toClient, to: tunnel.client)
            if let broker = tunnel.broker { try Self.write(&tunnel.toBroker, to: broker) }
        } catch {
            return close(id)
        }
        tunnels[id] = tunnel
        loop.setInterest(tunnel.client, tunnel.toClient.isEmpty ? .readable : [.readable, .writable])
        if let broker = tunnel.broker {
            loop.setInterest(broker, tunnel.toBroker.isEmpty ? .readable : [.readable, .writable])
        }
    }

    private static func write(_ bytes: inout [UInt8], to socket: any LoopSocket) throws {
        guard !bytes.isEmpty else { return }
        let count = try bytes.withUnsafeBytes { try socket.write($0) }
        bytes.removeFirst(count)
    }

    private func close(_ id: Int) {
        guard let tunnel = tunnels.removeValue(forKey: id) else { return }
        for socket in [tunnel.client, tunnel.broker].compactMap({ $0 }) {
            loop.unwatch(socket)
            socket.close()
        }
    }

    func stop() {
        for id in Array(tunnels.keys) { close(id) }
        loop.unwatch(listener)
        listener.close()
        loop.stop()
    }
}
