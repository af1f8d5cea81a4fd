import Proxying
import TestSupport
import Testing

@testable import KafkaWire

/// One end of a connection, byte by byte.
struct RawPeer: Sendable {
    let socket: any LoopSocket

    static func connect(to port: UInt16) throws -> RawPeer {
        let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: port).first)
        return RawPeer(socket: try TCPSocket.connecting(to: address))
    }

    /// Writes all bytes.
    func send(_ bytes: [UInt8]) async throws {
        var sent = 0
        try await eventually {
            do {
                sent += try bytes.withUnsafeBytes { try socket.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
            } catch let error as NetError
                where "\(error)".contains("in progress") || "\(error)".contains("not connected")
            {}
            return sent == bytes.count
        }
    }

    /// What comes until there are so many bytes, or until the end of the stream, which then is told.
    func receive(_ count: Int) async throws -> (bytes: [UInt8], hasEnded: Bool) {
        var all: [UInt8] = []
        var hasEnded = false
        try await eventually {
            while all.count < count {
                var part = [UInt8](repeating: 0, count: min(65_536, count - all.count))
                do {
                    guard let got = try part.withUnsafeMutableBytes({ try socket.read(into: $0) }) else { return false }
                    if got == 0 {
                        hasEnded = true
                        return true
                    }
                    all += part[..<got]
                } catch {
                    hasEnded = true
                    return true
                }
            }
            return true
        }
        return (all, hasEnded)
    }

    /// The next frame with its size.
    func frame() async throws -> Bytes {
        let head = try await receive(4)
        try #require(head.bytes.count == 4, "the connection ended")
        let size = Int(UInt32(bigEndian: head.bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }))
        let rest = try await receive(size)
        try #require(rest.bytes.count == size, "the connection ended")
        return Bytes(head.bytes + rest.bytes)
    }

    /// Whether the other side closes without another byte.
    func ends() async throws -> Bool {
        let rest = try await receive(1)
        return rest.hasEnded && rest.bytes.isEmpty
    }

    func close() { socket.close() }
}

/// A port on which a test accepts what the proxy opens.
struct RawServer: Sendable {
    let socket: any LoopSocket
    var port: UInt16 { socket.localPort }

    init() throws {
        let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 0).first)
        socket = try TCPSocket.listening(on: address)
    }

    func accept() async throws -> RawPeer {
        var peer: (any LoopSocket)?
        try await eventually {
            peer = try socket.accept()
            return peer != nil
        }
        return RawPeer(socket: try #require(peer))
    }

    func close() { socket.close() }
}

/// A proxy, and all that it has told.
final class ProxyHarness: Sendable {
    let proxy: Proxy
    let feed: ExchangeFeed
    private let told = Locked<(exchanges: [Exchange], frames: [ExchangeFeed.SeenFrame], notes: [String])>(([], [], []))
    private let complaints: Locked<[String]>
    private let reader: Task<Void, Never>

    init(_ brokers: [String], _ configure: (inout Proxy.Configuration) -> Void = { _ in }) async throws {
        feed = ExchangeFeed()
        let complaints = Locked<[String]>([])
        self.complaints = complaints
        var configuration = Proxy.Configuration(
            listen: HostPort(host: "127.0.0.1", port: 0), bootstrap: try brokers.map { try #require(HostPort($0)) })
        configuration.feed = feed
        configuration.keepsAnswers = true
        configuration.keepsRequests = true
        configuration.complain = { sentence in complaints.withLock { $0.append(sentence) } }
        configure(&configuration)
        proxy = try await Proxy.start(configuration)
        reader = Task { [feed, told] in
            while let (items, _) = await feed.next() {
                told.withLock { told in
                    for item in items {
                        switch item {
                        case .exchange(let exchange): told.exchanges.append(exchange)
                        case .frame(let frame): told.frames.append(frame)
                        case .note(let note): told.notes.append(note)
                        }
                    }
                }
            }
        }
    }

    var address: String { get async { "\(await proxy.address)" } }
    var port: UInt16 { get async { await proxy.address.port } }
    /// How many connections clients have made.
    var connectionCount: Int { get async { await proxy.counts.all } }
    var exchanges: [Exchange] { told.withLock { $0.exchanges } }
    var frames: [ExchangeFeed.SeenFrame] { told.withLock { $0.frames } }
    var notes: [String] { told.withLock { $0.notes } }
    var sentences: [String] { complaints.withLock { $0 } }

    func stop() async {
        await proxy.stop()
        feed.close()
        await reader.value
    }
}
