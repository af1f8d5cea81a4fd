import FlyingFox
import Foundation
import KafkaOIDC
import TestSupport
import Testing

@testable import KafkaWire

/// Tokens that are had over HTTP, from a server that says what a test wants.
@Suite(.turn) struct OIDCTests {
    private static let call = SASLCall(
        host: "h", port: 1, wallMilliseconds: 1_700_000_000_000, nonce: [UInt8](repeating: 7, count: 24))
    /// `{"alg":"none"}`, `{"sub":"orders","exp":1700000600}`
    private static let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvcmRlcnMiLCJleHAiOjE3MDAwMDA2MDB9."

    private actor Endpoint {
        struct Request: Sendable {
            var authorization: String?
            var fields: [String: String]
        }

        private(set) var requests: [Request] = []
        private var answers: [(status: Int, body: String)]

        init(_ answers: [(status: Int, body: String)]) { self.answers = answers }

        func answer(_ authorization: String?, _ body: String) -> (status: Int, body: String) {
            var fields: [String: String] = [:]
            for field in body.split(separator: "&") {
                let parts = field.split(separator: "=", maxSplits: 1).map {
                    $0.replacing("+", with: " ").removingPercentEncoding ?? ""
                }
                fields[parts[0]] = parts.count > 1 ? parts[1] : ""
            }
            requests.append(Request(authorization: authorization, fields: fields))
            return answers.count > 1 ? answers.removeFirst() : answers[0]
        }
    }

