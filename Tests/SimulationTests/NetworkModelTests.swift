import Foundation
import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// The network as a value: two hosts, a listener, and what becomes of bytes.
@Suite(.turn) struct NetworkModelTests {
    /// A network in which every way takes a millisecond.
    final class Pair {
        let network = NetworkModel(random: RandomSource(seed: 1))
        let client: Int
        let server: Int
        private(set) var now = SimulationState.start

        init() {
            client = network.addHost("client")
            server = network.addHost("server")
            network.usual.latency = .constant(.milliseconds(1))
        }

        func pass(_ duration: Duration) {
            let end = now + duration
            while let next = network.nextDeadline, next <= end {
                now = max(now, next)
                network.advance(to: now)
            }
            now = end
        }

        func listen(_ port: UInt16 = 9092, backlog: Int = 16) throws -> Endpoint {
            try network.listen(on: .ipv4(0, port: port), backlog: backlog, host: server)
        }

        func connect(_ port: UInt16 = 9092) throws -> Endpoint {
            try network.connect(to: .ipv4(network.hosts[server].address, port: port), from: client, now: now)
        }

        /// Both ends of a connection that is there.
        func connection() throws -> (Endpoint, Endpoint) {
            let listener = try listen()
            let end = try connect()
            pass(.milliseconds(2))
            return (end, try #require(try network.accept(listener.id)))
        }

        func write(_ text: String, _ end: Endpoint) throws -> Int {
            try Array(text.utf8).withUnsafeBytes { bytes in try network.write(bytes, to: end.id, now: now) }
        }

        /// What can be read, "" at the end; nil where nothing waits.
        func read(_ end: Endpoint, _ size: Int = 100) throws -> String? {
            var bytes = [UInt8](repeating: 0, count: size)
            let count = try bytes.withUnsafeMutableBytes { try network.read(end.id, into: $0, now: now) }
            return count.map { String(decoding: bytes[..<$0], as: UTF8.self) }
        }
    }

    @Test func bytesArriveAfterTheirWay() throws {
        let pair = Pair()
        let (client, server) = try pair.connection()
        #expect(client.state == .connected)
        #expect(try pair.write("hello", client) == 5)
        #expect(try pair.read(server) == nil)
        pair.pass(.milliseconds(1))
        #expect(pair.network.readiness(of: server.id) == [.readable, .writable])
        #expect(try pair.read(server, 3) == "hel")
        #expect(try pair.read(server) == "lo")
        #expect(try pair.read(server) == nil)
    }

    @Test func whatIsSentIsRecordedWhereThatIsWanted() throws {
        let pair = Pair()
        let (client, server) = try pair.connection()
        _ = try pair.write("unseen", client)
        #expect(pair.network.recorded == nil)
        pair.network.recorded = []
        let start = pair.now
        _ = try pair.write("hello", client)
        pair.pass(.milliseconds(3))
        _ = try pair.write("to you", server)
        client.cut = (2, .silent)
        _ = try pair.write("lost", client)
        let found = pair.network.recorded ?? []
        #expect(found.map { $0.time - start } == [.zero, .milliseconds(3), .milliseconds(3)])
        #expect(found.map(\.bytes.isFromClient) == [true, false, true])
        #expect(found.map { String(decoding: $0.bytes.bytes, as: UTF8.self) } == ["hello", "to you", "lo"])
        #expect(
            Set(found.map { "\($0.bytes.connection) \($0.bytes.client) \($0.bytes.broker)" }) == [
                "1 client:32768 server:9092"
            ])
    }

    @Test func whoClosesIsHeardBehindItsBytes() throws {
        let pair = Pair()
        let (client, server) = try pair.connection()
        _ = try pair.write("bye", client)
        pair.network.close(client.id, now: pair.now)
        pair.pass(.milliseconds(1))
        #expect(try pair.read(server) == "bye")
        #expect(try pair.read(server) == "")
        // Who writes to it is told that it is gone, one way there and one back later.
        #expect(try pair.write("?", server) == 1)
        pair.pass(.milliseconds(2))
        #expect(throws: NetError.self) { try pair.write("?", server) }
    }

