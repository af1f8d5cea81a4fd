import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// The markers at the end of transactions, held against those that the Java broker writes.
@Suite(.turn) struct ControlBatchTests {
    @Test(arguments: [("commit-marker", ControlBatch.End.commit), ("abort-marker", .abort)])
    func isWhatJavaWrites(name: String, end: ControlBatch.End) throws {
        let vectors: [JSON] = try Fixture.json("golden/record-batches.jsonl")
        let wanted = try #require(vectors.first { $0["name"].text == name }?["hex"].hex)
        let batch = try #require(try RecordBatch(wanted))
        let marker = try ControlBatch.marker(
            end, producerId: 4711, producerEpoch: 3, coordinatorEpoch: 9, timestamp: batch.maxTimestamp,
            baseOffset: batch.baseOffset, partitionLeaderEpoch: 5)
        #expect(Bytes(marker) == wanted)
    }
}
