import TestSupport
import Testing

@testable import KafkaWire

/// Batches that are too large (KIP-126).
extension AccumulatorTests {
    /// Divides what was taken, as the engine does.
    private static func divide(
        _ entry: Accumulator.Entry, _ accumulator: inout Accumulator, isPacking: Bool = false
    ) throws -> [ProducerBatch] {
        _ = try entry.batch.bytes(entry.stamp ?? .init(), isPacking ? .gzip : .none, level: nil)
        let parts = try entry.batch.divided(limit: accumulator.limit(behind: entry), isPacking: isPacking)
        accumulator.divide(entry, into: parts, now: start)
        entry.batch.complete(in: parts)
        return parts
    }

    @Test(arguments: [true, false]) func partsGoInTheirBatchsPlaceUnderItsNumbers(idempotent: Bool) throws {
        var accumulator = Self.accumulator(batchSize: 1000, idempotent: idempotent)
        try Self.establish(&accumulator)
        for _ in 0..<8 { Self.append(&accumulator, bytes: 100) }
        let large = try #require(Self.take(&accumulator, flush: true).byLeader[1]?.first)
        #expect(large.batch.extent.count == 8)
        Self.append(&accumulator, bytes: 100)
        let bytes = accumulator.bufferedBytes
        #expect(try Self.divide(large, &accumulator).map(\.extent.count) == [4, 4])
        #expect(accumulator.pendingBatches == 3)
        #expect(abs(accumulator.bufferedBytes - bytes) < 20)
        // The first part is too large still: its own parts go in front of the second.
        let first = try #require(Self.take(&accumulator, flush: true).byLeader[1]?.first)
        #expect(Self.take(&accumulator, flush: true).byLeader.isEmpty)
        #expect(try Self.divide(first, &accumulator).map(\.extent.count) == [2, 2])
        var numbers: [Int32] = []
        var counts: [Int32] = []
        for _ in 0..<4 {
            let entry = try #require(Self.take(&accumulator, flush: true).byLeader[1]?.first)
            numbers.append(entry.stamp?.baseSequence ?? -99)
            counts.append(entry.batch.extent.count)
            accumulator.finished(entry)
        }
        #expect(counts == [2, 2, 4, 1])
        #expect(numbers == (idempotent ? [1, 3, 5, 9] : [-1, -1, -1, -1]))
        #expect(accumulator.bufferedBytes == 0)
        #expect(accumulator.pendingBatches == 0)
    }

    @Test func laterBatchesAreAsSmallAsTheParts() throws {
        var accumulator = Self.accumulator(batchSize: 1000)
        try Self.establish(&accumulator)
        for _ in 0..<8 { Self.append(&accumulator, bytes: 100) }
        let large = try #require(Self.take(&accumulator, flush: true).byLeader[1]?.first)
        for part in try Self.divide(large, &accumulator) { #expect(part.extent.size <= large.size / 2 + 61) }
        while let entry = Self.take(&accumulator, flush: true).byLeader[1]?.first { accumulator.finished(entry) }
        for _ in 0..<20 { Self.append(&accumulator, bytes: 100) }
        while let entry = Self.take(&accumulator, flush: true).byLeader[1]?.first {
            #expect(entry.batch.extent.size <= large.size / 2 + 61)
            accumulator.finished(entry)
        }
        // Another topic of that name may take more.
        accumulator.setTopic("t", TopicShape(id: Self.topicID(1), count: 1))
        accumulator.setTopic("t", TopicShape(id: Self.topicID(2), count: 1))
        for _ in 0..<8 { Self.append(&accumulator, bytes: 100) }
        let other = ProducerIdentity.Given(id: 41, epoch: 0)
        #expect(Self.take(&accumulator, flush: true, producer: other).byLeader[1]?.first?.batch.extent.count == 8)
    }

    @Test(arguments: [false, true]) func recordsOfABatchThatWasDividedStayAsTheyWere(isPacking: Bool) async throws {
        let batch = ProducerBatch(TopicPartition("t", 0), created: Self.start)
        var builder = RecordBatchBuilder(capacity: 0)
        let headers = [RecordHeader("h", Bytes(utf8: "1")), RecordHeader("null", nil)]
        for number in 0..<20 {
            let key = Array("k\(number)".utf8)
            let value = [UInt8](repeating: UInt8(number), count: 10 * number)
            key.withUnsafeBytes { key in
                value.withUnsafeBytes { value in
                    builder.append(
                        key: number % 3 == 0 ? nil : key, value: number % 4 == 0 ? nil : value,
                        headers: number % 5 == 0 ? headers : [], timestamp: Int64(1000 - number))
                }
            }
        }
        batch.takeOver(&builder)
        let bytes = try batch.bytes(.init(), isPacking ? .gzip : .none, level: nil)
        let whole = try #require(try RecordBatch(bytes)).records()
        let parts = try batch.divided(limit: 700, isPacking: isPacking)
        #expect(parts.count > 2)
        var found: [Record] = []
        for part in parts {
            let bytes = try part.bytes(.init(producerId: 7, producerEpoch: 0, baseSequence: 3), .none, level: nil)
            let batch = try #require(try RecordBatch(bytes))
            try batch.verifyChecksum()
            #expect(batch.bytes.count <= 720)
            #expect(batch.producerId == 7)
            found += try batch.records()
        }
        #expect(found.map { $0.key?.copy() } == whole.map { $0.key?.copy() })
        #expect(found.map { $0.value?.copy() } == whole.map { $0.value?.copy() })
        #expect(found.map { $0.headers.map(\.key) } == whole.map { $0.headers.map(\.key) })
        #expect(found.map(\.timestamp) == whole.map(\.timestamp))
        // Each record is told of by the part that it is in.
        batch.complete(in: parts)
        var next: Offset = 100
        for part in parts {
            part.complete(.success(next))
            next = next + Int64(part.extent.count)
        }
        for index in 0..<20 { #expect(try await batch.offset(of: index) == Offset(Int64(100 + index))) }
    }
}
