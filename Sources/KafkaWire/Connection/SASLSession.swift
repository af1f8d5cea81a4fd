/// For how long a broker takes a client for who it said it was on one connection (KIP-368). A value.
package struct SASLSession: Sendable, Equatable {
    /// How long an authentication may take that goes on beside requests.
    package static let patience = Duration.seconds(30)

    /// What the broker speaks.
    package private(set) var versions = VersionTable([:])
    /// When the client says anew who it is, before the next request; nil for never.
    package private(set) var renewal: Instant?
    /// For how long the broker takes it; nil where it says nothing, and asks no more.
    package private(set) var lifetime: Duration?
    /// Before that the broker takes no new authentication; nil where it takes one at any time.
    package private(set) var earliest: Instant?
    /// Whether it does so now.
    package var isRenewing = false

    /// No session: nobody asked.
    package init() {}

    /// A session that ends after `lifetime` from `now` on; zero is for ever. As in Java it is renewed after 85 to 95 % of it,
    /// `chance` (of 64 bits) says when, so that many clients do not come at once.
    ///
    /// Kafka's brokers take one renewal a second (`KafkaChannel.maybeBeginServerReauthentication`). Where a session is shorter, as
    /// that of a token which is nearly over, requests are held from its renewal until that second has passed: a handshake is taken
    /// also behind the session's end.
    /// - Parameter renewed: When the broker had begun this one, where it renewed another.
    init(_ versions: VersionTable, lifetime: Duration, now: Instant, renewed: Instant? = nil, chance: UInt64) {
        self.versions = versions
        earliest = renewed.map { $0 + .seconds(1) }
        guard lifetime > .zero else { return }
        self.lifetime = lifetime
        renewal = now + lifetime / 1000 * (850 + Int(chance % 101))
    }

    /// Whether a request has to wait until the client has said anew who it is.
    package func isDue(now: Instant) -> Bool { isRenewing || renewal.map { now >= $0 } ?? false }
}
