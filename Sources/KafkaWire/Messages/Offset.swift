/// The place of a record in its partition.
///
/// Offsets come from peers: arithmetic with them stops at the ends of 64 bits, and never traps.
///
/// Two operators stand back (`@_disfavoredOverload`), else literals would have two readings: in `lags.reduce(0, +)` the
/// 0 could be an offset, and in `offset - 1` the 1.
@frozen
public struct Offset: WireNumber {
    /// The number on the wire.
    public var rawValue: Int64

    @inlinable
    @inline(__always)
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// No offset, or one that is not known: -1.
    public static let none: Offset = -1
    /// The highest offset that there could be.
    public static let max = Offset(.max)

    /// The offset of the next record.
    @inlinable
    public var next: Offset { self + 1 }

    /// `distance` records further on.
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public static func + (offset: Offset, distance: Int64) -> Offset {
        let (sum, overflow) = offset.rawValue.addingReportingOverflow(distance)
        return Offset(overflow ? (distance < 0 ? .min : .max) : sum)
    }

    /// `distance` records back.
    @inlinable
    @inline(__always)
    public static func - (offset: Offset, distance: Int64) -> Offset {
        let (difference, overflow) = offset.rawValue.subtractingReportingOverflow(distance)
        return Offset(overflow ? (distance < 0 ? .max : .min) : difference)
    }

    /// How far `a` is ahead of `b`.
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public static func - (a: Offset, b: Offset) -> Int64 { (a - b.rawValue).rawValue }

    /// Goes on by `distance` records.
    @inlinable
    @inline(__always)
    public static func += (offset: inout Offset, distance: Int64) { offset = offset + distance }

    /// Goes back by `distance` records.
    @inlinable
    @inline(__always)
    public static func -= (offset: inout Offset, distance: Int64) { offset = offset - distance }
}
