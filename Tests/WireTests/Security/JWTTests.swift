import TestSupport
import Testing

@testable import KafkaWire

/// Signed tokens: the examples of RFC 7515 and 7519, and what Python's cryptography signed.
@Suite(.turn) struct JWTTests {
    static func verdict(_ validator: JWTValidator, _ token: String, at milliseconds: Int64) -> String {
        do throws(TokenRefusal) {
            return try validator.identity(of: Array(token.utf8), nowMilliseconds: milliseconds).name
        } catch { return error.reason }
    }

    @Test func examplesOfRFCs() throws {
        for row in try SASLFixture.rows("published_jwt.txt", fields: 4) {
            let validator = JWTValidator(keys: try JSONWebKeys(Array(row[1].utf8)), principalClaim: "iss")
            let verdict = Self.verdict(validator, row[2], at: 1_300_819_000_000)
            #expect(row[3] == "joe" ? verdict == "joe" : verdict.contains(row[3]), "\(row[0]): \(verdict)")
            if row[3] == "joe" {
                #expect(
                    Self.verdict(validator, row[2], at: 1_300_819_500_000).contains("it ended 2011-03-22 18:43:00 UTC"))
            }
        }
    }

    static func validator() throws -> JWTValidator {
        JWTValidator(
            keys: try JSONWebKeys(Array(SASLFixture.text("jwks.json").utf8)), issuer: "https://issuer.example",
            audiences: ["kafka"], requiredScopes: ["write"])
    }

    @Test func tokensThatOthersSigned() throws {
        let validator = try Self.validator()
        let rows = try SASLFixture.rows("jwt.txt", fields: 3)
        #expect(rows.count > 40)
        for row in rows {
            let verdict = Self.verdict(validator, row[1], at: 1_700_000_100_000)
            #expect(row[2] == "alice" ? verdict == "alice" : verdict.contains(row[2]), "\(row[0]): \(verdict)")
        }
    }

    /// Any character of a token that is another one: never believed.
    @Test func aTokenThatWasTouched() throws {
        let validator = try Self.validator()
        var random = RandomSource(seed: 7515)
        let alphabet = Array("ABCXYZabcxyz0189-_.=+/ \n".utf8)
        for row in try SASLFixture.rows("jwt.txt", fields: 3) where row[2] == "alice" {
            let token = Array(row[1].utf8)
            for _ in 0..<60 {
                var touched = token
                let place = Int(random.next() % UInt64(token.count))
                touched[place] = alphabet[Int(random.next() % UInt64(alphabet.count))]
                guard touched != token else { continue }
                #expect(throws: TokenRefusal.self, "\(row[0]), byte \(place)") {
                    try validator.identity(of: touched, nowMilliseconds: 1_700_000_100_000)
                }
            }
        }
    }

    @Test(arguments: [
        ("", "no JSON"), ("{}", "no list called keys"), (#"{"keys":[]}"#, "no key that checks"),
        (#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, "no key that checks"),
        (#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, "no key that checks"),
        (#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#, "no key that checks"),
        (#"{"keys":[{"kty":"OKP","crv":"X25519","x":"AA"}]}"#, "no key that checks"),
        ("{\"keys\":[\(Array(repeating: "1", count: 65).joined(separator: ","))]}", "more than 64"),
    ])
    func setsThatCannotBeUsed(text: String, words: String) throws {
        let error = #expect(throws: JSONWebKeys.Failure.self) { try JSONWebKeys(Array(text.utf8)) }
        #expect("\(try #require(error))".contains(words))
    }

    /// A point that is not on its curve is no key, whatever OpenSSL is then asked.
    @Test func aPointBesideTheCurve() throws {
        let x = Base64.encode([UInt8](repeating: 5, count: 32), .urlSafe)
        let keys = try JSONWebKeys(Array(#"{"keys":[{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(x)"}]}"#.utf8))
        let row = try #require(try SASLFixture.rows("jwt.txt", fields: 3).first { $0[0] == "ES256 without an id" })
        let verdict = Self.verdict(JWTValidator(keys: keys), row[1], at: 1_700_000_100_000)
        #expect(verdict.contains("not that of the key"))
    }

    /// Keys for encryption, and a key that is for another algorithm only.
    @Test(
        arguments: [
            (#""use":"enc""#, nil), (#""key_ops":["sign"]"#, nil), (#""alg":"ES384""#, "no key for ES256"),
            (#""alg":"ES256""#, "joe"), (#""key_ops":["verify"]"#, "joe"),
        ] as [(String, String?)])
    func whatKeysAreFor(member: String, expected: String?) throws {
        let row = try #require(try SASLFixture.rows("published_jwt.txt", fields: 4).first { $0[0].contains("A.3") })
        let text = row[1].replacing("{\"kty\"", with: "{\(member),\"kty\"")
        guard let expected else {
            #expect(throws: JSONWebKeys.Failure.self) { try JSONWebKeys(Array(text.utf8)) }
            return
        }
        let validator = JWTValidator(keys: try JSONWebKeys(Array(text.utf8)), principalClaim: "iss")
        #expect(Self.verdict(validator, row[2], at: 1_300_819_000_000).contains(expected))
    }
}
