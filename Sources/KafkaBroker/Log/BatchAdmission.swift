import KafkaWire

/// What a topic's settings ask of a batch beyond being sound (Kafka's `LogValidator`): keys where the log is compacted,
/// times that lie near the broker's, and the codec in which it is kept.
enum BatchAdmission {
    /// The batch as it is to be stored, or why it is refused. `now` is in milliseconds since 1970.
    static func admit(_ batch: RecordBatch, _ settings: TopicSettings, now: Int64) throws(BatchCheck.Refusal)
        -> RecordBatch
    {
        if settings.compaction != nil { try checkKeys(batch) }
        if settings.stampsArrival {
            return try packed(batch.stamped(arrival: now) ?? batch, settings)
        }
        try checkTimes(batch, settings, now)
        return try packed(batch, settings)
    }

    /// The header tells the highest time and the first record's; that of a record between them cannot be lower without
    /// unpacking, which is done only to name the records of a batch that is refused.
    private static func checkTimes(_ batch: RecordBatch, _ settings: TopicSettings, _ now: Int64)
        throws(BatchCheck.Refusal)
    {
        let latest = now.addingReportingOverflow(settings.latest)
        let earliest = now.subtractingReportingOverflow(settings.earliest)
        func objection(to timestamp: Int64) -> String? {
            if !latest.overflow, timestamp > latest.partialValue {
                return "the timestamp \(timestamp) is more than message.timestamp.after.max.ms "
                    + "(\(settings.latest)) ahead of the broker's time, \(now)"
            }
            if !earliest.overflow, timestamp >= 0, timestamp < earliest.partialValue {
                return "the timestamp \(timestamp) is more than message.timestamp.before.max.ms "
                    + "(\(settings.earliest)) behind the broker's time, \(now)"
            }
            return nil
        }
        guard let message = objection(to: batch.maxTimestamp) ?? objection(to: batch.baseTimestamp) else { return }
        throw BatchCheck.Refusal(
            code: .invalidTimestamp, message: message,
            records: (try? batch.records()).map { blamed($0) { objection(to: $0.timestamp) } } ?? [])
    }

    private static func checkKeys(_ batch: RecordBatch) throws(BatchCheck.Refusal) {
        let records: DecodedRecords
        do { records = try batch.records() } catch {
            throw BatchCheck.Refusal(code: .invalidRecord, message: "\(error)")
        }
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

    private static func packed(_ batch: RecordBatch, _ settings: TopicSettings) throws(BatchCheck.Refusal)
        -> RecordBatch
    {
        guard let codec = settings.codec, codec != batch.attributes.compression else { return batch }
        do { return try batch.rewritten(try batch.records(), compression: codec, level: settings.codecLevel) } catch {
            throw BatchCheck.Refusal(code: .corruptMessage, message: "\(error)")
        }
    }
}
