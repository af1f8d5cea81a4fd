import KafkaWire

/// What a broker and a topic's settings ask of a batch's records (Kafka's `LogValidator`): lengths that add up, keys
/// where the log is compacted, times that lie near the broker's, and the codec in which it is kept.
///
/// Records that are not packed are walked. Unlike in Kafka, packed ones are unpacked only where the log is compacted,
/// where they are packed anew, or where times may be too old: of the others, the header's times are looked at.
enum BatchAdmission {
    /// The batch as it is to be stored, or why it is refused. `now` is in milliseconds since 1970.
    static func admit(_ batch: RecordBatch, _ settings: TopicSettings, now: Int64) throws(BatchCheck.Refusal)
        -> RecordBatch
    {
        let bounds = TimeBounds(now: now, before: settings.earliest, after: settings.latest)
        let isPacked = batch.attributes.compression != Compression.none
        let walk = isPacked ? nil : RecordWalk(batch, bounds)
        if walk?.isWhole == false {
            throw BatchCheck.Refusal(
                code: .invalidRecord,
                message: "the lengths of the records do not add up to the batch's \(batch.recordCount) records")
        }
        let codec = settings.codec == batch.attributes.compression ? nil : settings.codec
        // The header tells the latest of the times, and not the oldest.
        let isAgeBound = isPacked && settings.earliest < .max && !settings.stampsArrival
        let records = settings.compaction != nil || codec != nil || isAgeBound ? try records(of: batch) : nil
        if settings.compaction != nil, let records { try checkKeys(records) }
        let timed: RecordBatch
        if settings.stampsArrival {
            if batch.attributes.isLogAppendTime {
                throw BatchCheck.Refusal(
                    code: .invalidTimestamp, message: "producers may not mark a batch as LogAppendTime")
            }
            timed = batch.stamped(with: now, isArrival: true) ?? batch
        } else {
            timed = try checked(batch, bounds, walk, records)
        }
        guard let codec, let records else { return timed }
        return try packed(timed, records, codec, settings)
    }

    private static func records(of batch: RecordBatch) throws(BatchCheck.Refusal) -> DecodedRecords {
        do { return try batch.records() } catch {
            throw BatchCheck.Refusal(code: .invalidRecord, message: "\(error)")
        }
    }

    /// The batch, whose records' times were looked at as closely as they are known, with their highest in its header.
    private static func checked(
        _ batch: RecordBatch, _ bounds: TimeBounds, _ walk: RecordWalk?, _ records: DecodedRecords?
    ) throws(BatchCheck.Refusal) -> RecordBatch {
        guard !batch.attributes.isLogAppendTime else {
            // Producers may not say when a batch arrived: what they mark so counts as their own time, as in Kafka.
            guard batch.maxTimestamp != TimeBounds.noTime, bounds.allow(batch.maxTimestamp) else {
                throw untimely(batch, bounds)
            }
            return batch.stamped(with: batch.maxTimestamp, isArrival: false) ?? batch
        }
        var highest = walk?.highest
        var isTimely = walk?.isTimely ?? (bounds.allow(batch.maxTimestamp) && bounds.allow(batch.baseTimestamp))
        if walk == nil, let records {
            highest = records.reduce(TimeBounds.noTime) { max($0, $1.timestamp) }
            isTimely = records.allSatisfy { bounds.allow($0.timestamp) }
        }
        guard isTimely else { throw untimely(batch, bounds) }
        guard let highest, highest != batch.maxTimestamp else { return batch }
        return batch.stamped(with: highest, isArrival: false) ?? batch
    }

    private static func untimely(_ batch: RecordBatch, _ bounds: TimeBounds) -> BatchCheck.Refusal {
        let blamed = (try? batch.records()).map { Self.blamed($0) { bounds.objection(to: $0.timestamp) } } ?? []
        let message =
            blamed.first?.message ?? bounds.objection(to: batch.maxTimestamp) ?? bounds.objection(
                to: batch.baseTimestamp)
            ?? "producers may not mark a batch as LogAppendTime"
        return BatchCheck.Refusal(code: .invalidTimestamp, message: message, records: blamed)
    }

    private static func checkKeys(_ records: DecodedRecords) throws(BatchCheck.Refusal) {
        let message = "Compacted topic cannot accept message without key"
        let blamed = blamed(records) { $0.key == nil ? message : nil }
        guard let first = blamed.first else { return }
        throw BatchCheck.Refusal(
            code: .invalidRecord, message: "\(message): record \(first.index) of the batch has none", records: blamed)
    }

    /// The records to which there is an objection: the client sends the others of the batch once more without them, or
    /// says of each why it failed. No more than 10,000, for an answer of bounded size.
    private static func blamed(_ records: DecodedRecords, _ objection: (Record) -> String?) -> [BatchCheck.RecordError]
    {
        var blamed: [BatchCheck.RecordError] = []
        for (index, record) in records.enumerated() where blamed.count < 10_000 {
            guard let message = objection(record) else { continue }
            blamed.append(BatchCheck.RecordError(index: Int32(truncatingIfNeeded: index), message: message))
        }
        return blamed
    }

    private static func packed(
        _ batch: RecordBatch, _ records: DecodedRecords, _ codec: Compression, _ settings: TopicSettings
    ) throws(BatchCheck.Refusal) -> RecordBatch {
        let packed: RecordBatch
        do {
            packed = try batch.rewritten(records, compression: codec, level: settings.codecLevel, numbersAnew: true)
        } catch {
            throw BatchCheck.Refusal(code: .corruptMessage, message: "\(error)")
        }
        guard packed.bytes.count <= settings.maximumMessageBytes else {
            throw BatchCheck.Refusal(
                code: .messageTooLarge,
                message: "with compression.type \(codec.name) the batch has \(packed.bytes.count) bytes, more than "
                    + "max.message.bytes (\(settings.maximumMessageBytes))")
        }
        return packed
    }
}
