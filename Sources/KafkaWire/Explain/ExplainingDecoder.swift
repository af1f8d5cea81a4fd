/// The visitor that reads a message and writes a row for each field. The reading itself is that of ``MessageDecoder``,
/// so that what the explainer accepts is what the decoder accepts.
struct ExplainingDecoder: FieldVisitor {
    private(set) var decoder: MessageDecoder
    var out: ExplanationWriter
    /// The field or element being read.
    private(set) var name = ""
    /// Its type, as Kafka's message definitions write it.
    private(set) var type = ""
    /// The array whose elements are being read.
    private var arrayName = ""
    /// The structure that it stands in.
    private var structure = ""
    /// Where in the explained bytes this decoder's bytes begin.
    private let base: Int
    private var isRoot = true
    /// The group's protocol type, where the message has named it: blobs of other protocols are left alone.
    private var protocolType: String?

    /// Reads `out`'s bytes from where its rows end, up to `end`.
    init(version: Int16, flexible: Bool, _ out: ExplanationWriter, to end: Int) {
        base = out.covered
        decoder = MessageDecoder(version: version, flexible: flexible, out.bytes[out.covered..<end])
        self.out = out
    }

    var version: Int16 { decoder.version }
    var flexible: Bool {
        get { decoder.flexible }
        set { decoder.flexible = newValue }
    }
    /// How far the bytes were read.
    var offset: Int { base + decoder.reader.offset }

    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        guard try decoder.enter(field, value, default: `default`) else { return false }
        name = field.name.description
        type = T.wireName
        return true
    }

    mutating func leave() {}

    mutating func enterTagged<T: WireType>(
        _ tag: UInt32, _ field: Field, _ value: T, default: T
    ) throws(WireError) -> Bool {
        guard try decoder.enterTagged(tag, field, value, default: `default`) else { return false }
        name = field.name.description
        type = T.wireName
        return true
    }

    mutating func leaveTagged() {}

    mutating func visit(_ value: inout Bool) throws(WireError) {
        try decoder.visit(&value)
        row(value ? "true" : "false")
    }
    mutating func visit(_ value: inout Int8) throws(WireError) {
        try decoder.visit(&value)
        number(value)
    }
    mutating func visit(_ value: inout Int16) throws(WireError) {
        try decoder.visit(&value)
        number(value)
    }
    mutating func visit(_ value: inout UInt16) throws(WireError) {
        try decoder.visit(&value)
        number(value)
    }
    mutating func visit(_ value: inout Int32) throws(WireError) {
        try decoder.visit(&value)
        number(value)
    }
    mutating func visit(_ value: inout UInt32) throws(WireError) {
        try decoder.visit(&value)
        number(value)
    }
    mutating func visit(_ value: inout Int64) throws(WireError) {
        try decoder.visit(&value)
        number(value)
    }
    mutating func visit(_ value: inout Double) throws(WireError) {
        try decoder.visit(&value)
        row("\(value)")
    }
    mutating func visit(_ value: inout Uuid) throws(WireError) {
        try decoder.visit(&value)
        row(value.description, note: value == .zero ? "none" : "")
    }

    mutating func visit(_ value: inout String?) throws(WireError) {
        type = (flexible ? "compact " : "") + type
        try decoder.visit(&value)
        if name == "protocolType" { protocolType = value }
        guard let text = value else { return row("null", note: lengthNote(nil)) }
        content(Meaning.quoted(text), size: text.utf8.count)
    }

    mutating func visit(_ value: inout Bytes?) throws(WireError) {
        type = (flexible ? "compact " : "") + type
        try decoder.visit(&value)
        guard let bytes = value else { return row("null", note: lengthNote(nil)) }
        switch blob {
        case .subscription where embedded(ConsumerProtocolSubscription.self, bytes): return
        case .assignment where embedded(ConsumerProtocolAssignment.self, bytes): return
        default: break
        }
        content(Meaning.preview(bytes), size: bytes.count)
    }

    mutating func visit(_ value: inout Records?) throws(WireError) {
        type = (flexible ? "compact " : "") + type
        try decoder.visit(&value)
        guard let bytes = value?.bytes else { return row("null", note: lengthNote(nil)) }
        out.field(name, type, "\(bytes.count) bytes", note: lengthNote(bytes.count), to: offset - bytes.count)
        out.push(name)
        out.recordBatches(to: offset, mayBeCutOff: structure != "PartitionProduceData")
        out.close()
    }

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        let outer = (name, type)
        type = (flexible ? "compact " : "") + type
        guard let count = try decoder.length(Int32.self) else {
            row("null", note: lengthNote(nil))
            return value = nil
        }
        row(count == 1 ? "1 element" : count.description + " elements", note: lengthNote(count))
        out.push(name)
        decoder.field = decoder.field.required
        var array: [E] = []
        arrayName = outer.0
        // Looking up a type's name is slow.
        let elementType = E.wireName
        for index in 0..<count {
            name = "[" + index.description + "]"
            type = elementType
            var element = E.zero
            try element.accept(&self)
            array.append(element)
        }
        out.close()
        (name, type) = outer
        value = array
    }

    mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError) {
        let outer = (name, type, structure)
        let isRoot = isRoot
        self.isRoot = false
        // Whoever came to the structure has its name as the type already.
        structure = isRoot ? S.wireName : type
        if !isRoot { out.open(name, structure) }
        try value.fields(&self)
        if flexible { try tags(of: &value) }
        if !isRoot { out.close() }
        (name, type, structure) = outer
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        guard try decoder.present() else {
            row("null", note: "-1 = null")
            return value = nil
        }
        row("present", note: "1 = not null")
        var structure = S()
        try visit(&structure)
        value = structure
    }

    private mutating func tags<S: WireStruct>(of value: inout S) throws(WireError) {
        name = "tagged fields"
        type = "uvarint"
        let count = try decoder.tagCount()
        row(count == 0 ? "none" : count.description)
        out.push("")
        for _ in 0..<count {
            name = "tag"
            type = "uvarint, uvarint"
            let (tag, size) = try decoder.tagHeader()
            row("tag \(tag)", note: "size \(size)")
            let start = decoder.reader.offset
            decoder.wantedTag = tag
            try value.taggedFields(&self)
            if decoder.wantedTag == nil {
                try decoder.requireSize(size, since: start, tag: tag)
            } else {
                decoder.wantedTag = nil
                let bytes = try decoder.reader.slice(size)
                value.unknownTaggedFields.append(.init(tag: tag, bytes: bytes))
                name = "unknown tag \(tag)"
                type = "bytes"
                row(Meaning.preview(bytes), note: "tag \(tag) unknown, \(Meaning.bytes(size)), skipped")
            }
        }
        out.close()
    }

    /// Throws when bytes are left over.
    mutating func requireEnd() throws(WireError) {
        name = "left over"
        type = ""
        try decoder.requireEnd()
    }

    /// The structures of the consumer protocol that travel as bytes in the messages of classic groups.
    private enum Blob { case subscription, assignment }

    private var blob: Blob? {
        guard (protocolType ?? "consumer") == "consumer" else { return nil }
        return switch (structure, name) {
        case ("JoinGroupRequestProtocol", "metadata"), ("JoinGroupResponseMember", "metadata"),
            ("DescribedGroupMember", "memberMetadata"):
            .subscription
        case ("SyncGroupRequestAssignment", "assignment"), ("SyncGroupResponse", "assignment"),
            ("DescribedGroupMember", "memberAssignment"):
            .assignment
        default: nil
        }
    }

    /// Explains a blob that holds a structure; false where it holds something else (other clients and other group
    /// protocols put there what they like).
    private mutating func embedded<E: EmbeddedMessage>(_ type: E.Type, _ bytes: Bytes) -> Bool {
        guard (try? type.decodeVersioned(bytes)) != nil else { return false }
        out.field(name, self.type, "\(bytes.count) bytes", note: lengthNote(bytes.count), to: offset - bytes.count)
        out.push(name)
        out.versioned(type, to: offset)
        out.close()
        return true
    }

    private mutating func row(_ value: String, note: String = "") {
        out.field(name, type, value, note: note, to: offset)
    }

    /// A row for a string or for bytes.
    private mutating func content(_ value: String, size: Int) {
        guard decoder.field.sensitive else { return row(value, note: lengthNote(size)) }
        out.secret(name, type, value, size: size, note: lengthNote(size), to: offset)
    }

    private mutating func number(_ value: some FixedWidthInteger) {
        // Elements are named by their place; what they mean depends on the array.
        let field = name.utf8.first == UInt8(ascii: "[") ? arrayName : name
        let meaning = NumberMeaning.of(field, in: structure, Int64(truncatingIfNeeded: value))
        out.field(
            name, type, value.description, note: meaning.text ?? "", flags: meaning.isSet ? .operations : nil,
            to: offset)
    }

    /// How the length stands there: `compact string: length 3 + 1`.
    private func lengthNote(_ count: Int?) -> String {
        let kind = type.hasPrefix("[]") ? "array" : type.hasPrefix("compact []") ? "compact array" : type
        // Joined and not interpolated, which is twice as fast.
        return switch (flexible, count) {
        case (true, let count?): kind + ": length " + count.description + " + 1"
        case (true, nil): kind + ": length 0 = null"
        case (false, let count?): kind + ": length " + count.description
        case (false, nil): kind + ": length -1 = null"
        }
    }
}
