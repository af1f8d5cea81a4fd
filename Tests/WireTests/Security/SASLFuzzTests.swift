import TestSupport
import Testing

@testable import KafkaWire

/// Everything that is read of somebody who is not known yet: changed by chance, it never traps, never succeeds where it
/// must not, and what it makes is bounded by what was read.
@Suite(.heavy) struct SASLFuzzTests {
    /// A text with some changes: bytes flipped, put in, taken out, repeated, parts of others.
    static func mutated(_ seeds: [[UInt8]], _ random: inout RandomSource) -> [UInt8] {
        func draw(_ limit: Int) -> Int { limit > 0 ? Int(random.next() % UInt64(limit)) : 0 }
        let interesting: [UInt8] =
            Array("=,.\"\\{}[]:;/*\0\u{1}\n\r -+019eEtfnumrsicpvayAZ'#".utf8) + [0x7F, 0x80, 0xC3, 0xED, 0xFF]
        var bytes = seeds[draw(seeds.count)]
        for _ in 0...draw(4) {
            let place = draw(bytes.count + 1)
            switch draw(7) {
            case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(draw(8))
            case 1 where place < bytes.count: bytes[place] = interesting[draw(interesting.count)]
            case 2: bytes.insert(interesting[draw(interesting.count)], at: place)
            case 3 where place < bytes.count: bytes.removeSubrange(place..<min(bytes.count, place + 1 + draw(8)))
            case 4 where place < bytes.count:
                let part = bytes[place..<min(bytes.count, place + 1 + draw(16))]
                for _ in 0..<draw(20) { bytes.insert(contentsOf: part, at: place) }
            case 5:
                let other = seeds[draw(seeds.count)]
                bytes = Array(bytes[..<place]) + other[draw(other.count + 1)...]
            default: bytes = Array(bytes[..<place])
            }
        }
        return bytes
    }

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    static let rounds = 10_000

    @Test func whatClientsSend() throws {
        var random = RandomSource(seed: 1)
        let credential = try ScramCredential.make(password: "p", salt: [1], iterations: 4096, variant: .sha256)
        let validator = UnsecuredTokenValidator()
        let seeds = [
            "n,,n=alice,r=abc", "n,a=alice,n=alice,r=abc,tokenauth=true", "c=biws,r=abcserver,p=AAAA",
            "c=biws,r=abcserver,x=y,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "\0alice\0secret",
            "n,,\u{1}auth=Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.\u{1}k=v\u{1}\u{1}", "\u{1}",
        ].map(Self.bytes)
        for round in 0..<Self.rounds {
            var plain = PlainServer(users: ["alice": "very secret"])
            var scram = ScramServer(.sha256, nonceText: "server") { $0 == "alice" ? credential : nil }
            var bearer = OAuthBearerServer(validator: validator, nowMilliseconds: 0)
            for _ in 0..<3 {
                let message = Self.mutated(seeds, &random)
                for step in [plain.take(message), scram.take(message), bearer.take(message)] {
                    switch step {
                    case .done: Issue.record("round \(round) let somebody in: \(message)")
                    case .challenge(let bytes): #expect(bytes.count <= message.count + 200)
                    case .refused(_, let reason): #expect(reason.utf8.count < 1500)
                    }
                }
                #expect((scram.detail?.utf8.count ?? 0) < 1000)
            }
        }
    }

    @Test func whatServersSend() throws {
        var random = RandomSource(seed: 2)
        let seeds = [
            "r=nonceserver,s=QSXCR+Q6sek8bf92,i=4096", "r=nonceserver,s=QSXCR+Q6sek8bf92,i=10000,x=y", "e=other-error",
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            #"{"status":"invalid_token","scope":"a","openid-configuration":"https://x"}"#,
            #"{"version":"2020_10_22","request-id":"x"}"#,
        ].map(Self.bytes)
        // So that chance does not spend its time on hashes.
        var options = ScramMechanism.Options()
        options.maximumIterations = 4200
        let mechanism = ScramMechanism(.sha256, user: "u", password: "hunter2", options: options)
        for round in 0..<Self.rounds {
            var scram = try mechanism.exchange(user: "u", password: "hunter2", nonce: "nonce")
            var bearer = OAuthBearerTests.client("hunter2")
            var iam = AWSMSKIAMExchange(host: "h", query: [("a", "hunter2")])
            _ = (try scram.start(), try bearer.start(), try iam.start())
            for _ in 0..<2 {
                let message = Self.mutated(seeds, &random)
                for exchange in 0..<3 {
                    do {
                        switch exchange {
                        case 0: _ = try scram.respond(to: message)
                        case 1: _ = try bearer.respond(to: message.isEmpty ? [1] : message)
                        default: _ = try iam.respond(to: message)
                        }
                    } catch {
                        let text = "\(error)"
                        #expect(text.utf8.count < 2000 && !text.contains("hunter2"), "\(text)")
                        #expect(!text.unicodeScalars.contains { $0.value < 0x20 }, "round \(round)")
                    }
                }
            }
            #expect(!scram.isComplete && !bearer.isComplete, "round \(round)")
        }
    }

