import FoundationEssentials

/// A change event that a real Debezium wrote, as it stands in `Fixtures/debezium`.
struct RecordedEvent: Decodable {
    /// The record's key, or nil for null.
    var key: String?
    /// The record's value, or nil for a tombstone.
    var value: String?
    /// Names, and values in hexadecimal.
    var headers: [[String?]]

    /// The events of a file, in the order of their topic.
    static func read(_ path: String) throws -> [RecordedEvent] {
        let text = try Data(contentsOf: URL(filePath: path))
        return try text.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(RecordedEvent.self, from: Data($0))
        }
    }
}
