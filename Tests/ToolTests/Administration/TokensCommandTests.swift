import ClientSetup
import Foundation
import JSONLines
import KafkaBroker
import TestSupport
import Testing
import ToolKit

@testable import KW
@testable import KafkaWire

/// `kw tokens`: what its options mean, and as a program.
@Suite(.turn) struct TokensCommandTests {
    private static let hmac = "c2VjcmV0LWhtYWM="

    @Test(
        arguments: [
            ("--create", .create(owner: nil, renewers: [], lifetime: nil)),
            (
                "--create --owner-principal User:bob --renewer-principal User:a --renewer-principal User:b:c",
                .create(owner: "User:bob", renewers: ["User:a", "User:b:c"], lifetime: nil)
            ),
            ("--create --max-life-time-period 60000", .create(owner: nil, renewers: [], lifetime: .seconds(60))),
            ("--create --max-life-time-period -1", .create(owner: nil, renewers: [], lifetime: nil)),
            ("--create --write f", .create(owner: nil, renewers: [], lifetime: nil)),
            ("--renew --hmac c2VjcmV0LWhtYWM= --renew-time-period 1", .renew(.milliseconds(1))),
            ("--renew --hmac-file f --renew-time-period -1", .renew(nil)),
            ("--expire --hmac-file f", .expire(nil)), ("--expire --hmac-file f --expiry-time-period 0", .expire(.zero)),
            ("--describe", .describe(owners: nil)),
            ("--describe --show-secrets --owner-principal User:a", .describe(owners: ["User:a"])),
        ] as [(String, TokenAction)])
    func options(line: String, action: TokenAction) throws {
        #expect(try TokenAction(TokenOptions.parse(line.split(separator: " ").map(String.init))) == action)
    }

