/// What an explanation remembers of a row: where it stands and which kind of thing it is. Its texts are made from that
/// and from the bytes when somebody asks for them (``RowTexts``). A plain value of one cache line, without references:
/// explaining a message makes thousands of them.
struct RowEntry {
    /// The field's name; of an element, what stands in front of its number.
    var name: StaticString
    var form: RowForm
    var traits: Traits
    var depth: UInt8
    /// The row that this one is nested in, or -1. Rows are fewer than bytes, and 2³¹ of them would fill 128 GB.
    var parent: Int32
    /// The field's type where the message's definition says it; a group's structure.
    var type: (any WireType.Type)?
    var offset: Int
    var count: Int
    /// The number of an element, what a form keeps beside the bytes, or the place of what ``RowForm/said`` says.
    var number: Int64

    /// What is true of a row besides.
    struct Traits: OptionSet {
        let rawValue: UInt8
        /// The heading of a structure.
        static let group = Traits(rawValue: 1)
        /// Bytes that could not be read.
        static let unread = Traits(rawValue: 2)
        /// Its length is a varint, in which 0 is null.
        static let compact = Traits(rawValue: 4)
        /// Its bytes are not to be shown.
        static let secret = Traits(rawValue: 8)
        /// An element, whose number belongs to its name.
        static let element = Traits(rawValue: 16)
        /// Packed records: the rows of what was in them are nested under it.
        static let packed = Traits(rawValue: 32)
    }
}

/// How a row's texts are made.
enum RowForm: UInt8 {
    /// Texts that were made at once, since they are rare: ``RowTable/said`` has them.
    case said
    /// An integer of its type's width.
    case number
    case bool
    case double
    case uuid
    /// A length and a text.
    case text
    /// A length and bytes.
    case blob
    /// The length of bytes that have rows of their own.
    case blobLength
    case array
    /// The length of null.
    case null
    case structure
    /// The marks of a structure that may be null.
    case absentStructure
    case presentStructure
    case tagCount
    /// A tag and the size of its field.
    case tag

    /// A number in a batch's header. Kept beside it: for `crc` the checksum that was computed, for `lastOffsetDelta` the
    /// last offset.
    case batchNumber
    case record
    case recordLength
    case recordAttributes
    /// Kept beside it: the timestamp.
    case timestampDelta
    /// Kept beside it: the offset.
    case offsetDelta
    /// A length as a varint and as many bytes.
    case part
    /// The length of a part that has rows of its own.
    case partLength
    case headerCount
    case header
}

/// A row whose texts are not made from its bytes.
struct SaidRow: Sendable {
    var name: String
    var type: String
    var value: String
    var note: String
    var flagLayout: Explanation.Row.FlagLayout?
}

/// Consecutive rows of the same bytes and of the same outermost structure. Sections may stand inside one another.
struct RowSection: Sendable {
    var rows: Range<Int>
    var bytes: Bytes
    var isUnpacked: Bool
    /// The structure whose fields stand in the rows that are in no other structure.
    var root: (any WireStruct.Type)?
    /// The section around this one.
    var outer: Int
}

/// All that an explanation's rows are made from.
final class RowTable: Sendable {
    let entries: [RowEntry]
    private let sections: [RowSection]
    let said: [SaidRow]

    init(entries: [RowEntry], sections: [RowSection], said: [SaidRow]) {
        self.entries = entries
        self.sections = sections
        self.said = said
    }

    /// The innermost section that the row is in.
    func section(of row: Int) -> RowSection {
        // They are in the order of their first rows, outer ones before inner ones.
        var (low, high) = (0, sections.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if sections[middle].rows.lowerBound <= row { low = middle } else { high = middle }
        }
        while row >= sections[low].rows.upperBound { low = sections[low].outer }
        return sections[low]
    }
}
