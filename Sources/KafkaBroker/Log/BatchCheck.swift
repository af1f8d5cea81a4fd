import KafkaWire

/// What a broker checks of a batch before it looks at its records (Kafka's `LogValidator` and
/// `ProduceRequest.validateRecords`): the header, and the checksum.
enum BatchCheck {
    /// Why a batch is refused.
    struct Refusal: Error, Equatable {
        var code: ErrorCode
        var message: String
        /// The records that are to blame, where it is not the whole batch (KIP-467).
        var records: [RecordError] = []
    }

    /// What is wrong with one record, by its place in the batch.
    struct RecordError: Equatable {
        var index: Int32
        var message: String
    }

    /// The one batch in `records`, checked, or why it is refused.
    static func check(_ records: Records?, version: Int16, maxMessageBytes: Int) throws(Refusal) -> RecordBatch {
        guard let bytes = records?.bytes, !bytes.isEmpty else {
            throw Refusal(code: .invalidRecord, message: "the partition's records are empty; send one record batch")
        }
        let batch: RecordBatch
        do {
            guard let found = try RecordBatch(bytes) else {
                throw Refusal(
                    code: .corruptMessage, message: "the \(bytes.count) bytes of records end inside their batch")
            }
            batch = found
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(code: .invalidRecord, message: "\(error)")
        }
        guard batch.magic == 2 else {
            throw Refusal(
                code: .invalidRecord, message: "Produce v\(version) carries batches of magic 2, not \(batch.magic)")
        }
        guard batch.bytes.count == bytes.count else {
            throw Refusal(
                code: .invalidRecord,
                message: "Produce v\(version) carries exactly one record batch per partition; "
                    + "\(bytes.count - batch.bytes.count) bytes follow the first")
        }
        guard batch.bytes.count <= maxMessageBytes else {
            throw Refusal(
                code: .messageTooLarge,
                message: "the record batch of \(batch.bytes.count) bytes is larger than max.message.bytes "
                    + "(\(maxMessageBytes)); send smaller batches or raise the limit")
        }
        do { try batch.verifyChecksum() } catch { throw Refusal(code: .corruptMessage, message: "\(error)") }
        try checkHeader(batch, version: version)
        return batch
    }

    private static func checkHeader(_ batch: RecordBatch, version: Int16) throws(Refusal) {
        func refuse(_ code: ErrorCode, _ message: String) throws(Refusal) -> Never {
            throw Refusal(code: code, message: message)
        }
        guard batch.recordCount > 0, batch.lastOffsetDelta == batch.recordCount - 1 else {
            try refuse(
                .invalidRecord,
                "a batch of \(batch.recordCount) records with a last offset delta of \(batch.lastOffsetDelta)")
        }
        guard let codec = batch.attributes.compression else {
            try refuse(.invalidRecord, "codec number \(batch.attributes.rawValue & 7) does not exist")
        }
        if codec == .zstd, version < 7 {
            try refuse(.unsupportedCompressionType, "zstd needs Produce v7 or later (KIP-110); this was v\(version)")
        }
        if batch.attributes.isControl { try refuse(.invalidRecord, "clients may not write control records") }
        if batch.attributes.isTransactional, batch.producerId < 0 {
            try refuse(.invalidRecord, "a transactional batch without a producer id")
        }
        if batch.producerId >= 0, batch.producerEpoch < 0 || batch.baseSequence < 0 {
            try refuse(
                .invalidRecord,
                "producer id \(batch.producerId) with epoch \(batch.producerEpoch) and sequence \(batch.baseSequence)")
        }
    }
}
