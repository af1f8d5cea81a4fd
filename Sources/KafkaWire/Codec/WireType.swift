/// A value that has a form on Kafka's wire.
public protocol WireType: Equatable, Sendable {
    /// What a field of this type holds when nothing else is said: 0, false, an empty string or array.
    static var zero: Self { get }
    /// The type's name in Kafka's message definitions, such as `int32` or `[]string`.
    static var wireName: String { get }
    /// Whether the type is an optional, and can hold null.
    static var isOptional: Bool { get }
    /// Hands the value to the visitor's method for its type.
    mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError)
}

extension WireType {
    /// False: only an optional can hold null.
    public static var isOptional: Bool { false }
}

/// A value whose wire form knows null, and which can therefore stand in an optional.
public protocol NullableWireType: WireType {
    /// Hands an optional value to the visitor's method for its type.
    static func accept<V: FieldVisitor & ~Copyable>(_ value: inout Self?, _ visitor: inout V) throws(WireError)
}

extension NullableWireType {
    /// Hands over a value that is never null: where the visitor leaves null, the version did not allow it.
    @inline(__always)
    mutating func acceptPresent<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        var optional: Self? = self
        try Self.accept(&optional, &visitor)
        guard let value = optional else { throw WireError(.unexpectedNull) }
        self = value
    }
}

/// A structure of a message, or a message: it names its fields once, in wire order.
public protocol WireStruct: NullableWireType {
    /// All fields at their defaults.
    init()
    /// Names every untagged field in wire order.
    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError)
    /// Names every tagged field in the order of the tags.
    mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError)
    /// Tagged fields that this library does not know: kept when decoding, written back when encoding.
    var unknownTaggedFields: [UnknownTaggedField] { get set }
}

/// A tagged field (KIP-482) whose meaning is not known here.
public struct UnknownTaggedField: Equatable, Sendable {
    /// The field's number.
    public var tag: UInt32
    /// Its bytes, without tag and size.
    public var bytes: Bytes

    /// A tagged field.
    public init(tag: UInt32, bytes: Bytes) {
        self.tag = tag
        self.bytes = bytes
    }
}

extension WireStruct {
    /// All fields at their defaults.
    public static var zero: Self { Self() }
    /// The structure's name, which is Kafka's.
    public static var wireName: String { "\(Self.self)" }

    /// Names nothing: most structures have no tagged fields.
    public mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {}

    /// Hands the structure to the visitor.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }

    /// Hands the structure, or null, to the visitor.
    public static func accept<V: FieldVisitor & ~Copyable>(_ value: inout Self?, _ visitor: inout V) throws(WireError) {
        try visitor.visit(&value)
    }

    /// A value whose fields `configure` sets; the others keep their defaults.
    public static func with(_ configure: (inout Self) -> Void) -> Self {
        var value = Self()
        configure(&value)
        return value
    }
}

extension Optional: WireType where Wrapped: NullableWireType {
    /// Kafka's default of a nullable field is its type's empty value unless the definition says null.
    public static var zero: Self { Wrapped.zero }
    /// True.
    public static var isOptional: Bool { true }
    /// The type of what it holds: Kafka's definitions tell apart which versions allow null.
    public static var wireName: String { Wrapped.wireName }

    /// Hands the value, or null, to the visitor's method for its type.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try Wrapped.accept(&self, &visitor)
    }
}

extension Array: WireType, NullableWireType where Element: WireType {
    /// The empty array.
    public static var zero: Self { [] }
    /// `[]` and the type of the elements.
    public static var wireName: String { "[]" + Element.wireName }

    /// Hands the array to the visitor; null is an error.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try acceptPresent(&visitor)
    }

    /// Hands the array, or null, to the visitor.
    @inline(__always)
    public static func accept<V: FieldVisitor & ~Copyable>(_ value: inout Self?, _ visitor: inout V) throws(WireError) {
        try visitor.visit(&value)
    }
}