    /// Calls `body` with the address of a server that gives these answers, the last one again and again.
    private func with(
        _ answers: [(status: Int, body: String)], _ body: (String, Endpoint) async throws -> Void
    ) async throws {
        let endpoint = Endpoint(answers)
        let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0))
        await server.appendRoute("POST /token") { request in
            let text = String(decoding: try await request.bodyData, as: UTF8.self)
            let (status, body) = await endpoint.answer(request.headers[.authorization], text)
            return HTTPResponse(
                statusCode: HTTPStatusCode(status, phrase: "x"), headers: [.contentType: "application/json"],
                body: Data(body.utf8))
        }
        let running = Task { try await server.run() }
        defer { running.cancel() }
        try await server.waitUntilListening()
        guard case .ip4(_, let port)? = await server.listeningAddress else {
            Issue.record("no port")
            return
        }
        try await body("http://127.0.0.1:\(port)/token", endpoint)
    }

    @Test func aClientGetsATokenForItsIdAndSecret() async throws {
        try await with([(200, #"{"access_token":"\#(Self.token)","expires_in":600,"token_type":"Bearer"}"#)]) {
            address, endpoint in
            var provider = OIDCTokenProvider(
                endpoint: address, grant: .clientCredentials(id: "my id", secret: "a+b:c%"), scope: "kafka read")
            provider.parameters = [("audience", "https://kafka")]
            let token = try await provider.token(for: Self.call)
            #expect(token.value == Secret(Self.token) && token.principal == "orders")
            #expect(token.expiresAtMilliseconds == 1_700_000_600_000)
            let request = try #require(await endpoint.requests.first)
            // RFC 6749, 2.3.1: id and secret are encoded as a form's fields before HTTP's own encoding.
            #expect(request.authorization == "Basic " + Data("my+id:a%2Bb%3Ac%25".utf8).base64EncodedString())
            #expect(
                request.fields == [
                    "grant_type": "client_credentials", "scope": "kafka read", "audience": "https://kafka",
                ])
        }
    }

    /// A token that says nothing of itself ends when the answer says so.
    @Test func aTokenThatIsNoJWTEndsAsTheAnswerSays() async throws {
        try await with([(200, #"{"access_token":"opaque","expires_in":60}"#)]) { address, _ in
            let provider = OIDCTokenProvider(endpoint: address, grant: .clientCredentials(id: "i", secret: "s"))
            let token = try await provider.token(for: Self.call)
            #expect(token.expiresAtMilliseconds == 1_700_000_060_000)
        }
    }

    @Test(
        arguments: [
            (
                401, #"{"error":"invalid_client","error_description":"no such \u001bclient"}"#,
                ["401", "invalid_client"]
            ),
            (400, "<html>", ["400", "look at the client's id"]), (200, "{}", ["without an access_token"]),
            (200, "<html>", ["without an access_token"]),
        ] as [(Int, String, [String])])
    func whatAProviderRefusesIsToldWithoutTheSecret(status: Int, body: String, words: [String]) async throws {
        try await with([(status, body)]) { address, endpoint in
            let provider = OIDCTokenProvider(endpoint: address, grant: .clientCredentials(id: "i", secret: "hunter2"))
            let error = await #expect(throws: SASLError.self) { try await provider.token(for: Self.call) }
            let message = error?.description ?? ""
            for word in words + ["127.0.0.1"] { #expect(message.contains(word), "\(message)") }
            #expect(!message.contains("hunter2") && !message.contains("\u{1b}"), "\(message)")
            #expect(await endpoint.requests.count == 1)
        }
    }

    @Test func whoIsInTroubleIsAskedAgain() async throws {
        try await with([(503, ""), (429, ""), (200, #"{"access_token":"t","expires_in":60}"#)]) { address, endpoint in
            var provider = OIDCTokenProvider(endpoint: address, grant: .clientCredentials(id: "i", secret: "s"))
            provider.retryBackoff = .milliseconds(1)
            let token = try await provider.token(for: Self.call)
            #expect(token.value == "t")
            #expect(await endpoint.requests.count == 3)
        }
        var nobody = OIDCTokenProvider(
            endpoint: "http://127.0.0.1:1/token", grant: .clientCredentials(id: "i", secret: "s"))
        nobody.retryBackoff = .milliseconds(1)
        let error = await #expect(throws: SASLError.self) { try await nobody.token(for: Self.call) }
        #expect(error?.kind == .credentials && error?.message.contains("cannot be asked") == true)
    }

    @Test func timesAndDurationsAtTheirEndsAreHeld() async throws {
        try await with([(503, ""), (200, #"{"access_token":"t","expires_in":60}"#)]) { address, _ in
            var provider = OIDCTokenProvider(endpoint: address, grant: .clientCredentials(id: "i", secret: "s"))
            provider.timeout = .seconds(Int64.max) * 4
            provider.retryBackoff = .seconds(Int64.min) * 10
            let call = SASLCall(host: "h", port: 1, wallMilliseconds: .max, nonce: [])
            let token = try await provider.token(for: call)
            #expect(token.expiresAtMilliseconds == Int64.max)
        }
    }

    @Test(arguments: ["http://login.example/token", "ftp://x/y", "token", ""])
    func secretsAreNotSentInTheClear(address: String) async throws {
        let provider = OIDCTokenProvider(endpoint: address, grant: .clientCredentials(id: "i", secret: "s"))
        let error = await #expect(throws: SASLError.self) { try await provider.token(for: Self.call) }
        #expect(error?.kind == .settings, "\(String(describing: error))")
    }

    /// The assertion is looked at by what checks tokens, with the public key that openssl has made.
    @Test(arguments: [
        (ClientAssertion.Algorithm.rs256, ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        (.es256, ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ])
    func whatTheClientSignsIsRight(algorithm: ClientAssertion.Algorithm, arguments: [String]) async throws {
        let key = try Self.openSSL(arguments)
        let info = try Self.openSSL(["pkey", "-pubout", "-outform", "DER"], input: key)
        try await with([(200, #"{"access_token":"t","expires_in":60}"#)]) { address, endpoint in
            var assertion = ClientAssertion(
                key: Secret(key), issuer: "me", subject: "orders", audience: "https://login")
            assertion.algorithm = algorithm
            assertion.keyID = "k1"
            for grant in [OIDCTokenProvider.Grant.jwtBearer(assertion), .clientAssertion(id: "me", assertion)] {
                _ = try await OIDCTokenProvider(endpoint: address, grant: grant).token(for: Self.call)
            }
            let (bearer, client) = (await endpoint.requests[0], await endpoint.requests[1])
            #expect(bearer.authorization == nil && client.authorization == nil)
            #expect(bearer.fields["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer")
            #expect(client.fields["grant_type"] == "client_credentials" && client.fields["client_id"] == "me")
            #expect(
                client.fields["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            for text in [bearer.fields["assertion"], client.fields["client_assertion"]] {
                let token = try JSONWebToken(Array(try #require(text).utf8))
                #expect(token.algorithm == algorithm.rawValue && token.header["kid"]?.text == "k1")
                let check = try #require(SignatureAlgorithm(rawValue: algorithm.rawValue))
                #expect(try check.isRight(token.signature, of: token.signed, info: Array(info)))
                var changed = token.signed
                changed[5] ^= 1
                #expect(try !check.isRight(token.signature, of: changed, info: Array(info)))
                #expect(token.claims["iss"]?.text == "me" && token.claims["sub"]?.text == "orders")
                #expect(token.claims["aud"]?.text == "https://login")
                #expect(token.milliseconds("exp") == 1_700_000_300_000)
                #expect(token.milliseconds("nbf") == 1_699_999_940_000)
            }
        }
    }

    static func openSSL(_ arguments: [String], input: Data = Data()) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let (into, out) = (Foundation.Pipe(), Foundation.Pipe())
        process.standardInput = into
        process.standardOutput = out
        process.standardError = FileHandle.nullDevice
        try process.run()
        try into.fileHandleForWriting.write(contentsOf: input)
        try into.fileHandleForWriting.close()
        let data = try out.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return data
    }

    // MARK: - Settings

    @Test func settingsUnderKafkasNamesMakeAProvider() throws {
        var client = ClientConfiguration(bootstrapServers: ["x"])
        let unknown = try client.applyOIDC([
            ("security.protocol", "SASL_SSL"), ("sasl.mechanism", "OAUTHBEARER"), ("client.id", "me"),
            ("sasl.oauthbearer.token.endpoint.url", "https://login.example/token"),
            ("sasl.oauthbearer.client.credentials.client.id", "i"),
            ("sasl.oauthbearer.client.credentials.client.secret", "s"), ("nonsense", "x"),
        ])
        #expect(unknown == ["nonsense"] && client.clientId == "me" && client.security.sasl?.name == "OAUTHBEARER")
        // Others are as they were.
        try client.applyOIDC([("sasl.mechanism", "PLAIN"), ("sasl.username", "u"), ("sasl.password", "p")])
        #expect(client.security.sasl?.name == "PLAIN")
    }

    @Test(
        arguments: [
            ([:], "sasl.oauthbearer.client.credentials.client.id"),
            (["sasl.oauthbearer.client.credentials.client.id": "i"], "sasl.oauthbearer.assertion.private.key.file"),
            (
                ["sasl.oauthbearer.jwt.retriever.class": "a.JwtBearerJwtRetriever"],
                "sasl.oauthbearer.assertion.private.key.file"
            ),
            (["sasl.jaas.config": "nonsense"], "sasl.jaas.config"),
            (
                [
                    "sasl.oauthbearer.client.credentials.client.id": "i",
                    "sasl.oauthbearer.assertion.private.key.file": "/no",
                ],
                "sasl.oauthbearer.assertion.private.key.file"
            ),
        ] as [([String: String], String)])
    func whatIsMissingIsNamed(further: [String: String], setting: String) {
        var settings = [
            ("sasl.mechanism", "OAUTHBEARER"), ("sasl.oauthbearer.token.endpoint.url", "https://login.example/token"),
        ]
        settings += further.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let error = #expect(throws: KafkaError.self) {
            try OIDCSettings.take(settings.map { (name: $0.0, value: $0.1) })
        }
        #expect(error?.setting == setting, "\(String(describing: error))")
    }
}
