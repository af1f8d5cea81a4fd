import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// OAUTHBEARER, from both sides: RFC 7628's messages, Kafka's patterns and words.
@Suite(.turn) struct OAuthBearerTests {
    /// Believes what is called `good`.
    struct Named: OAuthTokenValidator {
        func identity(of token: [UInt8], nowMilliseconds: Int64) throws(TokenRefusal) -> SASLIdentity {
            switch String(decoding: token, as: UTF8.self) {
            case "scope": throw TokenRefusal("it lacks", scope: ["a", "b"])
            case "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "good":
                return SASLIdentity(name: "user@example.com", expiresAtMilliseconds: 5)
            default: throw TokenRefusal("it is bad")
            }
        }
    }

    static func client(_ token: Secret, _ extensions: [String: String] = [:]) -> OAuthBearerExchange {
        OAuthBearerExchange(token: OAuthToken(value: token, expiresAtMilliseconds: nil, extensions: extensions))
    }

    static func server() -> OAuthBearerServer { OAuthBearerServer(validator: Named(), nowMilliseconds: 0) }

    /// RFC 7628, section 4.1, with the header of its section 3.1: a server reads what others send.
    @Test func readsTheRFCsMessage() {
        var server = Self.server()
        let message =
            "n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}"
            + "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\u{1}\u{1}"
        let step = server.take(Array(message.utf8))
        let expected = SASLIdentity(
            name: "user@example.com", expiresAtMilliseconds: 5,
            extensions: ["host": "server.example.com", "port": "143"])
        #expect(step == .done([], expected))
    }

    @Test func aClientsMessage() throws {
        var client = Self.client("good", ["traceId": "12 3", "logicalCluster": "lkc"])
        let first = try client.start()
        #expect(first == Array("n,,\u{1}auth=Bearer good\u{1}logicalCluster=lkc\u{1}traceId=12 3\u{1}\u{1}".utf8))
        #expect(try client.respond(to: []) == nil)
        #expect(client.isComplete)
    }

    @Test(arguments: [("good", true), ("scope", false), ("bad", false)]) func talks(token: String, isRight: Bool) {
        var client = Self.client(Secret(token))
        var server = Self.server()
        let outcome = SASLTalk.run(&client, &server)
        #expect(outcome.clientIsComplete == isRight)
        #expect((outcome.identity != nil) == isRight)
        if !isRight {
            let words =
                token == "scope"
                ? "{\"status\":\"insufficient_scope\", \"scope\":\"[a, b]\"}" : "{\"status\":\"invalid_token\"}"
            #expect(outcome.reason == words)
            #expect(client.refusal?.kind == .refused)
        }
    }

