import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

@Suite(.turn) struct PartitionLogTests {
    /// Where a log's records are.
    enum Place: CaseIterable {
        case memory
        case disk
    }

    private let temporary = TemporaryFolder()

    private func log(segmentBytes: Int = 1 << 20, in place: Place = .memory) throws -> PartitionLog {
        var log = PartitionLog(
            rolling: SegmentRolling(bytes: segmentBytes), folder: place == .disk ? temporary.logFolder : nil)
        try log.append(["a", "b", "c"])
        try log.append(["d"])
        try log.append(["e", "f"])
        return log
    }

    @Test(arguments: [1, 150, 1 << 20], Place.allCases)
    func readsWholeBatchesFromAnyOffset(segmentBytes: Int, place: Place) throws {
        let log = try log(segmentBytes: segmentBytes, in: place)
        #expect(log.endOffset == 6)
        for offset in [0, 1, 2, 3, 4, 5] as [Offset] {
            let found = try values(Records(log.read(from: offset, maxBytes: 1, atLeastOneBatch: true).bytes))
            let wanted = [["0:a", "1:b", "2:c"], ["3:d"], ["4:e", "5:f"]][offset < 3 ? 0 : offset == 3 ? 1 : 2]
            #expect(found == wanted, "offset \(offset)")
        }
        #expect(try log.read(from: 6, maxBytes: 100, atLeastOneBatch: true).bytes.isEmpty)
        #expect(try log.read(from: 7, maxBytes: 100, atLeastOneBatch: true).bytes.isEmpty)
        #expect(try log.read(from: 0, maxBytes: 1, atLeastOneBatch: false).bytes.isEmpty)
    }

    @Test(arguments: Place.allCases) func stampsOffsetsAndEpochAndKeepsTheChecksum(place: Place) throws {
        let bytes = try log(in: place).read(from: 3, maxBytes: 1000, atLeastOneBatch: true).bytes
        let batches = try Records(bytes).batches()
        #expect(batches.map(\.baseOffset) == [3, 4])
        #expect(batches.map(\.partitionLeaderEpoch) == [0, 0])
        for batch in batches { try batch.verifyChecksum() }
    }

    @Test func countsWhatIsAvailable() throws {
        let log = try log(segmentBytes: 150)
        #expect(log.available(from: 0) == log.size)
        #expect(log.available(from: 2) == log.size)
        #expect(log.available(from: 6) == 0)
        let last = try log.read(from: 4, maxBytes: 1, atLeastOneBatch: true).bytes.count
        #expect(log.available(from: 5) == last)
    }

    /// Compaction took the end of a segment, and the next one is empty: nothing stands between, and nothing traps.
    @Test func countsWhatIsAvailableInFrontOfAnEmptySegment() throws {
        let folder = temporary.logFolder
        var log = PartitionLog(rolling: SegmentRolling(), folder: folder)
        try log.append(["a", "b"])
        _ = try folder.segment(at: 10)
        log = PartitionLog(
            rolling: SegmentRolling(), folder: folder, segments: try LogRecovery(folder, verifies: true).segments,
            startOffset: 0)
        #expect(log.endOffset == 10)
        for offset in [0, 1, 2, 9, 10, 11] as [Offset] {
            #expect(log.available(from: offset) == (offset < 2 ? log.size : 0))
            #expect(try log.read(from: offset, maxBytes: 100, atLeastOneBatch: true).bytes.isEmpty == (offset >= 2))
        }
        try log.append(["c"])
        #expect(log.endOffset == 11 && log.available(from: 5) > 0)
    }

    /// Nothing stands in the gap in front of an empty segment, so that nothing is lost from there on, and nothing traps.
    @Test func losesNothingInFrontOfAnEmptySegment() throws {
        var log = PartitionLog(rolling: SegmentRolling(), folder: temporary.logFolder)
        try log.append(["a", "b"])
        try log.goOn(at: 10)
        for offset in [9, 5, 2] as [Offset] {
            try log.truncate(from: offset)
            #expect(log.endOffset == 10 && log.size > 0 && log.segments.map(\.baseOffset) == [0, 10])
        }
        try log.truncate(from: 1)
        #expect(log.endOffset == 0 && log.size == 0 && log.segments.map(\.baseOffset) == [0])
        #expect(try log.append(["c"]) == 0)
    }

    /// An offset was acknowledged that the record did not get, where records in front of the cut had been deleted.
    @Test(arguments: Place.allCases) func whatWasDeletedDoesNotComeAgainBehindACut(place: Place) throws {
        var log = PartitionLog(rolling: SegmentRolling(), folder: place == .disk ? temporary.logFolder : nil)
        try log.append(["a", "b", "c"])
        try log.append(["d", "e", "f"])
        _ = log.deleteRecords(before: 4)
        try log.truncate(from: 0)
        #expect(log.startOffset == 4 && log.endOffset == 4)
        #expect(try log.append(["g"]) == 4)
        let read = try log.read(from: 4, maxBytes: 1000, atLeastOneBatch: true)
        #expect(try values(read.records) == ["4:g"])
    }

