import TestSupport
import Testing

@testable import KafkaWire

/// SCRAM, from both sides: RFC 7677's example, hashlib's answers, Kafka's bounds.
@Suite(.turn) struct ScramTests {
    static func vectors() throws -> [[String]] {
        try SASLFixture.rows("published_scram.txt", fields: 9) + SASLFixture.rows("scram.txt", fields: 9)
    }

    static func variant(_ name: String) throws -> ScramVariant {
        try #require(ScramVariant.allCases.first { $0.name == name })
    }

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func bothSidesSayWhatOthersSay() throws {
        let vectors = try Self.vectors()
        #expect(vectors.count == 5)
        for row in vectors {
            let variant = try Self.variant(row[0])
            var client = try ScramMechanism(variant, user: row[1], password: Secret(row[2])).exchange(
                user: row[1], password: Secret(row[2]), nonce: row[3])
            #expect(try client.start() == Self.bytes(row[5]))
            #expect(try client.respond(to: Self.bytes(row[6])) == Self.bytes(row[7]))
            #expect(!client.isComplete)
            #expect(try client.respond(to: Self.bytes(row[8])) == nil)
            #expect(client.isComplete)

            let first = try #require(ScramMessage.ServerFirst(Self.bytes(row[6])))
            let credential = try ScramCredential.make(
                password: Secret(row[2]), salt: first.salt, iterations: first.iterations, variant: variant)
            var server = ScramServer(variant, nonceText: row[4], credential: { $0 == row[1] ? credential : nil })
            #expect(server.take(Self.bytes(row[5])) == .challenge(Self.bytes(row[6])))
            #expect(server.take(Self.bytes(row[7])) == .done(Self.bytes(row[8]), SASLIdentity(name: row[1])))
        }
    }

