import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire
@testable import Proxying

/// A proxy in this process, between this library's clients and the embedded broker, or between bare sockets.
@Suite(.turn) struct ProxyTests {
    // MARK: - Clients and brokers

    @Test func aClusterIsReachedOnlyThroughTheProxy() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 6], brokers: 3))
        let harness = try await ProxyHarness([broker.bootstrapServers.split(separator: ",")[0].description])
        let address = await harness.address
        let producer = try KafkaProducer(.init(bootstrapServers: [address]))
        for number in 0..<300 {
            try await producer.enqueue(ProducerRecord(topic: "orders", key: "\(number)", value: "value \(number)"))
        }
        try await producer.close()
        #expect(await harness.proxy.listenerCount == 3)

        // A node that turns up later gets a listener when an answer names it.
        let added = try await broker.addNode()
        let admin = try KafkaAdmin(.init(bootstrapServers: [address]))
        try await admin.connect()
        try await eventually {
            let answer = try await admin.send(DescribeClusterRequest(), to: .any)
            return answer.response.brokers.count == 4
        }
        #expect(await harness.proxy.listenerCount == 4)
        try await broker.moveLeader(of: "orders", partition: 0, to: 2)
        let answer = try await admin.send(DescribeClusterRequest(), to: .broker(added))
        let real = Set(broker.bootstrapServers.split(separator: ",").map(String.init))
        for node in answer.response.brokers { #expect(!real.contains("\(node.host):\(node.port)")) }
        await admin.close()

        let consumer = try KafkaConsumer(.init(bootstrapServers: [address], group: "readers", topics: ["orders"]))
        var values: Set<String> = []
        for try await batch in consumer.batches {
            for record in batch { values.insert(record.value?.text ?? "") }
            try await batch.commit()
            if values.count == 300 { break }
        }
        await consumer.close()
        #expect(values == Set((0..<300).map { "value \($0)" }))

        let expected: Set<APIKey> = [
            .produce, .fetch, .metadata, .findCoordinator, .joinGroup, .offsetCommit, .apiVersions,
        ]
        try await eventually { expected.isSubset(of: Set(harness.exchanges.map(\.head.api))) }
        await harness.stop()
        await broker.stop()
        #expect(harness.sentences == [])
        #expect(await harness.proxy.counts.open == 0)
    }

    @Test func aTransactionPasses() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["paid": 2], brokers: 2))
        let harness = try await ProxyHarness([broker.bootstrapServers.split(separator: ",")[1].description])
        let admin = try KafkaAdmin(.init(bootstrapServers: [await harness.address]))
        let request = InitProducerIdRequest.with {
            $0.transactionalId = "till"
            $0.transactionTimeoutMs = 10_000
        }
        let answer = try await admin.send(request, to: .transactionCoordinator("till"))
        #expect(answer.response.errorCode == .none && answer.response.producerId.rawValue >= 0)
        await admin.close()
        await harness.stop()
        await broker.stop()
    }

    // MARK: - Bytes

    /// A Heartbeat with that correlation id, and an answer to it, padded so that the frames are long.
    private func exchange(_ number: Int32, padding: Int = 0) throws -> (request: [UInt8], answer: [UInt8]) {
        let request = HeartbeatRequest.with {
            $0.groupId = String(repeating: "g", count: padding)
            $0.memberId = "m"
        }
        return (
            try Frame.request(request, version: 0, correlationId: number, clientId: "raw"),
            try Frame.response(HeartbeatResponse(), version: 0, correlationId: number)
        )
    }

    @Test func bytesPassAsTheyComeAlsoInPieces() async throws {
        let server = try RawServer()
        let harness = try await ProxyHarness(["127.0.0.1:\(server.port)"])
        let client = try RawPeer.connect(to: await harness.port)
        let broker = try await server.accept()
        let (request, answer) = try exchange(7, padding: 30_000)
        for at in stride(from: 0, to: 40, by: 1) { try await client.send([request[at]]) }
        // The first bytes are there before the frame is whole.
        #expect(try await broker.receive(30).bytes == Array(request[..<30]))
        try await client.send(Array(request[40...]))
        #expect(try await broker.receive(request.count - 30).bytes == Array(request[30...]))
        for byte in answer { try await broker.send([byte]) }
        #expect(try await client.receive(answer.count).bytes == answer)
        try await eventually { harness.exchanges.count == 1 }
        let seen = try #require(harness.exchanges.first)
        #expect(
            seen.head
                == RequestHead(api: .heartbeat, version: 0, correlationId: 7, clientId: "raw", size: request.count))
        #expect(seen.ending == .answered(size: answer.count))
        #expect(seen.request == Bytes(request) && seen.answer == Bytes(answer))
        client.close()
        #expect(try await broker.ends())
        broker.close()
        server.close()
        try await eventually { await harness.proxy.counts.open == 0 }
        await harness.stop()
    }

    /// Answers that may hold addresses are gathered, in memory that is used again: large and small ones, one behind the
    /// other, none of which changes.
    @Test(arguments: [false, true]) func gatheredAnswersAreWhole(_ isKept: Bool) async throws {
        let server = try RawServer()
        let harness = try await ProxyHarness(["127.0.0.1:\(server.port)"]) {
            $0.keepsAnswers = isKept
            $0.tellsErrors = true
        }
        let client = try RawPeer.connect(to: await harness.port)
        let broker = try await server.accept()
        var expected: [UInt8] = []
        var requests: [UInt8] = []
        for (number, size) in [10, 3_000_000, 200, 40_000, 6_000_000, 1, 70_000, 100_000].enumerated() {
            let request = FetchRequest.with { $0.maxWaitMs = 5 }
            requests += try Frame.request(request, version: 17, correlationId: Int32(number), clientId: "raw")
            let records = Records(Bytes((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }))
            let answer = FetchResponse.with {
                $0.responses = [
                    .with {
                        $0.partitions = [
                            .with {
                                $0.records = records
                                $0.errorCode = number == 3 ? .offsetOutOfRange : .none
                            }
                        ]
                    }
                ]
            }
            expected += try Frame.response(answer, version: 17, correlationId: Int32(number))
        }
        try await client.send(requests)
        #expect(try await broker.receive(requests.count).bytes == requests)
        let all = expected
        async let sent: Void = broker.send(all)
        #expect(try await client.receive(expected.count).bytes == expected)
        try await sent
        try await eventually { harness.exchanges.count == 8 }
        var names = TopicNames()
        let errors = harness.exchanges.map { ExchangeSummary($0, .errors, &names).errors }
        #expect(errors.map(\.count) == [0, 0, 0, 1, 0, 0, 0, 0])
        #expect(harness.exchanges.allSatisfy { ($0.answer != nil) == isKept })
        client.close()
        broker.close()
        server.close()
        await harness.stop()
    }

    @Test func whatIsUnknownPasses() async throws {
        let server = try RawServer()
        let harness = try await ProxyHarness(["127.0.0.1:\(server.port)"])
        let client = try RawPeer.connect(to: await harness.port)
        let broker = try await server.accept()
        // An API of the future, a Metadata of the future, a frame without a header.
        let frames: [[UInt8]] = [
            [0, 0, 0, 14, 0x7F, 0, 0, 1, 0, 0, 0, 1, 0xFF, 0xFF, 1, 2, 3, 4],
            [0, 0, 0, 10, 0, 3, 0, 99, 0, 0, 0, 2, 0xFF, 0xFF], [0, 0, 0, 2, 9, 9], [0, 0, 0, 0],
        ]
        for frame in frames {
            try await client.send(frame)
            #expect(try await broker.receive(frame.count).bytes == frame)
        }
        for answer: [UInt8] in [
            [0, 0, 0, 6, 0, 0, 0, 1, 5, 5], [0, 0, 0, 8, 0, 0, 0, 2, 1, 2, 3, 4], [0, 0, 0, 1, 7],
        ] {
            try await broker.send(answer)
            #expect(try await client.receive(answer.count).bytes == answer)
        }
        try await eventually { harness.exchanges.count == 2 }
        #expect(harness.sentences.count == 1 && harness.sentences[0].contains("Metadata v99"))
        // Half a frame, and then the end: it goes on as far as it came, and the broker can still answer.
        try await client.send([0, 0, 0, 50, 0, 12])
        client.socket.shutdownWriting()
        #expect(try await broker.receive(7).bytes == [0, 0, 0, 50, 0, 12])
        try await broker.send([0, 0, 0, 1, 8])
        #expect(try await client.receive(5).bytes == [0, 0, 0, 1, 8])
        broker.close()
        #expect(try await client.ends())
        client.close()
        server.close()
        await harness.stop()
    }

    @Test func tokensOfSaslPass() async throws {
        let server = try RawServer()
        let harness = try await ProxyHarness(["127.0.0.1:\(server.port)"])
        let client = try RawPeer.connect(to: await harness.port)
        let broker = try await server.accept()
        let handshake = try Frame.request(
            SaslHandshakeRequest.with { $0.mechanism = "PLAIN" }, version: 0, correlationId: 1, clientId: nil)
        let token: [UInt8] = [0, 0, 0, 20] + Array("\0alice\0alices-secret".utf8)[..<20]
        try await client.send(handshake + token)
        #expect(try await broker.receive(handshake.count + token.count).bytes == handshake + token)
        let answer = try Frame.response(SaslHandshakeResponse(), version: 0, correlationId: 1)
        try await broker.send(answer + [0, 0, 0, 0])
        #expect(try await client.receive(answer.count + 4).bytes == answer + [0, 0, 0, 0])
        let (request, _) = try exchange(2)
        try await client.send(request)
        #expect(try await broker.receive(request.count).bytes == request)
        client.close()
        #expect(try await broker.ends())
        broker.close()
        server.close()
        try await eventually { harness.exchanges.count == 2 }
        #expect(harness.exchanges.map(\.head.api) == [.saslHandshake, .heartbeat])
        #expect(harness.exchanges.last?.ending == .abandoned)
        await harness.stop()
    }

    // MARK: - Limits

    /// As `kw proxy` runs, which tells errors, and without.
    @Test(arguments: [false, true]) func aClientThatDoesNotReadStopsTheBroker(tellsErrors: Bool) async throws {
        let server = try RawServer()
        let harness = try await ProxyHarness(["127.0.0.1:\(server.port)"]) {
            $0.feed = nil
            $0.keepsAnswers = false
            $0.tellsErrors = tellsErrors
        }
        let client = try RawPeer.connect(to: await harness.port)
        let broker = try await server.accept()
        try await client.send(try exchange(1).request)
        // An answer of 200 MB of which the client takes nothing.
        let size = 200 << 20
        let head = withUnsafeBytes(of: UInt32(size).bigEndian) { Array($0) } + [0, 0, 0, 1]
        try await broker.send(head)
        let piece = [UInt8](repeating: 0xAB, count: 1 << 20)
        var sent = 0
        var quiet = ContinuousClock.now
        while ContinuousClock.now - quiet < .milliseconds(500) {
            let count = try piece.withUnsafeBytes { try broker.socket.write($0) }
            sent += count
            if count > 0 { quiet = .now } else { try await Task.sleep(for: .milliseconds(5)) }
        }
        // The systems' buffers hold some megabytes; the proxy holds next to nothing.
        #expect(sent < 100 << 20)
        #expect(await harness.proxy.waitingBytes <= 256 << 10)
        let got = try await client.receive(8 + sent).bytes.count
        #expect(got == 8 + sent)
        client.close()
        broker.close()
        server.close()
        await harness.stop()
    }

    @Test func strangersAreTurnedAwayInASentence() async throws {
        let server = try RawServer()
        let harness = try await ProxyHarness(["127.0.0.1:\(server.port)"])
        for greeting in [Array("GET / HTTP/1.1\r\n\r\n".utf8), [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]] {
            let client = try RawPeer.connect(to: await harness.port)
            let broker = try await server.accept()
            let before = harness.sentences.count
            try await client.send(greeting)
            #expect(try await client.ends())
            #expect(try await broker.ends())
            client.close()
            broker.close()
            // The same trouble is not said at every turn.
            if before == 0 { #expect(harness.sentences.count == 1) }
        }
        #expect(harness.sentences.first?.contains("HTTP") == true)
        server.close()
        await harness.stop()
    }

    @Test func aRefusedBrokerIsSaidInASentence() async throws {
        let server = try RawServer()
        let port = server.port
        server.close()
        let harness = try await ProxyHarness(["127.0.0.1:\(port)"])
        let client = try RawPeer.connect(to: await harness.port)
        #expect(try await client.ends())
        client.close()
        #expect(harness.sentences.count == 1 && harness.sentences[0].contains("127.0.0.1:\(port)"))
        await harness.stop()
    }

    @Test func aTakenPortIsSaid() async throws {
        let taken = try RawServer()
        await #expect(throws: NetError.self) {
            _ = try await Proxy.start(
                .init(listen: HostPort(host: "127.0.0.1", port: taken.port), bootstrap: [HostPort(host: "h", port: 1)]))
        }
        taken.close()
    }

    @Test func listenersOfBrokersTakeTheNextFreePorts() throws {
        // A free port with one behind it that is taken; who else listens meanwhile makes it look for another.
        for _ in 0..<50 {
            let first = try RawServer()
            let port = first.port
            guard port < 65_000, let next = try SocketAddress.resolve(host: "127.0.0.1", port: port + 1).first,
                let taken = try? TCPSocket.listening(on: next)
            else {
                first.close()
                continue
            }
            first.close()
            defer { taken.close() }
            let bootstrap = HostPort(host: "broker-1", port: 9092)
            var configuration = Proxy.Configuration(
                listen: HostPort(host: "127.0.0.1", port: port), bootstrap: [bootstrap])
            configuration.advertisedHost = "proxy.example"
            let loop = try SocketLoop.common()
            guard let gates = try? Gates(configuration, at: .loopback(port: port), on: loop) else { continue }
            defer { for gate in gates.all { gate.socket.close() } }
            #expect(try gates.address(of: bootstrap, for: nil) == HostPort(host: "proxy.example", port: port))
            let second = try #require(try gates.address(of: HostPort(host: "broker-2", port: 9092), for: nil))
            let third = try #require(try gates.address(of: HostPort(host: "broker-3", port: 9092), for: nil))
            #expect(second.port > port + 1 && third.port > second.port && third.port < port + 60)
            #expect(try gates.address(of: HostPort(host: "broker-2", port: 9092), for: nil) == second)
            return
        }
        Issue.record("no two ports in a row were free")
    }

    @Test func wildcardListenersAreToldByTheAddressThatTheClientUsed() async throws {
        let configuration = Proxy.Configuration(
            listen: HostPort(host: "0.0.0.0", port: 0),
            bootstrap: [HostPort(host: "a", port: 1), HostPort(host: "b", port: 1)])
        let loop = try SocketLoop.common()
        let any = try await loop.resolve(host: "0.0.0.0", port: 0, isPassive: true)
        let gates = try Gates(configuration, at: #require(any.first), on: loop)
        defer { for gate in gates.all { gate.socket.close() } }
        let found = try #require(try gates.address(of: HostPort(host: "a", port: 1), for: "127.0.0.9"))
        // With two brokers to begin with, the first listener is neither of them.
        #expect(found.host == "127.0.0.9" && found.port != gates.first.port)
    }

    @Test func soManyClientsAndNoMore() async throws {
        let server = try RawServer()
        let harness = try await ProxyHarness(["127.0.0.1:\(server.port)"]) { $0.connectionLimit = 2 }
        let first = try RawPeer.connect(to: await harness.port)
        let firstEnd = try await server.accept()
        let second = try RawPeer.connect(to: await harness.port)
        let ends = [firstEnd, try await server.accept()]
        let third = try RawPeer.connect(to: await harness.port)
        #expect(try await third.ends())
        first.close()
        #expect(try await firstEnd.ends())
        firstEnd.close()
        try await eventually { await harness.proxy.counts.open == 1 }
        let fourth = try RawPeer.connect(to: await harness.port)
        let end = try await server.accept()
        for peer in ends.dropFirst() + [second, third, fourth, end] { peer.close() }
        server.close()
        await harness.stop()
    }
}
