import KafkaWire

extension Partition {
    /// `records` as fetches get them: whole, unless a test wants batches with wrong checksums. A byte of the last record
    /// is turned over, in a copy.
    func asServed(_ served: Records) -> Records {
        guard !damaged.isEmpty else { return served }
        let records = served.bytes
        var bytes = records.withUnsafeBytes { Array($0) }
        var start = 0
        var isChanged = false
        while let batch = try? RecordBatch(records[start..<records.count]) {
            let end = start + batch.bytes.count
            if damaged.contains(batch.baseOffset) {
                bytes[end - 1] ^= 0xFF
                isChanged = true
            }
            start = end
            if start >= records.count { break }
        }
        return isChanged ? Records(Bytes(bytes)) : served
    }
}