    /// Of RFC 7677's exchange, what a client refuses of a server.
    @Test(arguments: [
        ("r=fyko,s=QSXCR+Q6sek8bf92,i=4096", SASLError.Kind.malformed, "does not continue"),
        ("r=rOprNGfwEbeRWgbNEkqO,s=QSXCR+Q6sek8bf92,i=4096", .malformed, "does not continue"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4095", .malformed, "4095 iterations, fewer"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=1000001", .malformed, "1000001 iterations, more"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=9223372036854775808", .malformed, "RFC 5802"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=-1", .malformed, "RFC 5802"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=+5000", .malformed, "RFC 5802"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096", .malformed, "RFC 5802"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=!!!!,i=4096", .malformed, "RFC 5802"),
        ("m=x,r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4096", .malformed, "RFC 5802"),
        ("s=QSXCR+Q6sek8bf92,r=rOprNGfwEbeRWgbNEkqOx,i=4096", .malformed, "RFC 5802"),
        ("", .malformed, "RFC 5802"), ("{\"version\":1}", .malformed, "RFC 5802"),
        ("e=unknown-user", .refused, "refuses: unknown-user"),
    ])
    func clientRefuses(challenge: String, kind: SASLError.Kind, words: String) throws {
        var client = try ScramMechanism(.sha256, user: "user", password: "pencil").exchange(
            user: "user", password: "pencil", nonce: "rOprNGfwEbeRWgbNEkqO")
        _ = try client.start()
        let error = #expect(throws: SASLError.self) { try client.respond(to: Self.bytes(challenge)) }
        #expect(error?.kind == kind)
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        #expect(error?.description.contains("pencil") == false)
        #expect(throws: SASLError.self) { try client.respond(to: Self.bytes(challenge)) }
        #expect(!client.isComplete)
    }

    @Test(arguments: [
        ("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", SASLError.Kind.unproven), ("e=invalid-proof", .refused), ("v=", .malformed),
        ("", .malformed), ("v=AAAA,e=x", .unproven),
    ])
    func clientWantsTheProof(last: String, kind: SASLError.Kind) throws {
        let row = try #require(try Self.vectors().first)
        var client = try ScramMechanism(.sha256, user: row[1], password: Secret(row[2])).exchange(
            user: row[1], password: Secret(row[2]), nonce: row[3])
        _ = try client.start()
        _ = try client.respond(to: Self.bytes(row[6]))
        let error = #expect(throws: SASLError.self) { try client.respond(to: Self.bytes(last)) }
        #expect(error?.kind == kind)
        #expect(!client.isComplete)
    }

    static func server(_ variant: ScramVariant = .sha256, reauthenticating: Bool = false) throws -> ScramServer {
        let credential = try ScramCredential.make(
            password: "secret", salt: [1, 2, 3], iterations: 4096, variant: variant)
        let weak = try ScramCredential.make(password: "secret", salt: [1, 2, 3], iterations: 4095, variant: variant)
        return ScramServer(
            variant, nonce: [UInt8](repeating: 9, count: 24), reauthenticating: reauthenticating,
            credential: { ["alice": credential, "a,b=c": credential, "weak": weak][$0] },
            token: {
                $0 == "id1" ? .init(owner: "alice", credential: credential, expiresAtMilliseconds: 77) : nil
            })
    }

    static let invalid =
        "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256"

    @Test(arguments: [
        ("n,,n=bob,r=abc", invalid, "no credential of user bob"),
        ("n,,n=weak,r=abc", invalid, "fewer than 4096"), ("n,,n=id1,r=abc", invalid, "no credential"),
        ("n,,n=alice,r=abc,tokenauth=true", invalid, "no delegation token"),
        (
            "n,a=bob,n=alice,r=abc",
            "Authentication failed: Client requested an authorization id that is different from username", "user alice"
        ),
        ("y,,n=alice,r=abc", invalid, "RFC 5802"), ("p=tls-unique,,n=alice,r=abc", invalid, "RFC 5802"),
        ("n,,m=x,n=alice,r=abc", invalid, "RFC 5802"), ("n,,n=alice", invalid, "RFC 5802"),
        ("n,,n=alice,r=", invalid, "RFC 5802"), ("n,,n=al=ice,r=abc", invalid, "RFC 5802"), ("", invalid, "RFC 5802"),
        ("n,,n=,r=abc", invalid, "RFC 5802"), ("n,,r=abc,n=alice", invalid, "RFC 5802"),
        ("n,x,n=alice,r=abc", invalid, "RFC 5802"), ("n,,n=alice,r=a c", invalid, "RFC 5802"),
    ])
    func serverRefuses(first: String, reason: String, detail: String) throws {
        var server = try Self.server()
        #expect(server.take(Self.bytes(first)) == .refused(bytes: nil, reason: reason))
        #expect(server.detail?.contains(detail) == true, "\(server.detail ?? "none")")
        #expect(server.take(Self.bytes("n,,n=alice,r=abc")) == .refused(bytes: nil, reason: Self.invalid))
    }

    @Test(
        arguments: [
            ("alice", "secret", false, SASLIdentity(name: "alice")),
            ("a,b=c", "secret", false, SASLIdentity(name: "a,b=c")),
            ("id1", "secret", true, SASLIdentity(name: "alice", tokenID: "id1", expiresAtMilliseconds: 77)),
            ("alice", "Secret", false, nil), ("alice", "secret ", false, nil), ("id1", "other", true, nil),
        ] as [(String, String, Bool, SASLIdentity?)])
    func outcomes(user: String, password: String, isToken: Bool, expected: SASLIdentity?) async throws {
        for variant in ScramVariant.allCases {
            var options = ScramMechanism.Options()
            options.isToken = isToken
            let mechanism = ScramMechanism(variant, user: user, password: Secret(password), options: options)
            var client = try #require(try await mechanism.begin(SASLFixture.call()) as? ScramExchange)
            var server = try Self.server(variant, reauthenticating: true)
            let outcome = SASLTalk.run(&client, &server)
            #expect(outcome.identity == expected)
            #expect(outcome.clientIsComplete == (expected != nil))
            if expected == nil {
                #expect(
                    outcome.reason
                        == "Authentication failed during re-authentication due to invalid credentials with SASL mechanism \(variant.name)"
                )
            }
        }
    }

