import Foundation
import TestSupport
import Testing

@testable import KafkaWire

#if canImport(Glibc)
    import Glibc
#endif

/// How connections come to be: families of addresses, Unix sockets, what sockets are told.
@Suite(.turn) struct ConnectorTests {
    private static func addresses() -> [SocketAddress] {
        ["127.0.0.1", "::1"].compactMap { try? SocketAddress.resolve(host: $0, port: 1).first }
    }

    @Test(arguments: [
        (AddressFamily.any, ["127.0.0.1:1", "[::1]:1"]), (.v4, ["127.0.0.1:1"]), (.v6, ["[::1]:1"]),
    ])
    func familiesAreTaken(_ family: AddressFamily, _ wanted: [String]) throws {
        #expect(try family.taken(Self.addresses(), of: "h").map(\.description) == wanted)
    }

    @Test func aHostWithoutAnAddressOfTheFamilySaysSo() {
        let error = #expect(throws: NetError.self) {
            try AddressFamily.v6.taken([SocketAddress.loopback(port: 1)], of: "host.example")
        }
        #expect(error?.cause == .unresolved)
        #expect(error.map { "\($0)" } == "could not resolve host.example: the name has no address of IPv6")
    }

    @Test func pathsAreAddresses() throws {
        let address = try #require(SocketAddress.unix("/tmp/k.sock"))
        #expect(address.path == "/tmp/k.sock" && "\(address)" == "unix:/tmp/k.sock")
        #expect(address.port == 0 && address.at(port: 9) == address && !address.isLoopback)
        #expect(SocketAddress.loopback(port: 7).path == nil && SocketAddress.loopback(port: 7).port == 7)
        for path in ["", "/a\0b", String(repeating: "a", count: 108)] { #expect(SocketAddress.unix(path) == nil) }
        #expect(SocketAddress.unix(String(repeating: "a", count: 100)) != nil)
    }

    @Test func socketsAreToldTheirOptions() throws {
        let listener = try TCPSocket.listening(on: .loopback(port: 0))
        defer { listener.close() }
        var wanted = ConnectionOptions()
        wanted.userTimeout = .milliseconds(7000)
        wanted.sendBuffer = 40_000
        wanted.receiveBuffer = 50_000
        func look(_ options: ConnectionOptions, _ level: Int32, _ option: Int32) throws -> Int32 {
            let socket = try TCPSocket.connecting(to: .loopback(port: listener.localPort), options.socket)
            defer { socket.close() }
            var value: Int32 = -1
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(socket.descriptor, level, option, &value, &size)
            return value
        }
        #expect(try look(wanted, SOL_SOCKET, SO_KEEPALIVE) == 1, "as in Java, without being asked for")
        // Linux takes and tells twice what is asked for.
        #expect(try look(wanted, SOL_SOCKET, SO_SNDBUF) >= 40_000)
        #expect(try look(wanted, SOL_SOCKET, SO_RCVBUF) >= 50_000)
        #expect(try look(wanted, SOL_SOCKET, SO_RCVBUF) < 120_000)
        #if canImport(Glibc)
            #expect(try look(wanted, Int32(IPPROTO_TCP), Int32(TCP_USER_TIMEOUT)) == 7000)
        #endif
        wanted.keepsAlive = false
        #expect(try look(wanted, SOL_SOCKET, SO_KEEPALIVE) == 0)
    }

    @Test func whatIsStoppedConnectsNoMore() async throws {
        let loop = try SocketLoop(name: "connector")
        let connector = Connector(loop, family: .any, options: SocketOptions())
        await connector.stop()
        await #expect(throws: NetError.self) {
            try await connector.connect(host: "127.0.0.1", port: 1, until: loop.now + .seconds(60))
        }
        loop.stop()
    }

    @Test func whatComesSecondIsNotTaken() async {
        let arrival = Arrival<Int>()
        #expect(arrival.give(1))
        #expect(!arrival.give(2))
        #expect(await arrival.value() == 1)
        #expect(!arrival.give(3))
    }

    /// Without a name server the name of an address is the address, or what the system's own table has.
    @Test func canonicalNamesAreOfAllAddresses() async throws {
        let loop = try SocketLoop(name: "names")
        let arrival = Arrival<Result<[String], NetError>>()
        loop.canonicalNames(of: "127.0.0.1") { arrival.give($0) }
        let names = try await arrival.value().get()
        #expect(names.count == 1 && names.allSatisfy { !$0.isEmpty })
        loop.stop()
    }
}
