import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// What no waiting changes ends a consumer with the reason, as Java's `poll` throws it: a topic that it may not see, a login that
/// is refused later. Apache Kafka 4.0 showed that ours waited.
@Suite(.turn) struct DenialTests {
    enum Way: CaseIterable, Sendable {
        case classic, coordinated, topics, partitions, taken
    }

    private static func configuration(_ way: Way, _ topic: String, _ client: ClientConfiguration)
        -> KafkaConsumer.Configuration
    {
        let partition = TopicPartition(topic, 0)
        var configuration: KafkaConsumer.Configuration =
            switch way {
            case .classic, .coordinated: .init(bootstrapServers: [], group: "g", topics: [topic])
            case .topics: .init(bootstrapServers: [], topics: .named([topic]), from: .earliest)
            case .partitions: .init(bootstrapServers: [], partitions: [partition: .offset(0)])
            case .taken: .init(bootstrapServers: [], group: "g", partitions: [partition])
            }
        configuration.client = client
        if way == .coordinated { configuration.groupProtocol = .consumer }
        return configuration
    }

    /// What ends a consumer that reads.
    private static func end(of consumer: KafkaConsumer) async throws -> KafkaError? {
        try await within {
            do throws(KafkaError) { for try await _ in consumer.batches {} } catch { return error }
            return nil
        }
    }

    private func withBroker(_ body: (SecureBroker, ClientConfiguration, KafkaAdmin) async throws -> Void) async throws {
        let secure = try await SecureBroker.start { configuration in
            configuration.topics = ["t": 1, "closed": 1]
            configuration.authorization = .on(superUsers: [KafkaPrincipal("ANONYMOUS")])
        }
        let keeper = try KafkaAdmin(try await secure.client(.plaintext))
        _ = try await keeper.createAcls([
            .init(.allow, "User:alice", .read, on: .topic, "t"), .init(.allow, "User:alice", .read, on: .group, "g"),
        ]).get()
        try await body(secure, try await secure.client(.saslPlaintext, SecureBroker.mechanism("PLAIN")), keeper)
        await keeper.close()
        await secure.broker.stop()
    }

    @Test(arguments: Way.allCases) func aTopicThatMayNotBeSeenEndsTheConsumer(way: Way) async throws {
        try await withBroker { _, client, _ in
            let consumer = try KafkaConsumer(Self.configuration(way, "closed", client))
            let error = try await Self.end(of: consumer)
            #expect(error?.code == .broker(.topicAuthorizationFailed), "\(String(describing: error))")
            #expect(error?.message.contains("closed") == true, "\(String(describing: error))")
            await consumer.close()
        }
    }

