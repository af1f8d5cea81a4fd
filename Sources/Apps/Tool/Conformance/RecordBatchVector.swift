import JSONLines
import KafkaWire

/// A vector of record batches that stand back to back.
package enum RecordBatchVector {
    /// Bits flipped per vector: all of a small one, evenly spread ones of a large one.
    private static let mostFlips = 4096

    /// What is wrong; nil where the batches decode to what `batches` says, the uncompressed ones encode back to the
    /// same bytes, no shorter length shows as many batches, and every flipped bit decodes or throws and, where the
    /// checksum covers it, does not pass unnoticed.
    package static func failure(_ vector: JSON) -> String? {
        let name = vector["name"].text ?? "?"
        guard let bytes = vector["hex"].hex else { return "\(name): the vector has no bytes" }
        let expected = vector["batches"].elements
        do throws(WireError) {
            let batches = try Records(bytes).batches()
            guard batches.count == expected.count else {
                return "\(name): \(batches.count) batches, not \(expected.count)"
            }
            for (index, (batch, json)) in zip(batches, expected).enumerated() {
                if let found = try difference(batch, json) { return "\(name), batch \(index): \(found)" }
            }
        } catch { return "\(name): \(error)" }
        for length in 0..<bytes.count {
            guard let batches = try? Records(bytes[0..<length]).batches() else { continue }
            guard batches.count < expected.count else {
                return "\(name): shows all batches though only \(length) of \(bytes.count) bytes are there"
            }
        }
        return flips(bytes).map { "\(name): \($0)" }
    }

    private static func difference(_ batch: RecordBatch, _ json: JSON) throws(WireError) -> String? {
        try batch.verifyChecksum()
        let horizon = batch.attributes.hasDeleteHorizon ? batch.baseTimestamp : -1
        let records = try batch.records()
        // A packed set of the old formats says its first offset only inside.
        let firstOffset = batch.magic == 2 ? batch.baseOffset : records.first?.offset ?? -1
        let found: [(String, JSON)] = [
            ("baseOffset", .int(firstOffset.rawValue)),
            ("sizeInBytes", .int(Int64(batch.bytes.count))),
            ("partitionLeaderEpoch", .int(Int64(batch.partitionLeaderEpoch.rawValue))),
            ("magic", .int(Int64(batch.magic))),
            ("crc", .int(Int64(batch.crc))),
            ("codec", .string(batch.attributes.compression?.name ?? "unknown")),
            ("timestampType", .string(timestampType(batch))),
            ("transactional", .bool(batch.attributes.isTransactional)),
            ("control", .bool(batch.attributes.isControl)),
            ("lastOffset", .int(batch.lastOffset.rawValue)),
            ("maxTimestamp", .int(batch.maxTimestamp)),
            ("producerId", .int(batch.producerId.rawValue)),
            ("producerEpoch", .int(Int64(batch.producerEpoch.rawValue))),
            ("baseSequence", .int(Int64(batch.baseSequence))),
            ("deleteHorizonMs", .int(horizon)),
        ]
        for (name, value) in found where json[name] != value { return "\(name) is \(value), not \(json[name])" }
        let expected = json["records"].elements
        guard records.count == expected.count else { return "\(records.count) records, not \(expected.count)" }
        for (index, (record, wanted)) in zip(records, expected).enumerated() {
            let found: [(String, JSON)] = [
                ("offset", .int(record.offset.rawValue)),
                ("timestamp", .int(record.timestamp)),
                ("key", text(record.key)),
                ("value", text(record.value)),
                ("headers", .array(record.headers.map { .array([.string($0.key), text($0.value)]) })),
            ]
            for (name, value) in found where wanted[name] != value {
                return "record \(index), \(name) is \(value), not \(wanted[name])"
            }
        }
        guard batch.magic == 2, batch.attributes.compression == Compression.none else { return nil }
        let again = Bytes(try rewritten(batch))
        return again == batch.bytes ? nil : "encodes to \(again), not to \(batch.bytes)"
    }

    private static func timestampType(_ batch: RecordBatch) -> String {
        if batch.magic == 0 { return "NoTimestampType" }
        return batch.attributes.isLogAppendTime ? "LogAppendTime" : "CreateTime"
    }

    private static func text(_ bytes: Bytes?) -> JSON { bytes.map { .string($0.description) } ?? .null }

    /// A batch of magic 2, built anew from its decoded records.
    package static func rewritten(
        _ batch: RecordBatch, compression: Compression = .none
    ) throws(WireError) -> [UInt8] {
        var builder = RecordBatchBuilder(baseTimestamp: batch.baseTimestamp)
        for record in try batch.records() {
            withPointer(record.key) { key in
                withPointer(record.value) { value in
                    builder.append(
                        key: key, value: value, headers: record.headers,
                        timestamp: batch.baseTimestamp &+ record.timestampDelta,
                        offsetDelta: Int32(truncatingIfNeeded: record.offset - batch.baseOffset))
                }
            }
        }
        var options = RecordBatchBuilder.Options()
        options.compression = compression
        options.producerId = batch.producerId
        options.producerEpoch = batch.producerEpoch
        options.baseSequence = batch.baseSequence
        options.marks = batch.attributes
        options.baseOffset = batch.baseOffset
        options.partitionLeaderEpoch = batch.partitionLeaderEpoch
        options.lastOffsetDelta = batch.lastOffsetDelta
        options.maxTimestamp = batch.maxTimestamp
        return try builder.finish(options)
    }

    private static func withPointer(_ bytes: Bytes?, _ body: (UnsafeRawBufferPointer?) -> Void) {
        if let bytes { bytes.withUnsafeBytes { body($0) } } else { body(nil) }
    }

    private static func flips(_ bytes: Bytes) -> String? {
        var mutated = bytes.copy()
        let bits = mutated.count * 8
        for bit in stride(from: 0, to: bits, by: max(1, bits / mostFlips)) {
            mutated[bit / 8] ^= 1 << UInt8(bit % 8)
            defer { mutated[bit / 8] ^= 1 << UInt8(bit % 8) }
            guard let batches = try? Records(Bytes(mutated)).batches() else { continue }
            var start = 0
            for batch in batches {
                // Decoding and throwing are both right; a trap would end the program here.
                _ = try? batch.records(limit: 1 << 20)
                let covered = start + batch.checksumStart..<start + batch.bytes.count
                if covered.contains(bit / 8), (try? batch.verifyChecksum()) != nil {
                    return "the checksum does not notice that bit \(bit % 8) of byte \(bit / 8) is flipped"
                }
                start += batch.bytes.count
            }
        }
        return nil
    }
}
