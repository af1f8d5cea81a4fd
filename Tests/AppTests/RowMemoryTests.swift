import ChangeEvents
import TestSupport
import Testing

@testable import Detectors

/// Which rows are judged again and which are not. The exercise's agents took each delivery for a transaction.
@Suite(.turn) struct RowMemoryTests {
    private static func row(
        _ id: Int64, user: Int64 = 1, cents: Int64 = 100, at time: Int64 = 5, _ origin: Transaction.Origin = .insert
    ) -> Transaction {
        Transaction(
            id: id, userID: user, amount: Amount(cents: cents), createdAt: EventTime(microseconds: time), origin: origin
        )
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var rows: [Transaction]
        /// Which of them are repeats.
        var repeated: [Bool]
    }

    static let cases = [
        Case(
            testDescription: "delivered again", rows: [row(1), row(2), row(1), row(2)],
            repeated: [false, false, true, true]),
        Case(testDescription: "read again by a snapshot", rows: [row(1), row(1, .snapshot)], repeated: [false, true]),
        Case(
            testDescription: "read again after an update", rows: [row(1), row(1, cents: 7, .snapshot)],
            repeated: [false, true]),
        Case(
            testDescription: "delivered again after the snapshot has read an update",
            rows: [row(1), row(1, cents: 7, .snapshot), row(1)], repeated: [false, true, true]),
        Case(
            testDescription: "streamed after the snapshot", rows: [row(1, .snapshot), row(1)], repeated: [false, true]),
        Case(testDescription: "two snapshots", rows: [row(1, .snapshot), row(1, .snapshot)], repeated: [false, true]),
        Case(
            testDescription: "a table that was emptied counts anew", rows: [row(1), row(1, user: 2), row(1, user: 2)],
            repeated: [false, false, true]),
        Case(testDescription: "another time", rows: [row(1), row(1, at: 6)], repeated: [false, false]),
        Case(
            testDescription: "ids at the ends",
            rows: [row(.min), row(.max), row(-1), row(0), row(.min), row(.max), row(-1), row(0)],
            repeated: [false, false, false, false, true, true, true, true]),
        Case(
            testDescription: "neighbours", rows: (0..<40).map { row($0) } + [row(15), row(16), row(31), row(40)],
            repeated: Array(repeating: false, count: 40) + [true, true, true, false]),
    ]

    @Test(arguments: cases) func aRowIsJudgedOnce(_ one: Case) {
        var memory = RowMemory()
        #expect(one.rows.map { memory.isRepeated($0, partition: 0) } == one.repeated)
    }

    /// Or an alert that another instance has not sent would be lost when the partition is back.
    @Test func rowsOfAPartitionThatWentAreForgotten() {
        var memory = RowMemory()
        for id in 0..<100 as Range<Int64> {
            _ = memory.isRepeated(Self.row(id), partition: 0)
            _ = memory.isRepeated(Self.row(id), partition: 1)
        }
        memory.forget(partition: 0)
        for id in 0..<100 as Range<Int64> {
            #expect(memory.isRepeated(Self.row(id), partition: 0) == false)
            #expect(memory.isRepeated(Self.row(id), partition: 1) == true)
        }
    }

    @Test func theOldestRowsMakeRoom() {
        var memory = RowMemory(maximumRows: 256)
        for id in 0..<1000 as Range<Int64> { #expect(memory.isRepeated(Self.row(id), partition: 0) == false) }
        #expect(memory.isRepeated(Self.row(999), partition: 0) == true)
        #expect(memory.isRepeated(Self.row(950), partition: 0) == true)
        #expect(memory.isRepeated(Self.row(3), partition: 0) == false)
    }
}
