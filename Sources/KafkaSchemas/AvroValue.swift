/// A value of Avro as it was read.
public indirect enum AvroValue: Equatable, Sendable {
    /// Nothing.
    case null
    /// `boolean`.
    case boolean(Bool)
    /// `int` and `long`.
    case integer(Int64)
    /// `float` and `double`.
    case number(Double)
    /// `string`.
    case string(String)
    /// `bytes` and `fixed`.
    case bytes([UInt8])
    /// `bytes` and `fixed` of the logical type `decimal`: the unscaled number in two's complement, the highest byte first, and the
    /// digits behind the point.
    case decimal(unscaled: [UInt8], scale: Int)
    /// `enum`: the symbol.
    case symbol(String)
    /// `array`.
    case array([AvroValue])
    /// `map`, in the order of its entries.
    case map([(key: String, value: AvroValue)])
    /// `record`, in the order of its fields.
    case record([(name: String, value: AvroValue)])

    /// Whether two values are the same, entry by entry.
    public static func == (one: AvroValue, other: AvroValue) -> Bool {
        switch (one, other) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)), (.symbol(let a), .symbol(let b)): a == b
        case (.bytes(let a), .bytes(let b)): a == b
        case (.decimal(let a, let scale), .decimal(let b, let other)): a == b && scale == other
        case (.array(let a), .array(let b)): a == b
        case (.map(let a), .map(let b)): a.elementsEqual(b) { $0.key == $1.key && $0.value == $1.value }
        case (.record(let a), .record(let b)): a.elementsEqual(b) { $0.name == $1.name && $0.value == $1.value }
        default: false
        }
    }

    /// The field of a record, or the entry of a map; nil where there is none.
    public subscript(name: String) -> AvroValue? {
        switch self {
        case .record(let fields): fields.first { $0.name == name }?.value
        case .map(let entries): entries.first { $0.key == name }?.value
        default: nil
        }
    }
}
