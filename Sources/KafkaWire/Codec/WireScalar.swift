/// A value that stands for one thing only, such as a partition or an offset, and is on the wire what its raw value is.
///
/// Two numbers of one width are easily taken for each other; two domain types cannot be. Visitors see the raw value:
/// to encode, decode, explain and dump, a broker's id is an `int32`.
public protocol WireScalar: RawRepresentable, WireType, Hashable where RawValue: WireType & Hashable {
    /// Any raw value is one: what a newer broker means by it may not be known here.
    init(rawValue: RawValue)
}

extension WireScalar {
    /// The value whose raw value is zero.
    @inlinable
    public static var zero: Self { Self(rawValue: .zero) }
    /// The raw value's type: the wire does not tell it apart.
    @inlinable
    public static var wireName: String { RawValue.wireName }

    /// Hands the raw value to the visitor's method for its type.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        var value = rawValue
        try value.accept(&visitor)
        self = Self(rawValue: value)
    }
}

/// A domain type over a signed integer: it is ordered, can be written as a literal, and is shown as the bare number.
public protocol WireNumber: WireScalar, Comparable, ExpressibleByIntegerLiteral, CustomStringConvertible
where RawValue: FixedWidthInteger & SignedInteger, IntegerLiteralType == RawValue {}

extension WireNumber {
    /// The value of that number.
    @inlinable
    @inline(__always)
    public init(_ number: RawValue) { self.init(rawValue: number) }

    /// The value of that number.
    @inlinable
    @inline(__always)
    public init(integerLiteral value: RawValue) { self.init(rawValue: value) }

    /// By number.
    @inlinable
    @inline(__always)
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// The bare number.
    public var description: String { rawValue.description }
}
