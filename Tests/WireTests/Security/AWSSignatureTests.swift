import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// AWS's signatures: its own test suite, its documentation's examples, botocore's addresses.
@Suite(.turn) struct AWSSignatureTests {
    static let key = AWSCredentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    static func pairs(_ text: String, _ between: Character, _ within: Character) -> [(String, String)] {
        text.split(separator: between).map { part in
            let halves = part.split(separator: within, maxSplits: 1, omittingEmptySubsequences: false)
            return (String(halves[0]), String(halves[1]))
        }
    }

    @Test func publishedSignatures() throws {
        let rows = try SASLFixture.rows("published_aws.txt", fields: 12)
        #expect(rows.count == 6)
        for row in rows {
            let signature = AWSSignature(
                credentials: AWSCredentials(accessKeyID: row[1], secretAccessKey: Secret(row[2])), region: row[4],
                service: row[5], milliseconds: try #require(Int64(row[3])))
            let canonical = AWSSignature.canonical(
                method: row[6], path: row[7], query: Self.pairs(row[8], "&", "="),
                headers: Self.pairs(row[9], "|", ":"),
                bodyHash: row[10])
            #expect(try signature.signature(of: canonical) == row[11], "\(row[0])")
        }
    }

    /// The same parameters, in whatever order, with the same signature as botocore's.
    @Test func addressesOfOthers() async throws {
        for row in try SASLFixture.rows("aws_presigned.txt", fields: 4) {
            var key = Self.key
            if row[2] != "-" { key.sessionToken = Secret(row[2]) }
            let signature = AWSSignature(
                credentials: key, region: row[1], service: "kafka-cluster", milliseconds: 1_700_000_000_000)
            let query = try signature.presigned(host: row[0], query: [AWSRegion.action], expiresSeconds: 900)
            let ours = Set(query.map { "\(AWSSignature.encoded($0.name))=\(AWSSignature.encoded($0.value))" })
            let theirs = try #require(row[3].split(separator: "?").last).split(separator: "&").map(String.init)
            #expect(ours == Set(theirs))

            var client = try await AWSMSKIAMMechanism(.fixed(key)).begin(SASLFixture.call(host: row[0]))
            guard row[0] != "kafka.us-west-2.amazonaws.com" else { continue }
            let payload = try #require(try JSONValue(try client.start()).members)
            var expected = ["version": "2020_10_22", "host": row[0], "user-agent": "KafkaWire"]
            for pair in theirs {
                let halves = pair.split(separator: "=", maxSplits: 1).map(String.init)
                expected[halves[0].lowercased()] = halves[1].removingPercentEncoding
            }
            #expect(payload == expected.mapValues { .string($0) })
        }
    }

    @Test func tokensForOAuthBearer() async throws {
        let row = try #require(try SASLFixture.rows("aws_presigned.txt", fields: 4).last)
        let call = SASLFixture.call(host: "b-1.demo.kafka.us-west-2.amazonaws.com", milliseconds: 1_700_000_000_999)
        let token = try await AWSMSKTokenProvider(.fixed(Self.key)).token(for: call)
        let address = String(decoding: try #require(Base64.decode(token.value.copied(), .urlSafe)), as: UTF8.self)
        let parts = address.split(separator: "?")
        #expect(parts.first == "https://kafka.us-west-2.amazonaws.com/")
        let theirs = try #require(row[3].split(separator: "?").last).split(separator: "&").map(String.init)
        #expect(
            Set(try #require(parts.last).split(separator: "&").map(String.init))
                == Set(theirs + ["User-Agent=KafkaWire"]))
        #expect(token.principal == "AKIDEXAMPLE")
        #expect(token.startsAtMilliseconds == 1_700_000_000_000 && token.expiresAtMilliseconds == 1_700_000_900_000)
    }

    @Test(arguments: [
        ("{\"version\":\"2020_10_22\",\"request-id\":\"x\"}", true), ("", false), ("{}", false), ("x", false),
        ("{\"version\":\"2019\"}", false),
    ])
    func answers(answer: String, isRight: Bool) async throws {
        var client = try await AWSMSKIAMMechanism(.fixed(Self.key), region: "x").begin(SASLFixture.call())
        let first = try client.start()
        #expect(!String(decoding: first, as: UTF8.self).contains("wJalrXUtnFEMI"))
        if isRight {
            #expect(try client.respond(to: Array(answer.utf8)) == nil)
        } else {
            #expect(throws: SASLError.self) { try client.respond(to: Array(answer.utf8)) }
        }
        #expect(client.isComplete == isRight)
    }

    @Test(
        arguments: [
            ("b-1.x.abc.c2.kafka.us-east-1.amazonaws.com", nil, "us-east-1"),
            ("boot.kafka-serverless.cn-north-1.amazonaws.com.cn", nil, "cn-north-1"),
            ("10.0.0.1", "eu-west-1", "eu-west-1"),
            ("10.0.0.1", nil, nil), ("amazonaws.com", nil, nil), ("x.amazonaws.com", nil, nil), ("", nil, nil),
        ] as [(String, String?, String?)])
    func regions(host: String, given: String?, expected: String?) {
        #expect((try? AWSRegion.of(host, given: given)) == expected)
    }

    @Test func profiles() async throws {
        try await SASLFixture.withFolder { folder in
            let path = folder + "/credentials"
            let text = """
                # a comment
                [default]
                aws_access_key_id = ONE
                aws_secret_access_key=secret=1
                [ other ]\r
                AWS_ACCESS_KEY_ID=TWO\r
                aws_secret_access_key = s2\r
                aws_session_token = t2\r
                [half]
                aws_access_key_id = THREE
                """
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            func read(_ profile: String?) async throws -> AWSCredentials {
                try await AWSCredentialsProvider.profile(profile, path: path).credentials(SASLFixture.call())
            }
            let one = try await read("default")
            #expect(one.accessKeyID == "ONE" && one.secretAccessKey == "secret=1" && one.sessionToken == nil)
            let two = try await read("other")
            #expect(two.accessKeyID == "TWO" && two.secretAccessKey == "s2" && two.sessionToken == "t2")
            for profile in ["half", "none"] { await #expect(throws: SASLError.self) { try await read(profile) } }
        }
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01 00:00:00 UTC"), (1_440_938_160_000, "2015-08-30 12:36:00 UTC"),
        (951_782_400_000, "2000-02-29 00:00:00 UTC"), (-1000, "1969-12-31 23:59:59 UTC"),
        (.max, "9999-12-31 23:59:59 UTC"), (.min, "0001-01-01 00:00:00 UTC"),
        (4_107_542_400_000, "2100-03-01 00:00:00 UTC"),
    ])
    func times(milliseconds: Int64, expected: String) { #expect(UTCTime(milliseconds: milliseconds).text == expected) }
}
