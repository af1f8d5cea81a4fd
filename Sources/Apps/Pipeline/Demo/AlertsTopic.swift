import FoundationEssentials
import KafkaWire

/// The alerts in the agents' topic, as a reader sees them who is told only of what was committed.
struct AlertsTopic {
    /// How often the alert of an event is there, by the agent's name and the event's place.
    private(set) var alerts: [String: [RecordPosition: Int]] = [:]
    /// Records that are no alerts of an agent.
    private(set) var strangers = 0

    private struct Line: Decodable {
        var agent: String
        var partition: Int32
        var offset: Int64
    }

    /// Reads the whole topic.
    static func read(_ ends: [TopicPartition: Offset], _ client: ClientConfiguration) async throws(KafkaError)
        -> AlertsTopic
    {
        var found = AlertsTopic()
        try await WholeTopic(ends: ends, client: client, isolation: .readCommitted).read { record, _ in
            found.take(record)
        }
        return found
    }

    private mutating func take(_ record: Record) {
        guard let value = record.value, let line = try? JSONDecoder().decode(Line.self, from: Data(value.copy())) else {
            strangers += 1
            return
        }
        let place = RecordPosition(partition: PartitionID(line.partition), offset: Offset(line.offset))
        alerts[line.agent, default: [:]][place, default: 0] += 1
    }
}
