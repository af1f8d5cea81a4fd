import Foundation

/// A schema of Apache Avro (specification 1.12), as a registry or a file has it, made ready for reading.
///
/// What writes the same bytes is the same here: aliases, defaults and documentation are passed over.
public struct AvroSchema: Equatable, Sendable {
    /// What a value is, by its place among ``nodes``.
    enum Node: Equatable, Sendable {
        case null, boolean, int, long, float, double, string
        case bytes(scale: Int?)
        case fixed(size: Int, scale: Int?)
        case enumeration(symbols: [String])
        case array(of: Int)
        case map(of: Int)
        case union(of: [Int])
        case record(name: String, fields: [Field])
        /// A name whose definition is still read.
        case pending
    }

    /// A field of a record, which are written in their order.
    struct Field: Equatable, Sendable {
        var name: String
        var node: Int
    }

    /// What Kafka Connect's converters say of a type beside what it is.
    struct Annotation: Equatable, Sendable {
        var name: String?
        var version: Int?
        var parameters: [String: String] = [:]
        /// `int8` or `int16` of an int.
        var type: String?
    }

    /// All types, each once.
    let nodes: [Node]
    /// What is said of them, by their places.
    let annotations: [Int: Annotation]
    /// The place of the schema's own type.
    let root: Int

    /// A schema has no more types than that.
    static let mostNodes = 10_000
    /// Types are nested no deeper.
    static let deepest = 64

    /// Reads a schema as it stands in JSON.
    ///
    /// - Parameter references: Schemas whose named types this one uses (a registry's `references`), in an order in which each uses
    ///   only those before it.
    /// - Throws: ``AvroError`` where it is none; its path is that within the schema.
    public init(json: String, references: [String] = []) throws(AvroError) {
        var reader = Reader()
        for text in references {
            _ = try reader.read(try Self.parsed(text), namespace: "", path: "reference", depth: 0)
        }
        root = try reader.read(try Self.parsed(json), namespace: "", path: "schema", depth: 0)
        (nodes, annotations) = (reader.nodes, reader.annotations)
    }

    private static func parsed(_ text: String) throws(AvroError) -> Any {
        do { return try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) } catch {
            throw AvroError(.schema, "it is no JSON", path: "schema")
        }
    }
}

/// Reads a schema's JSON.
private struct Reader {
    var nodes: [AvroSchema.Node] = []
    var annotations: [Int: AvroSchema.Annotation] = [:]
    private var named: [String: Int] = [:]

    private static let primitives: [String: AvroSchema.Node] = [
        "null": .null, "boolean": .boolean, "int": .int, "long": .long, "float": .float, "double": .double,
        "string": .string, "bytes": .bytes(scale: nil),
    ]

    /// The place of the type that `json` describes.
    mutating func read(_ json: Any, namespace: String, path: String, depth: Int) throws(AvroError) -> Int {
        guard depth <= AvroSchema.deepest else {
            throw AvroError(.schema, "types are nested more than \(AvroSchema.deepest) deep", path: path)
        }
        if let name = json as? String { return try reference(name, namespace, path) }
        if let branches = json as? [Any] {
            var places: [Int] = []
            for (index, branch) in branches.enumerated() {
                places.append(try read(branch, namespace: namespace, path: "\(path)[\(index)]", depth: depth + 1))
            }
            return try add(.union(of: places), path)
        }
        guard let object = json as? [String: Any], let type = object["type"] else {
            throw AvroError(.schema, "it is neither a type's name nor a description of one", path: path)
        }
        guard let name = type as? String else {
            return try read(type, namespace: namespace, path: path, depth: depth + 1)
        }
        let place = try described(object, name, namespace, path, depth)
        annotate(place, object)
        return place
    }

    private mutating func annotate(_ place: Int, _ object: [String: Any]) {
        let annotation = AvroSchema.Annotation(
            name: object["connect.name"] as? String, version: object["connect.version"] as? Int,
            parameters: object["connect.parameters"] as? [String: String] ?? [:],
            type: object["connect.type"] as? String)
        if annotation != AvroSchema.Annotation() { annotations[place] = annotation }
    }

