import KafkaWire

/// Reads what lies before the committed offsets, so that an agent which starts again, or gets a partition from another
/// instance, knows the users' past as if it had never stopped.
struct HistoryReader {
    let brokers: [String]
    /// How many events to read back at most, over all partitions together.
    let limit: Int

    /// Hands every record before `targets` to `body`, the oldest first within its partition. Gives the number of
    /// records read.
    func read(
        _ targets: [TopicPartition: Offset], _ body: (TopicPartition, Record) -> Void
    ) async throws(KafkaError) -> Int {
        let wanted = targets.filter { $0.value > 0 }
        guard limit > 0, !wanted.isEmpty else { return 0 }
        let each = Int64(max(1, limit / wanted.count))
        // Where the log begins later than that, the consumer is told so and begins at its beginning.
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: brokers, partitions: wanted.mapValues { .offset(max(0, $0 - each)) })
        configuration.offsetReset = .earliest
        configuration.fetchMaximumWait = .milliseconds(100)
        let consumer = try KafkaConsumer(configuration)
        var left = wanted
        var count = 0
        let outcome: Result<Void, KafkaError>
        do throws(KafkaError) {
            for try await batch in consumer.batches {
                guard let target = left[batch.source] else { continue }
                for record in batch where record.offset < target {
                    body(batch.source, record)
                    count += 1
                }
                // The end of the log ends it too: what was committed beyond is not there any more.
                if batch.nextOffset >= min(target, batch.highWatermark) { left[batch.source] = nil }
                if left.isEmpty { break }
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await consumer.close()
        try outcome.get()
        return count
    }
}
