extension AvroSchema {
    /// A value holds no more parts than that: an array of nulls takes no bytes for each.
    static let mostValues = 1 << 20

    /// Reads one value in Avro's binary encoding, which `bytes` hold from their beginning to their end.
    ///
    /// - Throws: ``AvroError``: the bytes are cut off, are not what the schema says, nest deeper than 64 or hold more than a million
    ///   parts, or go on behind the value.
    public func value(of bytes: some Sequence<UInt8>) throws(AvroError) -> AvroValue {
        var reader = AvroReader(schema: self, bytes: Array(bytes))
        let value = try reader.value(root, depth: 0)
        guard reader.at == reader.bytes.count else {
            throw reader.error(.trailing, "\(reader.bytes.count - reader.at) bytes are left behind the value")
        }
        return value
    }
}

private struct AvroReader {
    let schema: AvroSchema
    let bytes: [UInt8]
    var at = 0
    private var values = 0
    private var path: [String] = []

    init(schema: AvroSchema, bytes: [UInt8]) {
        self.schema = schema
        self.bytes = bytes
    }

    func error(_ reason: AvroError.Reason, _ words: String) -> AvroError {
        AvroError(reason, words, path: path.joined(separator: "."), offset: at)
    }

    mutating func value(_ node: Int, depth: Int) throws(AvroError) -> AvroValue {
        values += 1
        guard values <= AvroSchema.mostValues else {
            throw error(.tooLarge, "more than \(AvroSchema.mostValues) parts")
        }
        guard depth <= AvroSchema.deepest else { throw error(.tooLarge, "nested more than \(AvroSchema.deepest) deep") }
        switch schema.nodes[node] {
        case .null: return .null
        case .boolean:
            guard let byte = try take(1).first, byte < 2 else { throw error(.malformed, "a boolean is 0 or 1") }
            return .boolean(byte == 1)
        case .int:
            let number = try long()
            guard let small = Int32(exactly: number) else { throw error(.malformed, "\(number) is no int") }
            return .integer(Int64(small))
        case .long: return .integer(try long())
        case .float: return .number(Double(Float(bitPattern: UInt32(truncatingIfNeeded: try fixed(4)))))
        case .double: return .number(Double(bitPattern: try fixed(8)))
        case .string: return .string(try string())
        case .bytes(let scale): return Self.bytes(Array(try take(try length())), scale)
        case .fixed(let size, let scale): return Self.bytes(Array(try take(size)), scale)
        case .enumeration(let symbols):
            let index = try long()
            guard let place = Int(exactly: index), symbols.indices.contains(place) else {
                throw error(.malformed, "\(index) is none of \(symbols.count) symbols")
            }
            return .symbol(symbols[place])
        case .union(let branches):
            let index = try long()
            guard let place = Int(exactly: index), branches.indices.contains(place) else {
                throw error(.malformed, "\(index) is none of a union's \(branches.count) types")
            }
            return try value(branches[place], depth: depth + 1)
        case .array(let item):
            var items: [AvroValue] = []
            try blocks { reader throws(AvroError) in items.append(try reader.value(item, depth: depth + 1)) }
            return .array(items)
        case .map(let item):
            var entries: [(key: String, value: AvroValue)] = []
            try blocks { reader throws(AvroError) in
                let key = try reader.string()
                entries.append((key, try reader.value(item, depth: depth + 1)))
            }
            return .map(entries)
        case .record(_, let fields):
            var found: [(name: String, value: AvroValue)] = []
            found.reserveCapacity(fields.count)
            for field in fields {
                path.append(field.name)
                found.append((field.name, try value(field.node, depth: depth + 1)))
                path.removeLast()
            }
            return .record(found)
        case .pending: throw error(.schema, "a type is not defined")
        }
    }

    private static func bytes(_ bytes: [UInt8], _ scale: Int?) -> AvroValue {
        scale.map { .decimal(unscaled: bytes, scale: $0) } ?? .bytes(bytes)
    }

    /// An array's or a map's blocks, up to that of no items.
    private mutating func blocks(_ item: (inout Self) throws(AvroError) -> Void) throws(AvroError) {
        while true {
            var count = try long()
            if count == 0 { return }
            if count < 0 {
                // The block's size in bytes follows, for who passes over it.
                _ = try long()
                count = count == .min ? .max : -count
            }
            for _ in 0..<count { try item(&self) }
        }
    }

    // MARK: - Numbers and bytes

    private mutating func take(_ count: Int) throws(AvroError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - at else {
            throw error(.truncated, "\(count) bytes are wanted, and \(bytes.count - at) are left")
        }
        defer { at += count }
        return bytes[at..<at + count]
    }

    /// A number of 7 bits a byte, the lowest first, in zigzag.
    private mutating func long() throws(AvroError) -> Int64 {
        var raw: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard at < bytes.count else { throw error(.truncated, "a number is cut off") }
            let byte = bytes[at]
            at += 1
            guard shift < 63 || byte < 2 else { break }
            raw |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1) }
        }
        throw error(.malformed, "a number has more than 64 bits")
    }

    private mutating func length() throws(AvroError) -> Int {
        let number = try long()
        guard let length = Int(exactly: number), length >= 0 else {
            throw error(.malformed, "\(number) is no length")
        }
        return length
    }

    private mutating func fixed(_ count: Int) throws(AvroError) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func string() throws(AvroError) -> String {
        let found = try take(try length())
        guard let text = String(validating: found, as: UTF8.self) else {
            throw error(.malformed, "a string is no UTF-8")
        }
        return text
    }
}
