import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension BrokerServer {
    /// Makes a token of `owner`; gives its id.
    fileprivate func makeToken(of owner: KafkaPrincipal) throws -> String {
        try node.delegationTokens.create(
            owner: nil, renewers: [], lifetime: -1, by: .init(principal: owner), now: node.time.timestamp()
        ) { _ in false }.token.id
    }

    fileprivate var checking: Int { connections.values.count { $0.isBeingChecked } }

    /// Whether the next login by that token has to hash.
    fileprivate func hashes(_ id: String) -> Bool? {
        node.delegationTokens.login(id, .sha256, nonce: [1], now: node.time.timestamp()).map { $0.made != nil }
    }
}

/// What is held against keys when clients log in costs nobody else anything: the broker's loop goes on meanwhile.
@Suite(.turn) struct LoginWorkTests {
    private func start(_ mechanisms: [String]) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.security = ListenerSecurity(name: "SASL_PLAINTEXT", .saslPlaintext)
        configuration.security.mechanisms = mechanisms
        configuration.security.users = ["alice": "secret"]
        configuration.scramUsers = ["alice": "secret"]
        configuration.delegationTokens = .init(secretKey: "a secret key")
        return try await KafkaBroker.start(configuration)
    }

    private static func say(_ text: String) -> SaslAuthenticateRequest {
        .with { $0.authBytes = Bytes(Array(text.utf8)) }
    }

    /// While the loop for logins is busy, others are served, and what one client is to be told waits; then it comes. In the
    /// same order come the requests behind it.
    @Test(arguments: ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"])
    func othersDoNotWaitForALogin(mechanism: String) async throws {
        let broker = try await start([mechanism])
        let token = try await broker.server.makeToken(of: KafkaPrincipal("ann"))
        let logins = try #require(await broker.server.handshakes)
        let client = try TestClient(port: broker.port)
        #expect(try client.call(SaslHandshakeRequest.with { $0.mechanism = mechanism }).errorCode == .none)
        let isFree = Locked(false)
        logins.schedule(at: logins.now) {
            while !isFree.withLock({ $0 }) { usleep(1000) }
        }
        let said =
            switch mechanism {
            case "PLAIN": "\0alice\0secret"
            case "OAUTHBEARER":
                "n,,\u{1}auth=Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0.\u{1}\u{1}"
            default: "n,,n=\(token),r=abcdef,tokenauth=true"
            }
        try client.send(Self.say(said), version: 2)
        try client.send(ApiVersionsRequest(), version: 2)
        try await eventually { await broker.server.checking == 1 }
        let other = try TestClient(port: broker.port)
        for _ in 0..<3 { #expect(try other.call(ApiVersionsRequest(), version: 2).errorCode == .none) }
        #expect(await broker.server.checking == 1)
        isFree.withLock { $0 = true }
        let answer = try Frame.decodeResponse(SaslAuthenticateResponse.self, try client.receive(), version: 2)
        #expect(answer.errorCode == .none, "\(answer.errorMessage ?? "")")
        if mechanism == "SCRAM-SHA-256" {
            #expect(String(decoding: answer.authBytes.copy(), as: UTF8.self).contains(",i=4096"))
            // What was made is kept.
            #expect(await broker.server.hashes(token) == false)
        } else {
            #expect(
                try Frame.decodeResponse(ApiVersionsResponse.self, try client.receive(), version: 2).errorCode == .none)
        }
        await broker.stop()
    }

    /// Who goes away meanwhile leaves nothing behind.
    @Test func whoGoesAwayMeanwhileIsForgotten() async throws {
        let broker = try await start(["PLAIN"])
        let logins = try #require(await broker.server.handshakes)
        let client = try TestClient(port: broker.port)
        #expect(try client.call(SaslHandshakeRequest.with { $0.mechanism = "PLAIN" }).errorCode == .none)
        let isFree = Locked(false)
        logins.schedule(at: logins.now) {
            while !isFree.withLock({ $0 }) { usleep(1000) }
        }
        try client.send(Self.say("\0alice\0secret"), version: 2)
        try await eventually { await broker.server.checking == 1 }
        client.close()
        try await eventually { await broker.connections.isEmpty }
        isFree.withLock { $0 = true }
        let other = try TestClient(port: broker.port)
        #expect(try other.call(ApiVersionsRequest(), version: 2).errorCode == .none)
        await broker.stop()
    }

    /// A client that began with SaslHandshake v0 speaks in frames of its own.
    @Test func framesOfItsOwnAreCheckedThereToo() async throws {
        let broker = try await start(["PLAIN"])
        let client = try TestClient(port: broker.port)
        #expect(try client.call(SaslHandshakeRequest.with { $0.mechanism = "PLAIN" }, version: 0).errorCode == .none)
        let said = Array("\0alice\0secret".utf8)
        client.send(raw: [0, 0, 0, UInt8(said.count)] + said)
        #expect(try client.receive().isEmpty)
        #expect(try client.call(ListGroupsRequest()).errorCode == .none)
        await broker.stop()
    }
}
