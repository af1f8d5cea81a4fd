import FlyingFox
import Foundation
import KafkaOIDC
import TestSupport
import Testing

@testable import KW
@testable import KafkaBroker
@testable import KafkaWire

/// Tokens that a broker holds against the keys of whoever signed them: keys over HTTP, and in files.
@Suite(.turn) struct OIDCKeyTests {
    /// Who signs tokens with a key.
    private struct Issuer {
        let id: String
        private let key: Data
        /// The key as an element of a set.
        let element: String

        init(_ id: String) throws {
            self.id = id
            key = try OIDCTests.openSSL(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
            let info = try OIDCTests.openSSL(["pkey", "-pubout", "-outform", "DER"], input: key)
            let (x, y) = (Array(info.suffix(64).prefix(32)), Array(info.suffix(32)))
            element =
                #"{"kty":"EC","crv":"P-256","use":"sig","kid":"\#(id)","x":"\#(Base64.encode(x, .urlSafe))","#
                + #""y":"\#(Base64.encode(y, .urlSafe))"}"#
        }

        static func set(_ issuers: Issuer...) -> String {
            #"{"keys":[\#(issuers.map(\.element).joined(separator: ","))]}"#
        }

        /// A token of these claims, which ends in `seconds`.
        func token(_ claims: [String: String] = ["sub": #""orders""#], seconds: Int64 = 300) throws -> Secret {
            let now = Instant.wallMilliseconds / 1000
            let times = ["iat": "\(now - 600)", "exp": "\(now + seconds)"]
            return try TokenSigner(.es256, key: Secret(key)).token(
                times.merging(claims) { $1 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, keyID: id)
        }
    }

    /// What the server says, and how often it was asked.
    private actor Endpoint {
        private(set) var asked = 0
        private var answer: (status: Int, body: String)

        init(_ answer: (status: Int, body: String)) { self.answer = answer }

        func set(_ answer: (status: Int, body: String)) { self.answer = answer }

        func take() -> (status: Int, body: String) {
            asked += 1
            return answer
        }
    }

    private func with(
        _ answer: (status: Int, body: String), _ body: (String, Endpoint) async throws -> Void
    ) async throws {
        let endpoint = Endpoint(answer)
        let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0))
        await server.appendRoute("GET /keys") { request in
            let (status, body) = await endpoint.take()
            // Of a redirection the body is where to.
            return HTTPResponse(
                statusCode: HTTPStatusCode(status, phrase: "x"),
                headers: [.contentType: "application/json", .location: status == 302 ? body : "none"],
                body: Data(body.utf8))
        }
        let running = Task { try await server.run() }
        defer { running.cancel() }
        try await server.waitUntilListening()
        guard case .ip4(_, let port)? = await server.listeningAddress else {
            Issue.record("no port")
            return
        }
        try await body("http://127.0.0.1:\(port)/keys", endpoint)
    }

    /// A broker that takes tokens, with these settings.
    private func start(_ settings: [String: String]) async throws -> KafkaBroker {
        let properties = [
            "listeners": "SASL_PLAINTEXT://127.0.0.1:0", "sasl.enabled.mechanisms": "OAUTHBEARER",
        ]
        var configuration = try KafkaBroker.Configuration(properties: properties.merging(settings) { $1 })
        configuration.tokenKeySource = { try OIDCKeySource($0) }
        configuration.connectionBounds.failedAuthenticationDelay = .milliseconds(1)
        return try await KafkaBroker.start(configuration)
    }

    /// Who the broker takes a client with that token for; nil is nobody.
    private func login(_ broker: KafkaBroker, _ token: Secret) async throws -> String? {
        var client = ClientConfiguration(bootstrapServers: [broker.bootstrapServers])
        client.security.securityProtocol = .saslPlaintext
        client.security.sasl = OAuthBearerMechanism(ClosureTokenProvider { _ in OAuthToken(reading: token) })
        let admin = try KafkaAdmin(client)
        defer { Task { await admin.close() } }
        do throws(KafkaError) { _ = try await admin.describeCluster() } catch {
            guard error.code == .broker(.saslAuthenticationFailed) else { throw error }
            return nil
        }
        return await broker.connections.first { $0.principal != .anonymous }?.principal.name
    }

