/// The number that the cluster gives a producer, so that a batch that comes twice is stored once (KIP-98).
@frozen
public struct ProducerID: WireNumber {
    /// The number on the wire.
    public var rawValue: Int64

    @inlinable
    @inline(__always)
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// That of a producer which is not idempotent: -1.
    public static let none: ProducerID = -1
}

/// Counts the owners of a producer id: batches of an earlier one are refused (KIP-98).
@frozen
public struct ProducerEpoch: WireNumber {
    /// The number on the wire.
    public var rawValue: Int16

    @inlinable
    @inline(__always)
    public init(rawValue: Int16) { self.rawValue = rawValue }

    /// That of a producer which is not idempotent: -1.
    public static let none: ProducerEpoch = -1
}
