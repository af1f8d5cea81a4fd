import KafkaWire

extension RecordBatch {
    /// The batch with those of its records that are to be kept, each at its offset; a batch of which none is kept is
    /// empty, and still says who wrote it. `compression` packs the records in another codec. `deleteHorizon` is the
    /// time from which tombstones may go, in milliseconds since 1970 (KIP-534). `numbersAnew` gives the records the
    /// offsets 0, 1, … whatever they say themselves, as Kafka does with those that a producer has packed.
    func rewritten(
        _ records: some Sequence<Record>, compression: Compression? = nil, level: Int? = nil,
        deleteHorizon: Int64? = nil, numbersAnew: Bool = false
    ) throws(WireError) -> RecordBatch {
        var builder = RecordBatchBuilder(capacity: bytes.count, baseTimestamp: deleteHorizon ?? baseTimestamp)
        for record in records {
            let headers = record.headers
            Self.withBytes(record.key) { key in
                Self.withBytes(record.value) { value in
                    builder.append(
                        key: key, value: value, headers: headers, timestamp: record.timestamp,
                        offsetDelta: numbersAnew
                            ? builder.count : Int32(truncatingIfNeeded: record.offset - baseOffset))
                }
            }
        }
        var options = RecordBatchBuilder.Options()
        options.compression = compression ?? attributes.compression ?? .none
        options.compressionLevel = level
        options.producerId = producerId
        options.producerEpoch = producerEpoch
        options.baseSequence = baseSequence
        options.marks = RecordBatch.Attributes(
            rawValue: attributes.rawValue | (deleteHorizon == nil ? 0 : RecordBatch.Attributes.deleteHorizonMark))
        options.baseOffset = baseOffset
        options.partitionLeaderEpoch = partitionLeaderEpoch
        options.lastOffsetDelta = lastOffsetDelta
        options.maxTimestamp = attributes.isLogAppendTime || builder.count == 0 ? maxTimestamp : nil
        guard let batch = try RecordBatch(Bytes(try builder.finish(options))) else {
            preconditionFailure("a finished batch is whole")
        }
        return batch
    }

    private static func withBytes<R>(_ bytes: Bytes?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let bytes else { return body(nil) }
        return bytes.withUnsafeBytes { body($0) }
    }
}
