import KafkaWire

/// Record batches: writing, reading, going through them.
enum RecordBatches {
    static func run() throws -> [Measurement] {
        let count = 500
        let value = (0..<100).map { UInt8(97 + $0 % 26) }
        func build() throws -> [UInt8] {
            var builder = RecordBatchBuilder(capacity: 60_000)
            value.withUnsafeBytes { bytes in
                for number in 0..<count {
                    builder.append(key: nil, value: bytes, timestamp: 1_700_000_000_000 &+ Int64(number))
                }
            }
            return try builder.finish()
        }
        let bytes = Bytes(try build())
        guard let batch = try RecordBatch(bytes) else { return [] }
        let records = try batch.records()
        return [
            Measurement(
                name: "record batch: write a 100 B record, checksum included",
                value: try Stopwatch.nanoseconds(operations: count) { consume(try build().count) }, unit: "ns/record",
                design: "5.5 (no checksum)"),
            Measurement(
                name: "record batch: read a 100 B record",
                value: try Stopwatch.nanoseconds(operations: count) { consume(try batch.records().count) },
                unit: "ns/record", design: "5.6"),
            Measurement(
                name: "record batch: check the checksum",
                value: try Stopwatch.nanoseconds(operations: count) { try batch.verifyChecksum() }, unit: "ns/record",
                design: "4"),
            Measurement(
                name: "records in a loop: for record in …, its value",
                value: Stopwatch.nanoseconds(operations: count) {
                    var sum = 0
                    for record in records { sum &+= record.value?.count ?? 0 }
                    consume(sum)
                }, unit: "ns/record", design: "0.75 (offsets)"),
            Measurement(
                name: "records in a loop: forEachValue",
                value: Stopwatch.nanoseconds(operations: count) {
                    var sum = 0
                    records.forEachValue { sum &+= $0 &+ ($1?.count ?? 0) }
                    consume(sum)
                }, unit: "ns/record", design: "0.75 (offsets)"),
        ]
    }
}
