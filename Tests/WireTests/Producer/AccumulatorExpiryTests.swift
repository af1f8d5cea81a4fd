import TestSupport
import Testing

@testable import KafkaWire

/// A batch whose time is up is given up for its senders; its number is not left out while others count on it.
@Suite(.turn) struct AccumulatorExpiryTests {
    private static let start = AccumulatorTests.start
    private static let limit = Duration.seconds(5)

    /// Batches that were begun at these seconds, each on its way, behind a first one that has arrived.
    private func sent(at seconds: [Int64], into accumulator: inout Accumulator) throws -> [Accumulator.Entry] {
        try AccumulatorTests.establish(&accumulator)
        for second in seconds {
            AccumulatorTests.append(&accumulator, bytes: 90, now: Self.start + .seconds(second))
        }
        return try seconds.map { _ in
            try #require(AccumulatorTests.take(&accumulator, flush: true).byLeader[1]?.first)
        }
    }

    private func expired(_ accumulator: inout Accumulator, at second: Int64) -> (count: Int, next: Instant?) {
        let found = accumulator.takeExpired(now: Self.start + .seconds(second), timeout: Self.limit)
        return (found.expired.count, found.next)
    }

    /// Simulated histories: the number of a batch whose time was up stayed empty; a late try of it filled the gap, then late
    /// tries of those behind it, which had gone again under other numbers, and were there twice.
    @Test func itGoesOnUnderItsNumberForThoseBehindIt() throws {
        var accumulator = AccumulatorTests.accumulator(batchSize: 100)
        let entries = try sent(at: [0, 3], into: &accumulator)
        let bytes = accumulator.bufferedBytes
        for entry in entries { accumulator.retry(entry, at: Self.start, because: nil) }
        var (count, next) = expired(&accumulator, at: 5)
        #expect(count == 1 && next == Self.start + .seconds(8))
        #expect(accumulator.pendingBatches == 1 && accumulator.bufferedBytes == bytes)
        // It is told once.
        (count, next) = expired(&accumulator, at: 6)
        #expect(count == 0 && next == Self.start + .seconds(8))
        let again = AccumulatorTests.take(&accumulator)
        #expect(again.byLeader[1]?.map(\.stamp) == [entries[0].stamp] && !again.needsProducer)
        accumulator.finished(try #require(again.byLeader[1]?.first))
        #expect(AccumulatorTests.take(&accumulator).byLeader[1]?.map(\.stamp) == [entries[1].stamp])
        accumulator.finished(entries[1])
        #expect(accumulator.bufferedBytes == 0 && accumulator.pendingBatches == 0)
        AccumulatorTests.append(&accumulator)
        #expect(AccumulatorTests.sequences(AccumulatorTests.take(&accumulator)) == [3])
    }

    @Test func whereNobodyIsBehindItAllOpenNumbersAreLeft() throws {
        var accumulator = AccumulatorTests.accumulator(batchSize: 100)
        for entry in try sent(at: [0, 3], into: &accumulator) {
            accumulator.retry(entry, at: Self.start, because: nil)
        }
        #expect(expired(&accumulator, at: 5).count == 1)
        #expect(expired(&accumulator, at: 8) == (1, nil))
        #expect(accumulator.pendingBatches == 0 && accumulator.bufferedBytes == 0)
        AccumulatorTests.append(&accumulator)
        #expect(AccumulatorTests.take(&accumulator).needsProducer)
        let next = ProducerIdentity.Given(id: AccumulatorTests.id.id, epoch: 1)
        let entry = try #require(AccumulatorTests.take(&accumulator, producer: next).byLeader[1]?.first)
        #expect(entry.stamp?.baseSequence == 0 && entry.stamp?.producerEpoch == 1)
    }

    @Test func whatIsOnItsWayMayCountOnIt() throws {
        var accumulator = AccumulatorTests.accumulator(batchSize: 100)
        let entries = try sent(at: [0, 0], into: &accumulator)
        accumulator.retry(entries[0], at: Self.start, because: nil)
        #expect(expired(&accumulator, at: 9) == (1, nil))
        #expect(accumulator.bufferedBytes > 0)
        accumulator.finished(entries[1])
        #expect(expired(&accumulator, at: 9) == (0, nil))
        #expect(accumulator.bufferedBytes == 0)
    }

    @Test func soDoesOneThatWasTriedOftenEnough() throws {
        var accumulator = AccumulatorTests.accumulator(batchSize: 100)
        let entries = try sent(at: [0, 0, 0], into: &accumulator)
        let error = KafkaError(.timedOut, "not answered", isRetriable: true)
        accumulator.retry(entries[0], at: Self.start, because: error)
        accumulator.giveUp(entries[1], at: Self.start, because: error)
        accumulator.retry(entries[2], at: Self.start, because: error)
        #expect(accumulator.pendingBatches == 2)
        for entry in entries {
            #expect(expired(&accumulator, at: 1).count == 0)
            let again = try #require(AccumulatorTests.take(&accumulator).byLeader[1]?.first)
            #expect(again.stamp == entry.stamp)
            accumulator.finished(again)
        }
        #expect(accumulator.bufferedBytes == 0)
        // The last of them has nobody behind it.
        let last = try #require(try sent(at: [0], into: &accumulator).first)
        accumulator.giveUp(last, at: Self.start, because: error)
        #expect(expired(&accumulator, at: 1).count == 0)
        #expect(accumulator.bufferedBytes == 0)
    }

    @Test func anotherTopicOfThatNameAndAnotherEpochEndIt() throws {
        for isAnew in [true, false] {
            var accumulator = AccumulatorTests.accumulator(batchSize: 100)
            accumulator.setTopic("t", TopicShape(id: AccumulatorTests.topicID(1), count: 1))
            let entries = try sent(at: [0, 3], into: &accumulator)
            accumulator.retry(entries[0], at: Self.start, because: nil)
            // The one behind it is refused, and numbered anew.
            if !isAnew { accumulator.renumber(entries[1].batch.target) }
            accumulator.retry(entries[1], at: Self.start, because: nil, anew: !isAnew)
            #expect(expired(&accumulator, at: 5).count == 1)
            if isAnew { accumulator.setTopic("t", TopicShape(id: AccumulatorTests.topicID(2), count: 1)) }
            let next = ProducerIdentity.Given(id: AccumulatorTests.id.id, epoch: 1)
            let entry = try #require(AccumulatorTests.take(&accumulator, producer: next).byLeader[1]?.first)
            #expect(entry.batch === entries[1].batch && entry.stamp?.producerEpoch == 1)
            accumulator.finished(entry)
            #expect(accumulator.bufferedBytes == 0)
        }
    }

    @Test func withoutNumbersItIsDropped() throws {
        var accumulator = AccumulatorTests.accumulator(batchSize: 100, idempotent: false)
        for entry in try sent(at: [0, 3], into: &accumulator) {
            accumulator.retry(entry, at: Self.start, because: nil)
        }
        #expect(expired(&accumulator, at: 5) == (1, Self.start + .seconds(8)))
        #expect(accumulator.pendingBatches == 1)
        let all = accumulator.takeAll()
        #expect(all.count == 1 && accumulator.bufferedBytes == 0)
    }

    @Test func closingTakesItToo() throws {
        var accumulator = AccumulatorTests.accumulator(batchSize: 100)
        for entry in try sent(at: [0, 3], into: &accumulator) {
            accumulator.retry(entry, at: Self.start, because: nil)
        }
        #expect(expired(&accumulator, at: 5).count == 1)
        #expect(accumulator.pendingBatches == 1)
        #expect(accumulator.takeAll().count == 2)
        #expect(accumulator.pendingBatches == 0 && accumulator.bufferedBytes == 0)
    }
}
