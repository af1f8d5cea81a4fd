import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// When the keys of tokens are asked for.
@Suite(.turn) struct KeyRefreshTests {
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private static func at(_ milliseconds: Int64) -> Instant { start + .milliseconds(milliseconds) }

    private static func refresh() -> KeyRefresh {
        var rules = TokenRules()
        rules.refreshInterval = .seconds(100)
        rules.retryBackoff = .milliseconds(300)
        rules.longestRetryBackoff = .milliseconds(1000)
        return KeyRefresh(rules, now: start)
    }

    @Test func theyAreAskedForFromTimeToTime() {
        var refresh = Self.refresh()
        #expect(refresh.due == Self.at(100_000))
        let begins = (refresh.begin(Self.at(100_000)), refresh.begin(Self.at(100_001)))
        #expect(begins == (true, false) && refresh.isUnderWay)
        refresh.succeeded([], Self.at(100_500))
        #expect(refresh.due == Self.at(200_500) && !refresh.isUnderWay)
    }

    /// The pause grows up to its bound, and begins anew when it went well.
    @Test func whatFailsIsTriedAgain() {
        var refresh = Self.refresh()
        func fails(_ now: Int64) -> Duration? { refresh.begin(Self.at(now)) ? refresh.failed(Self.at(now)) : nil }
        for (now, pause) in [(100_000, 300), (100_300, 600), (100_900, 1000), (101_900, 1000)] as [(Int64, Int64)] {
            #expect(fails(now) == .milliseconds(pause), "\(now)")
            #expect(refresh.due == Self.at(now + pause))
        }
        _ = refresh.begin(Self.at(102_900))
        refresh.succeeded([], Self.at(102_900))
        #expect(fails(110_000) == .milliseconds(300))
    }

    /// A name that is not known has them asked for once in a minute, any two names once in a second.
    @Test func namesThatAreNotKnown() {
        var refresh = Self.refresh()
        func asks(_ name: String, _ now: Int64) -> Bool {
            guard refresh.isToBeAsked(for: name, Self.at(now)), refresh.begin(Self.at(now)) else { return false }
            refresh.succeeded(["known"], Self.at(now))
            return true
        }
        #expect(!asks("a", 999))
        // What was too early is not remembered.
        #expect(asks("a", 1000))
        #expect(!asks("a", 3000) && !asks("a", 60_999))
        #expect(asks("a", 61_000))
        #expect(!asks("b", 61_500) && asks("b", 62_000))
        // One that was found is forgotten, and may be gone again.
        #expect(asks("known", 70_000) && asks("known", 72_000))
        #expect(!asks(String(repeating: "x", count: 1001), 80_000))
        #expect(asks(String(repeating: "x", count: 1000), 80_000))
        // Of sixteen names it is known that they were asked for.
        for index in 0..<16 { #expect(asks("\(index)", 90_000 + Int64(index) * 1000)) }
        #expect(!asks("0", 107_000) && asks("16", 107_000) && asks("0", 109_000))
        // Nobody asks twice at once.
        let begins = refresh.begin(Self.at(200_000))
        #expect(begins && !asks("new", 210_000))
    }

    @Test func timesAtTheirEnds() {
        var rules = TokenRules()
        rules.refreshInterval = .zero
        rules.retryBackoff = .seconds(Int64.max)
        rules.longestRetryBackoff = .seconds(-1)
        var refresh = KeyRefresh(rules, now: Self.start)
        func fails() -> Duration? { refresh.begin(Self.start) ? refresh.failed(Self.start) : nil }
        #expect(refresh.due == Self.at(1))
        #expect(fails() == .milliseconds(1))
        rules.refreshInterval = .seconds(Int64.max)
        rules.longestRetryBackoff = .seconds(Int64.max)
        refresh = KeyRefresh(rules, now: Self.start)
        for _ in 0..<80 { #expect(fails() == .seconds(1 << 32)) }
    }

    /// Settings, the listener's own over those of all, also behind the mechanism's name.
    @Test func settingsReachTheirProperties() throws {
        let configuration = try KafkaBroker.Configuration(properties: [
            "listeners": "SASL_PLAINTEXT://127.0.0.1:0", "sasl.enabled.mechanisms": "OAUTHBEARER",
            "sasl.oauthbearer.jwks.endpoint.url": "file:///nowhere",
            "listener.name.sasl_plaintext.sasl.oauthbearer.jwks.endpoint.url": "https://login.example/keys",
            "sasl.oauthbearer.jwks.endpoint.refresh.ms": "5000",
            "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms": "20",
            "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms": "400",
            "sasl.oauthbearer.expected.issuer": "nobody",
            "listener.name.sasl_plaintext.oauthbearer.sasl.oauthbearer.expected.issuer": "me",
            "sasl.oauthbearer.expected.audience": "a, b", "sasl.oauthbearer.clock.skew.seconds": "7",
            "sasl.oauthbearer.sub.claim.name": "name", "sasl.oauthbearer.scope.claim.name": "scp",
        ])
        let tokens = configuration.security.tokens
        guard case .address("https://login.example/keys") = tokens.keys else {
            Issue.record("\(tokens.keys)")
            return
        }
        #expect(tokens.refreshInterval == .seconds(5) && tokens.retryBackoff == .milliseconds(20))
        #expect(tokens.longestRetryBackoff == .milliseconds(400) && tokens.issuer == "me")
        #expect(tokens.audiences == ["a", "b"] && tokens.clockSkew == .seconds(7))
        #expect(tokens.principalClaim == "name" && tokens.scopeClaim == "scp")
    }

    @Test(arguments: [
        ("sasl.oauthbearer.jwks.endpoint.url", "ftp://x/y", "neither a file"),
        ("sasl.oauthbearer.jwks.endpoint.url", "keys.json", "neither a file"),
        ("sasl.oauthbearer.jwks.endpoint.refresh.ms", "0", "1 at least"),
        ("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", "soon", "whole number"),
        ("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", "-1", "0 at least"),
        ("sasl.oauthbearer.clock.skew.seconds", "-1", "whole number"),
    ])
    func whatCannotBeIsRefused(_ name: String, _ value: String, _ words: String) throws {
        let error = #expect(throws: KafkaBroker.Configuration.PropertyError.self) {
            try KafkaBroker.Configuration(properties: [
                "listeners": "SASL_PLAINTEXT://127.0.0.1:0", "sasl.enabled.mechanisms": "OAUTHBEARER", name: value,
            ])
        }
        #expect(error?.name == name && error?.description.contains(words) == true, "\(String(describing: error))")
    }

    /// A broker whose program speaks no HTTP says so, and what helps.
    @Test func withoutHTTPItDoesNotStart() async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.security = ListenerSecurity(name: "SASL_PLAINTEXT", .saslPlaintext)
        configuration.security.mechanisms = ["OAUTHBEARER"]
        configuration.security.tokens.keys = .address("https://login.example/keys")
        let error = await #expect(throws: BrokerStartError.self) { try await KafkaBroker.start(configuration) }
        for word in ["SASL_PLAINTEXT", "https://login.example/keys", "KafkaOIDC", "file"] {
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
    }
}
