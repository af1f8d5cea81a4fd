import KafkaWire

/// Record batches of 500 records of 100 bytes, uncompressed: writing, reading, going through them.
enum RecordBatches {
    private static let count = 500
    private static let value = (0..<100).map { UInt8(97 + $0 % 26) }

    static func run() throws -> [Measurement] {
        var found = try writing()
        found += try reading()
        return found
    }

    private static func append(to builder: inout RecordBatchBuilder) {
        value.withUnsafeBytes { bytes in
            for number in 0..<count {
                builder.append(key: nil, value: bytes, timestamp: 1_700_000_000_000 &+ Int64(number))
            }
        }
    }

    static func build() throws -> [UInt8] {
        var builder = RecordBatchBuilder(capacity: 60_000)
        append(to: &builder)
        return try builder.finish()
    }

    private static func writing() throws -> [Measurement] {
        var found = [
            Measurement(
                name: "record batch: write a record, no checksum",
                value: Stopwatch.nanoseconds(operations: count) {
                    var builder = RecordBatchBuilder(capacity: 60_000)
                    append(to: &builder)
                    consume(builder.size)
                }, unit: "ns/record", design: "5.5"),
            Measurement(
                name: "record batch: write a record, finished with checksum",
                value: try Stopwatch.nanoseconds(operations: count) { consume(try build().count) }, unit: "ns/record"),
        ]
        if let allocations = try Allocations.of({ consume(try build().count) }) {
            found.append(
                Measurement(
                    name: "record batch: write 500 records, allocations", value: allocations, unit: "per batch"))
        }
        return found
    }

    private static func reading() throws -> [Measurement] {
        let bytes = Bytes(try build())
        guard let batch = try RecordBatch(bytes) else { return [] }
        let records = try batch.records()
        /// Header, records, and each record's value looked at.
        func read() throws {
            guard let batch = try RecordBatch(bytes) else { return }
            consume(touch(try batch.records()))
        }
        var found = [
            Measurement(
                name: "record batch: read a record and touch its value",
                value: try Stopwatch.nanoseconds(operations: count) { try read() }, unit: "ns/record", design: "5.6"),
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
                value: Stopwatch.nanoseconds(operations: count) { consume(touch(records)) }, unit: "ns/record",
                design: "0.75 (offsets)"),
        ]
        if let allocations = try Allocations.of(read) {
            found.append(
                Measurement(name: "record batch: read 500 records, allocations", value: allocations, unit: "per batch"))
        }
        return found
    }

    /// Every value's length and first byte. Never inlined, so that a loop over the same records is not done once.
    @inline(never)
    static func touch(_ records: DecodedRecords) -> Int {
        var sum = 0
        records.forEachValue { index, value in
            guard let value, let first = value.first else { return }
            sum &+= index &+ value.count &+ Int(first)
        }
        return sum
    }
}
