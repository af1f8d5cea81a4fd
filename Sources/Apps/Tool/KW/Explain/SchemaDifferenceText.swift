import AppSupport
import JSONLines
import KafkaWire
import Screens

/// What changes between two versions of an API, as lines of text or as JSON.
struct SchemaDifferenceText {
    let api: API
    let first: Int16
    let second: Int16
    /// How many columns there are; nil where lines may have any length.
    let width: Int?
    let paint: (String, Console.Style) -> String

    private var differences: [(kind: String, difference: SchemaDifference)] {
        [
            ("request", SchemaDifference(api.request, isResponse: false, from: first, to: second)),
            ("response", SchemaDifference(api.response, isResponse: true, from: first, to: second)),
        ]
    }

    /// A paragraph for the request and one for the response.
    var lines: [String] {
        var lines = [paint("\(api.name) v\(first) → v\(second)", .bold)]
        for (kind, difference) in differences {
            lines.append("")
            lines.append(paint(difference.message, .bold))
            if difference.isEmpty {
                let text = "  the same on the wire; what its fields mean may have changed all the same"
                lines += TextWidth.hanging(text, width, indent: 2)
            }
            for change in Self.changes(difference, kind) {
                lines += TextWidth.hanging("  " + change.text, width, indent: 6).map { paint($0, change.style) }
            }
        }
        return lines
    }

    private static func changes(
        _ difference: SchemaDifference, _ kind: String
    ) -> [(text: String, style: Console.Style)] {
        var changes: [(String, Console.Style)] = []
        let header = kind == "request" ? "RequestHeader" : "ResponseHeader"
        if difference.header.before != difference.header.after {
            changes.append(("~ \(header) v\(difference.header.before) → v\(difference.header.after)", .yellow))
        }
        switch (difference.isFlexible.before, difference.isFlexible.after) {
        case (false, true):
            changes.append(
                ("~ becomes flexible: lengths are varints (compact), structures end in tagged fields", .yellow))
        case (true, false):
            changes.append(
                ("~ is no longer flexible: lengths have 2 or 4 bytes, no tagged fields", .yellow))
        default: break
        }
        for field in difference.removed { changes.append(("- \(line(field, difference.isFlexible.before))", .red)) }
        for field in difference.added { changes.append(("+ \(line(field, difference.isFlexible.after))", .green)) }
        for field in difference.becameNullable { changes.append(("~ \(field.path) may be null", .yellow)) }
        for field in difference.becameRequired { changes.append(("~ \(field.path) may no longer be null", .yellow)) }
        return changes
    }

    private static func line(_ field: FieldSchema, _ isFlexible: Bool) -> String {
        var text = "\(field.path): \(field.encodedType(flexible: isFlexible))"
        if let tag = field.tag { text += ", tag \(tag)" }
        if field.nullable != .none { text += ", nullable" }
        if let value = field.defaultValue { text += ", default \(value)" }
        return text
    }

    // MARK: - JSON

    /// One object with what changes in request and response.
    var json: String {
        JSONText.object(
            [("api", JSONText.string(api.name)), ("from", "\(first)"), ("to", "\(second)")]
                + differences.map { ($0.kind, Self.json($0.difference)) })
    }

    private static func json(_ difference: SchemaDifference) -> String {
        func fields(_ fields: [FieldSchema], _ isFlexible: Bool) -> String {
            JSONText.array(fields.map { SchemaText.json($0, isFlexible: isFlexible) })
        }
        let isFlexible = difference.isFlexible
        return JSONText.object([
            ("message", JSONText.string(difference.message)),
            ("headerVersions", "[\(difference.header.before),\(difference.header.after)]"),
            ("isFlexible", "[\(isFlexible.before),\(isFlexible.after)]"),
            ("added", fields(difference.added, isFlexible.after)),
            ("removed", fields(difference.removed, isFlexible.before)),
            ("becameNullable", fields(difference.becameNullable, isFlexible.after)),
            ("becameRequired", fields(difference.becameRequired, isFlexible.after)),
        ])
    }
}
