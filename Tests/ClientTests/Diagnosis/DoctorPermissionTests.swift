import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The doctor before a broker whose rules do not allow everything; what it says is what clients meet.
@Suite(.turn) struct DoctorPermissionTests {
    @Test func whatIsMissingIsNamedWithWhatGrantsIt() async throws {
        let secure = try await SecureBroker.start(
            validity: SecureBroker.day(300),
            { configuration in
                configuration.topics = ["t": 1, "secret": 1]
                configuration.authorization = .on(superUsers: [KafkaPrincipal("ANONYMOUS")])
            })
        let keeper = try KafkaAdmin(try await secure.client(.plaintext))
        _ = try await keeper.createAcls([
            .init(.allow, "User:alice", .read, on: .topic, "t"), .init(.allow, "User:alice", .read, on: .group, "g"),
        ]).get()
        let client = try await secure.client(.saslSSL, SecureBroker.mechanism("SCRAM-SHA-512"))
        func examine(_ topics: [String], _ groups: [String] = []) async -> DiagnosisReport {
            var configuration = KafkaDoctor.Configuration.quick()
            configuration.client = client
            configuration.timeout = .seconds(3)
            configuration.topics = topics
            configuration.groups = groups
            return await KafkaDoctor(configuration).examine()
        }
        let server = client.bootstrapServers[0]
        let one = await examine(["t"])
        #expect(one.troubles == ["warning not-authorized"])
        let write = try one.only(.notAuthorized)
        #expect(
            write.place == .topic("t") && write.message.contains("User:alice may not WRITE topic t (only"), "\(write)")
        #expect(
            write.advice?.contains(
                "--bootstrap-server \(server) --add --allow-principal User:alice --operation Write --topic t.") == true)
        #expect(try one.step(.permissions).summary == "User:alice may write 0 and read 1 of 1 topic")

        let hidden = await examine(["secret"], ["other"])
        #expect(hidden.troubles == ["problem not-authorized", "problem not-authorized"])
        #expect(hidden[.notAuthorized].map(\.place) == [.topic("secret"), .group("other")])
        // So it is: what the doctor says is missing, is.
        // An idempotent one would be refused before: it may write to no topic at all (CLUSTER_AUTHORIZATION_FAILED).
        let producer = try KafkaProducer.quick("") {
            $0.client = client
            $0.isIdempotent = false
        }
        let refused = await #expect(throws: KafkaError.self) {
            try await producer.send(ProducerRecord(topic: "t", value: "v"))
        }
        #expect(refused?.code == .broker(.topicAuthorizationFailed), "\(String(describing: refused))")
        #expect(refused?.message.contains("it takes WRITE on the topic t") == true, "\(String(describing: refused))")
        try? await producer.close()
        let all = await examine([])
        #expect(all.troubles == [])
        #expect(try all.only(.notAuthorized).message.contains("may not WRITE t"))

        // And granted as it says, nothing is missing.
        _ = try await keeper.createAcls([
            .init(.allow, "User:alice", .write, on: .topic, "t"),
            .init(.allow, "User:alice", .read, on: .group, "other"),
        ]).get()
        let whole = await examine(["t"], ["other"])
        #expect(whole.troubles == ["problem unknown-group"])
        #expect(try whole.only(.authorized).severity == .ok)
        await keeper.close()
        await secure.broker.stop()
    }
}
