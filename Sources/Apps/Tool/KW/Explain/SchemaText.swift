import AppSupport
import JSONLines
import KafkaWire
import Screens

/// The definition of an API as lines of text, or as JSON: of all versions, or as one of them goes over the wire.
struct SchemaText {
    let api: API
    /// Only what this version carries; nil for all of them.
    let version: Int16?
    /// How many columns there are; nil where lines may have any length.
    let width: Int?
    let paint: (String, Console.Style) -> String

    /// A line of the table, with its cells.
    private struct Row {
        var name: String
        var cells: [String]
        var style: Console.Style?
    }

    private var messages: [(kind: String, type: any WireMessage.Type)] {
        [("request", api.request), ("response", api.response)]
    }

    /// The API, then a table for the request and one for the response.
    var lines: [String] {
        var head = "\(api.name)  API \(api.key.rawValue)  versions \(Self.text(api.request.versions))"
        if api.latestStable < api.request.versions.upperBound { head += ", stable to \(api.latestStable)" }
        var lines = [paint(head, .bold)]
        for (kind, type) in messages {
            lines.append("")
            lines += TextWidth.hanging(heading(kind, type), width, indent: 2).map { paint($0, .bold) }
            lines += table(rows(type))
        }
        return lines
    }

    private func heading(_ kind: String, _ type: any WireMessage.Type) -> String {
        if let version {
            let flexible = type.flexible.contains(version) ? "flexible" : "not flexible"
            return "\(type.wireName) v\(version)  \(flexible)  \(Self.header(kind)) v\(header(kind, type, version))"
        }
        let first = header(kind, type, type.versions.lowerBound)
        let last = header(kind, type, type.versions.upperBound)
        let versions = first == last ? "v\(first)" : "v\(first), flexible v\(last)"
        return "\(type.wireName)  flexible \(type.flexible)  \(Self.header(kind)) \(versions)"
    }

    private func header(_ kind: String, _ type: any WireMessage.Type, _ version: Int16) -> Int16 {
        kind == "request" ? RequestHeader.version(for: type, version) : ResponseHeader.version(for: type, version)
    }

    private static func header(_ kind: String) -> String { kind == "request" ? "RequestHeader" : "ResponseHeader" }

    private func rows(_ type: any WireMessage.Type) -> [Row] {
        guard let version else { return type.fieldSchemas.map(Self.row) }
        let isFlexible = type.flexible.contains(version)
        let fields = type.fieldSchemas(version: version)
        var rows: [Row] = []
        var at = 0
        encoded(fields, &at, depth: 0, indent: 0, version, isFlexible, &rows)
        return rows
    }

    private static func row(_ field: FieldSchema) -> Row {
        var cells = [field.type, "v\(field.versions)"]
        cells.append(field.nullable == .none ? "" : "nullable \(field.nullable)")
        cells.append(remarks(field))
        return Row(name: indentation(field.depth) + field.name, cells: cells)
    }

    private static func remarks(_ field: FieldSchema) -> String {
        var remarks: [String] = []
        if let tag = field.tag { remarks.append("tag \(tag)") }
        if let value = field.defaultValue { remarks.append("default \(value)") }
        if field.isIgnorable { remarks.append("ignorable") }
        if field.isSensitive { remarks.append("secret") }
        return remarks.joined(separator: ", ")
    }

    /// The rows of one structure, whose fields begin at `at`: in flexible versions its tagged fields come last, behind
    /// their number.
    private func encoded(
        _ fields: [FieldSchema], _ at: inout Int, depth: Int, indent: Int, _ version: Int16, _ isFlexible: Bool,
        _ rows: inout [Row]
    ) {
        var hasTags = false
        func beginTags() {
            guard isFlexible, !hasTags else { return }
            hasTags = true
            rows.append(Row(name: Self.indentation(indent) + "tagged fields", cells: ["uvarint"], style: .dim))
        }
        while at < fields.count, fields[at].depth == depth {
            let field = fields[at]
            if field.tag != nil { beginTags() }
            let place = indent + (field.tag == nil ? 0 : 1)
            let nullable = field.nullable.contains(version) ? "nullable" : ""
            rows.append(
                Row(
                    name: Self.indentation(place) + field.name,
                    cells: [field.encodedType(flexible: isFlexible), nullable, Self.remarks(field)]))
            at += 1
            if Self.isStructure(field) {
                encoded(fields, &at, depth: depth + 1, indent: place + 1, version, isFlexible, &rows)
            }
        }
        beginTags()
    }

    /// Structures have names that begin with a capital letter.
    private static func isStructure(_ field: FieldSchema) -> Bool {
        field.type.drop { $0 == "[" || $0 == "]" }.first?.isUppercase ?? false
    }

