import KafkaWire

extension KafkaBroker {
    /// The record batches of a partition as they are stored, from the one that contains `offset` on, for looking at
    /// them: of transactions that go on or were aborted too, and the control batches that end transactions.
    ///
    /// An offset before the first one that can be read means that one. The answer is empty where there is no such topic
    /// or partition, and from the log's end on; it ends where the disk cannot be read.
    ///
    /// - Parameter maxBytes: how many bytes of batches to give at most; the first batch comes whatever its size.
    public func batches(
        topic: String, partition: PartitionID, from offset: Offset, maxBytes: Int = 1 << 20
    ) async -> [RecordBatch] {
        await server.withNode { $0.batches(topic: topic, partition: partition, from: offset, maxBytes: maxBytes) }
    }
}

extension BrokerNode {
    func batches(topic: String, partition: PartitionID, from offset: Offset, maxBytes: Int) -> [RecordBatch] {
        guard let log = topics[topic]?.partition(partition)?.log else { return [] }
        var batches: [RecordBatch] = []
        var at = max(offset, log.startOffset)
        var room = maxBytes
        // A read stays within a segment.
        while at < log.endOffset, room > 0 || batches.isEmpty {
            guard
                let slice = try? log.read(from: at, maxBytes: max(room, 0), atLeastOneBatch: batches.isEmpty),
                !slice.bytes.isEmpty, slice.endOffset > at,
                let read = try? Records(slice.bytes).batches()
            else { break }
            batches += read
            room -= slice.bytes.count
            at = slice.endOffset
        }
        return batches
    }
}
