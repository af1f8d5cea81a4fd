import KafkaWire

/// All that is in a topic at one moment.
struct WholeTopic {
    let ends: [TopicPartition: Offset]
    let client: ClientConfiguration
    var isolation = IsolationLevel.readUncommitted

    /// Hands out each record, in the order of its partition.
    func read(_ take: (Record, PartitionID) -> Void) async throws(KafkaError) {
        var left = ends.filter { $0.value > 0 }
        guard !left.isEmpty else { return }
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers, partitions: left.mapValues { _ in .offset(0) })
        configuration.client = client
        configuration.isolationLevel = isolation
        // Behind the last record there may be the marks of transactions, which bring no records.
        configuration.tellsEnds = true
        let consumer = try KafkaConsumer(configuration)
        for try await event in consumer.events {
            switch event {
            case .batch(let batch):
                for record in batch { take(record, batch.source.partition) }
                if batch.nextOffset >= left[batch.source] ?? .max { left[batch.source] = nil }
            case .reachedEnd(let partition, _): left[partition] = nil
            default: break
            }
            if left.isEmpty { break }
        }
        await consumer.close()
    }
}
