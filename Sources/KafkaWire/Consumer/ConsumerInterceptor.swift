/// Stands between a consumer and its application (KIP-42), as Java's `ConsumerInterceptor` does: sees what is handed out, may
/// change it, and hears of commits. Several are asked in their order, each getting what the one before gave
/// (``KafkaConsumer/Configuration/interceptors``).
public protocol ConsumerInterceptor: Sendable {
    /// The application is about to get these records, and gets what this gives instead: the same, or
    /// ``ConsumerBatch/mapRecords(_:)`` of them. Called in the application's task. Records that are left out count as
    /// processed; a batch without any is not handed out. The default gives the batch as it is.
    func onConsume(_ batch: ConsumerBatch) -> ConsumerBatch

    /// Positions were committed, by the application or by itself. Called on the client's loop, which it holds up. The default
    /// does nothing.
    func onCommit(_ offsets: [TopicPartition: CommittedOffset])

    /// The consumer is closed, by ``KafkaConsumer/close(_:timeout:)`` or since nothing holds it any more; told once. No commit
    /// follows; what the application was getting at that moment may. Called on the client's loop. The default does nothing.
    func onClose()
}

extension ConsumerInterceptor {
    /// The batch as it is.
    public func onConsume(_ batch: ConsumerBatch) -> ConsumerBatch { batch }
    /// Does nothing.
    public func onCommit(_ offsets: [TopicPartition: CommittedOffset]) {}
    /// Does nothing.
    public func onClose() {}
}

/// What a record is replaced by; see ``ConsumerBatch/mapRecords(_:)``. Offset and time stay.
public struct ReplacedRecord: Sendable, Equatable {
    /// The key, or nil.
    public var key: Bytes?
    /// The value, or nil for a tombstone.
    public var value: Bytes?
    /// The headers.
    public var headers: [RecordHeader]

    /// What a record is, to be changed.
    public init(_ record: Record) {
        key = record.key
        value = record.value
        headers = record.headers
    }
}

extension ConsumerBatch {
    /// The same batch with other records: each is replaced by what `change` gives, or left out with nil. Offsets and times are
    /// kept, and ``commit(metadata:)`` commits the same. Records are written anew, which costs about what producing them does.
    ///
    /// - Throws: ``KafkaError`` with ``KafkaError/Code/recordTooLarge`` where a record would not fit into a batch of 2 GiB.
    public func mapRecords(_ change: (Record) -> ReplacedRecord?) throws(KafkaError) -> ConsumerBatch {
        var parts: [Part] = []
        for part in self.parts {
            guard let changed = try replaced(part, change) else { continue }
            parts.append(changed)
        }
        return ConsumerBatch(self, parts: parts)
    }

    private func replaced(
        _ part: Part, _ change: (Record) -> ReplacedRecord?
    ) throws(KafkaError) -> Part? {
        guard part.first < part.end else { return nil }
        let base = part.records.offset(at: part.first)
        var builder = RecordBatchBuilder(capacity: Swift.max(1024, part.records.unpackedBytes))
        var options = RecordBatchBuilder.Options()
        options.baseOffset = base
        for index in part.first..<part.end {
            let record = part.records[index]
            guard let new = change(record) else { continue }
            if record.isAppendTime {
                options.marks = RecordBatch.Attributes(rawValue: 1 << 3)
                options.maxTimestamp = record.timestamp
            }
            let delta = Int32(clamping: record.offset - base)
            Self.withBytes(new.key) { key in
                Self.withBytes(new.value) { value in
                    builder.append(
                        key: key, value: value, headers: new.headers, timestamp: record.timestamp, offsetDelta: delta)
                }
            }
            guard builder.size < Int(Int32.max) else { throw tooLarge }
        }
        guard builder.count > 0 else { return nil }
        do throws(WireError) {
            guard let batch = try RecordBatch(Bytes(try builder.finish(options))) else { return nil }
            let records = try batch.records(limit: Int(Int32.max))
            return Part(records: records, first: 0, end: records.count)
        } catch {
            throw KafkaError(
                .corruptBatch, "the changed records of \(source) could not be written (\(error))", topic: source.topic,
                partition: source.partition)
        }
    }

    private var tooLarge: KafkaError {
        KafkaError(
            .recordTooLarge,
            "the changed records of \(source) take more than 2 GiB; change fewer, or make them smaller",
            topic: source.topic, partition: source.partition)
    }

    private static func withBytes(_ bytes: Bytes?, _ body: (UnsafeRawBufferPointer?) -> Void) {
        if let bytes { bytes.withUnsafeBytes { body($0) } } else { body(nil) }
    }

    /// What the application gets of a batch that passes these.
    func passed(through interceptors: [any ConsumerInterceptor]) -> ConsumerBatch {
        interceptors.reduce(self) { $1.onConsume($0) }
    }
}
