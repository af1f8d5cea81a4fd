// The protocol's primitive types (Kafka protocol guide, "Protocol Primitive Types"). Each hands itself to the
// visitor's method for its type.

extension Bool: WireType {
    public static var zero: Bool { false }
    public static var wireName: String { "bool" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Int8: WireType {
    public static var wireName: String { "int8" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Int16: WireType {
    public static var wireName: String { "int16" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension UInt16: WireType {
    public static var wireName: String { "uint16" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Int32: WireType {
    public static var wireName: String { "int32" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension UInt32: WireType {
    public static var wireName: String { "uint32" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Int64: WireType {
    public static var wireName: String { "int64" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Double: WireType {
    public static var wireName: String { "float64" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension Uuid: WireType {
    public static var wireName: String { "uuid" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.visit(&self)
    }
}

extension String: NullableWireType {
    public static var zero: String { "" }
    public static var wireName: String { "string" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try acceptPresent(&visitor)
    }
    @inline(__always)
    public static func accept<V: FieldVisitor & ~Copyable>(
        _ value: inout String?, _ visitor: inout V
    ) throws(WireError) {
        try visitor.visit(&value)
    }
}

extension Bytes: NullableWireType {
    public static var zero: Bytes { Bytes() }
    public static var wireName: String { "bytes" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try acceptPresent(&visitor)
    }
    @inline(__always)
    public static func accept<V: FieldVisitor & ~Copyable>(
        _ value: inout Bytes?, _ visitor: inout V
    ) throws(WireError) {
        try visitor.visit(&value)
    }
}

extension Records: NullableWireType {
    public static var zero: Records { Records(Bytes()) }
    public static var wireName: String { "records" }
    @inline(__always)
    public mutating func accept<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try acceptPresent(&visitor)
    }
    @inline(__always)
    public static func accept<V: FieldVisitor & ~Copyable>(
        _ value: inout Records?, _ visitor: inout V
    ) throws(WireError) {
        try visitor.visit(&value)
    }
}
