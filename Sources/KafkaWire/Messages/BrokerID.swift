/// The number of a broker or controller: `node.id` in its configuration.
@frozen
public struct BrokerID: WireNumber {
    /// The number on the wire.
    public var rawValue: Int32

    @inlinable
    @inline(__always)
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// No broker, such as the leader of a partition that has none; and what a client says of itself: -1.
    public static let none: BrokerID = -1
}
