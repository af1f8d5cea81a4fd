import FoundationEssentials
import KafkaWire

/// The files in `Fixtures/`: bytes that others wrote.
enum Fixture {
    static let folder: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(4)
        return "/" + parts.joined(separator: "/") + "/Fixtures/"
    }()

    static func lines(_ path: String) throws -> [Substring] {
        let data = try Data(contentsOf: URL(filePath: folder + path))
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    static func json(_ path: String) throws -> [JSON] {
        let decoder = JSONDecoder()
        return try lines(path).map { try decoder.decode(JSON.self, from: Data($0.utf8)) }
    }
}

/// Any JSON value, parsed by Foundation.
enum JSON: Decodable, Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let int = try? value.decode(Int64.self) {
            self = .int(int)
        } else if let double = try? value.decode(Double.self) {
            self = .double(double)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    subscript(key: String) -> JSON {
        if case .object(let fields) = self { return fields[key] ?? .null }
        return .null
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Int64? { if case .int(let number) = self { number } else { nil } }
    var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
    var hex: Bytes? { text.flatMap { Hex.decode($0) }.map { Bytes($0) } }
}
