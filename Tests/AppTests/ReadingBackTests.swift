import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// What an agent reads back of each partition, and when it judges.
@Suite(.turn) struct ReadingBackTests {
    private static let p = TopicPartition("t", 0)
    private static let q = TopicPartition("t", 1)
    private static func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    /// A partition assigned at `to`, whose log begins at `start`.
    private static func reading(to: Offset, start: Offset, limit: Int = 1000) -> (ReadingBack, first: Offset?) {
        var past = ReadingBack(limit: limit, time: .seconds(60))
        _ = past.assigned([p: (0, to)])
        let first = past.found(p, start: start, now: at(0))
        return (past, first)
    }

    @Test(arguments: [
        (10 as Offset, 0 as Offset, 1000, 0 as Offset?), (10, 4, 1000, 4), (10, 0, 3, 7), (10, 8, 3, 8),
        // The log is empty in front of the commit, or begins behind it: nothing is read, and nothing waited for.
        (10, 10, 1000, nil), (10, 99, 1000, nil),
        (.max, 0, 5, .max - 5),
    ])
    func itBeginsWhereTheLogDoesOrTheLimitSays(_ to: Offset, _ start: Offset, _ limit: Int, _ first: Offset?) {
        let (past, found) = Self.reading(to: to, start: start, limit: limit)
        #expect(found == first)
        #expect(past.target(of: Self.p) == (first == nil ? nil : to))
        #expect(past.lookedUp.isEmpty)
    }

    @Test func whatHasNoPastIsReadyAtOnce() {
        var past = ReadingBack(limit: 1000, time: .seconds(60))
        #expect(past.assigned([Self.p: (0, 0), Self.q: (5, 9)]) == [Self.p])
        #expect(past.lookedUp == [Self.q])
        var none = ReadingBack(limit: 0, time: .seconds(60))
        #expect(Set(none.assigned([Self.p: (0, 7), Self.q: (5, 9)])) == [Self.p, Self.q])
    }

    /// The limit is shared by those that are read.
    @Test func thePastOfManyPartitionsIsAsLongAsThatOfOne() {
        var past = ReadingBack(limit: 100, time: .seconds(60))
        _ = past.assigned([Self.p: (0, 1000), Self.q: (0, 500)])
        #expect(past.found(Self.p, start: 0, now: Self.at(0)) == 950)
        #expect(past.found(Self.q, start: 0, now: Self.at(0)) == 450)
        #expect(past.progress.map { [Int64($0.partitions), $0.done, $0.of] } == [2, 0, 100])
        #expect(past.read(Self.p, upTo: 975, count: 25, now: Self.at(1)) == .goOn)
        #expect(past.progress.map { [Int64($0.partitions), $0.done, $0.of] } == [2, 25, 100])
    }

    enum Event: Sendable {
        case read(Offset, count: Int, at: Int64)
        case ended(Offset)
        case reset(Offset)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var events: [Event]
        var last: ReadingBack.Next
    }

    /// Of a past from 0 up to 10, in 60 seconds.
    static let cases = [
        Case(
            testDescription: "all of it", events: [.read(5, count: 5, at: 1), .read(10, count: 5, at: 2)],
            last: .ready(.init(records: 10))),
        Case(
            testDescription: "a batch across the target", events: [.read(20, count: 10, at: 1)],
            last: .ready(.init(records: 10))),
        Case(testDescription: "a part", events: [.read(5, count: 5, at: 1)], last: .goOn),
        Case(
            testDescription: "the log ends there", events: [.read(8, count: 3, at: 1), .ended(10)],
            last: .ready(.init(records: 3))),
        Case(
            testDescription: "the log ends in front of it", events: [.read(5, count: 5, at: 1), .ended(5)],
            last: .seek(10, .init(records: 5, cut: .end(5)))),
        Case(
            testDescription: "the log is empty", events: [.ended(0)], last: .seek(10, .init(records: 0, cut: .end(0)))),
        Case(testDescription: "retention is faster", events: [.reset(6)], last: .goOn),
        Case(
            testDescription: "retention is faster, then the rest", events: [.reset(6), .read(10, count: 4, at: 1)],
            last: .ready(.init(records: 4))),
        Case(
            testDescription: "retention has overtaken it", events: [.read(2, count: 2, at: 1), .reset(11)],
            last: .seek(10, .init(records: 2, cut: .lost))),
        Case(
            testDescription: "too slow",
            events: (1...13).map { .read(Offset(Int64(min($0, 9))), count: 1, at: Int64($0) * 5) },
            last: .goOn),
        Case(
            testDescription: "too slow in the end",
            events: (1...12).map { .read(Offset(Int64(min($0, 9))), count: 1, at: Int64($0) * 5) },
            last: .seek(10, .init(records: 12, cut: .time))),
        Case(
            testDescription: "away for an hour is not slow",
            events: [.read(5, count: 5, at: 1), .read(6, count: 1, at: 3600)], last: .goOn),
    ]

    @Test(arguments: cases) func itEndsWhereTheLogOrTheLimitDoes(_ one: Case) {
        var (past, _) = Self.reading(to: 10, start: 0)
        var last = ReadingBack.Next.goOn
        for event in one.events {
            last =
                switch event {
                case .read(let next, let count, let time):
                    past.read(Self.p, upTo: next, count: count, now: Self.at(time))
                case .ended(let offset): past.ended(Self.p, at: offset)
                case .reset(let offset): past.reset(Self.p, to: offset)
                }
        }
        #expect(last == one.last)
        if case .goOn = last { return }
        #expect(past.target(of: Self.p) == nil)
    }

    @Test func onePartitionThatIsNotFoundHoldsUpNoOther() {
        var past = ReadingBack(limit: 1000, time: .seconds(60))
        _ = past.assigned([Self.p: (0, 10), Self.q: (0, 10)])
        #expect(past.found(Self.q, start: 0, now: Self.at(0)) == 0)
        #expect(past.lookedUp == [Self.p])
        #expect(past.read(Self.q, upTo: 10, count: 10, now: Self.at(1)) == .ready(.init(records: 10)))
        #expect(past.read(Self.p, upTo: 10, count: 10, now: Self.at(1)) == .goOn)
        #expect(past.target(of: Self.p) == 10)
        past.gaveUp(Self.p)
        #expect(past.target(of: Self.p) == nil)
    }

    /// An answer that comes when the group has the partition back begins nothing.
    @Test func whatWentIsNotReadBack() {
        var past = ReadingBack(limit: 1000, time: .seconds(60))
        _ = past.assigned([Self.p: (0, 10)])
        past.revoked([Self.p])
        #expect(past.found(Self.p, start: 0, now: Self.at(0)) == nil)
        #expect(past.progress == nil)
    }
}
