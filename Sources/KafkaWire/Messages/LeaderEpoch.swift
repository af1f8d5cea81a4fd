/// Counts the leaders that a partition has had (KIP-101): whoever knows a higher one knows better.
@frozen
public struct LeaderEpoch: WireNumber {
    /// The number on the wire.
    public var rawValue: Int32

    @inlinable
    @inline(__always)
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Not known: -1.
    public static let none: LeaderEpoch = -1
}
