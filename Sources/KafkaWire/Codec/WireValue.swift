/// A message as a tree of values, in the form that Kafka's own JSON converters give it: fields that the version does
/// not carry are absent, and so are tagged fields at their defaults.
public enum WireValue: Equatable, Sendable {
    /// Null, where the field may be it.
    case null
    /// True or false.
    case bool(Bool)
    /// A number of any width of up to 64 bits.
    case int(Int64)
    /// A `float64`.
    case double(Double)
    /// A text.
    case string(String)
    /// Bytes or record batches: base64 in JSON.
    case bytes(Bytes)
    /// Base64url in JSON.
    case uuid(Uuid)
    /// The elements of an array.
    case array([WireValue])
    /// The fields in wire order.
    case object([(name: String, value: WireValue)])

    /// Whether both trees are the same, fields in the same order; numbers with a fraction are compared by their bits,
    /// so that NaN equals itself.
    public static func == (a: WireValue, b: WireValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let x), .bool(let y)): x == y
        case (.int(let x), .int(let y)): x == y
        case (.double(let x), .double(let y)): x.bitPattern == y.bitPattern
        case (.string(let x), .string(let y)): x == y
        case (.bytes(let x), .bytes(let y)): x == y
        case (.uuid(let x), .uuid(let y)): x == y
        case (.array(let x), .array(let y)): x == y
        case (.object(let x), .object(let y)):
            x.count == y.count && zip(x, y).allSatisfy { $0.name == $1.name && $0.value == $1.value }
        default: false
        }
    }
}

extension WireMessage {
    /// The message's values in `version`. Throws where the version cannot carry one of them.
    public func values(version: Int16) throws(WireError) -> WireValue {
        try values(version: version, flexible: Self.flexible)
    }
}

extension WireStruct {
    /// The structure's values in `version` of the message that it belongs to, whose flexible versions are `flexible`.
    /// Throws where the version cannot carry one of them.
    package func values(version: Int16, flexible: Versions) throws(WireError) -> WireValue {
        var dump = ValueDump(version: version, flexible: flexible.contains(version))
        var structure = self
        do { try dump.visit(&structure) } catch {
            var error = error
            error.message = Self.wireName
            error.version = version
            throw error
        }
        return dump.result
    }
}

/// The visitor that collects values.
struct ValueDump: FieldVisitor {
    let version: Int16
    var flexible: Bool
    private(set) var result = WireValue.null
    private var object: [(name: String, value: WireValue)] = []
    private var name: StaticString = ""

    init(version: Int16, flexible: Bool) {
        self.version = version
        self.flexible = flexible
    }

    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        name = field.name
        if field.versions.contains(version) { return true }
        if !field.ignorable && value != `default` { throw WireError(.notInVersion, field: "\(field.name)") }
        return false
    }

    mutating func leave() { object.append((name: "\(name)", value: result)) }

    mutating func enterTagged<T: WireType>(
        _ tag: UInt32, _ field: Field, _ value: T, default: T
    ) throws(WireError) -> Bool {
        guard value != `default` else { return false }
        return try enter(field, value, default: `default`)
    }

    mutating func leaveTagged() { leave() }

    mutating func visit(_ value: inout Bool) { result = .bool(value) }
    mutating func visit(_ value: inout Int8) { result = .int(Int64(value)) }
    mutating func visit(_ value: inout Int16) { result = .int(Int64(value)) }
    mutating func visit(_ value: inout UInt16) { result = .int(Int64(value)) }
    mutating func visit(_ value: inout Int32) { result = .int(Int64(value)) }
    mutating func visit(_ value: inout UInt32) { result = .int(Int64(value)) }
    mutating func visit(_ value: inout Int64) { result = .int(value) }
    mutating func visit(_ value: inout Double) { result = .double(value) }
    mutating func visit(_ value: inout Uuid) { result = .uuid(value) }
    mutating func visit(_ value: inout String?) { result = value.map(WireValue.string) ?? .null }
    mutating func visit(_ value: inout Bytes?) { result = value.map(WireValue.bytes) ?? .null }
    mutating func visit(_ value: inout Records?) { result = (value?.bytes).map(WireValue.bytes) ?? .null }

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        guard let array = value else { return result = .null }
        let outer = name
        var values: [WireValue] = []
        for var element in array {
            try element.accept(&self)
            values.append(result)
        }
        result = .array(values)
        name = outer
    }

    mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError) {
        let outer = (name, object)
        object = []
        try value.fields(&self)
        if flexible { try value.taggedFields(&self) }
        result = .object(object)
        (name, object) = outer
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        guard var structure = value else { return result = .null }
        try visit(&structure)
    }
}