    @Test(arguments: [
        ("", "say what to do"), ("--create --describe", "exclude each other"),
        ("--create --owner-principal bob", "TYPE:NAME"), ("--create --max-life-time-period 0", "from 1 on"),
        ("--create --owner-principal User:a --owner-principal User:b", "one owner"),
        ("--create --hmac c2VjcmV0LWhtYWM=", "--hmac goes with --renew and --expire, not with --create"),
        ("--renew", "say which token"), ("--renew --hmac c2VjcmV0LWhtYWM= --hmac-file f", "one of"),
        ("--renew --hmac-file f --renew-time-period -2", "from 1 on, or -1"),
        ("--renew --hmac-file f --owner-principal User:a", "goes with --create and --describe"),
        ("--expire --hmac-file f --expiry-time-period -2", "from 0 on, or -1"),
        ("--expire --hmac not-base-64", "no base 64"), ("--describe --write f", "goes with --create"),
        ("--create --show-secrets", "goes with --describe"),
    ])
    func whatDoesNotFit(line: String, words: String) throws {
        let error = #expect(throws: (any Error).self) {
            try TokenAction(TokenOptions.parse(line.split(separator: " ").map(String.init)))
        }
        #expect("\(String(describing: error))".contains(words), "\(String(describing: error))")
        #expect(!"\(String(describing: error))".contains("not-base"))
    }

    private static let token = KafkaAdmin.DelegationToken(
        id: "tok\"en", hmac: "secret-hmac", owner: "User:alice", requester: "User:admin",
        renewers: ["User:r", "User:s"],
        issued: 1_800_000_000_000, expires: 1_800_086_400_000, latest: .max)

    @Test func isShownAsKafkasToolDoes() {
        let hidden = TokenReport(showsSecrets: false)
        let lines = hidden.table([Self.token]).lines
        #expect(
            lines.count == 2
                && lines[0].hasPrefix("TOKENID         HMAC                           OWNER           REQUESTER"))
        #expect(lines[1].contains("<hidden>") && lines[1].contains("User:r,User:s") && !lines[1].contains(Self.hmac))
        #expect(TokenReport(showsSecrets: true).table([Self.token]).lines[1].contains(Self.hmac))
        #expect(hidden.json(Self.token).contains("\"hmac\":null"))
        #expect(TokenReport(showsSecrets: true).json(Self.token).contains(Self.hmac))
        #expect(TokenReport.date(.max) == "\(Int64.max) ms since 1970")
    }

    /// What a file has is what logs in: how brokers are known, and not who the owner is.
    @Test func theFileLogsIn() throws {
        var settings = NamedSettings()
        for (name, value) in [
            ("security.protocol", "sasl_ssl"), ("sasl.mechanism", "SCRAM-SHA-512"),
            ("ssl.truststore.location", "/c\\a.pem"),
            ("ssl.truststore.password", "changeit"), ("ssl.keystore.location", "/own.p12"),
            ("ssl.key.password", "own-key"),
            ("sasl.jaas.config", "own-line"), ("client.id", "x"),
        ] { settings.set(name, value, place: "test") }
        let text = TokenProperties(Self.token, settings, bootstrap: ["a:1", "b:2"]).text
        let values = try PropertiesText.values(text)
        #expect(
            values == [
                "bootstrap.servers": "a:1,b:2", "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512",
                "ssl.truststore.location": "/c\\a.pem", "ssl.truststore.password": "changeit",
                "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
                    + "username=\"tok\\\"en\" password=\"c2VjcmV0LWhtYWM=\" tokenauth=\"true\";",
            ])
        var client = ClientConfiguration(bootstrapServers: [])
        var applied = NamedSettings()
        for (name, value) in values where !name.hasPrefix("ssl.") { applied.set(name, value, place: "test") }
        #expect(try applied.apply(to: &client).isEmpty)
        let mechanism = try #require(client.security.sasl as? ScramMechanism)
        #expect(mechanism.options.isToken && mechanism.variant == .sha512)
        #expect(try TokenProperties.hmac(Secret(text), from: "f") == "secret-hmac")
        #expect(try TokenProperties.hmac(" c2VjcmV0LWhtYWM=\n", from: "f") == "secret-hmac")
        for other in ["", "user=x", "sasl.jaas.config=broken password-of-alice", "?"] {
            let error = #expect(throws: ToolFailure.self) { try TokenProperties.hmac(Secret(other), from: "f") }
            #expect(error?.description.contains("alice") == false)
        }
    }

    /// The whole way: a token is made into a file, the file logs in, and ends the token.
    @Test func asAProgram() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["orders": 1])
        var listener = ListenerSecurity(name: "SASL_PLAINTEXT", .saslPlaintext)
        listener.users = ["alice": "alice-secret"]
        configuration.security = listener
        configuration.scramUsers = ["alice": "alice-secret"]
        configuration.delegationTokens = .init(secretKey: "key")
        let broker = try await KafkaBroker.start(configuration)
        let own = try Program.file(
            Array(
                """
                bootstrap.servers=\(broker.bootstrapServers)
                security.protocol=SASL_PLAINTEXT
                sasl.mechanism=PLAIN
                sasl.username=alice
                sasl.password=alice-secret
                """.utf8))
        defer { own.remove() }
        let path = NSTemporaryDirectory() + "kw-token-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        func kw(_ words: String...) async throws -> Program.Outcome {
            try await Running.kw(["tokens", "--command-config", own.path] + words)
        }
        let made = try await kw("--create", "--renewer-principal", "User:bob", "--write", path)
        #expect(made.status == 0, "\(made.error)")
        #expect(
            made.output.hasPrefix(
                "Calling create token operation with renewers :[User:bob] , max-life-time-period :-1\nCreated "))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let hmac = try String(decoding: TokenProperties.hmac(Secret(text), from: path).copied(), as: UTF8.self)
        let shown = Base64.encode(try TokenProperties.hmac(Secret(text), from: path).copied())
        #expect(hmac.count > 0 && !made.output.contains(shown) && made.output.contains("<hidden>"))
        let twice = try await kw("--create", "--write", path)
        #expect(twice.status == 1 && twice.error.contains("a token's file is always a new file"))
        #expect(try await Running.kw(["topics", "--list", "--command-config", path]).output == "orders\n")

        let described = try await kw("--describe")
        #expect(described.output.contains("Total number of tokens : 1\n") && !described.output.contains(shown))
        #expect(try await kw("--describe", "--show-secrets").output.contains(shown))
        let renewed = try await kw("--renew", "--hmac-file", path, "--renew-time-period", "60000")
        #expect(renewed.status == 0 && renewed.output.contains("Completed renew operation. New expiry date : 2"))
        #expect(!renewed.output.contains(shown))
        let open = try await kw("--create", "--json")
        let json = try #require(JSON(open.output))
        let other = try #require(json["hmac"].text)
        #expect(json["owner"].text == "User:alice")
        let ended = try await kw("--expire", "--hmac", other)
        #expect(ended.status == 0 && !ended.output.contains(other), "\(ended.error)")
        #expect(try await kw("--expire", "--hmac-file", path, "--json").output.contains("expiryTimestampMs"))
        let gone = try await Running.kw(["topics", "--list", "--command-config", path])
        #expect(gone.status == 1 && !gone.error.contains(shown), "\(gone.error)")
        #expect(try await kw("--describe").output.contains("Total number of tokens : 0\n"))
        await broker.stop()
    }
}