    @Test func keysAreHadOverHTTP() async throws {
        let (old, new, stranger) = (try Issuer("old"), try Issuer("new"), try Issuer("old"))
        try await with((200, Issuer.set(old))) { address, endpoint in
            let broker = try await start(["sasl.oauthbearer.jwks.endpoint.url": address])
            #expect(await endpoint.asked == 1)
            #expect(try await login(broker, old.token()) == "orders")
            // Another's signature under that name is not worth a question.
            #expect(try await login(broker, stranger.token()) == nil)
            #expect(await endpoint.asked == 1)
            // A name that is not known is: who comes then is believed.
            await endpoint.set((200, Issuer.set(old, new)))
            try await Task.sleep(for: .seconds(1))
            #expect(try await login(broker, new.token()) == nil)
            try await eventually { await endpoint.asked == 2 }
            try await eventually { try await login(broker, new.token()) == "orders" }
            // One that stays unknown is asked for once.
            let nobody = try Issuer("nobody")
            try await Task.sleep(for: .seconds(1))
            for _ in 0..<5 { #expect(try await login(broker, nobody.token()) == nil) }
            try await eventually { await endpoint.asked == 3 }
            #expect(try await login(broker, old.token()) == "orders")
            #expect(await endpoint.asked == 3)
            await broker.stop()
        }
    }

    /// Keys are asked for from time to time; a provider in trouble changes nothing, and is asked again soon.
    @Test func keysAreAskedForAgain() async throws {
        let (old, new) = (try Issuer("old"), try Issuer("new"))
        try await with((200, Issuer.set(old))) { address, endpoint in
            let broker = try await start([
                "sasl.oauthbearer.jwks.endpoint.url": address, "sasl.oauthbearer.jwks.endpoint.refresh.ms": "200",
                "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms": "10",
                "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms": "20",
            ])
            try await eventually { await endpoint.asked >= 3 }
            for trouble in [(503, ""), (200, "<html>"), (200, #"{"keys":[]}"#)] {
                await endpoint.set(trouble)
                let before = await endpoint.asked
                try await eventually { await endpoint.asked >= before + 4 }
                #expect(try await login(broker, old.token()) == "orders", "\(trouble)")
            }
            await endpoint.set((200, Issuer.set(new)))
            try await eventually { try await login(broker, new.token()) == "orders" }
            // Who is not in the set any more is not believed any more.
            #expect(try await login(broker, old.token()) == nil)
            await broker.stop()
            let last = await endpoint.asked
            try await Task.sleep(for: .milliseconds(500))
            #expect(await endpoint.asked <= last + 1)
        }
    }

    @Test(
        arguments: [
            (404, "", ["it answered 404"]), (200, "<html>", ["no JSON"]),
            (200, #"{"keys":[]}"#, ["no key that checks"]),
            (200, String(repeating: "x", count: 1 << 21), ["more than 1048576 bytes"]),
            (302, "http://login.example/keys", ["it answered 302"]),
        ] as [(Int, String, [String])])
    func withoutKeysItDoesNotStart(status: Int, body: String, words: [String]) async throws {
        try await with((status, body)) { address, endpoint in
            let error = await #expect(throws: BrokerStartError.self) {
                try await start(["sasl.oauthbearer.jwks.endpoint.url": address])
            }
            for word in words + ["listener SASL_PLAINTEXT", address] {
                #expect(error?.description.contains(word) == true, "\(String(describing: error))")
            }
            #expect(await endpoint.asked == 1)
        }
    }

    /// A provider that has moved is followed where that is as safe.
    @Test func aSafeRedirectionIsFollowed() async throws {
        let issuer = try Issuer("k")
        try await with((200, Issuer.set(issuer))) { address, _ in
            try await with((302, address)) { moved, _ in
                let source = try OIDCKeySource(moved)
                let found = try await source.keySet()
                #expect(found == Array(Issuer.set(issuer).utf8))
            }
        }
    }

    @Test(arguments: ["http://login.example/keys", "http:///keys", "https:"])
    func whereAnybodyCouldMakeKeysIsRefused(address: String) async throws {
        let error = await #expect(throws: BrokerStartError.self) {
            try await start(["sasl.oauthbearer.jwks.endpoint.url": address])
        }
        #expect(
            error?.description.contains("sasl.oauthbearer.jwks.endpoint.url") == true, "\(String(describing: error))")
    }

