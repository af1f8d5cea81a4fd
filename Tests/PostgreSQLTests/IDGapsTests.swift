import AppSupport
import JSONLines
import TestSupport
import Testing

@testable import FraudBatch
@testable import FraudProducer

/// What a reader by id remembers of ids without rows, and of how far it is.
@Suite(.turn) struct IDGapsTests {
    private static let seen = SnapshotBounds(oldestRunning: 10, next: 13, time: 0)

    private static func gaps(_ ranges: ClosedRange<Int64>...) -> IDGaps {
        var gaps = IDGaps()
        gaps.note(ranges, seen: seen)
        return gaps
    }

    private static func ranges(_ gaps: IDGaps) -> [[Int64]] { gaps.gaps.map { [$0.first, $0.last] } }

    @Test(
        arguments: [
            ([], [[5, 9], [20, 20]]), ([5], [[6, 9], [20, 20]]), ([9], [[5, 8], [20, 20]]),
            ([7], [[5, 6], [8, 9], [20, 20]]), ([5, 6, 7, 8, 9], [[20, 20]]),
            ([1, 7, 12, 20, 99], [[5, 6], [8, 9]]),
            ([5, 6, 7, 8, 9, 20], []),
        ] as [([Int64], [[Int64]])])
    func rowsThatAppearLateLeaveWhatIsStillMissing(_ ids: [Int64], _ left: [[Int64]]) {
        var gaps = Self.gaps(5...9, 20...20)
        gaps.fill(ids)
        #expect(Self.ranges(gaps) == left)
        #expect(gaps.gaps.allSatisfy { $0.seen == Self.seen })
    }

    /// A gap is dead when every transaction that ran when it was first seen is over. A writer that had taken the id, but no
    /// number yet, has the grace.
    @Test(
        arguments: [
            (12, 60_000_000, true), (13, 60_000_000, false), (99, 60_000_000, false), (13, 9_999_999, true),
            (13, 10_000_000, false),
        ] as [(Int64, Int64, Bool)])
    func aGapStaysUntilNobodyCanFillIt(_ oldest: Int64, _ time: Int64, _ stays: Bool) {
        var gaps = Self.gaps(5...9)
        gaps.settle(SnapshotBounds(oldestRunning: oldest, next: 200, time: time))
        #expect(gaps.gaps.isEmpty == !stays)
    }

    @Test func gapsAreBoundedAndTheOldestAreGivenUp() {
        var gaps = IDGaps()
        gaps.note((0..<Int64(IDGaps.limit + 5)).map { (2 * $0)...(2 * $0) }, seen: Self.seen)
        #expect(gaps.gaps.count == IDGaps.limit)
        #expect(gaps.gaps.first?.first == 10)
        #expect(gaps.givenUp == 5)
    }

    @Test func idsAtTheEndsDoNotTrap() {
        var gaps = Self.gaps(Int64.min...Int64.min, Int64.max...Int64.max)
        gaps.fill([.min, .max])
        #expect(gaps.gaps.isEmpty)
        gaps.note([Int64.min...Int64.max], seen: SnapshotBounds(oldestRunning: .min, next: .max, time: .min))
        gaps.fill([0])
        gaps.settle(SnapshotBounds(oldestRunning: .max, next: .max, time: .max))
        #expect(gaps.gaps.count == 2)  // the clock went round: they stay, which costs little
    }

    @Test func progressIsKeptAndFoundAgain() throws {
        var progress = Progress(after: 30)
        progress.gaps = Self.gaps(5...9, 11...11)
        #expect(progress.text == "{\"up_to\":30,\"gaps\":[[5,9,10,13,0],[11,11,10,13,0]]}\n")
        #expect(Progress(Array(progress.text.utf8)) == progress)
    }

    @Test(arguments: [
        "", "{}", "[]", "{\"up_to\":\"x\",\"gaps\":[]}", "{\"up_to\":30,\"gaps\":[[5,9]]}",
        "{\"up_to\":30,\"gaps\":[[9,5,1,2,3]]}", "{\"up_to\":30,\"gaps\":[[5,31,1,2,3]]}",
        "{\"up_to\":30,\"gaps\":[[5,9,1,2,3],[9,10,1,2,3]]}", "{\"up_to\":30,\"gaps\":[[5,9,1,2,3]}",
    ])
    func whatIsNoProgressIsNotTakenForSome(_ text: String) {
        #expect(Progress(Array(text.utf8)) == nil)
    }

    @Test(
        arguments: [
            ("1000-9999", 1000...9999), ("7", 7...7), ("0-0", 0...0), ("9-1", nil), ("", nil), ("a-b", nil),
            ("1-2-3", nil),
            ("-5", nil), ("1-", nil), ("1-3000000000", nil),
        ] as [(String, ClosedRange<Int>?)])
    func usersAreARange(_ text: String, _ users: ClosedRange<Int>?) {
        #expect(UserRange(argument: text)?.users == users)
    }
}
