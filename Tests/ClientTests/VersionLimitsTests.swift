import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Clients that are held to the versions of an older one.
@Suite(.turn) struct VersionLimitsTests {
    /// The highest version of each API that came by.
    private final class Spoken: Sendable {
        private let state = Locked<[APIKey: Int16]>([:])
        func add(_ api: APIKey, _ version: Int16) { state.withLock { $0[api] = max($0[api] ?? -1, version) } }
        var all: [APIKey: Int16] { state.withLock { $0 } }
    }

    private static func stack(_ spoken: Spoken) async throws -> ProxiedBroker {
        let stack = try await ProxiedBroker.start(topics: ["t": 1])
        await stack.proxy.setRule { passing in
            if passing.isRequest { spoken.add(passing.api, passing.version) }
            return .pass
        }
        return stack
    }

    /// Produces, also in a transaction, reads with a group, and asks what administrators ask.
    private static func useAll(_ client: ClientConfiguration) async throws {
        let producer = try KafkaProducer.quick("") {
            $0.client = client
            $0.transactionalId = "x"
        }
        try await producer.withTransaction { transaction in
            try await transaction.enqueue(ProducerRecord(topic: "t", key: nil, value: "a"))
        }
        try await producer.close()
        let consumer = try KafkaConsumer.quick("", group: "g", topics: ["t"]) { $0.client = client }
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 1)
        await consumer.close()
        try await task.value
        let admin = try KafkaAdmin(client)
        _ = try await admin.createTopics([.init("n")]).get()
        #expect(try await admin.listTopics().map(\.name) == ["n", "t"])
        #expect(try await admin.describeCluster().nodes.map(\.id) == [1])
        #expect(try await admin.listGroups().get().map(\.id) == ["g"])
        await admin.close()
    }

    @Test(arguments: ["0.11", "2.8", "3.9"]) func aClientSpeaksAsThatRelease(_ release: String) async throws {
        let spoken = Spoken()
        let stack = try await Self.stack(spoken)
        var client = ClientConfiguration.quick([stack.proxy.address])
        client.versions = .release(release)
        try await Self.useAll(client)
        let known = try #require(ReleaseHistory.named(release).flatMap(ReleaseHistory.highest))
        let asked = spoken.all
        #expect(asked.count >= 14, "\(asked)")
        for (api, version) in asked { #expect(version <= known[api.rawValue] ?? -1, "\(api) \(version)") }
        // As much as it may.
        #expect(
            asked[.produce] == known[0] && asked[.apiVersions] == known[18] && asked[.fetch] == min(17, known[1] ?? 0))
        await stack.stop()
    }

    @Test func anAPIMayBeHeldAlone() async throws {
        let spoken = Spoken()
        let stack = try await Self.stack(spoken)
        var client = ClientConfiguration.quick([stack.proxy.address])
        client.versions = .highest([.fetch: 11, .apiVersions: 2, .endTxn: 3])
        try await Self.useAll(client)
        #expect(spoken.all[.fetch] == 11 && spoken.all[.apiVersions] == 2 && spoken.all[.endTxn] == 3)
        #expect(spoken.all[.metadata] == API.of(.metadata)?.latestStable)
        #expect(spoken.all[.produce] ?? 12 < 12, "transactions of version 2 need EndTxn 5")
        await stack.stop()
    }

    @Test func whatIsMissingForItIsSaidSo() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var client = ClientConfiguration.quick([broker.bootstrapServers])
        client.versions = .release("2.8.2")
        let admin = try KafkaAdmin(client)
        let error = await #expect(throws: KafkaError.self) { try await admin.listTransactions().get() }
        #expect(error?.code == .unsupportedVersion && error?.setting == "api.versions.release")
        for word in ["held to Kafka 2.8", "ClientConfiguration.versions"] {
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
        let raw = await #expect(throws: KafkaError.self) {
            _ = try await admin.send(MetadataRequest.with { $0.topics = [] }, to: .any, version: 12)
        }
        #expect(raw?.code == .unsupportedVersion && raw?.message.contains("up to version 11") == true)
        await admin.close()
        // What the broker lacks itself is its own.
        try await broker.speak(as: "2.4")
        let other = try KafkaAdmin(client)
        let its = await #expect(throws: KafkaError.self) { _ = try await other.describeScramUsers() }
        #expect(its?.message.contains("Kafka since 2.7") == true, "\(its?.message ?? "")")
        await other.close()
        await broker.stop()
    }

    @Test(arguments: [
        (VersionLimits.release("2.99"), "is none of Kafka's"), (.release(""), "is none of Kafka's"),
        (.release("0.10.2"), "name a release from 0.11.0 on"), (.highest([.fetch: 3]), "from version 4 on"),
        (.highest([APIKey(rawValue: 999): 3]), "does not know it"),
    ])
    func whatCannotBeIsRefused(_ limits: VersionLimits, _ words: String) {
        var client = ClientConfiguration.quick(["127.0.0.1:1"])
        client.versions = limits
        let error = #expect(throws: KafkaError.self) { try KafkaAdmin(client) }
        #expect(
            error?.code == .invalidConfiguration && error?.message.contains(words) == true,
            "\(String(describing: error))")
    }

    @Test(
        arguments: [
            ("api.versions.release=2.8", VersionLimits.release("2.8")), ("api.versions.release=", nil),
            // librdkafka asks brokers for their versions unless it is told not to.
            ("broker.version.fallback=0.9.0.1", nil), ("broker.version.fallback=2.0 api.version.request=true", nil),
            ("broker.version.fallback=2.0 api.version.request=False", .release("2.0")),
        ] as [(String, VersionLimits?)])
    func settingsMean(_ text: String, _ wanted: VersionLimits?) throws {
        var client = ClientConfiguration(bootstrapServers: ["a:1"])
        let pairs = text.split(separator: " ").map { $0.split(separator: "=", omittingEmptySubsequences: false) }
        #expect(try client.apply(pairs.map { (name: String($0[0]), value: String($0[1])) }) == [])
        #expect(client.versions == wanted)
    }

    @Test func aReleaseThatCannotBeIsToldUnderTheNameThatWasGiven() {
        var client = ClientConfiguration(bootstrapServers: ["a:1"])
        let error = #expect(throws: KafkaError.self) {
            try client.apply([("api.version.request", "false"), ("broker.version.fallback", "0.10.0")])
        }
        #expect(error?.setting == "broker.version.fallback" && error?.message.contains("0.11.0") == true)
    }
}
