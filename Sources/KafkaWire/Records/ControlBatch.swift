/// The batches that end a transaction in a partition: one control record, which says how it ended (KIP-98, Kafka's
/// `EndTransactionMarker`).
package enum ControlBatch {
    /// How a transaction ended; the raw value is the type in the record's key (`ControlRecordType`).
    package enum End: Int16, Sendable {
        case abort = 0
        case commit = 1
    }

    /// The mark behind the records that a producer wrote in a transaction. `timestamp` is in milliseconds since 1970.
    package static func marker(
        _ end: End, producerId: ProducerID, producerEpoch: ProducerEpoch, coordinatorEpoch: Int32, timestamp: Int64,
        baseOffset: Offset = 0, partitionLeaderEpoch: LeaderEpoch = .none
    ) throws(WireError) -> [UInt8] {
        var type = ControlRecordTypeSchema()
        type.type = end.rawValue
        var mark = EndTxnMarker()
        mark.coordinatorEpoch = coordinatorEpoch
        let key = try type.encodeVersioned(version: 0)
        let value = try mark.encodeVersioned(version: 0)
        var builder = RecordBatchBuilder(capacity: 128)
        key.withUnsafeBytes { key in
            value.withUnsafeBytes { builder.append(key: key, value: $0, timestamp: timestamp) }
        }
        var options = RecordBatchBuilder.Options()
        options.marks = RecordBatch.Attributes(rawValue: 1 << 4 | 1 << 5)
        options.producerId = producerId
        options.producerEpoch = producerEpoch
        options.baseOffset = baseOffset
        options.partitionLeaderEpoch = partitionLeaderEpoch
        return try builder.finish(options)
    }
}
