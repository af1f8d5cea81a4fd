import AppSupport
import JSONLines
import KafkaWire

/// Values on one line, in which nothing can steer a terminal.
enum ValueText {
    /// More characters of a value than that are not shown.
    private static let longest = 1000

    /// A value on its own: texts without quotation marks, unless they would read as something else.
    static func plain(_ value: Document?) -> String {
        guard let value else { return "(none)" }
        if Unavailable.isPlaceholder(value) { return "(not in the event)" }
        guard case .string(let text) = value else { return cut(SafeText.line(value.compact)) }
        let isAmbiguous =
            text.isEmpty || text.first == " " || text.last == " " || text.first == "\"" || text.contains(" → ")
            || ["null", "true", "false"].contains(text)
        return cut(isAmbiguous ? quoted(text) : SafeText.line(text))
    }

    /// A value among others: texts with spaces are quoted as well.
    private static func word(_ value: Document) -> String {
        if case .string(let text) = value, text.contains(where: { $0 == " " || $0 == "=" || $0 == "\t" }),
            !Unavailable.isPlaceholder(value)
        {
            return cut(quoted(text))
        }
        return plain(value)
    }

    /// `id=7`, `name="Ann Lee"`, in the order of the columns.
    static func pairs(_ row: Document) -> [String] {
        guard case .object(let fields) = row else { return [plain(row)] }
        return fields.map { "\(SafeText.line($0.name))=\(word($0.value))" }
    }

    /// A key: its columns with their values, or a value.
    static func key(_ key: Document) -> String { pairs(key).joined(separator: " ") }

    /// What changed: a line for a column, or for each field that changed where both sides are objects.
    static func changes(_ name: String, _ before: Document?, _ after: Document?) -> [(
        name: String, from: String, to: String
    )] {
        guard case .object(let old) = before ?? .null, case .object(let new) = after ?? .null else {
            return [(SafeText.line(name), plain(before), plain(after))]
        }
        let oldValues = Dictionary(old.map { ($0.name, $0.value) }) { $1 }
        let newValues = Dictionary(new.map { ($0.name, $0.value) }) { $1 }
        let names = new.map(\.name) + old.map(\.name).filter { newValues[$0] == nil }
        return names.flatMap { field in
            oldValues[field] == newValues[field] ? [] : changes("\(name).\(field)", oldValues[field], newValues[field])
        }
    }

    /// Bytes of any kind as a line of text.
    static func shown(_ bytes: Bytes) -> String {
        let text = SafeText.line(bytes.withUnsafeBytes { Array($0.prefix(4 * longest)) })
        return cut(text)
    }

    /// A position in PostgreSQL's log as PostgreSQL writes it: `0/1926F40`.
    static func lsn(_ position: Int64) -> String {
        let position = UInt64(bitPattern: position)
        return "\(String(position >> 32, radix: 16, uppercase: true))/"
            + String(position & 0xFFFF_FFFF, radix: 16, uppercase: true)
    }

    /// Between quotation marks; those within, and backslashes, have one before them.
    private static func quoted(_ text: String) -> String {
        let inner = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(SafeText.line(inner))\""
    }

    private static func cut(_ text: String) -> String {
        guard text.unicodeScalars.count > longest else { return text }
        return String(text.unicodeScalars.prefix(longest)) + "… (\(text.unicodeScalars.count) characters)"
    }
}
