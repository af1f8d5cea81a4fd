/// A span of time in the protocol: whole milliseconds, most often in 32 bits. Negative ones have a meaning that the
/// field tells, such as -1 for the broker's default. Points in time are no spans, and stay bare numbers.
@frozen
public struct Milliseconds: WireNumber {
    /// The number on the wire.
    public var rawValue: Int32

    @inlinable
    @inline(__always)
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The longest: almost 25 days.
    public static let max = Milliseconds(.max)

    /// A duration, rounded up, so that waiting never ends early; what does not fit becomes the nearest that does.
    public init(_ duration: Duration) { self.init(rawValue: Int32(clamping: duration.milliseconds)) }

    /// The same span as a duration.
    public var duration: Duration { .milliseconds(rawValue) }
}

/// A span of time in the few fields that give it 64 bits; as ``Milliseconds``.
@frozen
public struct LongMilliseconds: WireNumber {
    /// The number on the wire.
    public var rawValue: Int64

    @inlinable
    @inline(__always)
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// The longest.
    public static let max = LongMilliseconds(.max)

    /// A duration, rounded up; what does not fit becomes the nearest that does.
    public init(_ duration: Duration) { self.init(rawValue: duration.milliseconds) }

    /// The same span as a duration.
    public var duration: Duration { .milliseconds(rawValue) }
}

extension Duration {
    /// Whole milliseconds, rounded up, as far as 64 bits reach.
    fileprivate var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let perMillisecond: Int64 = 1_000_000_000_000_000
        let rest = attoseconds / perMillisecond + (attoseconds % perMillisecond > 0 ? 1 : 0)
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, carry) = whole.addingReportingOverflow(rest)
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }
}
