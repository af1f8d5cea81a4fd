import KafkaWire

extension AvroSchema {
    /// The schema as Kafka Connect's JSON converter writes it in front of a value (`schemas.enable=true`); nil where Connect has none:
    /// unions of several types, and types that hold themselves.
    ///
    /// What `AvroConverter` has noted of Connect's own types (`connect.name`, `connect.version`, `connect.parameters`) is what tells
    /// decimals and times apart from plain numbers.
    public var connectSchema: String? {
        var text = ""
        return append(root, isOptional: false, field: nil, to: &text, depth: 0) ? text : nil
    }

    private func append(_ node: Int, isOptional: Bool, field: String?, to text: inout String, depth: Int) -> Bool {
        guard depth < 16, text.utf8.count < 1 << 20 else { return false }
        switch nodes[node] {
        case .union(let branches):
            let others = branches.filter { nodes[$0] != .null }
            guard others.count == 1 else { return false }
            let isNullable = isOptional || others.count < branches.count
            return append(others[0], isOptional: isNullable, field: field, to: &text, depth: depth + 1)
        case .record(let name, let fields):
            text += #"{"type":"struct","fields":["#
            for (index, inner) in fields.enumerated() {
                if index > 0 { text += "," }
                guard append(inner.node, isOptional: false, field: inner.name, to: &text, depth: depth + 1) else {
                    return false
                }
            }
            text += "]"
            finish(node, name: name, isOptional, field, &text)
        case .array(let item):
            text += #"{"type":"array","items":"#
            guard append(item, isOptional: false, field: nil, to: &text, depth: depth + 1) else { return false }
            finish(node, name: nil, isOptional, field, &text)
        case .map(let item):
            text += #"{"type":"map","keys":{"type":"string","optional":false},"values":"#
            guard append(item, isOptional: false, field: nil, to: &text, depth: depth + 1) else { return false }
            finish(node, name: nil, isOptional, field, &text)
        default:
            guard let type = annotations[node]?.type ?? Self.connectType(nodes[node]) else { return false }
            text += "{\"type\":" + JSONValue.quoted(type)
            finish(node, name: nil, isOptional, field, &text)
        }
        return true
    }

    private static func connectType(_ node: Node) -> String? {
        switch node {
        case .boolean: "boolean"
        case .int: "int32"
        case .long: "int64"
        case .float: "float"
        case .double: "double"
        case .string, .enumeration: "string"
        case .bytes, .fixed: "bytes"
        case .null, .array, .map, .union, .record, .pending: nil
        }
    }

    private func finish(_ node: Int, name: String?, _ isOptional: Bool, _ field: String?, _ text: inout String) {
        text += ",\"optional\":\(isOptional)"
        func say(_ member: String, _ value: String) { text += ",\"\(member)\":" + JSONValue.quoted(value) }
        let annotation = annotations[node]
        if let name = annotation?.name ?? name { say("name", name) }
        if let version = annotation?.version { text += ",\"version\":\(version)" }
        if let parameters = annotation?.parameters, !parameters.isEmpty {
            let pairs = parameters.sorted { $0.key < $1.key }.map {
                "\(JSONValue.quoted($0.key)):\(JSONValue.quoted($0.value))"
            }
            text += ",\"parameters\":{\(pairs.joined(separator: ","))}"
        }
        if let field { say("field", field) }
        text += "}"
    }
}
