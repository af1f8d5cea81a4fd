import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Every cell of mechanism, protocol, right and wrong: success, or the one sentence that says what is wrong.
@Suite(.turn) struct DoorTests {
    static let mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

    /// What a client is told that cannot come in.
    private func refusal(
        of client: ClientConfiguration, _ location: SourceLocation = #_sourceLocation
    ) async throws -> KafkaError {
        var client = client
        client.apiTimeout = .seconds(5)
        let admin = try KafkaAdmin(client)
        let error = await #expect(throws: KafkaError.self, sourceLocation: location) {
            try await within { try await admin.describeCluster() }
        }
        await admin.close()
        return try #require(error, sourceLocation: location)
    }

    @Test func whoIsRightComesInAndIsKnown() async throws {
        let secure = try await SecureBroker.start(brokers: 2)
        #expect(try await secure.client(.ssl).produceAndRead() == ["v0", "v1", "v2"])
        for kind in [SecurityProtocol.saslPlaintext, .saslSSL] {
            for name in Self.mechanisms {
                let client = try await secure.client(kind, SecureBroker.mechanism(name))
                let admin = try KafkaAdmin(client)
                let cluster = try await within { try await admin.describeCluster() }
                // The addresses of the listener that it came in by, of both nodes.
                let servers = cluster.brokers.inOrder.map(\.value).joined(separator: ",")
                #expect(servers == client.bootstrapServers.joined(separator: ","), "\(kind) \(name)")
                let own = await secure.broker.connections.filter { $0.listener == kind.rawValue }
                #expect(!own.isEmpty && own.allSatisfy { $0.principal == KafkaPrincipal("alice") }, "\(kind) \(name)")
                await admin.close()
                try await eventually { await secure.broker.connections.isEmpty }
            }
        }
        await secure.broker.stop()
    }

    @Test func recordsPassThroughEveryDoor() async throws {
        let secure = try await SecureBroker.start()
        for kind in [SecurityProtocol.saslPlaintext, .saslSSL] {
            let client = try await secure.client(kind, SecureBroker.mechanism("SCRAM-SHA-512"))
            let read = try await client.produceAndRead()
            #expect(read.suffix(3) == ["v0", "v1", "v2"], "\(kind)")
        }
        await secure.broker.stop()
    }

    @Test(arguments: mechanisms.dropLast(), [SecurityProtocol.saslPlaintext, .saslSSL])
    func aWrongPasswordIsToldAtOnce(mechanism: String, kind: SecurityProtocol) async throws {
        let secure = try await SecureBroker.start()
        for (user, password) in [("alice", "hunter2"), ("nobody", "hunter2")] {
            let wrong = SecureBroker.mechanism(mechanism, user: user, password: Secret(password))
            let error = try await refusal(of: secure.client(kind, wrong))
            #expect(error.code == .broker(.saslAuthenticationFailed) && !error.isRetriable, "\(error)")
            let server = try #require(await secure.broker.bootstrapServers(of: kind.rawValue))
            for word in [server, mechanism, "Authentication failed", "password"] {
                #expect(error.message.contains(word), "\(error)")
            }
            #expect(!error.message.contains("hunter2"), "\(error)")
        }
        await secure.broker.stop()
    }

    @Test func aMechanismThatTheBrokerHasNotIsToldWithThoseThatItHas() async throws {
        let secure = try await SecureBroker.start(listener: { $0.mechanisms = ["SCRAM-SHA-512", "OAUTHBEARER"] })
        let error = try await refusal(of: secure.client(.saslSSL, SecureBroker.mechanism("PLAIN")))
        #expect(error.code == .broker(.unsupportedSaslMechanism) && error.setting == "sasl.mechanism")
        #expect(error.message.contains("PLAIN") && error.message.contains("SCRAM-SHA-512, OAUTHBEARER"), "\(error)")
        await secure.broker.stop()
    }

    /// What a client says that was set for another kind of port.
    @Test(arguments: [
        (SecurityProtocol.plaintext, SecurityProtocol.ssl, "want TLS"), (.plaintext, .saslSSL, "want TLS"),
        (.ssl, .plaintext, "may be one without TLS"), (.ssl, .saslPlaintext, "may be one without TLS"),
        (.saslPlaintext, .plaintext, "has no SASL on that port"), (.saslPlaintext, .ssl, "want TLS"),
        (.saslPlaintext, .saslSSL, "want TLS"),
        (.saslSSL, .plaintext, "may be one without TLS"), (.saslSSL, .ssl, "has no SASL on that port"),
        (.saslSSL, .saslPlaintext, "may be one without TLS"),
    ])
    func aPortOfAnotherKindIsTold(spoken: SecurityProtocol, port: SecurityProtocol, words: String) async throws {
        let secure = try await SecureBroker.start()
        var client = try await secure.client(
            spoken == .plaintext ? .plaintext : spoken, SecureBroker.mechanism("PLAIN"))
        client.bootstrapServers = [try #require(await secure.broker.bootstrapServers(of: port.rawValue))]
        let error = try await refusal(of: client)
        #expect(error.message.contains(words), "\(error)")
        await secure.broker.stop()
    }

    /// A client that says nothing of itself to a port that wants to know: its versions are told, and then it is over.
    @Test(arguments: [(SecurityProtocol.plaintext, SecurityProtocol.saslPlaintext), (.ssl, .saslSSL)])
    func aPortThatWantsToKnowWhoTheClientIsIsTold(spoken: SecurityProtocol, port: SecurityProtocol) async throws {
        let secure = try await SecureBroker.start()
        let address = try BrokerAddress(try #require(await secure.broker.bootstrapServers(of: port.rawValue)))
        let connection = BrokerConnection(
            host: address.host, port: address.port, clientId: "c", loop: try SocketLoop.common(), watch: nil,
            options: ConnectionOptions(), security: try ConnectionSecurity(try await secure.client(spoken).security),
            pin: nil, onClose: nil)
        let versions = try await connection.open(timeout: .seconds(20))
        let version = try versions.negotiate(MetadataRequest.self, broker: "it")
        let error = await #expect(throws: KafkaError.self) {
            try await connection.exchange(
                MetadataRequest(), version: version, deadline: connection.loop.now + .seconds(20))
        }
        #expect(
            error?.code == .connectionFailed && error?.setting == "security.protocol", "\(String(describing: error))")
        #expect(error?.message.contains("wants to know who the client is (SASL)") == true)
        await secure.broker.stop()
    }

    @Test func certificatesThatAreWrongAreTold() async throws {
        let secure = try await SecureBroker.start(names: ["elsewhere.example"])
        let other = try DevelopmentCA.authority(named: "Other CA", SecureBroker.day())
        let name = try await refusal(of: secure.client(.ssl))
        #expect(name.code == .tlsFailed && name.message.contains("elsewhere.example"), "\(name)")
        let foreign = try await refusal(of: secure.client(.ssl) { $0.tls.trust = .pem(other.certificate) })
        #expect(foreign.code == .tlsFailed && foreign.message.contains("ssl.truststore.location"), "\(foreign)")
        // Whoever wants to see what is there all the same can.
        let lax = try await secure.client(.ssl) { $0.tls.verifiesHostName = false }
        #expect(try await lax.produceAndRead() == ["v0", "v1", "v2"])
        await secure.broker.stop()

        let now = Instant.wallMilliseconds / 1000
        let old = try await SecureBroker.start(validity: .init(from: now - 7200, until: now - 3600))
        let expired = try await refusal(of: old.client(.ssl))
        #expect(expired.message.contains("has expired on"), "\(expired)")
        await old.broker.stop()
    }

    @Test func aClientsCertificateIsItsName() async throws {
        let secure = try await SecureBroker.start(listener: {
            guard $0.securityProtocol == .ssl else { return }
            $0.tls?.clientAuthentication = .required
            $0.principalRules = (try? PrincipalRules("RULE:^CN=([^,]*),.*$/$1/U")) ?? PrincipalRules()
        })
        let without = try await refusal(of: secure.client(.ssl))
        #expect(without.message.contains("certificate"), "\(without)")
        let own = try DevelopmentCA.issue("bob", .client, SecureBroker.day(), by: secure.authority)
        let admin = try KafkaAdmin(try await secure.client(.ssl) { $0.tls.identity = own.identity })
        _ = try await within { try await admin.describeCluster() }
        let principals = Set(await secure.broker.connections.map(\.principal))
        #expect(principals == [KafkaPrincipal("BOB")], "\(principals)")
        await admin.close()
        await secure.broker.stop()
    }

    @Test func nothingIsSentWithoutWhatIsMissing() async throws {
        var client = ClientConfiguration.quick(["localhost:1"])
        client.security.securityProtocol = .saslSSL
        var error = #expect(throws: KafkaError.self) { try KafkaAdmin(client) }
        #expect(error?.setting == "sasl.mechanism", "\(String(describing: error))")
        client.security.sasl = SecureBroker.mechanism("PLAIN")
        client.security.tls.trust = .pemFile("/nowhere/ca.pem")
        error = #expect(throws: KafkaError.self) { try KafkaAdmin(client) }
        #expect(error?.message.contains("/nowhere/ca.pem") == true, "\(String(describing: error))")
    }

    /// What an error, a description or a dump of a configuration shows.
    @Test func passwordsAreNotShown() async throws {
        let secure = try await SecureBroker.start()
        var client = try await secure.client(.saslSSL)
        _ = try client.apply(
            [
                ("sasl.mechanism", "SCRAM-SHA-256"),
                ("sasl.jaas.config", "a.ScramLoginModule required username=\"alice\" password=\"alice-secret\";"),
            ].map { ($0.0, $0.1.replacing("a.Scram", with: "org.apache.kafka.common.security.scram.Scram")) })
        var text = "\(client)"
        dump(client, to: &text)
        #expect(!text.contains("alice-secret"))
        #expect(try await client.produceAndRead() == ["v0", "v1", "v2"])
        await secure.broker.stop()
    }
}
