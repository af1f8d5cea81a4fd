/// A row's texts, made from its bytes.
struct RowTexts {
    private let table: RowTable
    private let index: Int
    private let entry: RowEntry

    init(_ table: RowTable, _ index: Int) {
        self.table = table
        self.index = index
        entry = table.entries[index]
    }

    // MARK: - Names

    var name: String { Self.name(table, index) }

    var path: String { Explanation.Row.path(Self.pathInside(table, entry.parent), name) }

    private static func name(_ table: RowTable, _ index: Int) -> String {
        let entry = table.entries[index]
        if entry.form == .said { return table.said[Int(entry.number)].name }
        guard entry.traits.contains(.element) else { return entry.name.description }
        return entry.name.description + "[" + entry.number.description + "]"
    }

    /// The path of what is nested in a row.
    private static func pathInside(_ table: RowTable, _ row: Int32) -> String {
        guard row >= 0 else { return "" }
        let entry = table.entries[Int(row)]
        // Tagged fields are fields like others, and what packs records may have another name.
        let name =
            entry.form == .tagCount ? "" : entry.traits.contains(.packed) ? "records" : name(table, Int(row))
        return Explanation.Row.path(pathInside(table, entry.parent), name)
    }

    // MARK: - Type

    var type: String {
        if entry.form == .said { return table.said[Int(entry.number)].type }
        return Self.type(entry.form, entry.type, isCompact: entry.traits.contains(.compact))
    }

    static func type(_ form: RowForm, _ type: (any WireType.Type)?, isCompact: Bool) -> String {
        switch form {
        case .tagCount: "uvarint"
        case .tag: "uvarint, uvarint"
        case .record: "record"
        case .header: "header"
        case .recordLength, .offsetDelta, .headerCount: "varint"
        case .timestampDelta: "varlong"
        case .part, .partLength: "varint bytes"
        default: (isCompact ? "compact " : "") + (type?.wireName ?? "")
        }
    }

    // MARK: - Value

    var value: String {
        switch entry.form {
        case .said: return table.said[Int(entry.number)].value
        case .structure, .record, .header: return ""
        case .null, .absentStructure: return "null"
        case .presentStructure: return "present"
        case .number, .recordAttributes: return integer.description
        case .batchNumber where entry.name.description == "crc":
            return Self.hex(UInt32(truncatingIfNeeded: integer))
        case .batchNumber: return integer.description
        case .bool: return integer == 0 ? "false" : "true"
        case .double: return "\(Double(bitPattern: UInt64(bitPattern: integer)))"
        case .uuid: return uuid.description
        case .text: return entry.traits.contains(.secret) ? hidden : Meaning.quoted(content.text)
        case .blob: return entry.traits.contains(.secret) ? hidden : Meaning.preview(content)
        case .blobLength: return "\(length ?? 0) bytes"
        case .array: return length == 1 ? "1 element" : (length ?? 0).description + " elements"
        case .tagCount:
            let count = tag.first
            return count == 0 ? "none" : count.description
        case .tag: return "tag \(tag.first)"
        case .recordLength, .timestampDelta, .offsetDelta, .headerCount: return varint.value.description
        case .part: return varint.value < 0 ? "null" : Meaning.preview(part)
        case .partLength: return Meaning.bytes(Int(varint.value))
        }
    }

    private var hidden: String { "\(content.count) bytes, hidden" }

    // MARK: - Note

    var note: String {
        switch entry.form {
        case .said: return table.said[Int(entry.number)].note
        case .number:
            return NumberMeaning.of(field, in: structure, integer).text ?? ""
        case .uuid: return uuid == .zero ? "none" : ""
        case .text, .blob, .blobLength, .array: return lengthNote(length)
        case .null: return lengthNote(nil)
        case .absentStructure: return "-1 = null"
        case .presentStructure: return "1 = not null"
        case .tag: return "size \(tag.second)"
        case .batchNumber: return batchNote
        case .recordLength: return "bytes that follow"
        case .recordAttributes: return "unused"
        case .timestampDelta:
            return "timestamp " + entry.number.description + (Meaning.instant(entry.number).map { " = " + $0 } ?? "")
        case .offsetDelta: return "offset " + entry.number.description
        case .part where varint.value < 0: return "length -1 = null"
        case .part, .partLength: return "length " + varint.value.description
        case .bool, .double, .structure, .tagCount, .record, .headerCount, .header: return ""
        }
    }

    /// How the length stands there: `compact string: length 3 + 1`.
    private func lengthNote(_ count: Int?) -> String {
        let type = type
        let kind = type.hasPrefix("[]") ? "array" : type.hasPrefix("compact []") ? "compact array" : type
        // Joined and not interpolated, which is twice as fast.
        return switch (entry.traits.contains(.compact), count) {
        case (true, let count?): kind + ": length " + count.description + " + 1"
        case (true, nil): kind + ": length 0 = null"
        case (false, let count?): kind + ": length " + count.description
        case (false, nil): kind + ": length -1 = null"
        }
    }

