import KafkaWire

/// The record of a control batch that ends a transaction.
struct TransactionMarker {
    var producer: ProducerIdentity
    var isCommit: Bool
    var coordinatorEpoch: Int32
    /// When it was written, in milliseconds since 1970.
    var timestamp: Int64

    init(producer: ProducerIdentity, isCommit: Bool, coordinatorEpoch: Int32, timestamp: Int64) {
        self.producer = producer
        self.isCommit = isCommit
        self.coordinatorEpoch = coordinatorEpoch
        self.timestamp = timestamp
    }

    /// Reads the marker in a control batch; nil where it is another kind of control batch.
    init?(_ batch: RecordBatch) {
        guard let record = (try? batch.records())?.first, let key = record.key, let value = record.value,
            let type = try? ControlRecordTypeSchema.decodeVersioned(key),
            let end = ControlBatch.End(rawValue: type.type), let mark = try? EndTxnMarker.decodeVersioned(value)
        else { return nil }
        producer = ProducerIdentity(id: batch.producerId, epoch: batch.producerEpoch)
        isCommit = end == .commit
        coordinatorEpoch = mark.coordinatorEpoch
        timestamp = batch.maxTimestamp
    }

    /// The batch that carries the marker.
    var batch: RecordBatch {
        guard
            let bytes = try? ControlBatch.marker(
                isCommit ? .commit : .abort, producerId: producer.id, producerEpoch: producer.epoch,
                coordinatorEpoch: coordinatorEpoch, timestamp: timestamp),
            let batch = try? RecordBatch(Bytes(bytes))
        else { preconditionFailure("a marker can be written and read") }
        return batch
    }
}
