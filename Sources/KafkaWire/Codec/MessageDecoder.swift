/// The visitor that reads a message. Any bytes either decode or throw; memory stays proportional to the frame.
package struct MessageDecoder: FieldVisitor {
    package let version: Int16
    package var flexible: Bool
    package var reader: ByteReader
    /// The field being read; for the elements of an array, that of the array without its null.
    var field = Field(name: "", versions: .all, nullable: .all, ignorable: false)
    /// How many elements of arrays, and unknown tags, the message may have yet.
    package var elementsLeft = Int.max
    /// The tag of the tagged field that is being looked for; nil once a field has taken it.
    var wantedTag: UInt32?

    package init(version: Int16, flexible: Bool, _ bytes: Bytes) {
        self.version = version
        self.flexible = flexible
        reader = ByteReader(bytes)
    }

    @inline(__always)
    package mutating func enter<T: WireType>(
        _ field: Field, _ value: T, default: T
    ) throws(WireError) -> Bool {
        self.field = field
        return field.versions.contains(version)
    }

    @inline(__always)
    package mutating func leave() {}

    package mutating func enterTagged<T: WireType>(
        _ tag: UInt32, _ field: Field, _ value: T, default: T
    ) throws(WireError) -> Bool {
        guard tag == wantedTag, field.versions.contains(version) else { return false }
        self.field = field
        wantedTag = nil
        return true
    }

    package mutating func leaveTagged() {}

    package mutating func visit(_ value: inout Bool) throws(WireError) {
        value = try located { (r) throws(WireError) in try r.integer(UInt8.self) != 0 }
    }
    @inline(__always)
    package mutating func visit(_ value: inout Int8) throws(WireError) { value = try integer() }
    @inline(__always)
    package mutating func visit(_ value: inout Int16) throws(WireError) { value = try integer() }
    @inline(__always)
    package mutating func visit(_ value: inout UInt16) throws(WireError) { value = try integer() }
    @inline(__always)
    package mutating func visit(_ value: inout Int32) throws(WireError) { value = try integer() }
    @inline(__always)
    package mutating func visit(_ value: inout UInt32) throws(WireError) { value = try integer() }
    @inline(__always)
    package mutating func visit(_ value: inout Int64) throws(WireError) { value = try integer() }
    package mutating func visit(_ value: inout Double) throws(WireError) {
        value = Double(bitPattern: try integer(UInt64.self))
    }
    package mutating func visit(_ value: inout Uuid) throws(WireError) {
        value = Uuid(high: try integer(), low: try integer())
    }

    package mutating func visit(_ value: inout String?) throws(WireError) {
        let at = reader.offset
        guard let count = try length(Int16.self) else { return value = nil }
        guard count <= MessageEncoder.longestString else {
            throw failure(.tooLong(count, limit: MessageEncoder.longestString), at)
        }
        value = try located { (r) throws(WireError) in try r.text(count) }
    }

    package mutating func visit(_ value: inout Bytes?) throws(WireError) {
        guard let count = try length(Int32.self) else { return value = nil }
        value = try located { (r) throws(WireError) in try r.slice(count) }
    }

    package mutating func visit(_ value: inout Records?) throws(WireError) {
        var bytes: Bytes?
        try visit(&bytes)
        value = bytes.map(Records.init)
    }

    @inline(__always)
    package mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        guard let count = try length(Int32.self) else { return value = nil }
        try takeElements(count)
        var array: [E] = []
        // Every element has at least one byte, so `count` is bounded by the frame; but its memory is only taken as
        // elements really turn up.
        array.reserveCapacity(min(count, 64))
        field = field.required
        for _ in 0..<count {
            var element = E.zero
            try element.accept(&self)
            array.append(element)
        }
        value = array
    }

    @inline(__always)
    package mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError) {
        try value.fields(&self)
        if flexible { try tags(of: &value) }
    }

    package mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        guard try present() else { return value = nil }
        var structure = S()
        try visit(&structure)
        value = structure
    }

    @inline(__always)
    private mutating func takeElements(_ count: Int) throws(WireError) {
        guard count <= elementsLeft else {
            throw failure(.malformed("\(count) elements where a request may have \(elementsLeft) more"), reader.offset)
        }
        elementsLeft -= count
    }

    /// Reads the marker in front of a structure that may be null (KIP-893).
    mutating func present() throws(WireError) -> Bool {
        let at = reader.offset
        switch try integer(Int8.self) {
        case -1:
            try requireNullable(at)
            return false
        case 1: return true
        case let other: throw failure(.malformed("\(other) as the mark of a nullable structure (1 or -1)"), at)
        }
    }

    private mutating func tags<S: WireStruct>(of value: inout S) throws(WireError) {
        let count = try tagCount()
        if count > 0 { try takeElements(count) }
        for _ in 0..<count {
            let (tag, size) = try tagHeader()
            let start = reader.offset
            wantedTag = tag
            try value.taggedFields(&self)
            if wantedTag == nil {
                try requireSize(size, since: start, tag: tag)
            } else {
                wantedTag = nil
                value.unknownTaggedFields.append(.init(tag: tag, bytes: try reader.slice(size)))
            }
        }
    }

    mutating func tagCount() throws(WireError) -> Int {
        let at = reader.offset
        let count = Int(try located { (r) throws(WireError) in try r.unsignedVarint() })
        guard count <= reader.remaining / 2 else { throw failure(.badLength(count, limit: reader.remaining / 2), at) }
        return count
    }

    mutating func tagHeader() throws(WireError) -> (tag: UInt32, size: Int) {
        let tag = try located { (r) throws(WireError) in try r.unsignedVarint() }
        let at = reader.offset
        let size = Int(try located { (r) throws(WireError) in try r.unsignedVarint() })
        guard size <= reader.remaining else { throw failure(.badLength(size, limit: reader.remaining), at) }
        return (tag, size)
    }

    func requireSize(_ size: Int, since start: Int, tag: UInt32) throws(WireError) {
        let used = reader.offset - start
        guard used == size else {
            throw failure(.malformed("tag \(tag) of \(used) bytes where its size says \(size)"), start)
        }
    }

    /// Reads the length of a string (`Int16` in the old encoding), or of bytes or an array (`Int32`); nil is null.
    @inline(__always)
    mutating func length<L: FixedWidthInteger & SignedInteger & BitwiseCopyable>(_: L.Type) throws(WireError) -> Int? {
        let at = reader.offset
        let count: Int
        if flexible {
            count = Int(try located { (r) throws(WireError) in try r.unsignedVarint() }) - 1
        } else {
            count = Int(try integer(L.self))
        }
        if count == -1 {
            try requireNullable(at)
            return nil
        }
        guard count >= 0, count <= reader.remaining else {
            throw failure(.badLength(count, limit: reader.remaining), at)
        }
        return count
    }

    @inline(__always)
    private mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type = T.self) throws(WireError) -> T {
        try located { (r) throws(WireError) in try r.integer(T.self) }
    }

    @inline(__always)
    private mutating func located<T>(_ read: (inout ByteReader) throws(WireError) -> T) throws(WireError) -> T {
        do { return try read(&reader) } catch { throw failure(error.reason, error.offset) }
    }

    private func requireNullable(_ at: Int) throws(WireError) {
        guard field.nullable.contains(version) else { throw failure(.unexpectedNull, at) }
    }

    /// Throws when bytes are left over after the message.
    func requireEnd() throws(WireError) {
        if reader.remaining > 0 { throw WireError(.trailing(reader.remaining), at: reader.offset) }
    }

    func failure(_ reason: WireError.Reason, _ at: Int) -> WireError {
        WireError(reason, at: at, field: "\(field.name)")
    }
}