    /// RFC 7628, section 4.3, and what else servers say.
    @Test(arguments: [
        (
            #"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"}"#,
            ["(invalid_token)", "scope example_scope", "https://example.com/.well-known/openid-configuration"]
        ),
        (#"{"status":"invalid_token"}"#, ["(invalid_token)", "has ended"]),
        (#"{"status":"insufficient_scope", "scope":"[a, b]"}"#, ["(insufficient_scope)", "lacks a scope of [a, b]"]),
        ("no JSON \u{1B}[2J", ["refuses the token: no JSON \u{FFFD}[2J"]), ("{\"status\":1}", ["{\"status\":1}"]),
        (#"{"status":"\u001b[2J"}"#, ["(\u{FFFD}[2J)"]),
    ])
    func refusals(json: String, words: [String]) throws {
        var client = Self.client("secretToken")
        _ = try client.start()
        #expect(try client.respond(to: Array(json.utf8)) == [1])
        let error = #expect(throws: SASLError.self) { try client.respond(to: []) }
        let text = "\(try #require(error))"
        for word in words { #expect(text.contains(word), "\(text)") }
        #expect(!text.contains("secretToken"))
        #expect(!client.isComplete)
        #expect(throws: SASLError.self) { try client.respond(to: []) }
    }

    @Test(arguments: [
        "", "n,,", "n,,\u{1}\u{1}", "n,,\u{1}auth=Bearer good\u{1}", "n,,\u{1}auth=Basic good\u{1}\u{1}",
        "n,,\u{1}auth=Bearer \u{1}\u{1}", "n,,\u{1}auth=Bearer a b\u{1}\u{1}", "n,,\u{1}auth=Bearer a=b\u{1}\u{1}",
        "y,,\u{1}auth=Bearer good\u{1}\u{1}", "n,x,\u{1}auth=Bearer good\u{1}\u{1}", "n,,\u{1}host=x\u{1}\u{1}",
        "n,,\u{1}auth=Bearer good\u{1}au-th=x\u{1}\u{1}", "n,,\u{1}auth=Bearer good\u{1}k=\u{1}\u{1}",
        "n,,\u{1}auth=Bearer good\u{1}auth=Bearer good\u{1}\u{1}", "n,,\u{1}auth=Bearer good\u{1}k=\u{7F}\u{1}\u{1}",
        "\u{1}", "n,a=,\u{1}auth=Bearer good\u{1}\u{1}",
    ])
    func whatIsNoMessage(text: String) {
        var server = Self.server()
        let sentence =
            "Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER"
        #expect(server.take(Array(text.utf8)) == .refused(bytes: nil, reason: sentence))
        #expect(server.detail?.contains("RFC 7628") == true)
    }

    @Test(arguments: ["BEARER  good", "bearer good"]) func schemesInAnyCase(auth: String) {
        var server = Self.server()
        let step = server.take(Array("n,,\u{1}auth=\(auth)\u{1}\u{1}".utf8))
        #expect(step == .done([], SASLIdentity(name: "user@example.com", expiresAtMilliseconds: 5)))
    }

    @Test func somebodyElse() {
        var server = Self.server()
        let step = server.take(Array("n,a=root,\u{1}auth=Bearer good\u{1}\u{1}".utf8))
        let sentence =
            "Authentication failed: Client requested an authorization id (root) that is different from the token's "
            + "principal name (user@example.com)"
        #expect(step == .refused(bytes: nil, reason: sentence))
    }

    @Test(
        arguments: [
            (["a": "b"], nil), (["a": "b c\t\n"], nil), (["auth": "x"], "auth"), (["a1": "x"], "letters"),
            (["": "x"], "letters"), (["a": ""], "printable"), (["a": "ä"], "printable"),
            (["a": "b\u{1}c"], "printable"),
        ] as [([String: String], String?)])
    func extensions(extensions: [String: String], objection: String?) async {
        let mechanism = OAuthBearerMechanism(
            ClosureTokenProvider { _ in
                OAuthToken(value: "good", expiresAtMilliseconds: nil, extensions: extensions)
            })
        do {
            _ = try await mechanism.begin(SASLFixture.call())
            #expect(objection == nil)
        } catch { #expect(objection.map { "\(error)".contains($0) } == true, "\(error)") }
    }

    @Test(arguments: [
        ("", Int64?.none, "empty"), ("a b", nil, "characters"), ("a\n", nil, "characters"),
        ("a\u{1}b", nil, "characters"),
        ("good", 1_699_999_999_999, "ended 2023-11-14 22:13:19 UTC, and it is 2023-11-14 22:13:20 UTC"),
    ])
    func tokensThatAreNotSent(token: String, end: Int64?, words: String) async throws {
        let mechanism = OAuthBearerMechanism(
            ClosureTokenProvider { _ in OAuthToken(value: Secret(token), expiresAtMilliseconds: end) })
        let error = await #expect(throws: SASLError.self) { try await mechanism.begin(SASLFixture.call()) }
        #expect("\(try #require(error))".contains(words), "\(String(describing: error))")
    }

    // MARK: - Unsecured tokens

    @Test func theDefaultIsJavas() async throws {
        let provider = UnsecuredTokenProvider(principal: "alice", scopes: ["a", "b"])
        let token = try await provider.token(for: SASLFixture.call())
        let read = try JSONWebToken(token.value.copied())
        #expect(read.header == ["alg": .string("none")])
        #expect(
            read.claims == [
                "sub": .string("alice"), "scope": .array([.string("a"), .string("b")]), "iat": .number(1_700_000_000),
                "exp": .number(1_700_003_600),
            ])
        #expect(token.principal == "alice" && token.scopes == ["a", "b"])
        #expect(token.expiresAtMilliseconds == 1_700_003_600_000)
        #expect(token.startsAtMilliseconds == 1_700_000_000_000)
    }

    @Test func optionsAsJavas() async throws {
        let provider = try UnsecuredTokenProvider(options: [
            "unsecuredLoginStringClaim_who": "al\"ice", "unsecuredLoginNumberClaim_n": "1.5",
            "unsecuredLoginListClaim_rights": "|x|y|", "unsecuredLoginPrincipalClaimName": "who",
            "unsecuredLoginScopeClaimName": "rights", "unsecuredLoginLifetimeSeconds": "60",
            "unsecuredLoginExtension_traceId": "123", "unsecuredValidatorRequiredScope": "x",
        ])
        let token = try await provider.token(for: SASLFixture.call())
        #expect(
            token.principal == "al\"ice" && token.scopes == ["x", "y", ""] && token.extensions == ["traceId": "123"])
        #expect(token.expiresAtMilliseconds == 1_700_000_060_000)
        #expect(try JSONWebToken(token.value.copied()).claims["n"] == .number(1.5))
    }

    @Test(
        arguments: [
            ([:], "StringClaim_sub is missing"), (["unsecuredLoginStringClaim_sub": " "], "StringClaim_sub is missing"),
            (["unsecuredLoginStringClaim_exp": "1", "unsecuredLoginStringClaim_sub": "a"], "follows from the time"),
            (["unsecuredLoginNumberClaim_x": "y", "unsecuredLoginStringClaim_sub": "a"], "is no number"),
            (["unsecuredLoginLifetimeSeconds": "x", "unsecuredLoginStringClaim_sub": "a"], "no number of seconds"),
            (["unsecuredLoginExtension_auth": "x", "unsecuredLoginStringClaim_sub": "a"], "auth"),
            (["unsecuredLoginOtherClaim_x": "y", "unsecuredLoginStringClaim_sub": "a"], "none that is known"),
        ] as [([String: Secret], String)])
    func optionsThatCannotBe(options: [String: Secret], words: String) throws {
        let error = #expect(throws: SASLError.self) { try UnsecuredTokenProvider(options: options) }
        #expect("\(try #require(error))".contains(words), "\(String(describing: error))")
    }

    @Test(arguments: [
        (Int64(0), Int64(0), "", true), (3_599_999, 0, "", true), (3_600_000, 0, "", false), (3_600_000, 1, "", true),
        (-1, 0, "", false), (-1, 1, "", true), (0, 0, "a", true), (0, 0, "a b", true), (0, 0, "a c", false),
    ])
    func theUnsecuredValidator(later: Int64, skew: Int64, scope: String, isRight: Bool) async throws {
        let token = try await UnsecuredTokenProvider(principal: "alice", scopes: ["a", "b"]).token(
            for: SASLFixture.call())
        let validator = try UnsecuredTokenValidator(options: [
            "unsecuredValidatorAllowableClockSkewMs": Secret(String(skew)),
            "unsecuredValidatorRequiredScope": Secret(scope),
        ])
        do throws(TokenRefusal) {
            let identity = try validator.identity(of: token.value.copied(), nowMilliseconds: 1_700_000_000_000 + later)
            #expect(isRight && identity == SASLIdentity(name: "alice", expiresAtMilliseconds: 1_700_003_600_000))
        } catch { #expect(!isRight, "\(error.reason)") }
    }

    @Test func theUnsecuredValidatorTakesNothingSigned() throws {
        for row in try SASLFixture.rows("jwt.txt", fields: 3) where row[0] != "none" {
            #expect(throws: TokenRefusal.self, "\(row[0])") {
                try UnsecuredTokenValidator().identity(of: Array(row[1].utf8), nowMilliseconds: 1_700_000_100_000)
            }
        }
    }
}
