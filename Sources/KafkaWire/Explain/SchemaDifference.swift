/// What changes in a message from one version to another, as far as its definition says: fields that come and go, null
/// that becomes allowed, another encoding, another header. What a field means may change besides.
public struct SchemaDifference: Equatable, Sendable {
    /// A property in the one and in the other version.
    public struct Change<Value: Equatable & Sendable>: Equatable, Sendable {
        /// In the first version.
        public var before: Value
        /// In the second version.
        public var after: Value
    }

    /// The message, such as `FetchRequest`.
    public let message: String
    /// The two versions.
    public let versions: Change<Int16>
    /// The versions of the header in front.
    public let header: Change<Int16>
    /// Whether the version is flexible: lengths as varints, tagged fields at the end of every structure.
    public let isFlexible: Change<Bool>
    /// Fields of the second version that the first has not, a structure before its fields.
    public let added: [FieldSchema]
    /// Fields of the first version that the second has not.
    public let removed: [FieldSchema]
    /// Fields of both that only the second allows to be null.
    public let becameNullable: [FieldSchema]
    /// Fields of both that only the first allows to be null.
    public let becameRequired: [FieldSchema]

    /// Compares two versions of a request or, where `isResponse`, of a response; the message should have both.
    public init(_ type: any WireMessage.Type, isResponse: Bool, from first: Int16, to second: Int16) {
        func header(_ version: Int16) -> Int16 {
            isResponse ? ResponseHeader.version(for: type, version) : RequestHeader.version(for: type, version)
        }
        let (before, after) = (type.fieldSchemas(version: first), type.fieldSchemas(version: second))
        let paths = (before: Set(before.map(\.path)), after: Set(after.map(\.path)))
        let both = after.filter { paths.before.contains($0.path) }
        message = type.wireName
        versions = Change(before: first, after: second)
        self.header = Change(before: header(first), after: header(second))
        isFlexible = Change(before: type.flexible.contains(first), after: type.flexible.contains(second))
        added = after.filter { !paths.before.contains($0.path) }
        removed = before.filter { !paths.after.contains($0.path) }
        becameNullable = both.filter { !$0.nullable.contains(first) && $0.nullable.contains(second) }
        becameRequired = both.filter { $0.nullable.contains(first) && !$0.nullable.contains(second) }
    }

    /// Whether the two versions look the same on the wire.
    public var isEmpty: Bool {
        header.before == header.after && isFlexible.before == isFlexible.after && added.isEmpty && removed.isEmpty
            && becameNullable.isEmpty && becameRequired.isEmpty
    }
}