    @Test func tokensAndKeys() throws {
        var random = RandomSource(seed: 3)
        let rows = try SASLFixture.rows("jwt.txt", fields: 3)
        let keySet = Self.bytes(try SASLFixture.text("jwks.json"))
        let validator = try JWTTests.validator()
        let tokens = rows.map { Self.bytes($0[1]) }
        let known = Set(tokens)
        // What was signed stands between dots: claims are changed too, before they are spelled in base 64.
        let claims = [
            #"{"sub":"a","exp":1700003600,"iat":1.7e9,"nbf":1,"scope":["a","b"],"aud":"kafka"}"#,
            #"{"sub":"a","exp":1e300,"iat":-1e300,"scope":"a b"}"#, #"{"sub":7,"exp":"x"}"#,
        ].map(Self.bytes)
        for round in 0..<Self.rounds {
            let token = Self.mutated(tokens, &random)
            if !known.contains(token) {
                #expect(throws: TokenRefusal.self, "round \(round)") {
                    try validator.identity(of: token, nowMilliseconds: 1_700_000_100_000)
                }
            }
            let unsigned = Self.bytes(
                "eyJhbGciOiJub25lIn0.\(Base64.encode(Self.mutated(claims, &random), .urlSafe)).")
            for time in [Int64.min, 0, 1_700_000_100_000, .max] {
                _ = try? UnsecuredTokenValidator(clockSkewMilliseconds: .max).identity(
                    of: unsigned, nowMilliseconds: time)
            }
            if let keys = try? JSONWebKeys(Self.mutated([keySet], &random)) { #expect(keys.keys.count <= 64) }
        }
    }

    @Test func jsonAndJAAS() throws {
        var random = RandomSource(seed: 4)
        let json = [
            #"{"a":[1,-2.5e3,true,false,null,"x\u00e4\ud83d\udddd\n"],"b":{"c":{}}}"#, "[[[[[[]]]]]]", "\"\\\"\"",
        ].map(Self.bytes)
        let lines = [
            #"a.b.C required username="u" password="p\"\\\101" /* x */ y='z'; // end"#, "a.B optional x=1;",
            #"a.B required user_a="1" user_b="2"; c.D sufficient;"#,
        ].map(Self.bytes)
        var read = 0
        for _ in 0..<Self.rounds {
            let text = Self.mutated(json, &random)
            if let value = try? JSONValue(text) { read += Self.size(of: value) <= text.count ? 1 : 0 }
            let line = Self.mutated(lines, &random)
            if let entries = try? JAASLine(Secret(line)).entries {
                #expect(entries.map(\.options.count).reduce(0, +) <= line.count)
                for entry in entries { _ = try? entry.mechanism(named: "PLAIN") }
            }
            _ = line.withUnsafeBytes { AWSCredentialsProvider.read($0, profile: "a") }
        }
        #expect(read > 100)
    }

    /// How many values there are.
    static func size(of value: JSONValue) -> Int {
        switch value {
        case .array(let elements): 1 + elements.map(size).reduce(0, +)
        case .object(let members): 1 + members.values.map(size).reduce(0, +)
        default: 1
        }
    }

    @Test func texts() {
        var random = RandomSource(seed: 5)
        for _ in 0..<5000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<(random.next() % 20) {
                if let scalar = Unicode.Scalar(UInt32(random.next() % 0x110000)) { text.append(scalar) }
            }
            guard let prepared = try? SASLPrep.prepare(String(text)) else { continue }
            // The longest decomposition has 18 code points.
            #expect(prepared.unicodeScalars.count <= 18 * text.count)
        }
    }

    /// The largest that a stranger may send: SCRAM, PLAIN and tokens of half a megabyte, as Kafka's broker takes them.
    @Test(arguments: [
        UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: "."), 0, 1, UInt8(ascii: "["), UInt8(ascii: "a"),
    ])
    func longOnes(byte: UInt8) throws {
        let long = [UInt8](repeating: byte, count: 524_288)
        for start in ["", "n,,n=a,r=b,", "n,,\u{1}auth=Bearer ", "\0a\0", "eyJhbGciOiJub25lIn0."] {
            let message = Self.bytes(start) + long
            var plain = PlainServer(users: [:])
            var scram = ScramServer(.sha512, nonceText: "s") { _ in nil }
            var bearer = OAuthBearerServer(validator: try JWTTests.validator(), nowMilliseconds: 0)
            for step in [plain.take(message), scram.take(message), bearer.take(message)] {
                guard case .done = step else { continue }
                Issue.record("let somebody in")
            }
            _ = try? JSONValue(message)
            _ = try? JAASLine(Secret(message))
        }
    }
}
