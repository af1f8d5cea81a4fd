import TestSupport
import Testing

@testable import KafkaWire

/// PLAIN, from both sides: the message of RFC 4616, Kafka's sentences.
@Suite(.turn) struct PlainTests {
    static func begin(_ user: String, _ password: Secret) async throws -> any SASLExchange {
        try await PlainMechanism(user: user, password: password).begin(SASLFixture.call())
    }

    /// RFC 4616, section 4: the first of its examples.
    @Test func saysWhatTheRFCSays() async throws {
        var client = try await Self.begin("tim", "tanstaaftanstaaf")
        #expect(try client.start() == Array("\0tim\0tanstaaftanstaaf".utf8))
        #expect(!client.isComplete)
        #expect(try client.respond(to: []) == nil)
        #expect(client.isComplete)
        #expect(throws: SASLError.self) { try client.respond(to: []) }
    }

    @Test(arguments: [("", Secret("p")), ("u", Secret("")), ("u\0x", Secret("p")), ("u", Secret("p\0x"))])
    func whatCannotBeSent(user: String, password: Secret) async {
        await #expect(throws: SASLError.self) { try await Self.begin(user, password) }
    }

    @Test func bytesWhereThereAreNone() async throws {
        var client = try await Self.begin("u", "p")
        _ = try client.start()
        #expect(throws: SASLError.self) { try client.respond(to: [1]) }
        #expect(!client.isComplete)
    }

    @Test(
        arguments: [
            ("\0tim\0tanstaaftanstaaf", "tim", nil), ("tim\0tim\0tanstaaftanstaaf", "tim", nil), ("\0ä\0ö", "ä", nil),
            (
                "Ursel\0Kurt\0xipj3plmq", nil,
                "Authentication failed: Client requested an authorization id that is different from username"
            ),
            ("\0tim\0other", nil, "Authentication failed: Invalid username or password"),
            ("\0a\u{308}\0ö", nil, "Authentication failed: Invalid username or password"),
            ("\0who\0nobody", nil, "Authentication failed: Invalid username or password"),
            ("\0\0x", nil, "Authentication failed: username not specified"),
            ("\0tim\0", nil, "Authentication failed: password not specified"),
            ("", nil, "Invalid SASL/PLAIN response: expected 3 tokens, got 1"),
            ("\0tim", nil, "Invalid SASL/PLAIN response: expected 3 tokens, got 2"),
            ("\0a\0b\0c", nil, "Invalid SASL/PLAIN response: expected 3 tokens, got 4"),
            ("\0a\0b\0c\0d", nil, "Invalid SASL/PLAIN response: expected 3 tokens, got 4"),
        ] as [(String, String?, String?)])
    func serverSays(message: String, name: String?, reason: String?) {
        var server = PlainServer(users: ["tim": "tanstaaftanstaaf", "Kurt": "xipj3plmq", "ä": "ö"])
        let step = server.take(Array(message.utf8))
        if let name { #expect(step == .done([], SASLIdentity(name: name))) }
        if let reason { #expect(step == .refused(bytes: nil, reason: reason)) }
        #expect(server.detail?.contains("other") != true)
    }

    @Test func aNameThatIsNoText() {
        var server = PlainServer(users: ["\u{FFFD}": "p"])
        let step = server.take([0, 0xFF, 0, 0x70])
        #expect(step == .refused(bytes: nil, reason: "Authentication failed: Invalid username or password"))
    }

    @Test func credentialsMayChange() async throws {
        let count = Locked(0)
        let mechanism = PlainMechanism { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return ("u", Secret("p\(number)"))
        }
        for number in 1...2 {
            var client = try await mechanism.begin(SASLFixture.call())
            #expect(try client.start() == Array("\0u\0p\(number)".utf8))
        }
    }
}
