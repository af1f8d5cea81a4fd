import TestSupport
import Testing

@testable import KafkaWire

/// `sasl.jaas.config`, as Java's StreamTokenizer reads it.
@Suite(.turn) struct JAASLineTests {
    static let plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    static let scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    static let oauth = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"

    @Test(
        arguments: [
            (
                #"a.B required username="alice" password="s e;c\"r\\e=t";"#,
                ["username": "alice", "password": #"s e;c"r\e=t"#]
            ),
            (#"a.B required x='it''s';"#, nil), (#"a.B required x='a"b';"#, ["x": "a\"b"]),
            (#"a.B REQUIRED x=word y=10 z=a-b_c$d.e;"#, ["x": "word", "y": "10", "z": "a-b_c$d.e"]),
            ("a.B required\n  x = \"1\" // no y=\"2\"\n /* z=\"3\" */ w=\"//\";\n", ["x": "1", "w": "//"]),
            (#"a.B required x="\t\n\101\0608\q";"#, ["x": "\t\nA08q"]), (#"a.B required x="";"#, ["x": ""]),
            (#"a.B required x="1" x="2";"#, ["x": "2"]), ("a.B optional;", [:]),
            (#"a.B required x="ä鍵";"#, ["x": "ä鍵"]),
            (#"a.B required x="\377\777";"#, ["x": "\u{FF}\u{3F}7"]),
        ] as [(String, [String: Secret]?)])
    func reads(text: String, expected: [String: Secret]?) throws {
        guard let expected else {
            #expect(throws: JAASLine.Failure.self) { try JAASLine(Secret(text)) }
            return
        }
        let line = try JAASLine(Secret(text))
        #expect(line.entries.map(\.module) == ["a.B"])
        #expect(line.entries.first?.options == expected)
    }

    @Test func severalEntries() throws {
        let line = try JAASLine("a.B required x=\"1\"; c.D sufficient y=\"2\";")
        #expect(line.entries.map(\.module) == ["a.B", "c.D"])
        #expect(line.entries.map(\.flag) == ["required", "sufficient"])
    }

    @Test func usersOfAServer() throws {
        let line = try JAASLine(
            #"org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="x" user_admin="x" user_alice="alice-secret" user_="e";"#
        )
        let users = try #require(line.entries.first?.users)
        #expect(users == ["admin": "x", "alice": "alice-secret", "": "e"])
        var server = PlainServer(users: users)
        #expect(server.take(Array("\0alice\0alice-secret".utf8)) == .done([], SASLIdentity(name: "alice")))
    }

    @Test(
        arguments: [
            ("", "is empty"), ("  // nothing", "is empty"), ("a.B", "is missing"),
            ("a.B needed x=\"hunter2\";", "is missing"),
            ("a.B required x=\"hunter2\"", "semicolon"), ("a.B required x=\"hunter2;", "does not end"),
            ("a.B required x hunter2;", "= is missing"), ("a.B required x=;", "has no value"),
            ("a.B required =;", "name"),
            ("a.B required x=hunter2!;", "name"), ("\"hunter2 \" required;", "class"), (";", "class"),
            ("a.B required /* x=\"hunter2\";", "comment"), ("a.B required x=\"hunter2\ny\";", "does not end"),
            ("hunter2=\"x\"", "is missing"),
        ] as [(Secret, String)])
    func failuresShowNoValue(text: Secret, words: String) throws {
        let error = #expect(throws: JAASLine.Failure.self) { try JAASLine(text) }
        let shown = "\(try #require(error))"
        #expect(shown.contains(words), "\(shown)")
        #expect(!shown.contains("hunter2"))
    }

    @Test(
        arguments: [
            ("PLAIN", "\(plain) required username=\"u\" password=\"p\";", nil),
            ("SCRAM-SHA-256", "\(scram) required username=\"u\" password=\"p\";", nil),
            ("SCRAM-SHA-512", "\(scram) required username=\"u\" password=\"p\" tokenauth=\"true\";", nil),
            ("OAUTHBEARER", "\(oauth) required unsecuredLoginStringClaim_sub=\"u\";", nil),
            ("AWS_MSK_IAM", "software.amazon.msk.auth.iam.IAMLoginModule required;", nil),
            ("PLAIN", "\(scram) required username=\"u\" password=\"p\";", "PlainLoginModule"),
            ("PLAIN", "\(plain) required username=\"u\";", "password"),
            ("PLAIN", "\(plain) required password=\"p\";", "username"),
            ("GSSAPI", "\(plain) required;", "none of"), ("OAUTHBEARER", "\(oauth) required;", "StringClaim_sub"),
        ] as [(String, String, String?)])
    func mechanisms(name: String, text: String, failure: String?) throws {
        let entry = try #require(try JAASLine(Secret(text)).entries.first)
        do throws(SASLError) {
            let mechanism = try entry.mechanism(named: name)
            #expect(failure == nil && mechanism.name == name)
            if let scram = mechanism as? ScramMechanism { #expect(scram.options.isToken == text.contains("tokenauth")) }
        } catch { #expect(failure.map { error.description.contains($0) } == true, "\(error)") }
    }

    @Test func itShowsNothing() throws {
        let line = try JAASLine("a.B required password=\"hunter2\";")
        var text = "\(line)"
        dump(line, to: &text)
        #expect(!text.contains("hunter2") && text.contains("<hidden>"))
    }
}
