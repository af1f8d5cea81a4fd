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
    /// Whether it does so now.
    package var isRenewing = false

    /// No session: nobody asked.
    package init() {}

    /// A session that ends after `lifetime` from `now` on; zero is for ever. As in Java it is renewed after 85 to 95 % of it,
    /// `chance` (of 64 bits) says when, so that many clients do not come at once.
    init(_ versions: VersionTable, lifetime: Duration, now: Instant, chance: UInt64) {
        self.versions = versions
        guard lifetime > .zero else { return }
        self.lifetime = lifetime
        renewal = now + lifetime / 1000 * (850 + Int(chance % 101))
    }

    /// Whether a request has to wait until the client has said anew who it is.
    package func isDue(now: Instant) -> Bool { isRenewing || renewal.map { now >= $0 } ?? false }
}
