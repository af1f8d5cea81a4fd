import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// A log whose first records were deleted.
@Suite(.turn) struct DeletedRecordsTests {
    @Test(arguments: [1, 1000])
    func whatIsDeletedIsNotFoundAnyMore(segmentBytes: Int) throws {
        var log = PartitionLog(rolling: SegmentRolling(bytes: segmentBytes))
        try log.append(["a", "b"], timestamps: [100, 90])
        try log.append(["c", "d"], timestamps: [50, 60])
        let full = log.size
        #expect(log.deleteRecords(before: 1) == 0 && log.startOffset == 1)
        #expect(!log.contains(0) && log.contains(1))
        #expect(log.firstOffset(at: 0) == .init(offset: 1, timestamp: 90))
        // Both batches hold their records; the first segment is freed once nothing of it is left.
        #expect(log.deleteRecords(before: 2) == (segmentBytes == 1 ? full / 2 : 0))
        #expect(log.firstOffset(at: 55) == .init(offset: 3, timestamp: 60))
        #expect(log.offsetOfMaxTimestamp() == .init(offset: 3, timestamp: 60))
        #expect(log.deleteRecords(before: 0) == 0 && log.startOffset == 2)
        #expect(log.deleteRecords(before: 4) > 0 && log.size == 0 && log.startOffset == 4 && log.endOffset == 4)
        #expect(log.offsetOfMaxTimestamp() == nil)
        #expect(try log.append(["e"]) == 4)
        #expect(log.startOffset == 4 && log.removeOldestSegment() > 0 && log.startOffset == 5)
    }
}
