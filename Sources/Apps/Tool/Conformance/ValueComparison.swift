import JSONLines
import KafkaWire

extension JSON {
    /// The bytes that a string of hexadecimal digits spells.
    package var hex: Bytes? { text.flatMap { Hex.decode($0) }.map { Bytes($0) } }
}

extension WireValue {
    /// Where this tree and Kafka's JSON of the same message differ; nil where they do not.
    package func difference(from json: JSON, at path: String = "") -> String? {
        switch (self, json) {
        case (.null, .null): return nil
        case (.bool(let a), .bool(let b)) where a == b: return nil
        case (.int(let a), .int(let b)) where a == b: return nil
        case (.double(let a), .double(let b)) where a == b: return nil
        case (.double(let a), .int(let b)) where a == Double(b): return nil
        case (.string(let a), .string(let b)) where a == b: return nil
        case (.uuid(let a), .string(let b)) where a.description == b: return nil
        case (.bytes(let a), .string(let b)) where Base64.encode(a.copy()) == b: return nil
        case (.array(let a), .array(let b)) where a.count == b.count:
            for (index, pair) in zip(a, b).enumerated() {
                if let found = pair.0.difference(from: pair.1, at: "\(path)[\(index)]") { return found }
            }
            return nil
        case (.object(let a), .object(let b)):
            let extra = Set(b.keys).subtracting(a.map(\.name))
            if !extra.isEmpty { return "\(path): Kafka also has \(extra.sorted())" }
            for (name, value) in a {
                let inside = path.isEmpty ? name : "\(path).\(name)"
                guard let other = b[name] else { return "\(inside): Kafka has no such field" }
                if let found = value.difference(from: other, at: inside) { return found }
            }
            return nil
        default: return "\(path): \(self) is not \(json)"
        }
    }
}
