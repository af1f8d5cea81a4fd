/// The number of a partition of a topic, from 0.
@frozen
public struct PartitionID: WireNumber {
    /// The number on the wire.
    public var rawValue: Int32

    @inlinable
    @inline(__always)
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The partition at that place of a list. No topic has more than `Int32.max`: what lies beyond becomes that.
    @inlinable
    public init(index: Int) { self.init(rawValue: Int32(clamping: index)) }

    /// The number as a place in a list. From a peer it may be below 0, or beyond the list.
    @inlinable
    @inline(__always)
    public var index: Int { Int(rawValue) }
}
