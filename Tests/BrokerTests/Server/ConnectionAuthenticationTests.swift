import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// How far a client has come in saying who it is, and what becomes of its requests until then: as Kafka's broker does.
@Suite(.turn) struct ConnectionAuthenticationTests {
    /// A mechanism of two rounds: `name`, then `yes`.
    private struct Script: SASLServerExchange {
        var name: String?
        var end: Int64?
        var detail: String? { nil }

        mutating func take(_ response: [UInt8]) -> SASLServerStep {
            let text = String(decoding: response, as: UTF8.self)
            guard let name else {
                name = text
                return .challenge(Array("sure?".utf8))
            }
            guard text == "yes" else { return .refused(bytes: nil, reason: "it is not \(name)") }
            return .done(Array("good".utf8), SASLIdentity(name: name, expiresAtMilliseconds: end))
        }
    }

    private static let start = Instant(nanoseconds: 1_000_000_000)
    private static let mechanisms = ["ONE", "TWO"]

    private func begun(_ kind: SecurityProtocol = .saslPlaintext) -> ConnectionAuthentication {
        ConnectionAuthentication(ListenerSecurity(name: "X", kind))
    }

    private func handshake(
        _ authentication: inout ConnectionAuthentication, _ name: String = "ONE", version: Int16 = 1, end: Int64? = nil,
        at now: Instant = start
    ) -> ConnectionAuthentication.Reply<SaslHandshakeResponse> {
        authentication.handshake(name, version: version, enabled: Self.mechanisms, now: now) { _, _ in Script(end: end)
        }
    }

    private func say(
        _ authentication: inout ConnectionAuthentication, _ text: String, lifetime: Duration? = nil,
        at now: Instant = start
    ) -> ConnectionAuthentication.Reply<SaslAuthenticateResponse> {
        authentication.take(
            authentication.check(Array(text.utf8))?.done(), lifetime: lifetime, now: now, wall: 1_000_000)
    }

    private func entered(lifetime: Duration? = nil, end: Int64? = nil) -> ConnectionAuthentication {
        var authentication = begun()
        _ = handshake(&authentication, end: end)
        _ = say(&authentication, "alice")
        _ = say(&authentication, "yes", lifetime: lifetime)
        return authentication
    }

    @Test func withoutSASLEverythingPasses() {
        for kind in [SecurityProtocol.plaintext, .ssl] {
            let authentication = begun(kind)
            #expect(authentication.isComplete && authentication.principal == .anonymous)
            for api in [APIKey.metadata, .saslHandshake, .saslAuthenticate] {
                #expect(authentication.verdict(on: api, now: Self.start) == .pass)
            }
        }
    }

    @Test func beforeTheEndOnlyItsOwnRequestsAreTaken() {
        var authentication = begun()
        #expect(!authentication.isComplete)
        #expect(authentication.verdict(on: .apiVersions, now: Self.start) == .pass)
        #expect(authentication.verdict(on: .saslHandshake, now: Self.start) == .own)
        for api in [APIKey.metadata, .produce, .saslAuthenticate] {
            guard case .hangUp = authentication.verdict(on: api, now: Self.start) else {
                Issue.record("\(api) was not refused")
                continue
            }
        }
        _ = handshake(&authentication)
        #expect(authentication.verdict(on: .saslAuthenticate, now: Self.start) == .own)
        #expect(authentication.verdict(on: .metadata, now: Self.start) == .fail(.illegalSaslState))
        #expect(authentication.verdict(on: .saslHandshake, now: Self.start) == .fail(.illegalSaslState))
        let sure = say(&authentication, "alice")
        #expect(sure.failure == nil && sure.answer.authBytes.text == "sure?")
        #expect(!authentication.isComplete)
        let good = say(&authentication, "yes")
        #expect(good.failure == nil && good.answer.authBytes.text == "good")
        #expect(good.answer.sessionLifetimeMs == 0)
        #expect(authentication.isComplete && authentication.principal == KafkaPrincipal("alice"))
        #expect(authentication.verdict(on: .metadata, now: Self.start) == .pass)
    }

    @Test func anUnknownMechanismIsToldWhichThereAre() {
        var authentication = begun()
        let reply = handshake(&authentication, "THREE")
        #expect(reply.answer.errorCode == .unsupportedSaslMechanism && reply.answer.mechanisms == Self.mechanisms)
        #expect(reply.failure != nil && !authentication.isComplete)
        guard case .hangUp = authentication.verdict(on: .saslHandshake, now: Self.start) else {
            Issue.record("it may go on")
            return
        }
    }

