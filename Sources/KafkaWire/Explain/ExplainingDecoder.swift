/// The visitor that reads a message and writes a row for each field. The reading itself is that of ``MessageDecoder``,
/// so that what the explainer accepts is what the decoder accepts.
struct ExplainingDecoder: FieldVisitor {
    static var asksForSecrets: Bool { true }
    private(set) var decoder: MessageDecoder
    var out: ExplanationWriter
    /// The field or element being read.
    private var label = Label()
    /// The structure that it stands in.
    private var structure: (any WireStruct.Type)?
    /// Where in the explained bytes this decoder's bytes begin.
    private let base: Int
    private var isRoot = true
    /// The group's protocol type, where the message has named it: blobs of other protocols are left alone.
    private var protocolType: String?

    /// What the next row is called.
    private struct Label {
        var name: StaticString = ""
        var type: (any WireType.Type)?
        /// The place of an element.
        var element = 0
        var traits: RowEntry.Traits = []
        /// Says the type of what is no field.
        var form = RowForm.number
    }

    /// Reads `out`'s bytes from where its rows end, up to `end`.
    init(version: Int16, flexible: Bool, _ out: consuming ExplanationWriter, to end: Int) {
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

    /// What is being read, in words.
    var name: String {
        label.name.description + (label.traits.contains(.element) ? "[\(label.element)]" : "")
    }
    /// Its type, as Kafka's message definitions write it.
    var type: String { RowTexts.type(label.form, label.type, isCompact: label.traits.contains(.compact)) }

    @inline(__always)
    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        guard try decoder.enter(field, value, default: `default`) else { return false }
        label = Label(name: field.name, type: T.self)
        return true
    }

    @inline(__always)
    mutating func leave() {}

    mutating func enterTagged<T: WireType>(
        _ tag: UInt32, _ field: Field, _ value: T, default: T
    ) throws(WireError) -> Bool {
        guard try decoder.enterTagged(tag, field, value, default: `default`) else { return false }
        label = Label(name: field.name, type: T.self)
        return true
    }

    mutating func leaveTagged() {}

    mutating func visit(_ value: inout Bool) throws(WireError) {
        try decoder.visit(&value)
        row(.bool)
    }
    @inline(__always)
    mutating func visit(_ value: inout Int8) throws(WireError) {
        try decoder.visit(&value)
        row(.number)
    }
    @inline(__always)
    mutating func visit(_ value: inout Int16) throws(WireError) {
        try decoder.visit(&value)
        row(.number)
    }
    @inline(__always)
    mutating func visit(_ value: inout UInt16) throws(WireError) {
        try decoder.visit(&value)
        row(.number)
    }
    @inline(__always)
    mutating func visit(_ value: inout Int32) throws(WireError) {
        try decoder.visit(&value)
        row(.number)
    }
    @inline(__always)
    mutating func visit(_ value: inout UInt32) throws(WireError) {
        try decoder.visit(&value)
        row(.number)
    }
    @inline(__always)
    mutating func visit(_ value: inout Int64) throws(WireError) {
        try decoder.visit(&value)
        row(.number)
    }
    mutating func visit(_ value: inout Double) throws(WireError) {
        try decoder.visit(&value)
        row(.double)
    }
    mutating func visit(_ value: inout Uuid) throws(WireError) {
        try decoder.visit(&value)
        row(.uuid)
    }

    mutating func visit(_ value: inout String?) throws(WireError) {
        noteCompactness()
        try decoder.visit(&value)
        if label.name.utf8CodeUnitCount == 12, label.name.description == "protocolType" { protocolType = value }
        if value == nil { row(.null) } else { content(.text) }
    }

    mutating func visit(_ value: inout Bytes?) throws(WireError) {
        noteCompactness()
        try decoder.visit(&value)
        guard let bytes = value else { return row(.null) }
        switch blob {
        case .subscription where embedded(ConsumerProtocolSubscription.self, bytes): return
        case .assignment where embedded(ConsumerProtocolAssignment.self, bytes): return
        default: break
        }
        content(.blob)
    }

    mutating func visit(_ value: inout Records?) throws(WireError) {
        noteCompactness()
        try decoder.visit(&value)
        guard let bytes = value?.bytes else { return row(.null) }
        row(.blobLength, to: offset - bytes.count)
        out.push()
        out.recordBatches(
            to: offset, mayBeCutOff: structure != ProduceRequest.TopicProduceData.PartitionProduceData.self)
        out.close()
    }

