import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What becomes of a log whose broker was killed, or whose disk has gone bad.
@Suite(.turn) struct LogRecoveryTests {
    private let temporary = TemporaryFolder()
    private static let first = "orders-0/00000000000000000000.log"

    /// Writes four batches in segments of that size; gives where each batch ends in the first segment.
    private func write(segmentBytes: Int = 1 << 20) throws -> [Int] {
        var log = PartitionLog(rolling: SegmentRolling(bytes: segmentBytes), folder: temporary.logFolder)
        var ends: [Int] = []
        for values in [["a", "b"], ["c"], ["d", "e", "f"], ["g"]] {
            try log.append(values)
            ends.append(log.size)
        }
        return ends
    }

    private func recover(verifies: Bool = true) throws -> (log: PartitionLog, recovery: LogRecovery) {
        let folder = temporary.logFolder
        var recovery = try LogRecovery(folder, verifies: verifies)
        try recovery.settle()
        return (
            PartitionLog(
                rolling: SegmentRolling(), folder: folder, segments: recovery.segments, startOffset: 0), recovery
        )
    }

    private func contents(_ log: PartitionLog) throws -> [String] {
        var found: [String] = []
        var offset = log.startOffset
        while offset < log.endOffset {
            let slice = try log.read(from: offset, maxBytes: 1 << 20, atLeastOneBatch: true)
            found += try values(Records(slice.bytes))
            offset = slice.endOffset
        }
        return found
    }

    private static let all = ["0:a", "1:b", "2:c", "3:d", "4:e", "5:f", "6:g"]

    @Test(arguments: [1, 150, 1 << 20], [true, false])
    func whatWasWrittenIsReadBack(segmentBytes: Int, verifies: Bool) throws {
        _ = try write(segmentBytes: segmentBytes)
        var (log, recovery) = try recover(verifies: verifies)
        #expect(try contents(log) == Self.all)
        #expect(recovery.cuts.isEmpty && log.endOffset == 7)
        #expect(try log.append(["h"]) == 7)
        #expect(try contents(recover().log) == Self.all + ["7:h"])
    }

    /// The whole file, cut after every number of bytes: whole batches stay, the rest goes, and writing goes on.
    @Test(arguments: [true, false]) func aTornEndIsCutOff(verifies: Bool) throws {
        let ends = try write()
        let bytes = temporary.bytes(of: Self.first)
        #expect(bytes.count == ends.last)
        for length in 0...bytes.count {
            try temporary.write(Array(bytes.prefix(length)), to: Self.first)
            var (log, recovery) = try recover(verifies: verifies)
            let whole = ends.filter { $0 <= length }
            let offset = ([0, 2, 3, 6, 7] as [Offset])[whole.count]
            #expect(log.endOffset == offset && log.size == whole.last ?? 0, "\(length) bytes")
            #expect(recovery.cuts.count == (length == log.size ? 0 : 1))
            #expect(recovery.cuts.allSatisfy { temporary.bytes(at: $0.keptAs).count == $0.bytes })
            #expect(try log.append(["x"]) == offset)
            #expect(try contents(log) == Self.all.prefix(Int(offset.rawValue)) + ["\(offset):x"])
        }
    }

    /// Any flipped bit of the second batch but in its epoch, which no checksum covers: that batch is set aside, and those
    /// behind it stay.
    @Test(arguments: [0x01, 0x10, 0x80] as [UInt8]) func damageIsCutOutAndSetAside(bit: UInt8) throws {
        let ends = try write()
        let bytes = temporary.bytes(of: Self.first)
        for place in ends[0]..<ends[1] where !(ends[0] + 12..<ends[0] + 16).contains(place) {
            var damaged = bytes
            damaged[place] ^= bit
            try temporary.write(damaged, to: Self.first)
            let (log, recovery) = try recover()
            #expect(try contents(log) == Self.all.filter { $0 != "2:c" }, "byte \(place)")
            #expect(recovery.cuts.map(\.offset) == [3] && recovery.cuts.map(\.bytes) == [ends[1] - ends[0]])
            for cut in recovery.cuts {
                #expect(temporary.bytes(at: cut.keptAs) == Array(damaged[ends[0]..<ends[1]]))
            }
            #expect(temporary.bytes(of: Self.first) == Array(bytes[..<ends[0]]) + Array(bytes[ends[1]...]))
        }
    }

    @Test func segmentsBehindDamageStay() throws {
        _ = try write(segmentBytes: 1)
        let second = "orders-0/00000000000000000002.log"
        var bytes = temporary.bytes(of: second)
        bytes[bytes.count - 1] ^= 1
        try temporary.write(bytes, to: second)
        var (log, recovery) = try recover()
        #expect(try contents(log) == Self.all.filter { $0 != "2:c" })
        #expect(recovery.cuts.map(\.offset) == [3])
        #expect(temporary.bytes(of: second + ".cut") == bytes)
        #expect(try log.append(["x"]) == 7)
        #expect(try contents(recover().log) == Self.all.filter { $0 != "2:c" } + ["7:x"])
    }

