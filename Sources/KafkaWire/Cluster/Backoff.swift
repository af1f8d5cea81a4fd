/// Pauses between tries: doubled each time, up to a limit, and shaken by a fifth so that clients that failed together
/// do not come back together (KIP-580).
package struct Backoff: Sendable {
    private let initial: Duration
    private let limit: Duration
    private var failures = 0

    package init(initial: Duration, limit: Duration) {
        self.initial = initial
        self.limit = limit
    }

    init(_ configuration: ClientConfiguration) {
        self.init(initial: configuration.retryBackoff, limit: configuration.maximumRetryBackoff)
    }

    /// The next pause.
    package mutating func next() -> Duration { next(shake: Double.random(in: 0.8...1.2)) }

    mutating func next(shake: Double) -> Duration {
        let pause = min(initial * (1 << min(failures, 20)), limit)
        failures += 1
        return pause * shake
    }

    /// Something worked: the next pause is the first again.
    package mutating func reset() { failures = 0 }
}
