import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// How clients connect, and for how long they stay so.
@Suite(.turn) struct ConnectionOptionsTests {
    /// Reaches a host that no name server knows.
    private struct Mapping: Dialer {
        let port: UInt16
        let dialed: Seen

        func dial(_ call: DialedCall) async throws -> DialedStream {
            dialed.add("\(call.host):\(call.port)")
            return try await call.connect(host: "127.0.0.1", port: port)
        }
    }

    /// Says something to a proxy first, and hears it out.
    private struct Greeting: Dialer {
        let port: UInt16

        func dial(_ call: DialedCall) async throws -> DialedStream {
            let stream = try await call.connect(host: "127.0.0.1", port: port)
            try await stream.write(Array("CONNECT \(call.host):\(call.port)\n".utf8))
            var answer: [UInt8] = []
            while answer.last != UInt8(ascii: "\n") {
                let more = try await stream.read(atMost: 1)
                guard !more.isEmpty else { break }
                answer += more
            }
            guard answer == Array("go on\n".utf8) else {
                stream.close()
                throw Refusal(words: String(decoding: answer, as: UTF8.self))
            }
            return stream
        }
    }

    private struct Refusal: Error, CustomStringConvertible {
        var words: String
        var description: String { "the proxy says \(words.filter { $0 != "\n" })" }
    }

    private struct Never: Dialer {
        func dial(_ call: DialedCall) async throws -> DialedStream {
            try await Task.sleep(for: .seconds(600))
            throw Refusal(words: "too late")
        }
    }

