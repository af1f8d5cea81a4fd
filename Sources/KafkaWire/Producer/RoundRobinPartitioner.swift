/// One record after the other to each partition, whatever their keys, as Java's class of that name
/// (`partitioner.class=org.apache.kafka.clients.producer.RoundRobinPartitioner`): partitions without a leader are passed
/// over while others have one. Counts for each topic, from 0.
public final class RoundRobinPartitioner: Partitioner {
    private let counters = Locked<[String: UInt32]>([:])

    /// One that has counted nothing yet.
    public init() {}

    /// The partition after the one before.
    public func partition(for record: PartitionerInput) -> PartitionID? {
        // Java counts in 31 bits: its counter overflows, and it takes the sign off.
        let turn = counters.withLock { counters in
            defer { counters[record.topic, default: 0] &+= 1 }
            return Int(counters[record.topic, default: 0] & 0x7FFF_FFFF)
        }
        let available = record.available
        guard available.isEmpty else { return available[turn % available.count] }
        return PartitionID(index: turn % max(1, record.partitionCount))
    }
}