    private var batchNote: String {
        let value = integer
        switch entry.name.description {
        case "batchLength": return "bytes that follow"
        case "partitionLeaderEpoch": return value == -1 ? "not known" : ""
        case "crc":
            let all = table.section(of: index).bytes
            let start = entry.offset - RecordBatch.Layout.crc
            let length = Self.integer(all[start + RecordBatch.Layout.length..<start + RecordBatch.Layout.overhead])
            // The last byte counts too.
            let last = start + RecordBatch.Layout.overhead + Int(Int32(truncatingIfNeeded: length)) - 1
            let range = "CRC-32C over bytes 21 to the end (\(start + RecordBatch.Layout.attributes) to \(last))"
            let computed = UInt32(truncatingIfNeeded: entry.number)
            return value == entry.number ? "\(range): matches" : "\(range): WRONG, computed \(Self.hex(computed))"
        case "attributes": return Self.names(RecordBatch.Attributes(rawValue: UInt16(truncatingIfNeeded: value)))
        case "lastOffsetDelta": return "last offset \(entry.number)"
        case "baseTimestamp", "maxTimestamp": return Meaning.instant(value) ?? ""
        case "producerId": return value == -1 ? "not idempotent" : ""
        case "producerEpoch", "baseSequence": return value == -1 ? "none" : ""
        default: return ""
        }
    }

    private static func names(_ attributes: RecordBatch.Attributes) -> String {
        var names = [attributes.compression.map { $0 == .none ? "not compressed" : $0.name } ?? "unknown codec"]
        names.append(attributes.isLogAppendTime ? "LogAppendTime" : "CreateTime")
        if attributes.isTransactional { names.append("transactional") }
        if attributes.isControl { names.append("control") }
        if attributes.hasDeleteHorizon { names.append("delete horizon") }
        if attributes.rawValue >> 7 != 0 { names.append("unknown bits") }
        return names.joined(separator: ", ")
    }

    /// How the row's number is a set of bits.
    var flagLayout: Explanation.Row.FlagLayout? {
        switch entry.form {
        case .said: table.said[Int(entry.number)].flagLayout
        case .number: NumberMeaning.isSet(field) ? .operations : nil
        case .batchNumber: entry.name.description == "attributes" ? .batchAttributes : nil
        default: nil
        }
    }

    // MARK: - What they are made from

    var bytes: Bytes { table.section(of: index).bytes[entry.offset..<entry.offset + entry.count] }

    /// What the field is called; elements are named by their place, and mean what their array does.
    private var field: String {
        entry.traits.contains(.element) && entry.parent >= 0 ? Self.name(table, Int(entry.parent)) : name
    }

    /// The name of the structure that the field stands in.
    private var structure: String {
        let section = table.section(of: index)
        var row = entry.parent
        while row >= section.rows.lowerBound, row >= 0 {
            let entry = table.entries[Int(row)]
            if entry.form == .structure { return entry.type?.wireName ?? "" }
            row = entry.parent
        }
        return section.root?.wireName ?? ""
    }

    /// The bytes as a big-endian number with its type's sign.
    private var integer: Int64 {
        let bytes = bytes
        let value = Self.integer(bytes)
        // A batch's attributes, too, have no sign, although Kafka calls them an int16.
        let isUnsigned = entry.type == UInt32.self || entry.type == UInt16.self || flagLayout == .batchAttributes
        let free = Int64(64 - 8 * bytes.count)
        return isUnsigned ? value : (value << free) >> free
    }

    private static func integer(_ bytes: Bytes) -> Int64 {
        bytes.withUnsafeBytes { $0.prefix(8).reduce(0) { $0 << 8 | Int64($1) } }
    }

    private var uuid: Uuid {
        var reader = ByteReader(bytes)
        guard let high: UInt64 = try? reader.integer(), let low: UInt64 = try? reader.integer() else { return .zero }
        return Uuid(high: high, low: low)
    }

    /// The length in front of the content, and the number of bytes that it has; nil is null.
    private var prefix: (length: Int?, size: Int) {
        var reader = ByteReader(bytes)
        let length: Int? =
            if entry.traits.contains(.compact) {
                (try? reader.unsignedVarint()).map { Int($0) - 1 }
            } else if entry.form == .text {
                (try? reader.integer(Int16.self)).map { Int($0) }
            } else {
                (try? reader.integer(Int32.self)).map { Int($0) }
            }
        return (length, reader.offset)
    }

    private var length: Int? { prefix.length }

    private var content: Bytes {
        let bytes = bytes
        return bytes[prefix.size..<bytes.count]
    }

    /// The numbers of a tagged field's head, the first of which may stand alone.
    private var tag: (first: UInt32, second: UInt32) {
        var reader = ByteReader(bytes)
        return ((try? reader.unsignedVarint()) ?? 0, (try? reader.unsignedVarint()) ?? 0)
    }

    /// The signed varint at the beginning, and the number of its bytes.
    private var varint: (value: Int64, size: Int) {
        var reader = ByteReader(bytes)
        return ((try? reader.varlong()) ?? 0, reader.offset)
    }

    private var part: Bytes {
        let bytes = bytes
        return bytes[varint.size..<bytes.count]
    }

    static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