    @Test func whoIsRefusedIsToldWhyAndEnds() {
        var authentication = begun()
        _ = handshake(&authentication)
        _ = say(&authentication, "alice")
        let reply = say(&authentication, "no")
        #expect(reply.answer.errorCode == .saslAuthenticationFailed && reply.answer.errorMessage == "it is not alice")
        #expect(reply.failure != nil && authentication.principal == .anonymous && !authentication.isComplete)
    }

    @Test func handshakesOfVersionZeroAreFollowedByRawFrames() {
        var authentication = begun()
        #expect(!authentication.takesRawFrames)
        _ = handshake(&authentication, version: 0)
        #expect(authentication.takesRawFrames)
        _ = say(&authentication, "alice")
        #expect(authentication.takesRawFrames)
        _ = say(&authentication, "yes")
        #expect(!authentication.takesRawFrames && authentication.isComplete)
    }

    /// What the broker allows and what the token has left: the shorter one counts.
    @Test(
        arguments: [
            (nil, nil, 0), (.seconds(10), nil, 10_000), (nil, 1_004_000, 4000), (.seconds(10), 1_004_000, 4000),
            (.seconds(2), 1_004_000, 2000), (nil, 999_000, 0),
        ] as [(Duration?, Int64?, Int64)])
    func theSessionIsAsLongAsTheShorterOfTwo(lifetime: Duration?, end: Int64?, told: Int64) {
        var authentication = begun()
        _ = handshake(&authentication, end: end)
        _ = say(&authentication, "alice")
        let reply = say(&authentication, "yes", lifetime: lifetime)
        #expect(reply.answer.sessionLifetimeMs.rawValue == told)
        let behind = Self.start + .milliseconds(told)
        let isEndless = lifetime == nil && end == nil
        if isEndless {
            #expect(authentication.verdict(on: .produce, now: behind + .seconds(86_400)) == .pass)
        } else {
            if told > 0 { #expect(authentication.verdict(on: .produce, now: behind + .milliseconds(-1)) == .pass) }
            guard case .hangUp = authentication.verdict(on: .produce, now: behind) else {
                Issue.record("a session that is over goes on")
                return
            }
            // Late is better than never: Kafka takes it, too.
            #expect(authentication.verdict(on: .saslHandshake, now: behind) == .own)
        }
    }

    @Test func aSessionIsRenewedAsTheSamePrincipalByTheSameMechanism() {
        var authentication = entered(lifetime: .seconds(10))
        #expect(handshake(&authentication).failure == nil)
        #expect(authentication.verdict(on: .produce, now: Self.start) == .fail(.illegalSaslState))
        _ = say(&authentication, "alice")
        #expect(say(&authentication, "yes", lifetime: .seconds(10), at: Self.start + .seconds(9)).failure == nil)
        #expect(authentication.verdict(on: .produce, now: Self.start + .seconds(18)) == .pass)

        var another = entered()
        _ = handshake(&another)
        _ = say(&another, "mallory")
        let reply = say(&another, "yes")
        #expect(reply.failure != nil && reply.answer.errorCode == .saslAuthenticationFailed)
        #expect(
            reply.answer.errorMessage
                == "Cannot change principals during re-authentication from User.alice: to User.mallory")

        var otherwise = entered()
        #expect(handshake(&otherwise, "TWO").answer.errorCode == .unsupportedSaslMechanism)
    }

    /// Kafka takes the first renewal at any time, further ones a second after the one before has begun, behind the session's end as
    /// well; and none where the session has no end.
    @Test func renewalsAreASecondApart() {
        var authentication = entered(lifetime: .milliseconds(300))
        let first = Self.start + .milliseconds(10)
        #expect(authentication.verdict(on: .saslHandshake, now: first) == .own)
        _ = handshake(&authentication, at: first)
        _ = say(&authentication, "alice")
        _ = say(&authentication, "yes", lifetime: .milliseconds(300), at: first)
        #expect(authentication.verdict(on: .saslHandshake, now: first + .milliseconds(299)) == .pass)
        guard case .hangUp = authentication.verdict(on: .saslHandshake, now: first + .milliseconds(300)) else {
            Issue.record("a session that is over is renewed too soon")
            return
        }
        #expect(authentication.verdict(on: .saslHandshake, now: first + .seconds(1)) == .own)
        #expect(entered().verdict(on: .saslHandshake, now: Self.start + .seconds(9)) == .pass)
    }
}
