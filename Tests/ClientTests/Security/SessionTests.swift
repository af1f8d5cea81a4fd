import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Sessions that end (KIP-368): the client says anew who it is, on the connection that it has, and nothing is lost.
@Suite(.turn) struct SessionTests {
    @Test(arguments: ["PLAIN", "SCRAM-SHA-512", "OAUTHBEARER"])
    func recordsAreNeitherLostNorDoubledWhileSessionsEnd(mechanism: String) async throws {
        let secure = try await SecureBroker.start(listener: { $0.sessionLifetime = .milliseconds(250) })
        let client = try await secure.client(.saslSSL, SecureBroker.mechanism(mechanism))
        let consumer = try KafkaConsumer.quick("", group: "g", topics: ["t"]) {
            $0.client = client
            // A machine that stands still is no member that is gone, whose records come again.
            $0.sessionTimeout = .seconds(30)
        }
        let seen = Seen()
        let reading = consumer.follow(into: seen)
        let producer = try KafkaProducer.quick("") { $0.client = client }
        for number in 0..<300 {
            try await producer.enqueue(ProducerRecord(topic: "t", key: "k\(number)", value: "v\(number)"))
            try await Task.sleep(for: .milliseconds(5))
        }
        try await producer.close()
        try await seen.wait(for: 300)
        #expect(seen.all.sorted() == (0..<300).map { "v\($0)" }.sorted())
        // Heartbeats and fetches go on, and so do renewals, however slow the machine is.
        try await eventually { await secure.broker.requestCounts[.saslHandshake] ?? 0 > 10 }
        // Sessions were renewed, and connections were not made anew.
        let connections = await secure.broker.connections
        #expect(connections.allSatisfy { $0.requests > 3 && $0.id < 12 }, "\(connections.map(\.id))")
        await consumer.close()
        reading.cancel()
        await secure.broker.stop()
    }

    @Test func whoIsNotLetInAnyMoreIsToldAndCutOff() async throws {
        let secure = try await SecureBroker.start(listener: { $0.sessionLifetime = .milliseconds(200) })
        let isRight = Locked(true)
        let mechanism = PlainMechanism { _ in
            (user: "alice", password: isRight.withLock { $0 } ? SecureBroker.password : "another")
        }
        var client = try await secure.client(.saslPlaintext, mechanism)
        client.apiTimeout = .seconds(3)
        let admin = try KafkaAdmin(client)
        _ = try await within { try await admin.describeCluster() }
        isRight.withLock { $0 = false }
        try await Task.sleep(for: .milliseconds(250))
        let error = await #expect(throws: KafkaError.self) { try await within { try await admin.describeCluster() } }
        #expect(error?.code == .broker(.saslAuthenticationFailed), "\(String(describing: error))")
        // With the right password again, the same client goes on.
        isRight.withLock { $0 = true }
        try await eventually { (try? await within { try await admin.describeCluster() }) != nil }
        await admin.close()
        await secure.broker.stop()
    }

    /// A token that is nearly over makes a session shorter than a second, which Kafka does not renew sooner than that.
    @Test func sessionsOfLessThanASecondHoldRequestsUp() async throws {
        let secure = try await SecureBroker.start(listener: { $0.sessionLifetime = .milliseconds(120) })
        let admin = try KafkaAdmin(try await secure.client(.saslPlaintext, SecureBroker.mechanism("PLAIN")))
        let began = ContinuousClock.now
        while ContinuousClock.now - began < .seconds(4) {
            _ = try await within { try await admin.describeCluster() }
            try await Task.sleep(for: .milliseconds(20))
        }
        let connections = await secure.broker.connections
        #expect(connections.allSatisfy { $0.id < 12 }, "\(connections.map(\.id))")
        await admin.close()
        await secure.broker.stop()
    }

    /// A client that does not know of sessions: the broker ends the connection.
    @Test func whoDoesNotSayWhoItIsAgainIsCutOff() async throws {
        let secure = try await SecureBroker.start(listener: { $0.sessionLifetime = .milliseconds(100) })
        let old = try await secure.client(.saslPlaintext, SecureBroker.mechanism("PLAIN"))
        let address = try BrokerAddress(old.bootstrapServers[0])
        let connection = BrokerConnection(
            host: address.host, port: address.port, clientId: "old", loop: try SocketLoop.common(), watch: nil,
            options: ConnectionOptions(), security: try ConnectionSecurity(old.security), pin: nil, onClose: nil)
        let versions = try await connection.open(timeout: .seconds(5))
        await connection.forgetSession()
        try await Task.sleep(for: .milliseconds(150))
        let version = try versions.negotiate(MetadataRequest.self, broker: "it")
        await #expect(throws: KafkaError.self) {
            try await connection.exchange(
                MetadataRequest(), version: version, deadline: connection.loop.now + .seconds(5))
        }
        await secure.broker.stop()
    }
}

extension BrokerConnection {
    /// As a client that knows nothing of KIP-368.
    fileprivate func forgetSession() { session = SASLSession() }
}
