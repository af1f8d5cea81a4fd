import Foundation

/// What Kafka Connect's `JsonSchemaConverter` has noted of Connect's own types in a JSON Schema: `title` is a type's name, and
/// `connect.type`, `connect.version`, `connect.parameters` and `connect.index` are as they say (Confluent's `JsonSchemaData`).
enum ConnectNotes {
    /// The types that Connect's JSON converter calls otherwise than a JSON Schema and its notes do.
    private static let types = [
        "float32": "float", "float64": "double", "number": "double", "integer": "int64", "object": "struct",
    ]
    /// Connect's types of a single value, under the JSON converter's names.
    private static let primitives: Set<String> = [
        "int8", "int16", "int32", "int64", "float", "double", "boolean", "string", "bytes",
    ]
    /// Deeper schemas say nothing, nor do longer ones, in bytes, which would be in front of each value.
    private static let (deepest, longest) = (16, 1 << 20)

    /// The schema as Connect's JSON converter writes it in front of a value; nil where nothing is noted.
    static func connectSchema(of text: String) -> String? {
        guard text.contains("\"connect."), let json = try? JSONSerialization.jsonObject(with: Data(text.utf8)),
            let schema = schema(of: json, depth: 0),
            let data = try? JSONSerialization.data(withJSONObject: schema, options: .sortedKeys), data.count <= longest
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// The schema of a value; nil where there is none that Connect's JSON converter has: the value is then what JSON says it is.
    private static func schema(of json: Any?, depth: Int) -> [String: Any]? {
        guard depth < deepest, let object = json as? [String: Any] else { return nil }
        if let branches = object["oneOf"] as? [[String: Any]] {
            let others = branches.filter { $0["type"] as? String != "null" }
            guard others.count == 1, var schema = schema(of: others.first, depth: depth + 1) else { return nil }
            schema["optional"] = others.count < branches.count
            return schema
        }
        guard let noted = (object["connect.type"] ?? object["type"]) as? String else { return nil }
        let type = types[noted] ?? noted
        var schema: [String: Any] = ["type": type, "optional": false]
        schema["name"] = object["title"] as? String
        schema["version"] = object["connect.version"] as? Int
        schema["parameters"] = object["connect.parameters"] as? [String: String]
        switch type {
        case "struct": schema["fields"] = fields(of: object["properties"] as? [String: Any] ?? [:], depth: depth + 1)
        case "array":
            guard let items = Self.schema(of: object["items"], depth: depth + 1) else { return nil }
            schema["items"] = items
        case "map":
            // Without text as keys it is an array of entries, which Connect's JSON converter writes otherwise.
            guard let values = Self.schema(of: object["additionalProperties"], depth: depth + 1) else { return nil }
            schema["keys"] = ["type": "string", "optional": false] as [String: Any]
            schema["values"] = values
        default: guard primitives.contains(type) else { return nil }
        }
        return schema
    }

    /// A record's fields in the order of Connect's, without those that have no schema.
    private static func fields(of properties: [String: Any], depth: Int) -> [[String: Any]] {
        let places = properties.map { name, value in
            (index: (value as? [String: Any])?["connect.index"] as? Int ?? .max, name: name, value: value)
        }
        return places.sorted { ($0.index, $0.name) < ($1.index, $1.name) }.compactMap { place in
            guard var schema = schema(of: place.value, depth: depth) else { return nil }
            schema["field"] = place.name
            return schema
        }
    }
}