    /// A batch that is a record's value is none of the log's, also where the one around it is damaged.
    @Test(arguments: [8, 17, 40, 70]) func aBatchInsideARecordIsNotTakenForOne(place: Int) throws {
        var inner = try batch(["never written"])
        inner[7] = 5
        var log = PartitionLog(folder: temporary.logFolder)
        try log.append(["a"])
        let (start, text) = (log.size, inner)
        var builder = RecordBatchBuilder()
        text.withUnsafeBytes { builder.append(key: nil, value: $0, timestamp: 1000) }
        _ = try log.append(try #require(try RecordBatch(Bytes(builder.finish(.init())))), leaderEpoch: 0)
        try log.append(["c"])
        var bytes = temporary.bytes(of: Self.first)
        bytes[start + place] ^= 1
        try temporary.write(bytes, to: Self.first)
        #expect(try contents(recover().log) == ["0:a", "2:c"])
    }

    /// No bytes trap or hang, and what is found is a log; nothing of a file is gone.
    @Test func anyBytesAreRead() throws {
        _ = try write()
        let bytes = temporary.bytes(of: Self.first)
        var random = RandomSource(seed: 11)
        for round in 0..<2000 {
            var damaged = bytes
            for _ in 0...random.next() % 4 {
                let at = Int(random.next() % UInt64(damaged.count))
                switch random.next() % 5 {
                case 0: damaged[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: damaged[at] ^= 1 << UInt8(random.next() % 8)
                case 2: damaged.removeSubrange(at..<min(damaged.count, at + Int(random.next() % 40)))
                case 3: damaged.insert(contentsOf: bytes.prefix(Int(random.next() % 200)), at: at)
                default: for index in at..<min(damaged.count, at + 8) { damaged[index] = round % 2 == 0 ? 0x7F : 0xFF }
                }
                if damaged.isEmpty { damaged = bytes }
            }
            try Folder(temporary.path + "/orders-0").create()
            try temporary.write(damaged, to: Self.first)
            let (log, recovery) = try recover(verifies: round % 3 > 0)
            #expect(log.size + recovery.cuts.reduce(0) { $0 + $1.bytes } == damaged.count)
            _ = try? contents(log)
            Folder(temporary.path + "/orders-0").remove()
        }
    }

    @Test func aLogThatWasEmptiedGoesOnWhereItWas() throws {
        _ = try write()
        var log = try recover().log
        #expect(log.deleteRecords(before: 7) > 0)
        #expect(temporary.names(in: "orders-0") == ["00000000000000000007.log", "partition.metadata"])
        var again = try recover().log
        #expect(again.startOffset == 7 && again.endOffset == 7)
        #expect(try again.append(["h"]) == 7)
    }

    @Test func producersAndTransactionsAreFoundInTheBatches() throws {
        var log = PartitionLog(folder: temporary.logFolder)
        var states = ProducerStates()
        var aborted = AbortedTransactions()
        func append(_ bytes: [UInt8]) throws {
            guard let batch = try RecordBatch(Bytes(bytes)) else { throw Cut() }
            let offset = try log.append(batch, leaderEpoch: 0)
            if let marker = TransactionMarker(batch) {
                aborted.end(with: marker, at: offset, in: &states)
            } else {
                states.remember(batch, at: offset)
            }
        }
        func mark(_ commit: Bool, _ id: ProducerID) throws {
            try append(
                ControlBatch.marker(
                    commit ? .commit : .abort, producerId: id, producerEpoch: 3, coordinatorEpoch: 5, timestamp: 77))
        }
        func write(_ id: ProducerID, _ sequence: Int32) throws {
            try append(
                batch(["v", "w"]) {
                    $0.producerId = id
                    $0.producerEpoch = 3
                    $0.baseSequence = sequence
                    $0.marks = .init(rawValue: 1 << 4)
                })
        }
        try write(1, 0)
        try write(2, 0)
        try mark(false, 1)
        try write(1, 2)
        try mark(true, 1)
        try write(3, 0)
        for verifies in [true, false] {
            let recovery = try LogRecovery(temporary.logFolder, verifies: verifies)
            #expect(recovery.producers.active == states.active)
            #expect(recovery.producers.firstUnstableOffset == 2)
            #expect(recovery.aborted.entries == aborted.entries && recovery.aborted.entries.count == 1)
        }
    }

    /// More partitions than files may be open.
    @Test func filesAreClosedAndOpenedAgain() throws {
        let pool = FilePool(limit: 8)
        var logs = (0..<30).map { index in
            PartitionLog(
                folder: LogFolder(Folder(temporary.path + "/t-\(index)"), topicId: TopicID(.zero), pool: pool))
        }
        for round in 0..<3 {
            for index in logs.indices {
                #expect(try logs[index].append(["\(index)"]) == Offset(Int64(round)))
                #expect(pool.openCount <= 8)
            }
        }
        for log in logs { #expect(try contents(log).count == 3) }
        try pool.sync()
    }
}
