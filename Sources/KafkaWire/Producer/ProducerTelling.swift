/// What a producer tells of its batches to those who watch it.
extension ProducerEngine {
    /// A batch that has come to its end.
    func settled(_ batch: ProducerBatch, _ offset: Offset?) -> SettledBatch {
        let (count, size) = batch.extent
        return SettledBatch(
            partition: batch.target, records: Int(count), bytes: max(0, size - RecordBatch.Layout.headerSize),
            latency: now - batch.created, offset: offset.flatMap { $0 < 0 ? nil : $0 },
            buffered: shared.state.withLock { $0.accumulator.bufferedBytes })
    }
}

extension Accumulator.Entry {
    /// The batch as it goes out.
    func sent(to leader: BrokerID, now: Instant) -> SentBatch {
        SentBatch(
            partition: batch.target, broker: leader, records: Int(batch.extent.count), bytes: size,
            queueTime: now - batch.created, attempt: attempts + 1)
    }
}

extension KafkaProducer {
    /// What this producer has done since it was made. All is zero where ``ClientConfiguration/keepsMetrics`` is off.
    public func metrics() -> ClientMetrics { engine.cluster.observation.counters?.metrics ?? ClientMetrics() }
}
