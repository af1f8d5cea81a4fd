/// One walk over a message's fields in wire order: encoding, decoding, explaining, dumping values, dumping the schema.
///
/// A message names each field once (``WireStruct/fields(_:)``); what happens with it is the visitor's matter. The
/// messages never say "compact": whether lengths are varints is the visitor's mode, decided by the API's version.
public protocol FieldVisitor: ~Copyable {
    /// The version in which the message is walked.
    var version: Int16 { get }
    /// Whether lengths are varints and structures end in tagged fields (KIP-482).
    var flexible: Bool { get set }
    /// Whether it matters here which values are secrets. Of a setting that is found out by its name, which takes longer
    /// than to write it.
    static var asksForSecrets: Bool { get }

    /// Begins a field. The visitor answers whether it wants to see the value; if so, ``leave()`` follows.
    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError)
        -> Bool
    /// Ends a field.
    mutating func leave()
    /// Begins a tagged field, as ``enter(_:_:default:)``.
    mutating func enterTagged<T: WireType>(
        _ tag: UInt32, _ field: Field, _ value: T, default: T
    ) throws(WireError) -> Bool
    /// Ends a tagged field.
    mutating func leaveTagged() throws(WireError)

    /// The value of a field: a `bool`.
    mutating func visit(_ value: inout Bool) throws(WireError)
    /// The value of a field: an `int8`.
    mutating func visit(_ value: inout Int8) throws(WireError)
    /// The value of a field: an `int16`.
    mutating func visit(_ value: inout Int16) throws(WireError)
    /// The value of a field: a `uint16`.
    mutating func visit(_ value: inout UInt16) throws(WireError)
    /// The value of a field: an `int32`.
    mutating func visit(_ value: inout Int32) throws(WireError)
    /// The value of a field: a `uint32`.
    mutating func visit(_ value: inout UInt32) throws(WireError)
    /// The value of a field: an `int64`.
    mutating func visit(_ value: inout Int64) throws(WireError)
    /// The value of a field: a `float64`.
    mutating func visit(_ value: inout Double) throws(WireError)
    /// The value of a field: a `uuid`.
    mutating func visit(_ value: inout Uuid) throws(WireError)
    /// The value of a field: a `string`, or null.
    mutating func visit(_ value: inout String?) throws(WireError)
    /// The value of a field: `bytes`, or null.
    mutating func visit(_ value: inout Bytes?) throws(WireError)
    /// The value of a field: `records`, which are record batches, or null.
    mutating func visit(_ value: inout Records?) throws(WireError)
    /// The value of a field: an array with its elements, or null.
    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError)
    /// The value of a field: a structure with its fields.
    mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError)
    /// The value of a field: a structure with its fields, or null.
    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError)
}

/// What a message says of one of its fields.
public struct Field: Sendable {
    /// The name, as in Kafka's message definitions.
    public let name: StaticString
    /// The versions that carry it.
    public let versions: Versions
    /// The versions in which it may be null.
    public let nullable: Versions
    /// Whether a value may be dropped silently where the version does not carry the field. Without it, that is an
    /// error unless the value is the default.
    public let ignorable: Bool
    /// Whether the value, a string or bytes, is a secret, of which logs and explanations show only the length.
    public let sensitive: Bool

    @inlinable
    @inline(__always)
    init(name: StaticString, versions: Versions, nullable: Versions, ignorable: Bool, sensitive: Bool = false) {
        self.name = name
        self.versions = versions
        self.nullable = nullable
        self.ignorable = ignorable
        self.sensitive = sensitive
    }

    /// The same field where null is not allowed, as for the elements of an array.
    var required: Field {
        Field(name: name, versions: versions, nullable: .none, ignorable: ignorable, sensitive: sensitive)
    }
}

extension FieldVisitor where Self: ~Copyable {
    /// False: most visitors treat secrets as all other values.
    public static var asksForSecrets: Bool { false }

    /// Names a field. `default` is the value that an absent field has, where it is not the type's zero value;
    /// `nullable` defaults to all versions that carry the field, and matters only where the value is an optional;
    /// `sensitive` says that the value is a secret; of a setting its name, which is read before, decides
    /// (`hides(setting:)`).
    @inline(__always)
    public mutating func field<T: WireType>(
        _ name: StaticString, _ value: inout T, _ versions: Versions = .all, nullable: Versions = .all,
        ignorable: Bool = false, sensitive: Bool = false, default: T = T.zero
    ) throws(WireError) {
        let field = Field(
            name: name, versions: versions, nullable: T.isOptional ? nullable : .none, ignorable: ignorable,
            sensitive: sensitive)
        guard try enter(field, value, default: `default`) else { return }
        try value.accept(&self)
        leave()
    }

    /// Names a field that keeps the old length prefixes also in flexible versions (the client id of request headers).
    @inline(__always)
    public mutating func neverFlexible<T: WireType>(
        _ name: StaticString, _ value: inout T, _ versions: Versions = .all, nullable: Versions = .all
    ) throws(WireError) {
        let mode = flexible
        flexible = false
        try field(name, &value, versions, nullable: nullable)
        flexible = mode
    }

    /// Names a tagged field (KIP-482): it is written only where its value is not the default.
    @inline(__always)
    public mutating func tagged<T: WireType>(
        _ tag: UInt32, _ name: StaticString, _ value: inout T, _ versions: Versions, nullable: Versions = .all,
        ignorable: Bool = false, default: T = T.zero
    ) throws(WireError) {
        let field = Field(
            name: name, versions: versions, nullable: T.isOptional ? nullable : .none, ignorable: ignorable)
        guard try enterTagged(tag, field, value, default: `default`) else { return }
        try value.accept(&self)
        try leaveTagged()
    }
}
