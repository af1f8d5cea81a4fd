import KafkaWire

/// Consumes records from their beginning, in a group or from all partitions, and looks at each one's offset, length and
/// first byte.
struct Consuming {
    var brokers: [String]
    var topic: String
    var records: Int
    /// The group, or `assigned`.
    var group: String
    /// Whether only values are asked for, without a `Record` for each.
    var onlyValues: Bool

    static let partitions: Int32 = 4

    func run() async throws {
        let start = Usage.wall
        var configuration = KafkaConsumer.Configuration(bootstrapServers: brokers, group: group, topics: [topic])
        if group == "assigned" {
            let starts = (0..<Self.partitions).map {
                (TopicPartition(topic, PartitionID($0)), KafkaConsumer.StartingOffset.earliest)
            }
            configuration = .init(bootstrapServers: brokers, partitions: Dictionary(uniqueKeysWithValues: starts))
        }
        configuration.client.security = Protection.options
        let consumer = try KafkaConsumer(configuration)
        var count = 0
        var bytes = 0
        var sum: Int64 = 0
        var began: Double?
        for try await batch in consumer.batches {
            if began == nil { began = Usage.wall }
            count += batch.count
            if onlyValues {
                batch.forEachValue { offset, value in
                    guard let value else { return }
                    bytes += value.count
                    sum &+= offset.rawValue &+ Int64(value.first ?? 0)
                }
            } else {
                for record in batch {
                    guard let value = record.value else { continue }
                    bytes += value.count
                    sum &+= record.offset.rawValue &+ Int64(value.isEmpty ? 0 : value[0])
                }
            }
            if count >= records { break }
        }
        let ended = Usage.wall
        await consumer.close()
        precondition(sum != 0, "the records were looked at")
        Usage.report(records: count, bytes: bytes, wall: ended - (began ?? start))
    }
}
