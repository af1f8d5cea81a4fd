/// The visitor that writes a message.
package struct MessageEncoder: FieldVisitor, ~Copyable {
    package let version: Int16
    package var flexible: Bool
    package var writer: ByteWriter
    private var field = Field(name: "", versions: .all, nullable: .all, ignorable: false)
    private var pass = TagPass.counting
    private var tagCount: UInt32 = 0
    private var unknownTags: ArraySlice<UnknownTaggedField> = []
    private var taggedStart: TaggedStart?

    /// Tagged fields are walked twice: their count stands in front of them.
    private enum TagPass { case counting, writing }
    private struct TaggedStart {
        var tag: UInt32
        var offset: Int
    }

    package init(version: Int16, flexible: Bool, writer: consuming ByteWriter = ByteWriter()) {
        self.version = version
        self.flexible = flexible
        self.writer = writer
    }

    @inline(__always)
    package mutating func enter<T: WireType>(
        _ field: Field, _ value: T, default: T
    ) throws(WireError) -> Bool {
        self.field = field
        if field.versions.contains(version) { return true }
        if !field.ignorable && value != `default` { throw failure(.notInVersion) }
        return false
    }

    @inline(__always)
    package mutating func leave() {}

    package mutating func enterTagged<T: WireType>(
        _ tag: UInt32, _ field: Field, _ value: T, default: T
    ) throws(WireError) -> Bool {
        self.field = field
        guard value != `default` else { return false }
        guard field.versions.contains(version) else {
            if !field.ignorable { throw failure(.notInVersion) }
            return false
        }
        guard case .writing = pass else {
            tagCount += 1
            return false
        }
        taggedStart = TaggedStart(tag: tag, offset: writer.count)
        return true
    }

    package mutating func leaveTagged() throws(WireError) {
        guard let start = taggedStart else { return }
        let body = writer.withUnsafeBytes { Array($0[start.offset...]) }
        writer.truncate(to: start.offset)
        appendUnknown(below: start.tag)
        appendTagged(start.tag, Bytes(body))
    }

    /// Writes the unknown tagged fields whose turn it is, all where `tag` is nil: tags stand in ascending order
    /// (KIP-482), and any number of 32 bits is one.
    private mutating func appendUnknown(below tag: UInt32? = nil) {
        while let unknown = unknownTags.first, tag.map({ unknown.tag < $0 }) ?? true {
            appendTagged(unknown.tag, unknown.bytes)
            unknownTags = unknownTags.dropFirst()
        }
    }

    private mutating func appendTagged(_ tag: UInt32, _ bytes: Bytes) {
        writer.unsignedVarint(tag)
        writer.unsignedVarint(UInt32(bytes.count))
        writer.raw(bytes)
    }

    @inline(__always)
    package mutating func visit(_ value: inout Bool) { writer.integer(value ? 1 as UInt8 : 0) }
    @inline(__always)
    package mutating func visit(_ value: inout Int8) { writer.integer(value) }
    @inline(__always)
    package mutating func visit(_ value: inout Int16) { writer.integer(value) }
    @inline(__always)
    package mutating func visit(_ value: inout UInt16) { writer.integer(value) }
    @inline(__always)
    package mutating func visit(_ value: inout Int32) { writer.integer(value) }
    @inline(__always)
    package mutating func visit(_ value: inout UInt32) { writer.integer(value) }
    @inline(__always)
    package mutating func visit(_ value: inout Int64) { writer.integer(value) }
    @inline(__always)
    package mutating func visit(_ value: inout Double) { writer.integer(value.bitPattern) }
    @inline(__always)
    package mutating func visit(_ value: inout Uuid) {
        writer.integer(value.high)
        writer.integer(value.low)
    }

    /// How many bytes a string has at most: what the two bytes of its length can say before versions are flexible. Kafka
    /// reads and writes no longer ones in flexible versions either, so that whoever has taken a string over in one version
    /// can hand it on in any other.
    static let longestString = Int(Int16.max)

    package mutating func visit(_ value: inout String?) throws(WireError) {
        guard var text = value else { return try null(Int16.self) }
        if text.utf8.count > Self.longestString { text = try shortened(text) }
        let count = text.utf8.count
        if flexible { try compactLength(count) } else { writer.integer(Int16(truncatingIfNeeded: count)) }
        text.withUTF8 { writer.raw(UnsafeRawBufferPointer($0)) }
    }

    /// An error's message may quote names that were sent, and is for people: its end is left out where it is too long.
    /// Nothing else is changed.
    @inline(never)
    private func shortened(_ text: String) throws(WireError) -> String {
        guard "\(field.name)".lowercased().hasSuffix("errormessage") else {
            throw failure(.tooLong(text.utf8.count, limit: Self.longestString))
        }
        return text.clipped(toBytes: Self.longestString)
    }

    package mutating func visit(_ value: inout Bytes?) throws(WireError) {
        guard let bytes = value else { return try null(Int32.self) }
        try length(bytes.count)
        writer.raw(bytes)
    }

    package mutating func visit(_ value: inout Records?) throws(WireError) {
        guard let records = value else { return try null(Int32.self) }
        try length(records.count)
        guard writer.records(records) else {
            throw WireError(.malformed("a file that cannot be read"), field: "\(field.name)")
        }
    }

    @inline(__always)
    package mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        guard let array = value else { return try null(Int32.self) }
        try length(array.count)
        field = field.required
        // A copy of each element: `&array[i]` would copy the whole array.
        for var element in array { try element.accept(&self) }
    }

    @inline(__always)
    package mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError) {
        try value.fields(&self)
        if flexible { try tags(of: &value) }
    }

    package mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        guard var structure = value else {
            try requireNullable()
            return writer.integer(-1 as Int8)
        }
        writer.integer(1 as Int8)
        try visit(&structure)
    }

    private mutating func tags<S: WireStruct>(of value: inout S) throws(WireError) {
        let outer = (pass, tagCount, taggedStart, unknownTags)
        tagCount = UInt32(value.unknownTaggedFields.count)
        pass = .counting
        try value.taggedFields(&self)
        writer.unsignedVarint(tagCount)
        if tagCount > 0 {
            pass = .writing
            unknownTags = value.unknownTaggedFields.sorted { $0.tag < $1.tag }[...]
            try value.taggedFields(&self)
            appendUnknown()
        }
        (pass, tagCount, taggedStart, unknownTags) = outer
    }

    private mutating func length(_ count: Int) throws(WireError) {
        if flexible { return try compactLength(count) }
        guard let length = Int32(exactly: count) else { throw failure(.tooLong(count, limit: Int(Int32.max))) }
        writer.integer(length)
    }

    private mutating func compactLength(_ count: Int) throws(WireError) {
        guard count < Int(Int32.max) else { throw failure(.tooLong(count, limit: Int(Int32.max) - 1)) }
        writer.unsignedVarint(UInt32(count) + 1)
    }

    private mutating func null<L: FixedWidthInteger & SignedInteger & BitwiseCopyable>(_: L.Type) throws(WireError) {
        try requireNullable()
        if flexible { writer.unsignedVarint(0) } else { writer.integer(-1 as L) }
    }

    private func requireNullable() throws(WireError) {
        guard field.nullable.contains(version) else { throw failure(.unexpectedNull) }
    }

    private func failure(_ reason: WireError.Reason) -> WireError { WireError(reason, field: "\(field.name)") }
}

extension MessageEncoder {
    /// The writer with what was encoded.
    consuming func finish() -> ByteWriter { writer }
}

extension String {
    /// The beginning of a text that has more bytes, with an ellipsis in place of the rest; otherwise the text itself.
    package func clipped(toBytes limit: Int) -> String {
        let ellipsis = "…"
        guard utf8.count > limit else { return self }
        // An index inside a character counts as that character's beginning.
        return self[..<utf8.index(startIndex, offsetBy: Swift.max(0, limit - ellipsis.utf8.count))] + ellipsis
    }
}