    /// The elements are only looked at: nothing needs the array.
    @inline(__always)
    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        let outer = label
        noteCompactness()
        guard let count = try decoder.length(Int32.self) else {
            row(.null)
            return value = nil
        }
        row(.array)
        out.push()
        decoder.field = decoder.field.required
        var element = E.zero
        for index in 0..<count {
            label = Label(type: E.self, element: index, traits: [.element])
            try element.accept(&self)
        }
        out.close()
        label = outer
        value = []
    }

    @inline(__always)
    mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError) {
        let outer = (label, structure)
        let isRoot = isRoot
        self.isRoot = false
        structure = S.self
        if !isRoot { out.open(.structure, label.name, S.self, traits: label.traits, number: Int64(label.element)) }
        try value.fields(&self)
        if flexible { try tags(of: &value) }
        if !isRoot { out.close() }
        (label, structure) = outer
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        guard try decoder.present() else {
            row(.absentStructure)
            return value = nil
        }
        row(.presentStructure)
        var structure = S()
        try visit(&structure)
        value = structure
    }

    @inline(__always)
    private mutating func tags<S: WireStruct>(of value: inout S) throws(WireError) {
        label = Label(name: "tagged fields", form: .tagCount)
        let count = try decoder.tagCount()
        row(.tagCount)
        if count > 0 { try tags(count, of: &value) }
    }

    private mutating func tags<S: WireStruct>(_ count: Int, of value: inout S) throws(WireError) {
        out.push()
        for _ in 0..<count {
            label = Label(name: "tag", form: .tag)
            let (tag, size) = try decoder.tagHeader()
            row(.tag)
            let start = decoder.reader.offset
            decoder.wantedTag = tag
            try value.taggedFields(&self)
            if decoder.wantedTag == nil {
                try decoder.requireSize(size, since: start, tag: tag)
            } else {
                decoder.wantedTag = nil
                let bytes = try decoder.reader.slice(size)
                out.field(
                    "unknown tag \(tag)", "bytes", Meaning.preview(bytes),
                    note: "tag \(tag) unknown, \(Meaning.bytes(size)), skipped", to: offset)
            }
        }
        out.close()
    }

    /// Throws when bytes are left over.
    mutating func requireEnd() throws(WireError) {
        label = Label(name: "left over")
        try decoder.requireEnd()
    }

    /// The structures of the consumer protocol that travel as bytes in the messages of classic groups.
    private enum Blob { case subscription, assignment }

    private var blob: Blob? {
        guard let structure else { return nil }
        let blob: Blob
        if structure == JoinGroupRequest.JoinGroupRequestProtocol.self
            || structure == JoinGroupResponse.JoinGroupResponseMember.self
        {
            blob = .subscription
        } else if structure == SyncGroupRequest.SyncGroupRequestAssignment.self
            || structure == SyncGroupResponse.self
        {
            blob = .assignment
        } else if structure == DescribeGroupsResponse.DescribedGroup.DescribedGroupMember.self {
            blob = label.name.description == "memberMetadata" ? .subscription : .assignment
        } else {
            return nil
        }
        return (protocolType ?? "consumer") == "consumer" ? blob : nil
    }

    /// Explains a blob that holds a structure; false where it holds something else (other clients and other group
    /// protocols put there what they like).
    private mutating func embedded<E: EmbeddedMessage>(_ type: E.Type, _ bytes: Bytes) -> Bool {
        guard (try? type.decodeVersioned(bytes)) != nil else { return false }
        row(.blobLength, to: offset - bytes.count)
        out.push()
        out.versioned(type, to: offset)
        out.close()
        return true
    }

    @inline(__always)
    private mutating func noteCompactness() {
        if flexible { label.traits.insert(.compact) }
    }

    @inline(__always)
    private mutating func row(_ form: RowForm) { row(form, to: offset) }

    @inline(__always)
    private mutating func row(_ form: RowForm, to end: Int) {
        out.append(form, label.name, label.type, traits: label.traits, number: Int64(label.element), to: end)
    }

    /// A row for a string or for bytes.
    @inline(__always)
    private mutating func content(_ form: RowForm) {
        if decoder.field.sensitive, !out.showsSecrets { label.traits.insert(.secret) }
        row(form)
    }
}
