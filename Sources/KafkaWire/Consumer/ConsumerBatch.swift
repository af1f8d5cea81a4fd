/// Records of one partition, in their order, as they came with one fetch, or as many of those as unpack to a few megabytes.
/// The bytes stay where they were received.
public struct ConsumerBatch: Sendable {
    /// Where the records come from.
    public let source: TopicPartition
    /// Where it begins; there may be no record with that offset.
    let firstOffset: Offset
    /// The offset behind the last record: what ``commit(metadata:)`` commits.
    public let nextOffset: Offset
    /// The end of the partition when the records were fetched; how far it is ahead of ``nextOffset`` is the lag.
    public let highWatermark: Offset
    /// The partition's leader epoch at the last record, or -1.
    let leaderEpoch: LeaderEpoch
    @usableFromInline let parts: [Part]
    let engine: ConsumerEngine
    /// The number of the assignment that the records are of.
    let assignment: Int

    @usableFromInline
    struct Part: Sendable {
        @usableFromInline var records: DecodedRecords
        /// Records in front of the offset that was asked for: brokers send whole batches.
        @usableFromInline var first: Int
        /// Those from here on come with the next batch.
        @usableFromInline var end: Int
    }

    /// How many records there are.
    public let count: Int

    /// Why a chunk cannot be handed out.
    struct Damage: Error {
        /// What is wrong: with the bytes, or, where they are sound, with this client's limit or its codecs.
        enum Kind { case damaged, tooLarge, foreign }

        /// Which of its batches it is.
        var index: Int
        var error: KafkaError
        var kind: Kind
    }

    /// Unpacks the batches of a chunk, one after the other, until they have come to `unpackedLimit` bytes, or to `maximum`
    /// records: what is handed out holds that much, or one batch. `rest` is what is behind.
    init(
        _ chunk: FetchedChunk, rest: inout FetchedChunk?, assignment: Int, limit: Int, unpackedLimit: Int,
        maximum: Int = .max, engine: ConsumerEngine
    ) throws(Damage) {
        source = chunk.source
        highWatermark = chunk.highWatermark
        self.engine = engine
        self.assignment = assignment
        var front = chunk
        var parts: [Part] = []
        var count = 0
        var unpacked = 0
        for (index, batch) in chunk.batches.enumerated() where !batch.attributes.isControl {
            if unpacked >= unpackedLimit || count >= maximum {
                (front, rest) = chunk.divided(at: index)
                break
            }
            let records: DecodedRecords
            var first = 0
            if index == 0, let kept = chunk.unpacked {
                (records, first) = (kept.records, kept.first)
            } else {
                do throws(WireError) {
                    try batch.verifyChecksum()
                    records = try batch.records(limit: limit)
                } catch {
                    throw Self.damage(batch, index, error, chunk.source)
                }
                while first < records.count, records.offset(at: first) < chunk.firstOffset { first += 1 }
            }
            let end = Swift.min(records.count - first, maximum - count) + first
            parts.append(Part(records: records, first: first, end: end))
            count += end - first
            if end < records.count {
                (front, rest) = chunk.divided(at: index, in: records, before: end)
                break
            }
            // What is not packed is where it was received, and counted there.
            if batch.attributes.compression != Compression.none { unpacked += records.payload.count }
        }
        firstOffset = chunk.firstOffset
        nextOffset = front.nextOffset
        leaderEpoch = front.batches.last?.partitionLeaderEpoch ?? .none
        self.parts = parts
        self.count = count
    }

    /// The same place with other records.
    init(_ batch: ConsumerBatch, parts: [Part]) {
        source = batch.source
        firstOffset = batch.firstOffset
        nextOffset = batch.nextOffset
        highWatermark = batch.highWatermark
        leaderEpoch = batch.leaderEpoch
        self.parts = parts
        engine = batch.engine
        assignment = batch.assignment
        count = parts.reduce(0) { $0 + $1.end - $1.first }
    }

    private static func damage(
        _ batch: RecordBatch, _ index: Int, _ error: WireError, _ source: TopicPartition
    ) -> Damage {
        if case .unsupportedCodec = error.reason {
            let error = KafkaError(
                .corruptBatch,
                "\(source), offset \(batch.baseOffset): \(error); have the producer send with compression.type none or "
                    + "gzip", topic: source.topic, partition: source.partition, setting: "compression.type")
            return Damage(index: index, error: error, kind: .foreign)
        }
        if case .tooLarge(let limit) = error.reason {
            let setting = KafkaConsumer.Configuration.unpackedBatchSetting
            let error = KafkaError(
                .recordTooLarge,
                "\(source), offset \(batch.baseOffset): the record batch unpacks to more than this client's limit of "
                    + "\(limit) bytes; raise \(setting), or read on behind offset \(batch.lastOffset)",
                topic: source.topic, partition: source.partition, setting: setting)
            return Damage(index: index, error: error, kind: .tooLarge)
        }
        let error = KafkaError(
            .corruptBatch,
            "\(source), offset \(batch.baseOffset): the record batch is damaged (\(error)); read on behind "
                + "offset \(batch.lastOffset), or set the consumer to skip damaged batches",
            topic: source.topic, partition: source.partition)
        return Damage(index: index, error: error, kind: .damaged)
    }

    /// Calls `body` with each record's value, or nil for a tombstone, without making a ``Record`` of it: the fastest
    /// way through a batch. The pointer is valid only during the call.
    @inlinable
    public func forEachValue<E: Error>(
        _ body: (_ offset: Offset, _ value: UnsafeRawBufferPointer?) throws(E) -> Void
    ) throws(E) {
        for part in parts {
            let records = part.records
            try records.forEachValue(from: part.first, to: part.end) { (index, value) throws(E) in
                try body(records.offset(at: index), value)
            }
        }
    }

    /// Commits that the group has processed these records, and all before them of this partition, with a text that the group
    /// keeps beside the position. Throws where the group has moved on without this member: then another member gets the
    /// records again.
    public func commit(metadata: String = "") async throws(KafkaError) {
        try await engine.commit(
            [source: .init(offset: nextOffset, leaderEpoch: leaderEpoch, metadata: metadata)], of: assignment)
    }
}

extension ConsumerBatch: Sequence {
    /// Goes through the records.
    public struct Iterator: IteratorProtocol {
        @usableFromInline let parts: [Part]
        @usableFromInline var records: DecodedRecords?
        @usableFromInline var index = 0
        @usableFromInline var end = 0
        @usableFromInline var nextPart = 0

        @inlinable
        init(_ parts: [Part]) { self.parts = parts }

        /// The next record in the order of offsets; nil at the end.
        @inlinable
        public mutating func next() -> Record? {
            while true {
                if let records, index < end {
                    index += 1
                    return records[index - 1]
                }
                guard nextPart < parts.count else { return nil }
                records = parts[nextPart].records
                index = parts[nextPart].first
                end = parts[nextPart].end
                nextPart += 1
            }
        }
    }

    /// Goes through the records from the first on.
    @inlinable
    public func makeIterator() -> Iterator { Iterator(parts) }
    /// The exact number of records.
    public var underestimatedCount: Int { count }
}