    /// Random names and passwords succeed; with any one bit of any message flipped, the client is not content. (A flipped
    /// bit of the server's last message changes nothing for the server, which has let the client in by then.)
    @Test func randomOnesSucceedAndDamagedOnesFail() throws {
        var random = RandomSource(seed: 5802)
        let alphabet = Array("abcXYZ019 =,\"\\äöüß鍵🗝\u{301}\u{AD}\t~".unicodeScalars)
        func text() -> String {
            var out = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                out.append(alphabet[Int(random.next() % UInt64(alphabet.count))])
            }
            return String(out)
        }
        for round in 0..<40 {
            let variant: ScramVariant = round % 2 == 0 ? .sha256 : .sha512
            let user = text()
            let password = Secret(text())
            let credential = try ScramCredential.make(
                password: password, salt: (0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) },
                iterations: 4096, variant: variant)
            let mechanism = ScramMechanism(variant, user: user, password: password)
            func talk(_ damage: (Int, [UInt8]) -> [UInt8]) throws -> SASLTalk.Outcome {
                var client = try mechanism.exchange(user: user, password: password, nonce: "client")
                var server = ScramServer(variant, nonceText: "server") { $0 == user ? credential : nil }
                return SASLTalk.run(&client, &server, damage: damage)
            }
            let whole = try talk { $1 }
            #expect(whole.identity?.name == user && whole.clientIsComplete, "round \(round)")
            for message in 0..<4 {
                for _ in 0..<8 {
                    let draw = random.next()
                    let outcome = try talk { number, bytes in
                        guard number == message else { return bytes }
                        var bytes = bytes
                        bytes[Int(draw % UInt64(bytes.count))] ^= 1 << UInt8(draw >> 60 & 7)
                        return bytes
                    }
                    #expect(!outcome.clientIsComplete, "round \(round), message \(message), draw \(draw)")
                    #expect(outcome.identity == nil || message == 3, "round \(round), message \(message), draw \(draw)")
                }
            }
        }
    }

    /// The last one: hundreds of connections that are made anew at once hash once.
    @Test(arguments: [
        (["a 1 4096", "a 1 4096", "a 1 4096"], 1), (["a 1 4096", "b 1 4096"], 2), (["a 1 4096", "a 2 4096"], 2),
        (["a 1 4096", "a 1 4097"], 2), (["a 1 4096", "b 1 4096", "a 1 4096"], 3),
    ])
    func aSaltedPasswordIsKept(asked: [String], hashed: Int) throws {
        let cache = SaltedPasswordCache()
        for ask in asked {
            let parts = ask.split(separator: " ").map(String.init)
            let salt = Array(parts[1].utf8)
            let iterations = try #require(Int(parts[2]))
            let salted = try cache.salted(
                password: Secret(parts[0]), salt: salt, iterations: iterations, variant: .sha256, preparation: .kafka)
            #expect(
                salted.copied()
                    == (try HashFunction.sha256.stretch(Array(parts[0].utf8), salt: salt, iterations: iterations)))
        }
        #expect(cache.count == hashed)
    }

    /// With SASLprep both sides take what keyboards make differently for the same; as Kafka does it, not.
    @Test(arguments: [
        (SASLPreparation.saslprep, "p\u{E4}ss\u{2168}", "pa\u{308}ssIX", true),
        (.kafka, "p\u{E4}ss\u{2168}", "pa\u{308}ssIX", false), (.kafka, "p\u{E4}ss", "p\u{E4}ss", true),
        (.saslprep, "p\u{E4}ss", "passe", false),
    ])
    func preparation(_ preparation: SASLPreparation, kept: String, typed: String, isRight: Bool) throws {
        let credential = try ScramCredential.make(
            password: Secret(kept), salt: [1], iterations: 4096, variant: .sha256, preparation: preparation)
        var options = ScramMechanism.Options()
        options.preparation = preparation
        var client = try ScramMechanism(.sha256, user: "u", password: Secret(typed), options: options).exchange(
            user: "u", password: Secret(typed), nonce: "n")
        var server = ScramServer(.sha256, nonceText: "s") { _ in credential }
        #expect(SASLTalk.run(&client, &server).clientIsComplete == isRight)
    }

    @Test(arguments: [("", Secret("p")), ("u", Secret("")), ("u\0", Secret("p"))])
    func whatCannotBeSent(user: String, password: Secret) async {
        await #expect(throws: SASLError.self) {
            try await ScramMechanism(.sha256, user: user, password: password).begin(SASLFixture.call())
        }
    }
}
