import KafkaWire

@testable import KafkaBroker

/// A batch with a record for each value; the timestamps are 1000, 1001, … unless given.
func batch(
    _ values: [String], timestamps: [Int64]? = nil, configure: (inout RecordBatchBuilder.Options) -> Void = { _ in }
) throws -> [UInt8] {
    var builder = RecordBatchBuilder()
    for (index, value) in values.enumerated() {
        Array(value.utf8).withUnsafeBytes {
            builder.append(key: nil, value: $0, timestamp: timestamps?[index] ?? 1000 + Int64(index))
        }
    }
    var options = RecordBatchBuilder.Options()
    configure(&options)
    return try builder.finish(options)
}

extension PartitionLog {
    /// Appends a batch of `values`.
    @discardableResult
    mutating func append(_ values: [String], timestamps: [Int64]? = nil, compression: Compression = .none) throws
        -> Offset
    {
        let bytes = try batch(values, timestamps: timestamps) { $0.compression = compression }
        guard let batch = try RecordBatch(Bytes(bytes)) else { throw Cut() }
        return try append(batch, leaderEpoch: 0)
    }
}

struct Cut: Error {}

/// The values of all records in `records`, with their offsets.
func values(_ records: Records?) throws -> [String] {
    try (records?.batches() ?? []).flatMap { batch in
        try batch.records().map { "\($0.offset):\($0.value?.text ?? "null")" }
    }
}

extension PartitionLog {
    /// The first record whose timestamp is `timestamp` or later.
    func firstOffset(at timestamp: Int64) -> TimedOffset? { Self.found(TimeSearch(timestamp), in: self) }

    /// The first record with the highest timestamp.
    func offsetOfMaxTimestamp() -> TimedOffset? { TimeSearch(highestIn: self).flatMap { Self.found($0, in: self) } }

    /// A search in the smallest steps.
    private static func found(_ search: TimeSearch, in log: PartitionLog) -> TimedOffset? {
        var search = search
        while true {
            var budget = WorkBudget(units: 1)
            switch search.step(in: log, &budget) {
            case .found(let found): return found
            case .nothing: return nil
            case .unfinished: continue
            }
        }
    }
}

/// A batch of `count` records that packs very well, with times from `first` on.
func packedBatch(_ count: Int, _ codec: Compression = .gzip, first: Int64 = 1000, size: Int = 10) throws -> [UInt8] {
    try batch(
        Array(repeating: String(repeating: "x", count: size), count: count),
        timestamps: (0..<Int64(count)).map { first + $0 }
    ) { $0.compression = codec }
}
