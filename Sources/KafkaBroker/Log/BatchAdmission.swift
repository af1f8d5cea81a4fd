import KafkaWire

/// What a topic's settings ask of a batch beyond being sound (Kafka's `LogValidator`): keys where the log is compacted,
/// times that lie near the broker's, and the codec in which it is kept.
enum BatchAdmission {
    /// The batch as it is to be stored, or why it is refused. `now` is in milliseconds since 1970.
    static func admit(_ batch: RecordBatch, _ settings: TopicSettings, now: Int64) throws(BatchCheck.Refusal)
        -> RecordBatch
    {
        if settings.stampsArrival {
            return try packed(batch.stamped(arrival: now) ?? batch, settings)
        }
        try checkTimes(batch, settings, now)
        if settings.compaction != nil { try checkKeys(batch) }
        return try packed(batch, settings)
    }

    /// The header tells the highest time and the first record's; that of a record between them cannot be lower without
    /// unpacking, which is not done for this.
    private static func checkTimes(_ batch: RecordBatch, _ settings: TopicSettings, _ now: Int64)
        throws(BatchCheck.Refusal)
    {
        let latest = now.addingReportingOverflow(settings.latest)
        if !latest.overflow, batch.maxTimestamp > latest.partialValue {
            throw BatchCheck.Refusal(
                code: .invalidTimestamp,
                message: "the timestamp \(batch.maxTimestamp) is more than message.timestamp.after.max.ms "
                    + "(\(settings.latest)) ahead of the broker's time, \(now)")
        }
        let earliest = now.subtractingReportingOverflow(settings.earliest)
        if !earliest.overflow, batch.baseTimestamp >= 0, batch.baseTimestamp < earliest.partialValue {
            throw BatchCheck.Refusal(
                code: .invalidTimestamp,
                message: "the timestamp \(batch.baseTimestamp) is more than message.timestamp.before.max.ms "
                    + "(\(settings.earliest)) behind the broker's time, \(now)")
        }
    }

    private static func checkKeys(_ batch: RecordBatch) throws(BatchCheck.Refusal) {
        let records: DecodedRecords
        do { records = try batch.records() } catch {
            throw BatchCheck.Refusal(code: .invalidRecord, message: "\(error)")
        }
        if let record = records.first(where: { $0.key == nil }) {
            throw BatchCheck.Refusal(
                code: .invalidRecord,
                message: "Compacted topic cannot accept message without key: record "
                    + "\(record.offset - batch.baseOffset.rawValue) of the batch has none")
        }
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
