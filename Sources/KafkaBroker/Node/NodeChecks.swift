import KafkaWire

// What commands are about, and why there is no such thing.

extension BrokerNode {
    func partition(_ topic: String, _ index: PartitionID) throws(BrokerCommandError) -> Partition {
        guard let found = topics[topic] else { throw .init("There is no topic '\(topic)'.") }
        guard let partition = found.partition(index) else {
            throw .init("Topic '\(topic)' has \(found.partitions.count) partitions, and no partition \(index).")
        }
        return partition
    }

    /// The partition and the first offset of the batch that contains `offset`.
    func batch(_ topic: String, _ index: PartitionID, _ offset: Offset) throws(BrokerCommandError)
        -> (Partition, Offset)
    {
        let partition = try partition(topic, index)
        let found = try? partition.log.read(from: offset, maxBytes: 1, atLeastOneBatch: true)
        guard let bytes = found?.bytes, let batch = try? RecordBatch(bytes) else {
            throw .init(
                "Partition \(index) of '\(topic)' has no record with offset \(offset): it holds "
                    + "\(partition.log.startOffset) up to \(partition.log.endOffset), without the last.")
        }
        return (partition, batch.baseOffset)
    }

    func requireNode(_ id: BrokerID) throws(BrokerCommandError) {
        guard cluster[id] == nil else { return }
        throw .init("There is no node \(id); there are \(cluster.nodes.map { "\($0.id)" }.joined(separator: ", ")).")
    }

    func requireRunning(_ id: BrokerID) throws(BrokerCommandError) {
        try requireNode(id)
        guard cluster.isRunning(id) else { throw .init("Node \(id) is stopped.") }
    }

    /// What a command writes.
    func written(_ body: () throws(StorageError) -> Void) throws(BrokerCommandError) {
        do throws(StorageError) { try body() } catch { throw .init("\(error)") }
    }
}