    @Test(arguments: Place.allCases) func retentionRemovesTheOldestAndRaisesTheStart(place: Place) throws {
        let folder = place == .disk ? temporary.logFolder : nil
        var log = PartitionLog(rolling: SegmentRolling(bytes: 200), folder: folder)
        for index in 0..<100 { try log.append(["value \(index)"]) }
        let before = log.size
        let removed = log.removeOldest(keeping: 1000)
        #expect(removed > 0)
        #expect(log.size == before - removed)
        #expect(log.size >= 1000 && log.size < 1300)
        #expect(log.startOffset > 0 && log.endOffset == 100)
        #expect(!log.contains(log.startOffset - 1))
        #expect(
            try values(Records(log.read(from: log.startOffset, maxBytes: 1, atLeastOneBatch: true).bytes)).count == 1)
        #expect(try folder.map { try $0.segments().count == log.segments.count } ?? true)
    }

    @Test(arguments: Place.allCases) func retentionByTimeRemovesSegmentsOfWhichAllIsTooOld(place: Place) throws {
        let folder = place == .disk ? temporary.logFolder : nil
        var log = PartitionLog(rolling: SegmentRolling(bytes: 1), folder: folder)
        for time in [10, 30, 20, 40] as [Int64] { try log.append(["a"], timestamps: [time]) }
        #expect(log.removeExpired(before: 25) > 0 && log.startOffset == 1)
        #expect(log.removeExpired(before: 25) == 0)
        #expect(log.removeExpired(before: 41) > 0 && log.startOffset == 4 && log.size == 0 && log.endOffset == 4)
        #expect(try log.append(["b"]) == 4)
    }

    @Test func aSegmentEndsWhenItsTimeIsUp() throws {
        var log = PartitionLog(rolling: SegmentRolling(bytes: 1 << 20, milliseconds: 100))
        for time in [1000, 1100, 1101, 1200, 1202] as [Int64] { try log.append(["a"], timestamps: [time]) }
        #expect(log.segments.map(\.baseOffset) == [0, 2, 4])
    }

    @Test(arguments: [Compression.none, .gzip])
    func findsTheRecordAtATime(compression: Compression) throws {
        var log = PartitionLog()
        try log.append(["a", "b", "c"], timestamps: [100, 300, 200], compression: compression)
        try log.append(["d", "e"], timestamps: [250, 400], compression: compression)
        let table: [(Int64, Offset?, Int64)] = [
            (0, 0, 100), (100, 0, 100), (101, 1, 300), (300, 1, 300), (301, 4, 400), (401, nil, 0),
        ]
        for (asked, offset, timestamp) in table {
            let wanted = offset.map { TimedOffset(offset: $0, timestamp: timestamp) }
            #expect(log.firstOffset(at: asked) == wanted, "at \(asked)")
        }
        #expect(log.offsetOfMaxTimestamp() == .init(offset: 4, timestamp: 400))
    }

    @Test func remembersTheLastFiveBatchesOfAProducer() throws {
        var states = ProducerStates()
        func made(_ sequence: Int32, epoch: ProducerEpoch = 0, count: Int = 1) throws -> RecordBatch {
            let bytes = try batch((0..<count).map { "\($0)" }) {
                $0.producerId = 9
                $0.producerEpoch = epoch
                $0.baseSequence = sequence
            }
            guard let batch = try RecordBatch(Bytes(bytes)) else { throw Cut() }
            return batch
        }
        for index in 0..<7 {
            let batch = try made(Int32(index) * 2, count: 2)
            #expect(states.check(batch) == .append)
            states.remember(batch, at: 100 + Int64(index) * 2)
        }
        #expect(try states.check(made(12, count: 2)) == .duplicate(baseOffset: 112))
        #expect(try states.check(made(4, count: 2)) == .duplicate(baseOffset: 104))
        #expect(try states.check(made(2, count: 2)) == .refuse(.outOfOrderSequenceNumber))
        #expect(try states.check(made(15)) == .refuse(.outOfOrderSequenceNumber))
        #expect(try states.check(made(0, epoch: 1)) == .append)
        #expect(try states.check(made(1, epoch: 1)) == .refuse(.outOfOrderSequenceNumber))
        states.remember(try made(0, epoch: 1), at: 120)
        #expect(try states.check(made(14)) == .refuse(.invalidProducerEpoch))
    }

    @Test func sequencesWrapToZero() throws {
        var states = ProducerStates()
        func made(_ sequence: Int32) throws -> RecordBatch {
            let bytes = try batch(["a", "b"]) {
                $0.producerId = 1
                $0.producerEpoch = 0
                $0.baseSequence = sequence
            }
            guard let batch = try RecordBatch(Bytes(bytes)) else { throw Cut() }
            return batch
        }
        states.remember(try made(.max - 1), at: 0)
        #expect(try states.check(made(0)) == .append)
        states.remember(try made(.max), at: 2)
        #expect(try states.check(made(1)) == .append)
    }
}
