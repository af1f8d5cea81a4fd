/// What a message's definition says of one of its fields.
public struct FieldSchema: Equatable, Sendable {
    /// The name, as in Kafka's message definitions.
    public var name: String
    /// The name with those of the fields around it; arrays have brackets: `topics[].partitions[].records`.
    public var path: String
    /// How deep the field stands: 0 in the message itself.
    public var depth: Int
    /// The type, as in Kafka's message definitions: `int32`, `string`, `[]FetchTopic`.
    public var type: String
    /// The versions that carry the field, where those around it are carried.
    public var versions: Versions
    /// The versions in which it may be null.
    public var nullable: Versions
    /// The number of a tagged field (KIP-482); nil for the others, which stand in their order.
    public var tag: UInt32?
    /// What the field holds where it is absent or nothing else is said; nil for 0, false, and what is empty.
    public var defaultValue: String?
    /// What a new structure holds instead of the default; nil where that is the same.
    public var initialValue: String?
    /// Whether a version that does not carry the field may drop a value silently.
    public var isIgnorable: Bool
    /// Whether the value is a secret.
    public var isSensitive: Bool
    /// Whether the field keeps the old length prefix in flexible versions.
    public var isNeverFlexible: Bool

    /// The field in one line: name, type, versions, nullable versions, tag, default, and whether it is ignorable.
    public var line: String {
        var line = String(repeating: "  ", count: depth) + "\(name): \(type)  v\(versions)"
        if nullable != .none { line += "  nullable \(nullable)" }
        if let tag { line += "  tag \(tag)" }
        if let defaultValue { line += "  default \(defaultValue)" }
        if let initialValue { line += "  initially \(initialValue)" }
        if isIgnorable { line += "  ignorable" }
        return line
    }

    /// The type as `flexible` versions, or the others, encode it: `compact string`, `string`.
    public func encodedType(flexible: Bool) -> String {
        let hasLength = type.hasPrefix("[]") || ["string", "bytes", "records"].contains(type)
        return (flexible && hasLength && !isNeverFlexible ? "compact " : "") + type
    }
}

extension WireStruct {
    /// What the definition says of each field, in the order of the wire: a structure before its fields, its tagged
    /// fields last.
    public static var fieldSchemas: [FieldSchema] {
        var dump = SchemaDump()
        var message = Self()
        // The dump itself throws nothing.
        try? dump.walk(&message)
        return dump.fields
    }

    /// The structure's fields, a line each, in the form of Kafka's message definitions; fields of a structure are
    /// indented by two spaces.
    public static var schema: [String] { fieldSchemas.map(\.line) }

    /// The same without what `version` does not carry.
    public static func fieldSchemas(version: Int16) -> [FieldSchema] {
        // The depth of a field that is left out, with everything inside it.
        var absent = Int.max
        return fieldSchemas.filter { field in
            if field.depth > absent { return false }
            absent = field.versions.contains(version) ? .max : field.depth
            return absent == .max
        }
    }

    /// The names of the fields that hold secrets, such as `hmac`; those of structures inside are among them.
    package static var sensitiveFields: Set<String> { Set(fieldSchemas.filter(\.isSensitive).map(\.name)) }

    /// Whether a field here or in a structure inside holds a secret.
    package static var holdsSecrets: Bool { fieldSchemas.contains(where: \.isSensitive) }
}

/// The visitor that says what a message's fields are, whatever the version.
struct SchemaDump: FieldVisitor {
    static var asksForSecrets: Bool { true }
    let version: Int16 = 0
    var flexible = true
    private(set) var fields: [FieldSchema] = []
    /// The paths of the structures around the fields.
    private var outer: [String] = []

    mutating func walk<S: WireStruct>(_ structure: inout S) throws(WireError) {
        try structure.fields(&self)
        try structure.taggedFields(&self)
    }

    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) -> Bool {
        describe(field, tag: nil, value, default: `default`)
        return true
    }

    mutating func leave() {}

    mutating func enterTagged<T: WireType>(_ tag: UInt32, _ field: Field, _ value: T, default: T) -> Bool {
        describe(field, tag: tag, value, default: `default`)
        return true
    }

    mutating func leaveTagged() {}

    private mutating func describe<T: WireType>(_ field: Field, tag: UInt32?, _ value: T, default: T) {
        var nullable = field.nullable
        if nullable != .none {
            nullable = Versions(
                max(nullable.lowest, field.versions.lowest), min(nullable.highest, field.versions.highest))
        }
        let name = "\(field.name)"
        fields.append(
            FieldSchema(
                name: name, path: (outer.last.map { $0 + "." } ?? "") + name, depth: outer.count, type: T.wireName,
                versions: field.versions, nullable: nullable, tag: tag,
                defaultValue: `default` == T.zero ? nil : Self.text(`default`),
                initialValue: value == `default` ? nil : Self.text(value), isIgnorable: field.ignorable,
                isSensitive: field.sensitive, isNeverFlexible: !flexible))
    }

    private static func text<T: WireType>(_ value: T) -> String {
        // As in Kafka's definitions, which know numbers only.
        if let scalar = value as? any WireScalar { return text(scalar.rawValue) }
        let text = "\(value)"
        return text.hasPrefix("Optional(") ? String(text.dropFirst(9).dropLast()) : text == "nil" ? "null" : text
    }

    mutating func visit(_ value: inout Bool) {}
    mutating func visit(_ value: inout Int8) {}
    mutating func visit(_ value: inout Int16) {}
    mutating func visit(_ value: inout UInt16) {}
    mutating func visit(_ value: inout Int32) {}
    mutating func visit(_ value: inout UInt32) {}
    mutating func visit(_ value: inout Int64) {}
    mutating func visit(_ value: inout Double) {}
    mutating func visit(_ value: inout Uuid) {}
    mutating func visit(_ value: inout String?) {}
    mutating func visit(_ value: inout Bytes?) {}
    mutating func visit(_ value: inout Records?) {}

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        var element = E.zero
        try element.accept(&self)
    }

    mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError) {
        let isElement = fields.last?.type.hasPrefix("[]") ?? false
        outer.append((fields.last?.path ?? "") + (isElement ? "[]" : ""))
        try walk(&value)
        outer.removeLast()
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        var structure = value ?? S()
        try visit(&structure)
    }
}