    @Test func whoClosesWithoutReadingBreaksTheConnection() throws {
        let pair = Pair()
        let (client, server) = try pair.connection()
        _ = try pair.write("unread", client)
        pair.pass(.milliseconds(1))
        pair.network.close(server.id, now: pair.now)
        pair.pass(.milliseconds(1))
        #expect(pair.network.readiness(of: client.id) == [.readable, .writable, .failed])
        #expect(throws: NetError.self) { try pair.read(client) }
    }

    @Test func onePieceArrivesAfterTheOther() throws {
        let pair = Pair()
        pair.network.usual.pieces = 1
        pair.network.usual.pieceGap = .milliseconds(1)
        let (client, server) = try pair.connection()
        _ = try pair.write("abc", client)
        var seen: [String] = []
        for _ in 0..<20 {
            pair.pass(.milliseconds(1))
            if let text = try pair.read(server) { seen.append(text) }
        }
        #expect(seen == ["a", "b", "c"])
    }

    @Test func bandwidthHoldsBytesBack() throws {
        let pair = Pair()
        pair.network.usual.bandwidth = 1000
        let (client, server) = try pair.connection()
        _ = try pair.write(String(repeating: "x", count: 500), client)
        pair.pass(.milliseconds(500))
        #expect(try pair.read(server) == nil)
        pair.pass(.milliseconds(1))
        #expect(try pair.read(server, 1000)?.count == 500)
    }

    @Test func whoDoesNotReadFillsTheWindow() throws {
        let pair = Pair()
        pair.network.usual.window = 10
        let (client, server) = try pair.connection()
        #expect(try pair.write("0123456789abc", client) == 10)
        #expect(try pair.write("abc", client) == 0)
        pair.pass(.seconds(60))
        #expect(try pair.write("abc", client) == 0)
        #expect(try pair.read(server, 4) == "0123")
        pair.pass(.milliseconds(1))
        #expect(pair.network.readiness(of: client.id) == .writable)
        #expect(try pair.write("abcdef", client) == 4)
    }

    @Test func aDeafHostIsToldNothing() throws {
        let pair = Pair()
        let (client, server) = try pair.connection()
        pair.network.setDeaf(true, pair.server)
        _ = try pair.write("hello", client)
        pair.pass(.seconds(1))
        #expect(pair.network.readiness(of: server.id) == .writable)
        #expect(try pair.read(server) == nil)
        pair.network.setDeaf(false, pair.server)
        #expect(try pair.read(server) == "hello")
    }

    /// Told of it, it would look again and again at what it does not read (seeds 5025 and 5043).
    @Test func aDeafHostDoesNotHearThatAConnectionIsOver() throws {
        let pair = Pair()
        let (client, server) = try pair.connection()
        pair.network.setDeaf(true, pair.server)
        pair.network.cut(client, .reset, now: pair.now)
        pair.pass(.seconds(1))
        #expect(pair.network.readiness(of: server.id).subtracting(.writable).isEmpty)
        pair.network.setDeaf(false, pair.server)
        #expect(pair.network.readiness(of: server.id).contains(.failed))
    }

    // MARK: - Partitions

    @Test func whatWasSentBeforeAPartitionArrivesBehindIt() throws {
        let pair = Pair()
        let (client, server) = try pair.connection()
        pair.network.change(from: "client", to: "server", now: pair.now) { $0.isBlocked = true }
        _ = try pair.write("late", client)
        // The other direction is not concerned.
        _ = try pair.write("free", server)
        pair.pass(.seconds(60))
        #expect(try pair.read(server) == nil)
        #expect(try pair.read(client) == "free")
        pair.network.heal(now: pair.now)
        pair.pass(.seconds(1))
        #expect(try pair.read(server) == "late")
    }