    private mutating func described(
        _ object: [String: Any], _ name: String, _ namespace: String, _ path: String, _ depth: Int
    ) throws(AvroError) -> Int {
        switch name {
        case "array", "map":
            guard let item = object[name == "array" ? "items" : "values"] else {
                throw AvroError(.schema, "a type \(name) does not say of what", path: path)
            }
            let place = try read(item, namespace: namespace, path: "\(path).\(name)", depth: depth + 1)
            return try add(name == "array" ? .array(of: place) : .map(of: place), path)
        case "record", "error": return try record(object, namespace, path, depth)
        case "enum":
            guard let symbols = object["symbols"] as? [String] else {
                throw AvroError(.schema, "an enum has no symbols", path: path)
            }
            return try define(.enumeration(symbols: symbols), object, namespace, path)
        case "fixed":
            guard let size = object["size"] as? Int, size >= 0 else {
                throw AvroError(.schema, "a fixed type has no size", path: path)
            }
            return try define(.fixed(size: size, scale: scale(object)), object, namespace, path)
        case "bytes": return try add(.bytes(scale: scale(object)), path)
        default: return try reference(name, namespace, path)
        }
    }

    /// The digits behind the point of a `decimal`; nil for other types.
    private func scale(_ object: [String: Any]) -> Int? {
        guard object["logicalType"] as? String == "decimal" else { return nil }
        let scale = object["scale"] as? Int ?? 0
        return (0...1000).contains(scale) ? scale : nil
    }

    private mutating func record(
        _ object: [String: Any], _ namespace: String, _ path: String, _ depth: Int
    ) throws(AvroError) -> Int {
        guard let list = object["fields"] as? [[String: Any]] else {
            throw AvroError(.schema, "a record has no fields", path: path)
        }
        let place = try define(.pending, object, namespace, path)
        let full = self.full(object, namespace)
        let inner = full.contains(".") ? String(full[..<(full.lastIndex(of: ".") ?? full.startIndex)]) : ""
        var fields: [AvroSchema.Field] = []
        for field in list {
            guard let name = field["name"] as? String, let type = field["type"] else {
                throw AvroError(.schema, "a field has no name or no type", path: path)
            }
            let node = try read(type, namespace: inner, path: "\(path).\(name)", depth: depth + 1)
            fields.append(AvroSchema.Field(name: name, node: node))
        }
        nodes[place] = .record(name: full, fields: fields)
        return place
    }

    /// The type that bears a name; one without a dot is of the namespace that it stands in.
    private mutating func reference(_ name: String, _ namespace: String, _ path: String) throws(AvroError) -> Int {
        if let primitive = Self.primitives[name] { return try add(primitive, path) }
        if !name.contains("."), !namespace.isEmpty, let place = named["\(namespace).\(name)"] { return place }
        guard let place = named[name] else { throw AvroError(.schema, "there is no type \(name)", path: path) }
        return place
    }

    private func full(_ object: [String: Any], _ namespace: String) -> String {
        let name = object["name"] as? String ?? ""
        if name.contains(".") { return name }
        let space = object["namespace"] as? String ?? namespace
        return space.isEmpty ? name : "\(space).\(name)"
    }

    private mutating func define(
        _ node: AvroSchema.Node, _ object: [String: Any], _ namespace: String, _ path: String
    ) throws(AvroError) -> Int {
        let full = self.full(object, namespace)
        guard !full.isEmpty, !full.hasSuffix(".") else {
            throw AvroError(.schema, "a named type has no name", path: path)
        }
        guard named[full] == nil else { throw AvroError(.schema, "there are two types \(full)", path: path) }
        let place = try add(node, path)
        named[full] = place
        return place
    }

    private mutating func add(_ node: AvroSchema.Node, _ path: String) throws(AvroError) -> Int {
        guard nodes.count < AvroSchema.mostNodes else {
            throw AvroError(.schema, "it has more than \(AvroSchema.mostNodes) types", path: path)
        }
        nodes.append(node)
        return nodes.count - 1
    }
}
