/// The partitioners of librdkafka by its names (`partitioner`), to the letter: what they do with records without a key, and
/// with empty keys, differs. ``consistentRandom`` is librdkafka's default, so that records of one key go where its clients
/// have sent them.
///
/// Where librdkafka takes a partition by chance for each record, it keeps to one for a while unless
/// `sticky.partitioning.linger.ms` is 0; here the producer keeps to one for a batch, as it does by default.
public enum LibrdkafkaPartitioner: String, Partitioner, CaseIterable {
    /// By chance, whatever the key; records without one stay together for a batch.
    case random
    /// CRC-32 of the key. Records without a key, and with an empty one, all go to partition 0.
    case consistent
    /// CRC-32 of the key; records without a key, and with an empty one, stay together for a batch.
    case consistentRandom = "consistent_random"
    /// Java's hash of the key, no key being an empty one.
    case murmur2
    /// Java's hash of the key; records without a key stay together for a batch. That is Java's default, and this client's.
    case murmur2Random = "murmur2_random"
    /// FNV-1a of the key, no key being an empty one. Sarama's default takes the same hash.
    case fnv1a
    /// FNV-1a of the key; records without a key stay together for a batch.
    case fnv1aRandom = "fnv1a_random"

    /// The partition, nil where the producer keeps to one for a batch.
    public func partition(for record: PartitionerInput) -> PartitionID? {
        let count = UInt32(clamping: max(1, record.partitionCount))
        guard let key = record.key, !key.isEmpty || self != .consistentRandom else {
            switch self {
            case .consistent, .murmur2, .fnv1a: return place(UnsafeRawBufferPointer(start: nil, count: 0), count)
            case .random, .consistentRandom, .murmur2Random, .fnv1aRandom: return nil
            }
        }
        return self == .random ? Self.drawn(record, count) : place(key, count)
    }

    private func place(_ key: UnsafeRawBufferPointer, _ count: UInt32) -> PartitionID {
        let hash: UInt32 =
            switch self {
            case .random, .consistent, .consistentRandom: CRC32.checksum(key)
            case .murmur2, .murmur2Random: UInt32(truncatingIfNeeded: Murmur2.hash(key)) & 0x7FFF_FFFF
            case .fnv1a, .fnv1aRandom: FNV1a.hash(key)
            }
        return PartitionID(index: Int(hash % count))
    }

    /// librdkafka draws once more where the first partition has no leader, and leaves it at that.
    private static func drawn(_ record: PartitionerInput, _ count: UInt32) -> PartitionID {
        let draws = [UInt32(truncatingIfNeeded: record.random), UInt32(truncatingIfNeeded: record.random >> 32)]
        let places = draws.map { PartitionID(index: Int($0 % count)) }
        return record.available.contains(places[0]) ? places[0] : places[1]
    }
}

/// The hash of Fowler, Noll and Vo in 32 bits, without its sign, as Sarama and librdkafka have it.
enum FNV1a {
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var hash: UInt32 = 0x811C_9DC5
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return Int32(bitPattern: hash).magnitude
    }
}
