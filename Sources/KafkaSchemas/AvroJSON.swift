import KafkaWire

extension AvroValue {
    /// How a decimal is written in JSON.
    public enum DecimalForm: Sendable {
        /// In digits, as a text, so that none is lost: `"12.30"`.
        case text
        /// Its bytes in base 64, as Kafka Connect's JSON converter does.
        case base64
    }

    /// The value in JSON: of a union's value no type is named, bytes are base 64.
    public func json(decimals: DecimalForm = .text) -> String {
        var text = ""
        append(to: &text, decimals, limit: .max)
        return text
    }

    /// The same; nil where it is longer than `limit` bytes: a name that is in the schema once is in the text as often as there are
    /// records, which need take no bytes.
    package func json(decimals: DecimalForm = .text, limit: Int) -> String? {
        var text = ""
        append(to: &text, decimals, limit: limit)
        return text.utf8.count <= limit ? text : nil
    }

    private func append(to text: inout String, _ decimals: DecimalForm, limit: Int) {
        guard text.utf8.count <= limit else { return }
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += "\(value)"
        case .number(let value): text += value.isFinite ? "\(value)" : "\"\(value)\""
        case .string(let value), .symbol(let value): text += JSONValue.quoted(value)
        case .bytes(let bytes): text += "\"\(Base64.encode(bytes))\""
        case .decimal(let unscaled, _) where decimals == .base64:
            text += "\"\(Base64.encode(unscaled))\""
        case .decimal(let unscaled, let scale): text += "\"\(Self.decimal(unscaled, scale))\""
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                item.append(to: &text, decimals, limit: limit)
            }
            text += "]"
        case .map(let entries): Self.object(entries.lazy.map { ($0.key, $0.value) }, to: &text, decimals, limit)
        case .record(let fields): Self.object(fields.lazy.map { ($0.name, $0.value) }, to: &text, decimals, limit)
        }
    }

    private static func object(
        _ members: some Sequence<(String, AvroValue)>, to text: inout String, _ decimals: DecimalForm, _ limit: Int
    ) {
        text += "{"
        var isFirst = true
        for (name, value) in members {
            if !isFirst { text += "," }
            isFirst = false
            text += JSONValue.quoted(name) + ":"
            value.append(to: &text, decimals, limit: limit)
        }
        text += "}"
    }

    /// A decimal in digits, as `-12.30`: the number's bytes are in two's complement, the highest first.
    static func decimal(_ unscaled: [UInt8], _ scale: Int) -> String {
        let isNegative = unscaled.first.map { $0 >= 0x80 } ?? false
        var magnitude = unscaled
        if isNegative {
            var carry = true
            for index in magnitude.indices.reversed() {
                magnitude[index] = ~magnitude[index]
                guard carry else { continue }
                let (sum, overflow) = magnitude[index].addingReportingOverflow(1)
                magnitude[index] = sum
                carry = overflow
            }
            if carry { magnitude.insert(1, at: 0) }
        }
        // Digits from the lowest, nine at a time.
        var digits: [UInt8] = []
        var rest = magnitude.drop { $0 == 0 }
        while !rest.isEmpty {
            var remainder: UInt64 = 0
            var quotient: [UInt8] = []
            quotient.reserveCapacity(rest.count)
            for byte in rest {
                let part = remainder << 8 | UInt64(byte)
                quotient.append(UInt8(truncatingIfNeeded: part / 1_000_000_000))
                remainder = part % 1_000_000_000
            }
            rest = quotient.drop { $0 == 0 }
            for _ in 0..<9 where !rest.isEmpty || remainder > 0 {
                digits.append(UInt8(remainder % 10) + 0x30)
                remainder /= 10
            }
        }
        while digits.count <= scale { digits.append(0x30) }
        if scale > 0 { digits.insert(UInt8(ascii: "."), at: scale) }
        return (isNegative ? "-" : "") + String(decoding: digits.reversed(), as: UTF8.self)
    }
}