    private func table(_ rows: [Row]) -> [String] {
        if rows.isEmpty { return [paint("  no fields", .dim)] }
        let nameWidth = rows.map(\.name.count).max() ?? 0
        let columns = rows.map(\.cells.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.cells.indices.contains(column) ? $0.cells[column].count : 0 }.max() ?? 0
        }
        return rows.flatMap { row -> [String] in
            var lines = ["  " + paint(Self.padded(row.name, nameWidth), row.style ?? .cyan)]
            var columns = 2 + nameWidth
            let last = row.cells.lastIndex { !$0.isEmpty } ?? 0
            for (column, cell) in row.cells.enumerated() where widths[column] > 0 && column <= last {
                let style: Console.Style = column == 0 ? .green : .dim
                if let width, columns + 2 + cell.count > width, columns > 6 {
                    // What does not fit stands under the name.
                    lines.append("    " + paint(cell, style))
                    columns = 4 + cell.count
                } else {
                    let shown = column == last ? cell : Self.padded(cell, widths[column])
                    lines[lines.count - 1] += "  " + paint(shown, style)
                    columns += 2 + shown.count
                }
            }
            return lines
        }
    }

    private static func indentation(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func text(_ versions: ClosedRange<Int16>) -> String {
        versions.count == 1 ? "\(versions.lowerBound)" : "\(versions.lowerBound)-\(versions.upperBound)"
    }

    // MARK: - JSON

    /// One object: the API, and the fields of request and response.
    var json: String {
        var fields = Self.head(api)
        if let version { fields.append(("version", "\(version)")) }
        return JSONText.object(fields + messages.map { ($0.kind, json($0.kind, $0.type)) })
    }

    private func json(_ kind: String, _ type: any WireMessage.Type) -> String {
        var object = [("message", JSONText.string(type.wireName)), ("flexible", JSONText.string("\(type.flexible)"))]
        let fields: [FieldSchema]
        if let version {
            object.append(("isFlexible", "\(type.flexible.contains(version))"))
            object.append(("headerVersion", "\(header(kind, type, version))"))
            fields = type.fieldSchemas(version: version)
        } else {
            fields = type.fieldSchemas
        }
        let encoding = version.map { type.flexible.contains($0) }
        return JSONText.object(
            object + [("fields", JSONText.array(fields.map { Self.json($0, isFlexible: encoding) }))])
    }

    /// A field for programs, with the type as it is encoded where `isFlexible` says how.
    static func json(_ field: FieldSchema, isFlexible: Bool? = nil) -> String {
        var object = [
            ("name", JSONText.string(field.name)), ("path", JSONText.string(field.path)), ("depth", "\(field.depth)"),
            ("type", JSONText.string(field.type)),
        ]
        if let isFlexible { object.append(("encoding", JSONText.string(field.encodedType(flexible: isFlexible)))) }
        return JSONText.object(
            object + [
                ("versions", JSONText.string("\(field.versions)")),
                ("nullable", field.nullable == .none ? "null" : JSONText.string("\(field.nullable)")),
                ("tag", field.tag.map { "\($0)" } ?? "null"), ("default", JSONText.string(field.defaultValue)),
                ("ignorable", "\(field.isIgnorable)"), ("secret", "\(field.isSensitive)"),
            ])
    }

    /// What an API is, for programs.
    static func head(_ api: API) -> [(String, String)] {
        [
            ("api", JSONText.string(api.name)), ("key", "\(api.key.rawValue)"),
            ("versions", JSONText.string(text(api.request.versions))), ("latestStable", "\(api.latestStable)"),
            ("flexible", JSONText.string("\(api.request.flexible)")),
        ]
    }
}

extension SchemaText {
    /// A line for every API: number, name, versions, flexible versions.
    static func list(_ paint: (String, Console.Style) -> String) -> [String] {
        let name = API.all.map(\.name.count).max() ?? 0
        func line(_ cells: [String]) -> String {
            String(repeating: " ", count: max(0, 3 - cells[0].count)) + cells[0] + "  " + padded(cells[1], name) + "  "
                + padded(cells[2], 8) + "  " + cells[3]
        }
        return [paint(line(["key", "name", "versions", "flexible"]), .dim)]
            + API.all.map { api in
                let stable = api.latestStable < api.request.versions.upperBound ? ", stable to \(api.latestStable)" : ""
                let flexible = "\(api.request.flexible)" + stable
                return line(["\(api.key.rawValue)", api.name, text(api.request.versions), flexible])
            }
    }

    /// The same for programs, an object on each line.
    static var listJSON: [String] { API.all.map { JSONText.object(head($0)) } }
}
