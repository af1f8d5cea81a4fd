import Foundation

/// A row as PostgreSQL told it when it was inserted (`Fixtures/debezium/*.rows.jsonl`).
struct RecordedRow: Decodable {
    /// The table's schema: what is told of one table may stand in the file of another.
    var forms: String?
    var shop: String?
    var id: Int64
    var user: Int64
    /// As PostgreSQL writes it: `NaN` and `Infinity` are among them.
    var amount: String?
    var createdAt: String?
    /// Microseconds since 1970, by PostgreSQL's own count.
    var createdMicroseconds: String?

    enum CodingKeys: String, CodingKey {
        case forms, shop, id, amount
        case user = "user_id"
        case createdAt = "created_at"
        case createdMicroseconds = "created_us"
    }

    var schema: String { forms ?? shop ?? "" }

    static func file(_ name: String) throws -> [RecordedRow] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Fixtures/debezium/\(name).rows.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
    }
}
