import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Addresses behind which there is no Kafka, or none that answers.
@Suite(.turn) struct BadPeerTests {
    private static func describe(_ server: String) async throws -> KafkaError? {
        let admin = try KafkaAdmin(.quick([server]))
        let error = await #expect(throws: KafkaError.self) { try await within { try await admin.describeCluster() } }
        await admin.close()
        return error
    }

    @Test func aRefusedConnectionIsNamed() async throws {
        let error = try await Self.describe("127.0.0.1:1")
        #expect(error?.message.contains("127.0.0.1:1") == true)
        #expect(error?.message.contains("Connection refused") == true)
    }

    @Test func aHostThatDoesNotResolveIsNamed() async throws {
        let error = try await Self.describe("no-such-host.invalid:9092")
        #expect(error?.message.contains("no-such-host.invalid") == true)
    }

    @Test func anAddressThatIsNoneIsRefusedAtOnce() {
        let error = #expect(throws: KafkaError.self) { try KafkaAdmin(.init(bootstrapServers: ["localhost:kafka"])) }
        #expect(error?.setting == "bootstrap.servers")
        #expect(throws: KafkaError.self) { try KafkaAdmin(.init(bootstrapServers: [])) }
    }

    @Test func aServerThatSaysNothingTimesOut() async throws {
        let silent = try await FaultProxy.start { _ in .drop }
        let error = try await Self.describe(silent.address)
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains(silent.address) == true)
        await silent.stop()
    }

    @Test(
        arguments: [
            Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8),
            // A frame of two gigabytes, a negative one, an empty one, and one with another number.
            [0x7F, 0xFF, 0xFF, 0xFF, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0, 0], [0, 0, 0, 0],
            [0, 0, 0, 6, 9, 9, 9, 9, 0, 0],
        ] as [[UInt8]])
    func whoDoesNotSpeakKafkaIsToldAtOnce(_ bytes: [UInt8]) async throws {
        let stranger = try await FaultProxy.start { _ in .answer(bytes) }
        let error = try await Self.describe(stranger.address)
        #expect(error?.code == .malformedResponse)
        #expect(error?.isRetriable == false)
        #expect(error?.message.contains(stranger.address) == true)
        #expect(error?.message.contains("does not answer in Kafka's protocol") == true)
        await stranger.stop()
    }

    /// A TLS alert: handshake failure.
    @Test func whoAnswersInTLSIsTold() async throws {
        let stranger = try await FaultProxy.start { _ in .answer([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]) }
        let error = try await Self.describe(stranger.address)
        #expect(error?.code == .tlsFailed && error?.isRetriable == false && error?.setting == "security.protocol")
        #expect(error?.message.contains("\(stranger.address) speaks TLS") == true)
        await stranger.stop()
    }

    @Test func whoHangsUpIsNamed() async throws {
        let rude = try await FaultProxy.start { _ in .cut }
        let error = try await Self.describe(rude.address)
        #expect(error?.message.contains("closed the connection") == true)
        await rude.stop()
    }

    /// The forms in which brokers say that they do not know a version of ApiVersions: the oldest form, the newest one,
    /// and that of librdkafka's mock cluster, which is neither.
    @Test(
        arguments: [
            [0x00, 0x23, 0x00, 0x00, 0x00, 0x01, 0x00, 0x12, 0x00, 0x00, 0x00, 0x02],
            [0x00, 0x23, 0x02, 0x00, 0x12, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
            [0x00, 0x23, 0x01, 0x00, 0x12, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00],
            [0x00, 0x23],
        ] as [[UInt8]])
    func anOlderBrokerIsAskedInItsOwnVersion(_ body: [UInt8]) async throws {
        let stack = try await ProxiedBroker.start(topics: ["orders": 2])
        await stack.proxy.setRule { passing in
            guard passing.isRequest, passing.api == .apiVersions, passing.version > 0 else { return .pass }
            let id = passing.correlationId
            let header = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: id >> $0) }
            return .answer(FaultProxy.sized(header + body))
        }
        let admin = try KafkaAdmin(.quick([stack.proxy.address]))
        #expect(try await within { try await admin.listTopics() }.map(\.name) == ["orders"])
        await admin.close()
        await stack.stop()
    }

    @Test func aBrokerThatRefusesEveryVersionIsNamed() async throws {
        let ancient = try await FaultProxy.start { passing in
            let id = passing.correlationId
            let header = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: id >> $0) }
            return .answer(FaultProxy.sized(header + [0x00, 0x23, 0, 0, 0, 0]))
        }
        let error = try await Self.describe(ancient.address)
        #expect(error?.code == .broker(.unsupportedVersion))
        await ancient.stop()
    }

    @Test func anAdvertisedAddressThatCannotBeReachedIsExplained() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["orders": 1])
        configuration.advertisedPort = 1
        let broker = try await KafkaBroker.start(configuration)
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        let error = await #expect(throws: KafkaError.self) {
            try await within { try await admin.endOffsets(of: "orders") }
        }
        #expect(error?.message.contains("127.0.0.1:1") == true)
        #expect(error?.message.contains("advertised.listeners") == true)
        await admin.close()
        await broker.stop()
    }

    @Test func oneBootstrapServerThatAnswersIsEnough() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let admin = try KafkaAdmin(.quick(["127.0.0.1:1", broker.bootstrapServers]))
        #expect(try await within { try await admin.listTopics() }.map(\.name) == ["orders"])
        await admin.close()
        await broker.stop()
    }
}
