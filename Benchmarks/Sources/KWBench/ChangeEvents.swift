import EventGenerator
import KafkaWire

/// Fills a topic with change events, keyed by user, as the agents read them.
struct ChangeEvents {
    var brokers: [String]
    var topic: String
    var records: Int
    var hasSchemas: Bool
    /// How many users they are of; nil leaves it to the generator.
    var users: Int?

    func run() async throws {
        let producer = try KafkaProducer(.init(bootstrapServers: brokers))
        var options = EventGenerator.Options()
        options.schemas = hasSchemas ? .embedded : .none
        if let users { options.users = users }
        var generator = EventGenerator(options)
        var key: [UInt8] = []
        var value: [UInt8] = []
        var bytes = 0
        let began = Usage.wall
        for _ in 0..<records {
            _ = generator.next(key: &key, value: &value)
            bytes += value.count
            try await producer.enqueue(ProducerRecord(topic: topic, key: Bytes(key), value: Bytes(value)))
        }
        try await producer.flush()
        let ended = Usage.wall
        try await producer.close()
        Usage.report(records: records, bytes: bytes, wall: ended - began)
    }
}
