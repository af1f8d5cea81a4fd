// The protocol's primitive types (Kafka protocol guide, "Protocol Primitive Types"). Each hands itself to the
// visitor's method for its type.

extension Bool: WireType {
    /// False.
    public static var zero: Bool { false }
    /// `bool`, Kafka's name of the type.
    public static var wireName: String { "bool" }
    /// Hands the value to the visitor's method for `Bool`.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Int8: WireType {
    /// `int8`, Kafka's name of the type.
    public static var wireName: String { "int8" }
    /// Hands the value to the visitor's method for `Int8`.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Int16: WireType {
    /// `int16`, Kafka's name of the type.
    public static var wireName: String { "int16" }
    /// Hands the value to the visitor's method for `Int16`.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension UInt16: WireType {
    /// `uint16`, Kafka's name of the type.
    public static var wireName: String { "uint16" }
    /// Hands the value to the visitor's method for `UInt16`.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Int32: WireType {
    /// `int32`, Kafka's name of the type.
    public static var wireName: String { "int32" }
    /// Hands the value to the visitor's method for `Int32`.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension UInt32: WireType {
    /// `uint32`, Kafka's name of the type.
    public static var wireName: String { "uint32" }
    /// Hands the value to the visitor's method for `UInt32`.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Int64: WireType {
    /// `int64`, Kafka's name of the type.
    public static var wireName: String { "int64" }
    /// Hands the value to the visitor's method for `Int64`.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Double: WireType {
    /// `float64`, Kafka's name of the type.
    public static var wireName: String { "float64" }
    /// Hands the value to the visitor's method for `Double`.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Uuid: WireType {
    /// `uuid`, Kafka's name of the type.
    public static var wireName: String { "uuid" }
    /// Hands the value to the visitor's method for `Uuid`.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension String: NullableWireType {
    /// The empty string.
    public static var zero: String { "" }
    /// `string`, Kafka's name of the type.
    public static var wireName: String { "string" }
    /// Hands the string to the visitor; null is an error.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try acceptPresent(&visitor)
    }
    /// Hands the string, or null, to the visitor.
    @inline(__always)
    public static func accept<V: FieldVisitor & ~Copyable>(
        _ value: inout String?, _ visitor: inout V
    ) throws(WireError) {
        try visitor.visit(&value)
    }
}

extension Bytes: NullableWireType {
    /// No bytes.
    public static var zero: Bytes { Bytes() }
    /// `bytes`, Kafka's name of the type.
    public static var wireName: String { "bytes" }
    /// Hands the bytes to the visitor; null is an error.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try acceptPresent(&visitor)
    }
    /// Hands the bytes, or null, to the visitor.
    @inline(__always)
    public static func accept<V: FieldVisitor & ~Copyable>(
        _ value: inout Bytes?, _ visitor: inout V
    ) throws(WireError) {
        try visitor.visit(&value)
    }
}

extension Records: NullableWireType {
    /// No record batches.
    public static var zero: Records { Records(Bytes()) }
    /// `records`, Kafka's name of the type.
    public static var wireName: String { "records" }
    /// Hands the record batches to the visitor; null is an error.
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try acceptPresent(&visitor)
    }
    /// Hands the record batches, or null, to the visitor.
    @inline(__always)
    public static func accept<V: FieldVisitor & ~Copyable>(
        _ value: inout Records?, _ visitor: inout V
    ) throws(WireError) {
        try visitor.visit(&value)
    }
}
