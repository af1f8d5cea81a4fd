extension WireStruct {
    /// The structure's fields, a line each, in the form of Kafka's message definitions: name, type, versions, nullable
    /// versions, tag, default, and whether it is ignorable; fields of a structure are indented by two spaces.
    public static var schema: [String] {
        var dump = SchemaDump()
        var message = Self()
        do { try dump.walk(&message) } catch { return ["error: \(error)"] }
        return dump.lines
    }

    /// The names of the fields that hold secrets, such as `hmac`; those of structures inside are among them.
    package static var sensitiveFields: Set<String> {
        var dump = SchemaDump()
        var message = Self()
        // The dump itself throws nothing.
        try? dump.walk(&message)
        return dump.sensitiveFields
    }

    /// Whether a field here or in a structure inside holds a secret.
    package static var holdsSecrets: Bool { !sensitiveFields.isEmpty }
}

/// The visitor that says what a message's fields are, whatever the version.
struct SchemaDump: FieldVisitor {
    let version: Int16 = 0
    var flexible = true
    private(set) var lines: [String] = []
    private(set) var sensitiveFields: Set<String> = []
    private var depth = 0

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
        var line = String(repeating: "  ", count: depth) + "\(field.name): \(T.wireName)  v\(field.versions)"
        if field.nullable != .none {
            let first = max(field.nullable.lowest, field.versions.lowest)
            let last = min(field.nullable.highest, field.versions.highest)
            line += "  nullable \(Versions(first, last))"
        }
        if let tag { line += "  tag \(tag)" }
        if `default` != T.zero { line += "  default \(Self.text(`default`))" }
        if value != `default` { line += "  initially \(Self.text(value))" }
        if field.ignorable { line += "  ignorable" }
        if field.sensitive { sensitiveFields.insert("\(field.name)") }
        lines.append(line)
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
        depth += 1
        try walk(&value)
        depth -= 1
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        var structure = value ?? S()
        try visit(&structure)
    }
}
