/// Any JSON value (RFC 8259). Golden vectors and captures are read with it, so it is small rather than fast, and needs
/// no Foundation.
package enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The value that `text` spells, or nil where it is no JSON.
    package init?(_ text: some StringProtocol) {
        guard let document = Document(Array(text.utf8), isStrict: true) else { return nil }
        self.init(document)
    }

    /// What a document says, without the order of its fields and the spelling of its numbers. Of several fields with one
    /// name the last counts.
    package init(_ document: Document) {
        switch document {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .number(let text): self = Int64(text).map(JSON.int) ?? .double(Double(text) ?? .nan)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .array(elements.map { JSON($0) })
        case .object(let fields):
            self = .object(Dictionary(fields.map { ($0.name, JSON($0.value)) }) { $1 })
        }
    }

    /// The value of a field; null where there is none.
    package subscript(key: String) -> JSON {
        if case .object(let fields) = self { return fields[key] ?? .null }
        return .null
    }

    package var text: String? { if case .string(let text) = self { text } else { nil } }
    package var number: Int64? { if case .int(let number) = self { number } else { nil } }
    package var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
    package var fields: [String: JSON] { if case .object(let fields) = self { fields } else { [:] } }
}
