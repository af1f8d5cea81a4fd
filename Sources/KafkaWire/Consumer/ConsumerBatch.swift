/// Records of one partition, in their order, as they came with one fetch, or as many of those as unpack to a few megabytes.
/// The bytes stay where they were received.
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
        /// What is wrong: with the bytes, or, where they are sound, with this client's limit or its codecs.
        enum Kind { case damaged, tooLarge, foreign }

        /// Which of its batches it is.
        var index: Int
        var error: KafkaError
        var kind: Kind
    }

    /// Unpacks the batches of a chunk, one after the other, until they have come to `unpackedLimit` bytes: what is handed
    /// out holds that much, or one batch. `rest` are those behind.
    init(
        _ chunk: FetchedChunk, rest: inout FetchedChunk?, assignment: Int, limit: Int, unpackedLimit: Int,
        engine: ConsumerEngine
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
            if unpacked >= unpackedLimit {
                (front, rest) = chunk.divided(at: index)
                break
            }
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
            // What is not packed is where it was received, and counted there.
            if batch.attributes.compression != Compression.none { unpacked += records.payload.count }
        }
        nextOffset = front.nextOffset
        leaderEpoch = front.batches.last?.partitionLeaderEpoch ?? .none
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

        /// The next record in the order of offsets; nil at the end.
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

    /// Goes through the records from the first on.
    @inlinable
    public func makeIterator() -> Iterator { Iterator(parts) }
    /// The exact number of records.
    public var underestimatedCount: Int { count }
}

/// What happens to a consumer, in the order in which it happens.
public enum ConsumerEvent: Sendable {
    /// Records came.
    case batch(ConsumerBatch)
    /// The group has given this member these partitions; it begins at these offsets. This is the place to rebuild what
    /// is known of their past. What could not be looked up at once, since a partition has no leader for one, is told of in
    /// a further event as soon as it can. A consumer of whole topics without a group is told so of the partitions that are
    /// new.
    case assigned([TopicPartition: Offset])
    /// There was no record behind this offset when it was asked for, and the application has had all in front; told where
    /// the configuration wants it (``KafkaConsumer/Configuration/tellsEnds``), once for each end.
    case reachedEnd(TopicPartition, at: Offset)
    /// The partition cannot be read on at `from`: the log does not have that offset any more, or not yet, or has other
    /// records there (``KafkaError/Code/logTruncated``). As ``KafkaConsumer/Configuration/offsetReset`` says, it is read on
    /// at `to`, and that is committed. All that was fetched in front has been given out.
    case reset(TopicPartition, from: Offset, to: Offset, because: KafkaError)
    /// The group takes these partitions away when the next event is asked for; until then positions in them can be
    /// committed. With `lost`, another member may have them already.
    case revoked([TopicPartition], lost: Bool)
    /// Something does not work at present; the consumer goes on trying. Told once, until it works again.
    case trouble(KafkaError)
    /// What did not work works again.
    case recovered

    init(_ news: Announcements.News) {
        self =
            switch news {
            case .assigned(let offsets): .assigned(offsets)
            case .revoked(let partitions, let lost): .revoked(partitions, lost: lost)
            case .reachedEnd(let partition, let offset): .reachedEnd(partition, at: offset)
            case .reset(let partition, let from, let to, let error):
                .reset(partition, from: from, to: to, because: error)
            case .trouble(let error): .trouble(error)
            case .recovered: .recovered
            }
    }
}
