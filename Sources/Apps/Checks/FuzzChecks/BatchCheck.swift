import Conformance
import KafkaWire

/// Record batches: what ``BatchInput`` makes of the input is read, explained, and built anew.
enum BatchCheck {
    /// How far a batch may unpack here.
    private static let limit = 256 << 10

    /// Unpacking may take the limit more than once over, since arrays grow by doubling, and the library's context besides:
    /// that of lz4 holds two blocks of up to 4 MiB.
    private static func base(_ codec: Compression?) -> Int {
        switch codec {
        case .some(.none), nil: 64 << 10
        case .gzip, .snappy, .zstd: 4 * limit + 1 << 20
        case .lz4: 4 * limit + 12 << 20
        }
    }

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard let made = BatchInput(input) else { return }
        let bytes = made.bytes
        let found = try memory.bound("finding batches", bytes.count, perByte: 24) { Found(bytes) }
        var failure = found.failure
        var isTooLarge = false
        for batch in found.batches {
            let sum = outcome { () throws(WireError) in try batch.verifyChecksum() }
            if case .failure(let error) = sum {
                try isAddressed(error, batch.bytes.count)
                try claim(made.way == .raw, "\(error), although it was put right")
                failure = failure ?? error
            }
            let isPacked = batch.attributes.compression != Compression.none
            let decoded = try memory.bound(
                "reading records", batch.bytes.count, perByte: 24, base: base(batch.attributes.compression)
            ) { outcome { () throws(WireError) in try batch.records(limit: limit) } }
            switch decoded {
            case .failure(let error):
                try isAddressed(error, isPacked ? max(limit, batch.bytes.count) : batch.bytes.count)
                if case .tooLarge = error.reason { isTooLarge = true }
                failure = failure ?? error
            case .success(let records):
                try walk(records)
                if batch.magic == 2 { try rebuild(batch, records) }
            }
        }
        // The explainer would unpack what was too large to its own, higher limit.
        guard !isTooLarge else { return }
        let explanation = Explanation(records: bytes)
        try ExplanationCheck.covers(explanation, bytes)
        // It also looks at the checksums inside of packed sets, which the one around them covers.
        if case .checksum = explanation.failure?.reason { return }
        try claim(
            (explanation.failure == nil) == (failure == nil),
            "decoding says \(failure.map { "\"\($0)\"" } ?? "nothing"), "
                + "explaining \(explanation.failure.map { "\"\($0)\"" } ?? "nothing")")
    }

    /// The batches at the beginning of some bytes, and why there are no more.
    private struct Found {
        var batches: [RecordBatch] = []
        var failure: WireError?

        init(_ bytes: Bytes) {
            var rest = bytes
            do throws(WireError) {
                while let batch = try RecordBatch(rest) {
                    batches.append(batch)
                    rest = rest[batch.bytes.count..<rest.count]
                }
                if !rest.isEmpty { failure = WireError.cutOff(rest.count) }
            } catch { failure = error }
        }
    }

    private static func isAddressed(_ error: WireError, _ size: Int) throws(Finding) {
        try claim(error.message.hasPrefix("RecordBatch"), "\"\(error)\" does not name the batch")
        try claim(0...size ~= error.offset, "\"\(error)\" does not lie in the \(size) bytes that were read")
    }

    /// Everything that can be asked of records, each of which lies in the bytes (else this traps).
    private static func walk(_ records: DecodedRecords) throws(Finding) {
        var sum = 0
        for record in records {
            sum += (record.key?.count ?? 0) + (record.value?.count ?? 0)
            let headers = record.headers
            for header in headers.prefix(2) where !header.key.unicodeScalars.contains("\u{FFFD}") {
                try claim(record.hasHeader(header.key), "a record has no header \(header.key), but lists it")
            }
        }
        var values = 0
        records.forEachValue { _, value in values += value?.count ?? 0 }
        try claim(values <= sum, "values of \(values) bytes in records of \(sum)")
    }

    /// A batch of the records that were read holds the same records, in no more bytes.
    private static func rebuild(_ batch: RecordBatch, _ records: DecodedRecords) throws(Finding) {
        let rebuilt = outcome { () throws(WireError) in
            let bytes = Bytes(try RecordBatchVector.rewritten(batch))
            let again = try RecordBatch(bytes)
            try again?.verifyChecksum()
            return (bytes, try again?.records())
        }
        guard case .success(let (bytes, again?)) = rebuilt else {
            throw Finding("the records of a batch make no batch: \(rebuilt)")
        }
        try claim(again.count == records.count, "\(records.count) records, rebuilt \(again.count)")
        var hasHeaders = false
        for (one, other) in zip(records, again) {
            hasHeaders = hasHeaders || !one.headers.isEmpty
            let isSame =
                one.offset == other.offset && one.timestamp == other.timestamp && one.key == other.key
                && one.value == other.value && one.headers == other.headers
            try claim(isSame, "the record at offset \(one.offset) is another one when the batch is rebuilt")
        }
        // Names of headers that are no UTF-8 grow when they are read as text.
        if batch.attributes.compression == Compression.none, !hasHeaders {
            try claim(bytes.count <= batch.bytes.count, "a batch of \(batch.bytes.count) bytes, rebuilt \(bytes.count)")
        }
    }
}

extension WireError {
    /// What stands for a batch that is cut off, which is an error to the explainer alone.
    fileprivate static func cutOff(_ count: Int) -> WireError {
        WireError(.truncated(needed: count + 1, available: count), at: 0, message: "RecordBatch")
    }
}
