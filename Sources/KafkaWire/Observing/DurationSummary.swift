/// How long something took, many times: how often, in all, at most, and roughly how it is spread. A value of a few hundred
/// bytes, however much goes in.
public struct DurationSummary: Equatable, Sendable {
    /// How often.
    public private(set) var count = 0
    /// All together.
    public private(set) var total: Duration = .zero
    /// The longest.
    public private(set) var longest: Duration = .zero
    /// By powers of two of a microsecond: the last one is of all above half an hour.
    private var buckets = [UInt32](repeating: 0, count: 32)

    /// Nothing yet.
    public init() {}

    /// The mean; nil where nothing was counted.
    public var mean: Duration? { count > 0 ? total / count : nil }

    /// At most how long it took in that share of all cases, from 0 to 1, to within a factor of two; nil where nothing was
    /// counted.
    public func quantile(_ share: Double) -> Duration? {
        guard count > 0 else { return nil }
        let wanted = (Double(count) * min(max(share, 0), 1)).rounded(.up)
        var seen = 0.0
        for (power, number) in buckets.enumerated() {
            seen += Double(number)
            if seen >= max(wanted, 1), power < buckets.count - 1 {
                return min(.microseconds(Int64(1) << Int64(power)), longest)
            }
        }
        return longest
    }

    mutating func add(_ time: Duration) {
        let time = max(time, .zero)
        count &+= 1
        total += time
        longest = max(longest, time)
        let (seconds, attoseconds) = time.components
        let power: Int
        if seconds > 2000 {
            power = buckets.count - 1
        } else {
            let microseconds = seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000
            power = min(Int64.bitWidth - microseconds.leadingZeroBitCount, buckets.count - 1)
        }
        if buckets.indices.contains(power), buckets[power] < .max { buckets[power] &+= 1 }
    }
}
