import TestSupport
import Testing

@testable import KafkaWire

/// What of records that are finished in any order can be committed.
@Suite(.turn) struct MarkedRecordsTests {
    private static func given(_ end: Offset, missing: [Range<Offset>] = []) -> MarkedRecords {
        var records = MarkedRecords(from: 0)
        records.gave(upTo: end, leaderEpoch: 1, missing: missing)
        return records
    }

    /// Marks in this order, and the position behind each.
    @Test(
        arguments: [
            ([0, 1, 2], [1, 2, 3]), ([2, 1, 0], [0, 0, 3]), ([1, 3, 0, 2], [0, 0, 2, 4]), ([0, 0, 0], [1, 1, 1]),
            ([4, 2, 0, 1, 3], [0, 0, 1, 3, 5]), ([9, 10, 99], [0, 0, 0]),
        ] as [([Int64], [Int64])])
    func thePositionIsTheFirstThatIsNotDone(_ marks: [Int64], _ positions: [Int64]) {
        var records = Self.given(10)
        var seen: [Int64] = []
        for mark in marks {
            _ = records.mark(Offset(rawValue: mark))
            seen.append(records.position.offset.rawValue)
        }
        #expect(seen == positions)
    }

    @Test func whatWasNotGivenOutCannotBeDone() {
        var records = Self.given(3)
        #expect(records.mark(0..<100) == true)
        #expect(records.position.offset == 3 && records.open == 0)
        records.gave(upTo: 6, leaderEpoch: 1)
        #expect(records.position.offset == 3 && records.open == 3)
        #expect(records.mark(7) == false)
        #expect(records.mark(3) == true)
    }

    /// Compaction, and markers of transactions.
    @Test func whereThereIsNoRecordNoneIsWaitedFor() {
        var records = Self.given(10, missing: [0..<2, 3..<7, 9..<10])
        #expect(records.position.offset == 2)
        _ = records.mark(2)
        #expect(records.position.offset == 7)
        _ = records.mark(8)
        #expect(records.position.offset == 7)
        _ = records.mark(7)
        #expect(records.position.offset == 10)
    }

    @Test func theLeaderEpochIsThatOfTheRecordInFront() {
        var records = Self.given(5)
        records.gave(upTo: 8, leaderEpoch: 2)
        _ = records.mark(0..<5)
        #expect(records.position == CommittedOffset(offset: 5, leaderEpoch: 1))
        _ = records.mark(5)
        #expect(records.position == CommittedOffset(offset: 6, leaderEpoch: 2))
    }

    /// All orders of six records: the position is in front of the first that is not done.
    @Test func everyOrderIsRight() {
        func orders(_ rest: [Int64]) -> [[Int64]] {
            rest.isEmpty ? [[]] : rest.flatMap { first in orders(rest.filter { $0 != first }).map { [first] + $0 } }
        }
        for order in orders(Array(0..<6)) {
            var records = Self.given(6)
            var done: Set<Int64> = []
            for mark in order {
                _ = records.mark(Offset(rawValue: mark))
                done.insert(mark)
                let first = (0...6).first { !done.contains($0) } ?? 6
                #expect(records.position.offset.rawValue == first)
            }
        }
    }

    // MARK: - The ledger

    private static let p = TopicPartition("t", 0)

    /// Asking for more says nothing of what is done, where that is marked.
    @Test func onlyWhatIsMarkedIsCommitted() {
        var ledger = CommitLedger(interval: .seconds(1), now: Instant(nanoseconds: 0))
        ledger.isByMarks = true
        ledger.gave(Self.p, upTo: CommittedOffset(offset: 10))
        ledger.asked()
        #expect(ledger.open.isEmpty && ledger.rest == nil)
        ledger.done([Self.p: CommittedOffset(offset: 4)])
        #expect(ledger.rest?.offsets == [Self.p: CommittedOffset(offset: 4)])
        if let attempt = ledger.rest { ledger.settled(attempt) }
        ledger.done([Self.p: CommittedOffset(offset: 4)])
        #expect(ledger.open.isEmpty)
    }
}
