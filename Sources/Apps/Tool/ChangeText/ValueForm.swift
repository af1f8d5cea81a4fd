import ChangeEvents
import JSONLines

/// How a value is written for which JSON has no type: decimals, times, bytes. The schema tells it by a logical name,
/// Connect's (`org.apache.kafka.connect.data.…`) or Debezium's (`io.debezium.time.…`, `io.debezium.data.…`).
package indirect enum ValueForm: Equatable, Sendable {
    /// As JSON says it.
    case plain
    /// Base 64 of an integer in two's complement.
    case decimal(scale: Int)
    /// The same with a scale of its own: `{"scale": …, "value": …}`.
    case scaledDecimal
    /// An amount of the exercise, in any of the ways that Debezium writes decimals.
    case amount
    /// A moment, or a time without a zone.
    case timestamp(Unit)
    /// A time of day.
    case time(Unit)
    case duration(Unit)
    /// A date, in days since 1970.
    case date
    case bytes
    /// So many bits, the lowest byte first.
    case bits(Int)
    case structure([String: ValueForm])
    case list(ValueForm)
    /// From texts to values, which JSON has as an object.
    case map(ValueForm)

    /// What one is, in nanoseconds.
    package enum Unit: Int64, Sendable {
        case milliseconds = 1_000_000
        case microseconds = 1000
        case nanoseconds = 1

        /// How many of it are a second.
        var perSecond: Int64 { 1_000_000_000 / rawValue }
        /// Digits behind the second's point.
        var digits: Int {
            switch self {
            case .milliseconds: 3
            case .microseconds: 6
            case .nanoseconds: 9
            }
        }
    }

    // MARK: - From a schema

    /// The form that a schema of Connect's JSON converter gives.
    package init(schema: Document) {
        switch schema["name"]?.text {
        case "org.apache.kafka.connect.data.Decimal":
            self = .decimal(scale: schema["parameters"]?["scale"]?.text.flatMap { Int($0) } ?? 0)
        case "io.debezium.data.VariableScaleDecimal": self = .scaledDecimal
        case "io.debezium.time.Timestamp", "org.apache.kafka.connect.data.Timestamp": self = .timestamp(.milliseconds)
        case "io.debezium.time.MicroTimestamp": self = .timestamp(.microseconds)
        case "io.debezium.time.NanoTimestamp": self = .timestamp(.nanoseconds)
        case "io.debezium.time.Time", "org.apache.kafka.connect.data.Time": self = .time(.milliseconds)
        case "io.debezium.time.MicroTime": self = .time(.microseconds)
        case "io.debezium.time.NanoTime": self = .time(.nanoseconds)
        case "io.debezium.time.MicroDuration": self = .duration(.microseconds)
        case "io.debezium.time.NanoDuration": self = .duration(.nanoseconds)
        case "io.debezium.time.Date", "org.apache.kafka.connect.data.Date": self = .date
        case "io.debezium.data.Bits":
            self = .bits(schema["parameters"]?["length"]?.text.flatMap { Int($0) } ?? 0)
        default: self.init(type: schema)
        }
    }

    private init(type schema: Document) {
        switch schema["type"]?.text {
        case "bytes": self = .bytes
        case "array": self = .list(ValueForm(schema: schema["items"] ?? .null))
        case "map" where schema["keys"]?["type"]?.text == "string":
            self = .map(ValueForm(schema: schema["values"] ?? .null))
        case "struct":
            var fields: [String: ValueForm] = [:]
            for field in schema["fields"]?.elements ?? [] {
                guard let name = field["field"]?.text else { continue }
                let form = ValueForm(schema: field)
                if form != .plain { fields[name] = form }
            }
            self = .structure(fields)
        default: self = .plain
        }
    }

    // MARK: - Values

    /// The value as people read it: decimals as numbers, times and bytes as text. What does not have the form stays as
    /// it is, and so does what Debezium writes where it has no value.
    package func decoded(_ value: Document) -> Document {
        if value == .null || Unavailable.isPlaceholder(value) { return value }
        switch self {
        case .plain: return value
        case .decimal(let scale):
            return value.text.flatMap { Decimals.text(base64: $0, scale: scale) }.map(Document.number) ?? value
        case .scaledDecimal:
            guard let scale = value["scale"]?.number, let text = value["value"]?.text else { return value }
            return Int(exactly: scale).flatMap { Decimals.text(base64: text, scale: $0) }.map(Document.number) ?? value
        case .amount:
            return value.text.flatMap { Amount($0, encoding: .automatic(scale: 2)) }.map { .number("\($0)") } ?? value
        case .timestamp(let unit): return value.number.map { .string(TimeText.timestamp($0, unit)) } ?? value
        case .time(let unit): return value.number.map { .string(TimeText.timeOfDay($0, unit)) } ?? value
        case .duration(let unit): return value.number.map { .string(TimeText.duration($0, unit)) } ?? value
        case .date: return value.number.map { .string(TimeText.date($0)) } ?? value
        case .bytes: return value.text.flatMap { Base64Text.bytes($0) }.map { .string(BytesText.hex($0)) } ?? value
        case .bits(let length):
            return value.text.flatMap { Base64Text.bytes($0) }.map { .string(BytesText.bits($0, length)) } ?? value
        case .structure(let forms):
            guard case .object(let fields) = value else { return value }
            return .object(fields.map { .init(name: $0.name, value: forms[$0.name]?.decoded($0.value) ?? $0.value) })
        case .list(let form):
            guard case .array(let elements) = value else { return value }
            return .array(elements.map(form.decoded))
        case .map(let form):
            guard case .object(let fields) = value else { return value }
            return .object(fields.map { .init(name: $0.name, value: form.decoded($0.value)) })
        }
    }
}

/// What Debezium writes where PostgreSQL did not log a long value that an update left alone (TOAST).
package enum Unavailable {
    package static let text = "__debezium_unavailable_value"
    private static let base64 = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="

    /// Whether the value is no value, but says that there is none: as text, as bytes, or in an array or map.
    package static func isPlaceholder(_ value: Document) -> Bool {
        switch value {
        case .string(let text): return text == Self.text || text == base64
        case .array(let elements):
            if elements.count == 1 { return isPlaceholder(elements[0]) }
            // An array of numbers holds the text's bytes.
            return elements.count == Self.text.utf8.count
                && zip(elements, Self.text.utf8).allSatisfy { $0.number == Int64($1) }
        case .object(let fields): return fields.count == 1 && fields[0].name == text
        default: return false
        }
    }
}

/// Bytes as text, as PostgreSQL shows them.
enum BytesText {
    /// More bytes than that are counted, not shown.
    private static let longest = 64

    static func hex(_ bytes: [UInt8]) -> String {
        let digits = bytes.prefix(longest).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\\x" + digits + (bytes.count > longest ? "… (\(bytes.count) bytes)" : "")
    }

    /// The bits, the highest first; as many as the column has, or else all.
    static func bits(_ bytes: [UInt8], _ length: Int) -> String {
        let all = bytes.reversed().map { byte in
            let digits = String(byte, radix: 2)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
        return length > 0 && length < all.count ? String(all.suffix(length)) : all
    }
}
