import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// Fields that hold secrets: explanations show their length; values, as `kw conformance` compares them, stay whole.
@Suite(.turn) struct SecretTests {
    static let secrets: [String: Set<String>] = [
        "SaslAuthenticateRequest": ["authBytes"],
        "SaslAuthenticateResponse": ["authBytes"],
        "CreateDelegationTokenResponse": ["hmac"],
        "RenewDelegationTokenRequest": ["hmac"],
        "ExpireDelegationTokenRequest": ["hmac"],
        "DescribeDelegationTokenResponse": ["hmac"],
        "AlterUserScramCredentialsRequest": ["salt", "saltedPassword"],
        // Of settings it depends on the name.
        "CreateTopicsRequest": ["value"], "CreateTopicsResponse": ["value"], "DescribeConfigsResponse": ["value"],
        "AlterConfigsRequest": ["value"], "IncrementalAlterConfigsRequest": ["value"],
    ]
    private static let password = Bytes(Array("\0alice\0hunter2".utf8))

    @Test func theyAreMarked() {
        for api in API.all {
            for type in [api.request as any WireMessage.Type, api.response] {
                #expect(type.sensitiveFields == Self.secrets[type.wireName] ?? [], "\(type.wireName)")
            }
        }
    }

    @Test(arguments: [36, 38, 39, 40, 41, 51] as [Int16]) func theirRowsAreMarkedAndNoOthers(key: Int16) throws {
        let api = try #require(API.of(APIKey(rawValue: key)))
        for vector in try Fixture.json("golden/0\(key)-\(api.name).jsonl") {
            let (type, version, bytes) = try GoldenMessageTests.parts(vector)
            let secrets = Self.secrets[type.wireName] ?? []
            for row in Explanation(body: bytes, of: type, version: version).rows {
                #expect(row.isSecret == secrets.contains(row.name))
                if row.isSecret { #expect(row.value.hasSuffix(" bytes, hidden")) }
            }
            let open = Explanation(body: bytes, of: type, version: version, showsSecrets: true)
            #expect(open.rows.allSatisfy { !$0.isSecret && !$0.value.contains("hidden") })
        }
    }

    @Test(arguments: [
        ("sasl.jaas.config", true), ("ssl.keystore.password", true), ("ssl.truststore.certificates", true),
        ("listener.name.internal.ssl.key.password", true),
        ("listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config", true), ("SSL.KEY.PASSWORD", true),
        ("delegation.token.secret.key", true), ("database.password", true), ("aws.secret.access.key", true),
        ("plugin.api.token", true), ("proxy.url", true), ("producer.override.sasl.jaas.config", true), ("", true),
        ("retention.ms", false), ("cleanup.policy", false), ("ssl.keystore.location", false), ("ssl.key", false),
        ("delegation.token.max.lifetime.ms", false), ("password.encoder.iterations", false),
        ("sasl.oauthbearer.token.endpoint.url", false), ("sasl.enabled.mechanisms", false),
        ("ssl.keystore.type", false),
    ]) func settingsAreSecretsByTheirNames(name: String, isSecret: Bool) throws {
        #expect(SensitiveSettings.contains(name) == isSecret)
        let messages: [(any WireMessage.Type, Int16, [UInt8])] = [
            (
                IncrementalAlterConfigsRequest.self, 1,
                try IncrementalAlterConfigsRequest.with {
                    $0.resources = [.with { $0.configs = [.with { ($0.name, $0.value) = (name, "hunter2") }] }]
                }.encode(version: 1)
            ),
            (
                AlterConfigsRequest.self, 2,
                try AlterConfigsRequest.with {
                    $0.resources = [.with { $0.configs = [.with { ($0.name, $0.value) = (name, "hunter2") }] }]
                }.encode(version: 2)
            ),
            (
                CreateTopicsRequest.self, 7,
                try CreateTopicsRequest.with {
                    $0.topics = [.with { $0.configs = [.with { ($0.name, $0.value) = (name, "hunter2") }] }]
                }.encode(version: 7)
            ),
            (
                DescribeConfigsResponse.self, 4,
                try DescribeConfigsResponse.with {
                    $0.results = [
                        .with {
                            $0.configs = [
                                .with {
                                    ($0.name, $0.value) = (name, "hunter2")
                                    $0.synonyms = [.with { ($0.name, $0.value) = (name, "hunter2") }]
                                }
                            ]
                        }
                    ]
                }.encode(version: 4)
            ),
        ]
        for (type, version, bytes) in messages {
            let rows = Explanation(body: Bytes(bytes), of: type, version: version).rows
            let values = rows.filter { $0.name == "value" }
            #expect(!values.isEmpty && values.allSatisfy { $0.isSecret == isSecret })
            #expect(rows.contains { $0.value.contains("hunter2") } == !isSecret, "\(type)")
            let open = Explanation(body: Bytes(bytes), of: type, version: version, showsSecrets: true)
            #expect(open.rows.contains { $0.value.contains("hunter2") })
        }
    }

    /// Each value of a setting was searched for words when it was written or read, whoever wrote it: a broker took 26 µs for
    /// one, and so four fifths of its time for an answer to DescribeConfigs.
    @Test func writingAndReadingSettingsDoesNotAskWhichAreSecrets() {
        #expect(!MessageEncoder.asksForSecrets && !MessageDecoder.asksForSecrets && !ValueDump.asksForSecrets)
        #expect(ExplainingDecoder.asksForSecrets)
    }

    @Test func onlyTheLengthIsSaid() throws {
        let request = SaslAuthenticateRequest.with { $0.authBytes = Self.password }
        let body = Bytes(try request.encode(version: 2))
        let row = try #require(Explanation(body: body, of: SaslAuthenticateRequest.self, version: 2).rows.first)
        #expect(row.value == "14 bytes, hidden")
        #expect(row.note == "compact bytes: length 14 + 1")
        #expect(try request.values(version: 2) == .object([(name: "authBytes", value: .bytes(Self.password))]))
    }

    @Test func whatFollowsABreakMayBeASecret() throws {
        let request = SaslAuthenticateRequest.with { $0.authBytes = Self.password }
        let body = Bytes(try request.encode(version: 1)).copy()
        for length in 0..<body.count {
            let explanation = Explanation(
                body: Bytes(Array(body[..<length])), of: SaslAuthenticateRequest.self, version: 1)
            #expect(explanation.rows.allSatisfy { $0.isSecret })
        }
        // Neither does a version that is not known, nor a header that breaks off, give away what is behind it.
        let unknown = Explanation(body: Bytes(body), of: SaslAuthenticateRequest.self, version: 77)
        #expect(unknown.rows.map(\.isSecret) == [true])
        let frame = Explanation(requestFrame: Bytes([0, 0, 0, 24, 0, 36, 0, 1, 0, 0, 0, 7, 0, 99] + body))
        #expect(frame.rows.filter { $0.kind == .unread }.map(\.isSecret) == [true, true])
        let broken = Explanation(body: [0], of: HeartbeatRequest.self, version: 0)
        #expect(broken.rows.map(\.isSecret) == [false])
    }
}