    @Test(arguments: [Way.classic, .topics, .partitions]) func theAdviceIsWhatReadingNeeds(way: Way) async throws {
        try await withBroker { _, client, _ in
            let consumer = try KafkaConsumer(Self.configuration(way, "closed", client))
            let error = try await Self.end(of: consumer)
            #expect(
                error?.message.contains("it takes READ on the topic closed") == true, "\(String(describing: error))")
            await consumer.close()
        }
    }

    @Test func aNameThatNoTopicCanHaveEndsTheConsumer() async throws {
        try await withBroker { secure, _, _ in
            let client = try await secure.client(.plaintext)
            let consumer = try KafkaConsumer(Self.configuration(.topics, "a/b", client))
            #expect(try await Self.end(of: consumer)?.code == .broker(.invalidTopicException))
            await consumer.close()
        }
    }

    /// DESCRIBE on a group, which its first request asks, would see the next one refused.
    @Test func aGroupThatMayNotBeJoinedIsNamedWithWhatJoiningNeeds() async throws {
        try await withBroker { _, client, _ in
            var configuration = Self.configuration(.classic, "t", client)
            configuration.source = .group("other", topics: ["t"])
            let consumer = try KafkaConsumer(configuration)
            let error = try await Self.end(of: consumer)
            #expect(error?.code == .broker(.groupAuthorizationFailed))
            #expect(error?.message.contains("it takes READ on the group other") == true, "\(String(describing: error))")
            await consumer.close()
        }
    }

    @Test func aProducerIsToldWhatWritingNeeds() async throws {
        try await withBroker { _, client, _ in
            let producer = try KafkaProducer.quick("") {
                $0.client = client
                $0.isIdempotent = false
            }
            var error = await #expect(throws: KafkaError.self) {
                try await within { try await producer.send(ProducerRecord(topic: "closed", value: "v")) }
            }
            #expect(
                error?.message.contains("it takes WRITE on the topic closed") == true, "\(String(describing: error))")
            try? await producer.close()
            let transactional = try KafkaProducer.quick("") {
                $0.client = client
                $0.transactionalId = "mine"
            }
            error = await #expect(throws: KafkaError.self) {
                try await within { try await transactional.initTransactions() }
            }
            #expect(
                error?.message.contains("it takes WRITE on the transactional id mine") == true,
                "\(String(describing: error))")
            try? await transactional.close()
        }
    }

    /// The password is another one by now, and the session ends.
    @Test(arguments: Way.allCases) func aLoginThatIsRefusedLaterEndsTheConsumer(way: Way) async throws {
        let secure = try await SecureBroker.start(listener: { $0.sessionLifetime = .milliseconds(300) })
        let isRight = Locked(true)
        let mechanism = PlainMechanism { _ in
            (user: "alice", password: isRight.withLock { $0 } ? SecureBroker.password : "another")
        }
        try await secure.broker.produce(0..<1, to: "t")
        var configuration = Self.configuration(way, "t", try await secure.client(.saslPlaintext, mechanism))
        configuration.offsetReset = .earliest
        let consumer = try KafkaConsumer(configuration)
        let seen = Seen()
        let error = try await within { () -> KafkaError? in
            do throws(KafkaError) {
                for try await batch in consumer.batches {
                    seen.add(batch)
                    isRight.withLock { $0 = false }
                }
            } catch {
                return error
            }
            return nil
        }
        #expect(seen.all == ["v0"])
        #expect(error?.code == .broker(.saslAuthenticationFailed), "\(String(describing: error))")
        await consumer.close()
        await secure.broker.stop()
    }

    /// It took as long as a broker that is away is waited for.
    @Test func aPortThatWantsALoginIsToldAtOnce() async throws {
        let secure = try await SecureBroker.start()
        var client = try await secure.client(.plaintext)
        client.bootstrapServers = [try #require(await secure.broker.bootstrapServers(of: "SASL_PLAINTEXT"))]
        client.apiTimeout = .seconds(60)
        let admin = try KafkaAdmin(client)
        let error = await #expect(throws: KafkaError.self) { try await within { try await admin.listTopics() } }
        #expect(error?.setting == "security.protocol", "\(String(describing: error))")
        #expect(error?.message.contains("(SASL)") == true)
        await admin.close()
        await secure.broker.stop()
    }

    /// Kafka takes one change of a user in a request.
    @Test func bothMechanismsOfAUserAreSetByOneCall() async throws {
        let secure = try await SecureBroker.start()
        let admin = try KafkaAdmin(try await secure.client(.plaintext))
        func change(_ mechanism: KafkaAdmin.ScramMechanism, _ length: Int) -> KafkaAdmin.ScramChange {
            .set(
                mechanism, iterations: 4096, salt: [1, 2, 3, 4],
                saltedPassword: [UInt8](repeating: 7, count: length))
        }
        let before = await secure.broker.requestCounts[.alterUserScramCredentials] ?? 0
        _ = try await admin.alterScramUsers(["bob": [change(.sha256, 32), change(.sha512, 64)]]).get()
        let told = try await admin.describeScramUsers(["bob"]).get()
        #expect(Set(told["bob"]?.map(\.mechanism) ?? []) == [.sha256, .sha512])
        #expect(await secure.broker.requestCounts[.alterUserScramCredentials] == before + 2)
        // One that is changed twice is refused by the broker.
        let twice = await admin.alterScramUsers(["bob": [change(.sha256, 32), .delete(.sha256)]])
        #expect(twice.failures()["bob"]?.code == .broker(.duplicateResource), "\(twice)")
        await admin.close()
        await secure.broker.stop()
    }
}