    @Test func whatDoesNotArriveForAQuarterOfAnHourIsGivenUp() throws {
        let pair = Pair()
        let (client, server) = try pair.connection()
        pair.network.change(from: "client", to: "server", now: pair.now) { $0.isBlocked = true }
        _ = try pair.write("never", client)
        pair.pass(.seconds(900))
        #expect(client.error == nil)
        pair.pass(.seconds(60))
        #expect(throws: NetError.self) { try pair.read(client) }
        // The other side has heard nothing.
        #expect(try pair.read(server) == nil)
    }

    @Test func aSilentCutIsHeardByNobodyWhoDoesNotWrite() throws {
        let pair = Pair()
        let (client, server) = try pair.connection()
        pair.network.cut(client, .silent, now: pair.now)
        _ = try pair.write("into nothing", client)
        pair.pass(.seconds(2000))
        #expect(throws: NetError.self) { try pair.read(client) }
        #expect(try pair.read(server) == nil)
    }

    @Test(arguments: CutKind.allCases) func aConnectionEndsAtAnyByte(kind: CutKind) throws {
        for count in 0...5 {
            let pair = Pair()
            let (client, server) = try pair.connection()
            client.cut = (count, kind)
            _ = try pair.write("hello", client)
            pair.pass(.seconds(2))
            var seen = ""
            var end: String?
            do {
                while end == nil, let text = try pair.read(server) {
                    if text.isEmpty { end = "closed" } else { seen += text }
                }
            } catch {
                end = "reset"
            }
            #expect(seen == (kind == .silent ? "" : String("hello".prefix(count))))
            #expect(end == (kind == .reset ? "reset" : kind == .closed ? "closed" : nil))
        }
    }

    // MARK: - Connecting

    @Test func nobodyListens() throws {
        let pair = Pair()
        let end = try pair.connect()
        pair.pass(.milliseconds(2))
        #expect(end.state == .failed(ECONNREFUSED))
        #expect(pair.network.readiness(of: end.id) == [.writable, .failed])
    }

    @Test func attemptsThatNobodyHearsAreRepeatedAndGivenUp() throws {
        let pair = Pair()
        let listener = try pair.listen()
        pair.network.change(from: "client", to: "server", now: pair.now) { $0.connects = .dropped }
        let (given, lucky) = (try pair.connect(), try pair.connect())
        pair.pass(.seconds(5))
        #expect(given.state == .connecting)
        pair.network.close(lucky.id, now: pair.now)
        pair.pass(.seconds(130))
        #expect(given.state == .failed(ETIMEDOUT))
        #expect(listener.waiting.isEmpty)
    }

    @Test func afterAPartitionTheNextAttemptSucceeds() throws {
        let pair = Pair()
        _ = try pair.listen()
        pair.network.change(from: "server", to: "client", now: pair.now) { $0.isBlocked = true }
        let end = try pair.connect()
        pair.pass(.seconds(2))
        #expect(end.state == .connecting)
        pair.network.heal(now: pair.now)
        pair.pass(.seconds(2))
        #expect(end.state == .connected)
    }

    @Test func aFullAcceptQueueLetsNobodyIn() throws {
        let pair = Pair()
        let listener = try pair.listen(backlog: 1)
        let (first, second) = (try pair.connect(), try pair.connect())
        pair.pass(.milliseconds(10))
        #expect([first.state, second.state].count { $0 == .connected } == 1)
        #expect(try pair.network.accept(listener.id) != nil)
        pair.pass(.seconds(2))
        #expect([first.state, second.state] == [.connected, .connected])
    }

    @Test func aPortIsTakenOnce() throws {
        let pair = Pair()
        let first = try pair.listen()
        #expect(throws: NetError.self) { try pair.listen() }
        pair.network.close(first.id, now: pair.now)
        _ = try pair.listen()
    }

    @Test func aHostWithoutPowerAnswersNobodyAndRefusesAfterwards() throws {
        let pair = Pair()
        let (client, _) = try pair.connection()
        pair.network.shutDown(pair.server, isSilent: true, now: pair.now)
        pair.network.setOff(true, pair.server)
        let end = try pair.connect()
        _ = try pair.write("anybody?", client)
        pair.pass(.seconds(10))
        #expect(end.state == .connecting)
        #expect(client.error == nil)
        pair.network.setOff(false, pair.server)
        pair.network.resume(now: pair.now)
        pair.pass(.seconds(10))
        #expect(end.state == .failed(ECONNREFUSED))
        #expect(client.error == ECONNRESET)
    }