    @Test func aDialerReachesWhatNoNameServerKnows() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.advertisedHost = "broker.kafkawire.invalid"
        configuration.advertisedPort = 4242
        let broker = try await KafkaBroker.start(configuration)
        var client = ClientConfiguration.quick(["bootstrap.kafkawire.invalid:4141"])
        let dialed = Seen()
        client.connections.dialer = Mapping(port: broker.port, dialed: dialed)
        #expect(try await client.produceAndRead() == ["v0", "v1", "v2"])
        #expect(Set(dialed.all) == ["bootstrap.kafkawire.invalid:4141", "broker.kafkawire.invalid:4242"])
        await broker.stop()
    }

    @Test func aDialerMaySpeakBeforeTheClientDoes() async throws {
        let proxy = try await ScriptedPeer.start { bytes in
            bytes.starts(with: Array("CONNECT".utf8)) ? .say(Array("go on\n".utf8)) : .close
        }
        var client = ClientConfiguration.quick(["somewhere:1"])
        client.connections.dialer = Greeting(port: proxy.port)
        let admin = try KafkaAdmin(client)
        await #expect(throws: KafkaError.self) { try await within { try await admin.describeCluster() } }
        let heard = await proxy.heard
        #expect(heard.first == Array("CONNECT somewhere:1\n".utf8))
        // ApiVersions, in a frame of its own.
        #expect(heard.dropFirst().first?.dropFirst(4).prefix(2) == [0, 18])
        await admin.close()
        await proxy.stop()
    }

    @Test func whatADialerThrowsIsTold() async throws {
        let proxy = try await ScriptedPeer.start { _ in .say(Array("no\n".utf8)) }
        var client = ClientConfiguration.quick(["somewhere:1"])
        client.connections.dialer = Greeting(port: proxy.port)
        let admin = try KafkaAdmin(client)
        let error = await #expect(throws: KafkaError.self) { try await within { try await admin.describeCluster() } }
        #expect(error?.message.contains("the proxy says no") == true, "\(error?.message ?? "")")
        await admin.close()
        await proxy.stop()
    }

    @Test func aDialerThatNeverComesBackTakesNoLongerThanSettingUpMay() async throws {
        var client = ClientConfiguration.quick(["somewhere:1"])
        client.connectTimeout = .milliseconds(200)
        client.connections.dialer = Never()
        let loop = try SocketLoop.common()
        let connection = BrokerConnection(
            host: "somewhere", port: 1, clientId: "c", loop: loop, options: client.connections)
        let error = await #expect(throws: KafkaError.self) { try await connection.open(timeout: .milliseconds(200)) }
        #expect(error?.message.contains("could not connect to somewhere:1") == true, "\(error?.message ?? "")")
        // Closing does not wait for it either.
        let other = BrokerConnection(
            host: "somewhere", port: 1, clientId: "c", loop: loop, options: client.connections)
        let opening = Task { try await other.open(timeout: .seconds(600)) }
        try await Task.sleep(for: .milliseconds(50))
        await other.close()
        await #expect(throws: KafkaError.self) { try await within { try await opening.value } }
        await connection.close()
    }

    @Test func aBrokerIsReachedOverAUnixSocket() async throws {
        let path = "/tmp/kafkawire-\(UInt32.random(in: 0 ... .max)).sock"
        let proxy = try await FaultProxy.start(on: #require(SocketAddress.unix(path)))
        defer { unlink(path) }
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.advertisedHost = "unix:\(path)"
        let broker = try await KafkaBroker.start(configuration)
        try await proxy.setBroker(port: broker.port)
        #expect(try await ClientConfiguration.quick(["unix:\(path)"]).produceAndRead() == ["v0", "v1", "v2"])
        // A dialer does so whatever the cluster advertises.
        var client = ClientConfiguration.quick(["somewhere:1"])
        client.connections.dialer = UnixSocketDialer(path: path)
        let admin = try KafkaAdmin(client)
        #expect(try await within { try await admin.listTopics() }.map(\.name) == ["t"])
        await admin.close()
        await broker.stop()
        await proxy.stop()
    }

    private static var hasIPv6: Bool {
        guard let address = try? SocketAddress.resolve(host: "::1", port: 0).first,
            let socket = try? TCPSocket.listening(on: address)
        else { return false }
        socket.close()
        return true
    }

    /// The address comes from the configuration first, and from the broker's metadata then.
    @Test(.enabled(if: hasIPv6)) func aBrokerIsReachedOverIPv6() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.host = "::1"
        let broker = try await KafkaBroker.start(configuration)
        let connected = Seen()
        for family in [AddressFamily.any, .v6] {
            var client = ClientConfiguration.quick(["[::1]:\(broker.port)"])
            client.connections.addressFamily = family
            client.onEvent = { if case .connecting(let broker) = $0 { connected.add(broker) } }
            #expect(try await client.produceAndRead().prefix(3) == ["v0", "v1", "v2"])
        }
        #expect(Set(connected.all) == ["[::1]:\(broker.port)"])
        var client = ClientConfiguration.quick(["[::1]:\(broker.port)"])
        client.connections.addressFamily = .v4
        client.apiTimeout = .seconds(1)
        let admin = try KafkaAdmin(client)
        await #expect(throws: KafkaError.self) { try await within { try await admin.describeCluster() } }
        await admin.close()
        await broker.stop()
    }

    @Test func aPathOnWhichNobodyListensIsNamed() async throws {
        let admin = try KafkaAdmin(.quick(["unix:/tmp/kafkawire-nobody.sock"]))
        let error = await #expect(throws: KafkaError.self) { try await within { try await admin.describeCluster() } }
        #expect(error?.message.contains("unix:/tmp/kafkawire-nobody.sock") == true, "\(error?.message ?? "")")
        await admin.close()
    }

    /// A router that forgets a quiet connection tells nobody: the next request cost a whole time-out.
    @Test func aConnectionWithoutUseIsClosedAndOpenedAnew() async throws {
        let stack = try await ProxiedBroker.start(topics: ["t": 1])
        var client = ClientConfiguration.quick([stack.proxy.address])
        client.connections.maximumIdleTime = .milliseconds(300)
        let admin = try KafkaAdmin(client)
        for _ in 0..<2 {
            #expect(try await within { try await admin.listTopics() }.map(\.name) == ["t"])
            #expect(await stack.proxy.connections > 0)
            // A time-out of two seconds is looked at first.
            try await eventually { await stack.proxy.connections == 0 }
        }
        await admin.close()
        await stack.stop()
    }

    /// It would be as large again: it is not asked for until the time of the call is up.
    @Test func anAnswerThatIsTooLargeNamesTheSettingAtOnce() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 200]))
        var client = ClientConfiguration.quick([broker.bootstrapServers])
        client.connections.maximumAnswerSize = 3000
        (client.connectTimeout, client.requestTimeout, client.apiTimeout) = (.seconds(20), .seconds(20), .seconds(600))
        let admin = try KafkaAdmin(client)
        let error = await #expect(throws: KafkaError.self) { try await within { try await admin.listTopics() } }
        #expect(error?.message.contains("receive.message.max.bytes") == true, "\(error?.message ?? "")")
        await admin.close()
        await broker.stop()
    }

    @Test func anAddressOfAnotherFamilyIsNotTaken() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        for (family, isReached) in [(AddressFamily.v4, true), (.v6, false)] {
            var client = ClientConfiguration.quick(["127.0.0.1:\(broker.port)"])
            client.connections.addressFamily = family
            let admin = try KafkaAdmin(client)
            if isReached {
                #expect(try await within { try await admin.listTopics() }.count == 1)
            } else {
                let error = await #expect(throws: KafkaError.self) {
                    try await within { try await admin.listTopics() }
                }
                #expect(error?.message.contains("no address of IPv6") == true, "\(error?.message ?? "")")
            }
            await admin.close()
        }
        await broker.stop()
    }

    @Test func bootstrapServersAreReachedByTheirCanonicalNames() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var client = ClientConfiguration.quick(["127.0.0.1:\(broker.port)"])
        client.connections.nameLookup = .canonicalBootstrapNames
        let admin = try KafkaAdmin(client)
        #expect(try await within { try await admin.listTopics() }.count == 1)
        let canonical = try #require(await admin.cluster.canonicalBootstrap)
        #expect(canonical.count == 1 && canonical[0].port == broker.port)
        await admin.close()
        await broker.stop()
    }
}
