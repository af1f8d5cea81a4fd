import KafkaWire

/// How long something is on its way.
public enum Latency: Sendable, Equatable {
    /// Always as long.
    case constant(Duration)
    /// Anything between, each as likely.
    case uniform(ClosedRange<Duration>)
    /// About `usual`, seldom several times that, and one in so many times `rare`: how networks and disks are.
    case tailed(usual: Duration, rare: Duration, oneIn: Int)

    /// Longer than time lasts from any of its points on, which is less than 585 years.
    private static let longest = Duration.seconds(1 << 35)

    /// About so long: half as much more or less. Less than no time is none.
    static func about(_ time: Duration) -> Latency {
        let time = min(max(.zero, time), longest)
        return .uniform(time * 0.5...time * 1.5)
    }

    /// A time of this distribution, but no negative one.
    func draw(_ random: inout RandomSource) -> Duration { min(max(.zero, drawn(&random)), Self.longest) }

    private func drawn(_ random: inout RandomSource) -> Duration {
        switch self {
        case .constant(let time): return time
        case .uniform(let times):
            return times.lowerBound + (times.upperBound - times.lowerBound) * Self.fraction(&random)
        case .tailed(let usual, let rare, let oneIn):
            if oneIn > 0, random.next() % UInt64(oneIn) == 0 { return rare * (0.5 + Self.fraction(&random)) }
            // Half of the times are below `usual`, one in sixteen is above three times that.
            let fraction = Self.fraction(&random)
            return usual * (0.5 + fraction + (fraction > 0.75 ? 4 * (fraction - 0.75) : 0))
        }
    }

    private static func fraction(_ random: inout RandomSource) -> Double {
        Double(random.next() >> 11) / Double(1 << 53)
    }
}