    @Test func aProcessThatEndsClosesWhatItHas() throws {
        let pair = Pair()
        let (client, _) = try pair.connection()
        pair.network.shutDown(pair.server, isSilent: false, now: pair.now)
        pair.pass(.milliseconds(1))
        #expect(try pair.read(client) == "")
        #expect(pair.network.ends.count == 1)
    }

    // MARK: - Names

    static let names: [(NameAnswer?, NameAnswer?, String)] = [
        (nil, nil, "10.0.0.2"), (.hosts(["client"]), nil, "10.0.0.1"), (.fails("no such name"), nil, "no such name"),
        (.silent, nil, "never"), (.hosts(["server", "9.8.7.6"]), nil, "10.0.0.2 9.8.7.6"),
        (.hosts([]), nil, "Name or service not known"), (.fails("no"), .hosts(["server"]), "10.0.0.2"),
    ]

    /// What all are told a name means, what this host is told, and what comes of it.
    @Test(arguments: names) func aNameMeansWhatIsSaid(all: NameAnswer?, own: NameAnswer?, expected: String) throws {
        let pair = Pair()
        pair.network.setName("server", for: nil, all)
        if let own { pair.network.setName("server", for: pair.client, own) }
        let found = pair.network.lookUp("server", port: 1, isPassive: false, from: pair.client)
        let said: String
        switch found?.answer {
        case nil: said = "never"
        case .success(let addresses): said = addresses.map(\.host).joined(separator: " ")
        case .failure(let error): said = error.words
        }
        #expect(said == expected)
    }

    @Test(
        arguments: [
            ("10.0.0.1", 0x0A00_0001), ("127.0.0.1", 0x7F00_0001), ("1.2.3", nil), ("1.2.3.256", nil), ("a.b.c.d", nil),
            ("", nil), ("1..2.3", nil),
        ] as [(String, UInt32?)])
    func anAddressInNumbers(text: String, bits: UInt32?) { #expect(NetworkModel.number(text) == bits) }

    /// A port with a name of its own is a party: what becomes of it leaves the host's others alone.
    @Test func aNodeIsAPartyOfItsOwn() throws {
        let pair = Pair()
        pair.network.addParty("node-2", port: 9093, of: pair.server)
        _ = try (pair.listen(9092), pair.listen(9093))
        pair.network.change(from: "client", to: "node-2", now: pair.now) { $0.connects = .refused }
        let (one, two) = (try pair.connect(9092), try pair.connect(9093))
        pair.pass(.milliseconds(10))
        #expect(one.state == .connected)
        #expect(two.state == .failed(ECONNREFUSED))
    }

    /// The address of a node leads one host to another node, and others to where it should.
    @Test func anAddressLeadsToAnotherNode() throws {
        let pair = Pair()
        let other = pair.network.addHost("other")
        let address = pair.network.hosts[pair.server].address
        for (name, port) in [("node-1", 9092), ("node-2", 9093), ("node-2", 9193)] as [(String, UInt16)] {
            pair.network.addParty(name, port: port, of: pair.server)
        }
        let (first, second) = (try pair.listen(9092), try pair.listen(9093))
        pair.network.lead("node-1", to: "node-2", from: pair.client)
        _ = try pair.connect(9092)
        _ = try pair.network.connect(to: .ipv4(address, port: 9092), from: other, now: pair.now)
        pair.pass(.milliseconds(5))
        #expect(first.waiting.count == 1 && second.waiting.count == 1)
        // It listens elsewhere now.
        pair.network.close(second.id, now: pair.now)
        let third = try pair.listen(9193)
        _ = try pair.connect(9092)
        pair.network.lead("node-1", to: nil, from: pair.client)
        _ = try pair.connect(9092)
        pair.pass(.milliseconds(5))
        #expect(first.waiting.count == 2 && third.waiting.count == 1)
    }
}