    private func withFile(_ body: (String) async throws -> Void) async throws {
        let path = NSTemporaryDirectory() + "keys-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    /// A file is read again when it has changed, and one that cannot be read changes nothing.
    @Test func aFileIsReadAgain() async throws {
        let (old, new) = (try Issuer("old"), try Issuer("new"))
        try await withFile { path in
            try Issuer.set(old).write(toFile: path, atomically: true, encoding: .utf8)
            let broker = try await start(["sasl.oauthbearer.jwks.endpoint.url": "file://\(path)"])
            #expect(try await login(broker, old.token()) == "orders")
            #expect(try await login(broker, new.token()) == nil)
            try Issuer.set(new).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try await login(broker, new.token()) == "orders")
            #expect(try await login(broker, old.token()) == nil)
            try "{".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try await login(broker, new.token()) == "orders")
            try FileManager.default.removeItem(atPath: path)
            #expect(try await login(broker, new.token()) == "orders")
            try Issuer.set(old, new).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try await login(broker, old.token()) == "orders")
            await broker.stop()
        }
    }

    /// The settings that say which tokens are believed are in force.
    @Test(
        arguments: [
            ([:], ["sub": #""a""#], 300, "a"), ([:], ["sub": #""a""#], -20, "a"), ([:], ["sub": #""a""#], -40, nil),
            (["clock.skew.seconds": "0"], ["sub": #""a""#], -1, nil),
            (["clock.skew.seconds": "600"], ["sub": #""a""#], -300, "a"),
            (["expected.issuer": "https://me"], ["sub": #""a""#, "iss": #""https://me""#], 300, "a"),
            (["expected.issuer": "https://me"], ["sub": #""a""#, "iss": #""https://you""#], 300, nil),
            (["expected.issuer": "https://me"], ["sub": #""a""#], 300, nil),
            (["expected.audience": "kafka,other"], ["sub": #""a""#, "aud": #""kafka""#], 300, "a"),
            (["expected.audience": "kafka,other"], ["sub": #""a""#, "aud": #"["x","other"]"#], 300, "a"),
            (["expected.audience": "kafka,other"], ["sub": #""a""#, "aud": #"["x"]"#], 300, nil),
            (["expected.audience": "kafka"], ["sub": #""a""#], 300, nil),
            (["sub.claim.name": "client"], ["sub": #""a""#, "client": #""b""#], 300, "b"),
            (["sub.claim.name": "client"], ["sub": #""a""#], 300, nil),
            (["scope.claim.name": "scp"], ["sub": #""a""#, "scp": #"["x"]"#, "scope": "1"], 300, "a"),
            (["scope.claim.name": "scp"], ["sub": #""a""#, "scp": "1"], 300, nil),
        ] as [([String: String], [String: String], Int64, String?)])
    func whichTokensAreBelieved(
        settings: [String: String], claims: [String: String], seconds: Int64, name: String?
    ) async throws {
        let issuer = try Issuer("k")
        try await withFile { path in
            try Issuer.set(issuer).write(toFile: path, atomically: true, encoding: .utf8)
            var all = ["sasl.oauthbearer.jwks.endpoint.url": "file://\(path)"]
            for (name, value) in settings { all["sasl.oauthbearer.\(name)"] = value }
            let broker = try await start(all)
            // A session ends with its token; of one that is over what was said of it counts.
            let step = await broker.server.believes(try issuer.token(claims, seconds: seconds))
            #expect(step == name)
            await broker.stop()
        }
    }

    /// `kw broker` has it.
    @Test func kwHasIt() throws {
        let command = try BrokerCommand.parse([])
        let configuration = try BrokerSettings(command).configuration
        let make = try #require(configuration.tokenKeySource)
        let source = try make("https://login.example/keys?x=y")
        #expect(source.place == "https://login.example/keys")
    }
}

extension BrokerServer {
    /// Whom a token of the first listener is taken for now.
    fileprivate func believes(_ token: Secret) -> String? {
        let login = BrokerNode.Login(
            security: configuration.security, isRenewal: false, nonce: [], wall: loop.wallMilliseconds,
            keys: currentTokenKeys(of: 0))
        var exchange = node.exchange("OAUTHBEARER", login)
        let message = Array("n,,\u{1}auth=Bearer ".utf8) + token.copied() + [1, 1]
        guard case .done(_, let identity)? = exchange?.take(message) else { return nil }
        return identity.name
    }
}
