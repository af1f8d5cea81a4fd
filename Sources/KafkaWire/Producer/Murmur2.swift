/// Kafka's hash of record keys, and the partition that it picks: every client must agree on both, or records of one
/// key end up in several partitions.
///
/// The hash is Austin Appleby's MurmurHash2 with a seed of Kafka's own (`Utils.murmur2` in the Java client). All
/// arithmetic wraps at 32 bits.
public enum Murmur2 {
    private static let seed: UInt32 = 0x9747_B28C
    private static let multiplier: UInt32 = 0x5BD1_E995
    private static let shift: UInt32 = 24

    /// The hash of `bytes` as the signed number that Java prints.
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var hash = seed ^ UInt32(truncatingIfNeeded: bytes.count)
        var at = 0
        while bytes.count - at >= 4 {
            var word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)) &* multiplier
            word ^= word >> shift
            hash = hash &* multiplier ^ word &* multiplier
            at += 4
        }
        if at < bytes.count {
            var tail: UInt32 = 0
            for index in at..<bytes.count { tail |= UInt32(bytes[index]) << UInt32(8 * (index - at)) }
            hash = (hash ^ tail) &* multiplier
        }
        hash ^= hash >> 13
        hash = hash &* multiplier
        hash ^= hash >> 15
        return Int32(bitPattern: hash)
    }

    /// The hash of `bytes` as the signed number that Java prints.
    public static func hash(_ bytes: Bytes) -> Int32 { bytes.withUnsafeBytes { hash($0) } }

    /// The partition, counted from 0, that the Java client's default partitioner picks for a key among `count`
    /// partitions. All partitions count, also those without a leader: the choice must not change with the cluster's
    /// health. An empty key is hashed like any other; a record without a key has no use for this.
    public static func partition(of key: UnsafeRawBufferPointer, among count: Int32) -> PartitionID {
        precondition(count > 0, "a topic has at least one partition")
        return PartitionID((hash(key) & .max) % count)
    }

    /// As ``partition(of:among:)``, for a slice.
    public static func partition(of key: Bytes, among count: Int32) -> PartitionID {
        key.withUnsafeBytes { partition(of: $0, among: count) }
    }
}
