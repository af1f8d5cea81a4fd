import TestSupport
import Testing

@testable import KafkaWire

/// How a partition's batches are numbered, and how many may be on their way.
@Suite(.turn) struct PartitionLineTests {
    private static let now = Instant(nanoseconds: 0)
    private static let first = ProducerIdentity.Given(id: 40, epoch: 0)
    private static let second = ProducerIdentity.Given(id: 41, epoch: 0)

    /// How many batches a line sends, at most `limit` at a time.
    private static func fill(_ line: inout PartitionLine, limit: Int = 5, isIdempotent: Bool = true) -> Int {
        var count = 0
        while count < 10, line.hasRoom(limit, isIdempotent: isIdempotent) {
            line.sent()
            count += 1
        }
        return count
    }

    @Test func batchesAreNumberedByTheirRecords() {
        var line = PartitionLine()
        #expect(line.takeNumbers(nil) == .waits(isUrgent: true))
        #expect(line.takeNumbers(Self.first) == .anew)
        #expect(line.takeNumbers(Self.first) == .ready)
        // Another id is taken where one is needed, and not before.
        #expect(line.takeNumbers(Self.second) == .ready)
        #expect(line.stamp(count: 3) == .init(producerId: 40, producerEpoch: 0, baseSequence: 0))
        #expect(line.stamp(count: 2) == .init(producerId: 40, producerEpoch: 0, baseSequence: 3))
        #expect(line.stamp(count: 1).baseSequence == 5)
        #expect([line.sealed(count: 3), line.sealed(count: 2), line.sealed(count: 1)] == [0, 3, 5])
    }

    @Test func whoIsNotIdempotentNumbersNothing() {
        var line = PartitionLine()
        #expect(line.stamp(count: 3) == .init())
        #expect(Self.fill(&line, limit: 2, isIdempotent: false) == 2)
    }

    @Test func beforeTheFirstBatchHasArrivedNoOtherIsSent() {
        var line = PartitionLine()
        _ = line.takeNumbers(Self.first)
        let stamp = line.stamp(count: 1)
        #expect(Self.fill(&line) == 1)
        line.finished(stamp, isAcknowledged: true)
        #expect(Self.fill(&line) == 5)
    }

    @Test(arguments: [false, true]) func whatDidNotArriveEstablishesNothing(isOld: Bool) {
        var line = PartitionLine()
        _ = line.takeNumbers(Self.first)
        let stamp = ProducerBatch.Stamp(producerId: isOld ? 39 : 40, producerEpoch: 0, baseSequence: 0)
        #expect(Self.fill(&line) == 1)
        line.finished(stamp, isAcknowledged: isOld)
        #expect(Self.fill(&line) == 1)
    }

    @Test func afterAFailureOneAtATimeUntilTheFailedOnesAreThrough() {
        var line = PartitionLine()
        _ = line.takeNumbers(Self.first)
        let stamp = line.stamp(count: 1)
        line.sent()
        line.finished(stamp, isAcknowledged: true)
        #expect(Self.fill(&line) == 5)
        line.returned(until: Self.now)
        #expect(line.retryAt == Self.now)
        #expect(Self.fill(&line) == 0)
        for _ in 0..<4 { line.finished(stamp, isAcknowledged: true) }
        // The one that failed waits still.
        line.released(isClear: false)
        #expect(Self.fill(&line) == 1)
        #expect(line.retryAt == nil)
        line.released(isClear: true)
        #expect(Self.fill(&line) == 0)
        line.finished(stamp, isAcknowledged: true)
        line.released(isClear: true)
        #expect(Self.fill(&line) == 5)
    }

    @Test func aLossAsksForAnotherIdOnceNothingIsOnItsWay() {
        var line = PartitionLine()
        _ = line.takeNumbers(Self.first)
        let stamp = line.stamp(count: 7)
        line.sent()
        line.renumber()
        #expect(line.takeNumbers(Self.second) == .waits(isUrgent: false))
        line.finished(stamp, isAcknowledged: false)
        // The old id does not do: its numbers were used.
        #expect(line.takeNumbers(Self.first) == .waits(isUrgent: true))
        #expect(line.takeNumbers(nil) == .waits(isUrgent: true))
        #expect(line.takeNumbers(Self.second) == .anew)
        #expect(line.stamp(count: 1) == .init(producerId: 41, producerEpoch: 0, baseSequence: 0))
        #expect(Self.fill(&line) == 1)
    }

    @Test(
        arguments: [(0, 5, 5), (.max - 1, 1, .max), (.max, 1, 0), (.max - 1, 5, 3)] as [(Int32, Int32, Int32)])
    func sequencesWrapToZero(_ sequence: Int32, _ count: Int32, _ expected: Int32) {
        #expect(PartitionLine.sequence(after: sequence, count: count) == expected)
    }
}
