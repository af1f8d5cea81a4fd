/// Records of one partition, in their order, as they came with one fetch. The bytes stay where they were received.
public struct ConsumerBatch: Sendable {
    /// Where the records come from.
    public let source: TopicPartition
    /// The offset behind the last record: what ``commit()`` commits.
    public let nextOffset: Offset
    /// The end of the partition when the records were fetched; how far it is ahead of ``nextOffset`` is the lag.
    public let highWatermark: Offset
    /// The partition's leader epoch at the last record, or -1.
    let leaderEpoch: LeaderEpoch
    @usableFromInline let parts: [Part]
    private let engine: ConsumerEngine
    private let assignment: Int

    @usableFromInline
    struct Part: Sendable {
        @usableFromInline var records: DecodedRecords
        /// Records in front of the offset that was asked for: brokers send whole batches.
        @usableFromInline var first: Int
    }

    /// How many records there are.
    public let count: Int

    /// Why a chunk cannot be handed out.
    struct Damage: Error {
        /// Which of its batches it is.
        var index: Int
        var error: KafkaError
        /// Whether the bytes are sound, and only this client cannot unpack them.
        var isForeign: Bool
    }

    init(_ chunk: FetchedChunk, assignment: Int, limit: Int, engine: ConsumerEngine) throws(Damage) {
        source = chunk.source
        nextOffset = chunk.nextOffset
        highWatermark = chunk.highWatermark
        leaderEpoch = chunk.batches.last?.partitionLeaderEpoch ?? .none
        self.engine = engine
        self.assignment = assignment
        var parts: [Part] = []
        var count = 0
        for (index, batch) in chunk.batches.enumerated() where !batch.attributes.isControl {
            let records: DecodedRecords
            do throws(WireError) {
                try batch.verifyChecksum()
                records = try batch.records(limit: limit)
            } catch {
                throw Self.damage(batch, index, error, chunk.source)
            }
            var first = 0
            while first < records.count, records.offset(at: first) < chunk.firstOffset { first += 1 }
            parts.append(Part(records: records, first: first))
            count += records.count - first
        }
        self.parts = parts
        self.count = count
    }

    private static func damage(
        _ batch: RecordBatch, _ index: Int, _ error: WireError, _ source: TopicPartition
    ) -> Damage {
        if case .unsupportedCodec = error.reason {
            let error = KafkaError(
                .corruptBatch,
                "\(source), offset \(batch.baseOffset): \(error); have the producer send with compression.type none or "
                    + "gzip", topic: source.topic, partition: source.partition, setting: "compression.type")
            return Damage(index: index, error: error, isForeign: true)
        }
        let error = KafkaError(
            .corruptBatch,
            "\(source), offset \(batch.baseOffset): the record batch is damaged (\(error)); read on behind "
                + "offset \(batch.lastOffset), or set the consumer to skip damaged batches",
            topic: source.topic, partition: source.partition)
        return Damage(index: index, error: error, isForeign: false)
    }

    /// Calls `body` with each record's value, or nil for a tombstone, without making a ``Record`` of it: the fastest
    /// way through a batch. The pointer is valid only during the call.
    @inlinable
    public func forEachValue<E: Error>(
        _ body: (_ offset: Offset, _ value: UnsafeRawBufferPointer?) throws(E) -> Void
    ) throws(E) {
        for part in parts {
            let records = part.records
            try records.forEachValue(from: part.first) { (index, value) throws(E) in
                try body(records.offset(at: index), value)
            }
        }
    }

    /// Commits that the group has processed these records, and all before them of this partition. Throws where the
    /// group has moved on without this member: then another member gets the records again.
    public func commit() async throws(KafkaError) {
        try await engine.commit([source: .init(offset: nextOffset, leaderEpoch: leaderEpoch)], of: assignment)
    }
}

extension ConsumerBatch: Sequence {
    /// Goes through the records.
    public struct Iterator: IteratorProtocol {
        @usableFromInline let parts: [Part]
        @usableFromInline var records: DecodedRecords?
        @usableFromInline var index = 0
        @usableFromInline var nextPart = 0

        @inlinable
        init(_ parts: [Part]) { self.parts = parts }

        @inlinable
        public mutating func next() -> Record? {
            while true {
                if let records, index < records.endIndex {
                    index += 1
                    return records[index - 1]
                }
                guard nextPart < parts.count else { return nil }
                records = parts[nextPart].records
                index = parts[nextPart].first
                nextPart += 1
            }
        }
    }

    @inlinable
    public func makeIterator() -> Iterator { Iterator(parts) }
    public var underestimatedCount: Int { count }
}

/// What happens to a consumer, in the order in which it happens.
public enum ConsumerEvent: Sendable {
    /// Records came.
    case batch(ConsumerBatch)
    /// The group has given this member these partitions; it begins at these offsets. This is the place to rebuild what
    /// is known of their past. A consumer of whole topics without a group is told so of the partitions that are new.
    case assigned([TopicPartition: Offset])
    /// There was no record behind this offset when it was asked for, and the application has had all in front; told where
    /// the configuration wants it (``KafkaConsumer/Configuration/tellsEnds``), once for each end.
    case reachedEnd(TopicPartition, at: Offset)
    /// The group takes these partitions away when the next event is asked for; until then positions in them can be
    /// committed. With `lost`, another member may have them already.
    case revoked([TopicPartition], lost: Bool)
    /// Something does not work at present; the consumer goes on trying. Told once, until it works again.
    case trouble(KafkaError)
    /// What did not work works again.
    case recovered
}
