import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Delegation tokens as a program makes and uses them (KIP-48).
@Suite(.turn) struct DelegationTokenTests {
    private static let day: Int64 = 86_400_000

    private func withAdmin(
        key: Secret? = "a key of the test", _ body: (SecureBroker, KafkaAdmin) async throws -> Void
    ) async throws {
        let secure = try await SecureBroker.start { configuration in
            configuration.delegationTokens = key.map { .init(secretKey: $0) }
            configuration.scramUsers["bob"] = "bob-secret"
        }
        let admin = try KafkaAdmin(
            try await secure.client(.saslPlaintext, SecureBroker.mechanism("SCRAM-SHA-256")))
        try await body(secure, admin)
        await admin.close()
        await secure.broker.stop()
    }

    @Test(arguments: [ScramVariant.sha256, .sha512]) func aTokenLivesItsLife(variant: ScramVariant) async throws {
        try await withAdmin { secure, admin in
            let token = try await admin.createDelegationToken(renewers: ["User:bob"], maxLifetime: .seconds(7200))
            #expect(token.owner == "User:alice" && token.requester == "User:alice" && token.renewers == ["User:bob"])
            #expect(token.latest - token.issued == 7_200_000 && token.expires == token.latest)
            #expect(!"\(token)".contains(token.passwordText))
            #expect(try await admin.describeDelegationTokens() == [token])
            #expect(try await admin.describeDelegationTokens(owners: ["User:bob"]) == [token], "bob may renew it")
            #expect(try await admin.describeDelegationTokens(owners: ["User:carol"]).isEmpty)
            #expect(try await admin.describeDelegationTokens(owners: []).isEmpty)

            // Whoever has it is alice, and cannot make another one.
            let other = try KafkaAdmin(
                try await secure.client(.saslSSL, ScramMechanism(variant, token: token)))
            _ = try await within { try await other.describeCluster() }
            #expect(await secure.broker.connections.contains { $0.principal == KafkaPrincipal("alice") })
            let refused = await #expect(throws: KafkaError.self) { try await other.createDelegationToken() }
            #expect(refused?.code == .broker(.delegationTokenRequestNotAllowed))
            #expect(refused?.message.contains("credentials of your own") == true, "\(String(describing: refused))")

            // A renewer lets it live longer, never beyond its end.
            let bob = try KafkaAdmin(
                try await secure.client(
                    .saslPlaintext, SecureBroker.mechanism("PLAIN", user: "alice", password: SecureBroker.password)))
            let sooner = try await bob.renewDelegationToken(token.hmac, for: .seconds(60))
            #expect(sooner < token.latest && sooner > token.issued)
            #expect(try await bob.renewDelegationToken(token.hmac) == token.latest)
            let later = try await bob.expireDelegationToken(token.hmac, in: .seconds(600))
            #expect(later < token.latest)
            try await admin.expireDelegationToken(token.hmac)
            #expect(try await admin.describeDelegationTokens().isEmpty)
            let gone = await #expect(throws: KafkaError.self) { try await bob.renewDelegationToken(token.hmac) }
            #expect(gone?.code == .broker(.delegationTokenNotFound))
            #expect(gone?.message.contains(token.passwordText) == false)
            await other.close()
            await bob.close()
        }
    }

    @Test func anothersTokenTakesARight() async throws {
        try await withAdmin { _, admin in
            let token = try await admin.createDelegationToken(owner: "User:bob")
            #expect(token.owner == "User:bob" && token.requester == "User:alice")
            #expect(token.latest - token.issued == 7 * Self.day && token.expires - token.issued == Self.day)
        }
    }

    @Test func whatIsRefusedIsASentence() async throws {
        try await withAdmin(key: nil) { secure, admin in
            var error = await #expect(throws: KafkaError.self) { try await admin.createDelegationToken() }
            #expect(error?.code == .broker(.delegationTokenAuthDisabled))
            #expect(error?.message.contains("delegation.token.secret.key") == true)
            error = await #expect(throws: KafkaError.self) { try await admin.describeDelegationTokens() }
            #expect(error?.code == .broker(.delegationTokenAuthDisabled))
            error = await #expect(throws: KafkaError.self) { try await admin.createDelegationToken(owner: "bob") }
            #expect(error?.code == .invalidRequest && error?.message.contains("TYPE:NAME") == true)
            error = await #expect(throws: KafkaError.self) { try await admin.createDelegationToken(renewers: [":x"]) }
            #expect(error?.code == .invalidRequest)
            error = await #expect(throws: KafkaError.self) { try await admin.describeDelegationTokens(owners: ["x:"]) }
            #expect(error?.code == .invalidRequest)
            let plain = try KafkaAdmin(try await secure.client(.plaintext))
            error = await #expect(throws: KafkaError.self) { try await plain.createDelegationToken() }
            #expect(error?.code == .broker(.delegationTokenRequestNotAllowed))
            await plain.close()
        }
    }

    /// What a broker of before Kafka 3.3 cannot be told is not left out.
    @Test func anOwnerIsNotLeftOut() async throws {
        try await withAdmin { secure, _ in
            var client = try await secure.client(.saslPlaintext, SecureBroker.mechanism("PLAIN"))
            client.versions = .release("3.2")
            let admin = try KafkaAdmin(client)
            let error = await #expect(throws: KafkaError.self) {
                try await admin.createDelegationToken(owner: "User:bob")
            }
            #expect(error?.code == .unsupportedVersion && error?.message.contains("3.3") == true)
            let token = try await admin.createDelegationToken()
            #expect(token.requester == nil && token.owner == "User:alice")
            await admin.close()
        }
    }
}
