/// Pauses between tries: doubled each time, up to a limit, and shaken by a fifth so that clients that failed together
/// do not come back together (KIP-580). How they are shaken follows from a seed, which is each client's own.
package struct Backoff: Equatable, Sendable {
    private let initial: Duration
    private let limit: Duration
    private let seed: UInt64
    private var failures = 0
    /// Settings may say 0; what is tried again without any pause takes a processor, here and at the broker.
    private static let least = Duration.milliseconds(1)

    package init(initial: Duration, limit: Duration, seed: UInt64) {
        self.seed = seed
        self.initial = max(initial, Self.least)
        self.limit = max(limit, Self.least)
    }

    init(_ configuration: ClientConfiguration, seed: UInt64) {
        self.init(initial: configuration.retryBackoff, limit: configuration.maximumRetryBackoff, seed: seed)
    }

    /// The next pause.
    package mutating func next() -> Duration {
        failures += 1
        return pause(after: failures)
    }

    mutating func next(shake: Double) -> Duration {
        failures += 1
        return pause(after: failures, shake: shake)
    }

    /// The pause behind that many failures in a row, for who counts them elsewhere.
    func pause(after failures: Int) -> Duration {
        var random = RandomSource(seed: seed ^ UInt64(failures.magnitude))
        return pause(after: failures, shake: Double.random(in: 0.8...1.2, using: &random))
    }

    private func pause(after failures: Int, shake: Double) -> Duration {
        let times = 1 << max(0, min(failures - 1, 20))
        // A setting may be as long as 64 bits of milliseconds, whose millionfold is more than a duration holds.
        return (initial > limit / times ? limit : initial * times) * shake
    }

    /// Something worked: the next pause is the first again.
    package mutating func reset() { failures = 0 }
}
