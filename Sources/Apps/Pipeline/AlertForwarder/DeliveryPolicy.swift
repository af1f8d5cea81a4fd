import AppSupport

/// What becomes of an alert behind each try to deliver it. A value.
struct DeliveryPolicy: Equatable, Sendable {
    /// What a try came to.
    enum Attempt: Equatable, Sendable {
        /// An answer with that status; the seconds are those of `Retry-After`.
        case answered(Int, retryAfter: Int?)
        /// No answer, for that reason.
        case unreachable(String)
    }

    /// What is to be done.
    enum Verdict: Equatable, Sendable {
        case delivered
        /// It is tried again, that much later.
        case retry(after: Duration)
        /// It goes to the dead letters, for that reason.
        case giveUp(String)
    }

    /// The first pause; each one is twice as long as the one before it.
    var firstPause = Duration.milliseconds(500)
    /// The longest pause, also where a receiver asks for more.
    var longestPause = Duration.seconds(30)
    /// For how long an alert is tried.
    var patience: Duration

    /// What comes of try number `count`, which ended so long after the first one began.
    ///
    /// - Parameter chance: Under a million: pauses are spread, so that what failed together does not come again together.
    func verdict(on attempt: Attempt, count: Int, after elapsed: Duration, chance: UInt64) -> Verdict {
        let reason: String
        var wanted = firstPause * (1 << min(max(0, count - 1), 16))
        switch attempt {
        case .answered(200..<300, _): return .delivered
        case .answered(let status, let retryAfter) where Self.mayPass(status):
            reason = "the receiver answered \(status)"
            if let retryAfter { wanted = max(wanted, .seconds(min(max(0, retryAfter), 86_400))) }
        case .answered(let status, _): return .giveUp("the receiver answered \(status)")
        case .unreachable(let words): reason = words
        }
        wanted = min(wanted, longestPause)
        let pause = wanted - wanted * Int(chance % 1_000_000) / 4_000_000
        guard elapsed + pause <= patience else {
            return .giveUp(
                "\(reason), after \(count) tries in \(Figures.fixed(Figures.seconds(elapsed), decimals: 1)) s")
        }
        return .retry(after: pause)
    }

    /// Whether the same message may be taken later (RFC 9110, RFC 6585, RFC 8470).
    private static func mayPass(_ status: Int) -> Bool {
        [408, 425, 429].contains(status) || (500..<600).contains(status)
    }
}
