import TestSupport
import Testing

@testable import KafkaWire

/// Slow brokers get less (KIP-794).
@Suite(.turn) struct PartitionLoadTests {
    /// Queues, partitions of the topic, and the sums of the weights; the first is the example in
    /// `BuiltInPartitioner.updatePartitionLoadStats`, the second that of its test.
    @Test(
        arguments: [
            ([0, 3, 1], 3, [4, 5, 8]), ([5, 0, 3, 0, 1], 5, [1, 7, 10, 16, 21]), ([0, 0, 0], 3, nil), ([2, 2], 2, nil),
            // Some are left out: those that are not are weighed, also where they are alike.
            ([2, 2], 3, [1, 2]), ([7], 2, [1]), ([7], 1, nil), ([], 3, nil),
        ] as [([Int], Int, [Int]?)])
    func weightsAreJavas(_ queues: [Int], _ count: Int, _ sums: [Int]?) {
        #expect(PartitionLoad(queues.enumerated().map { ($0.offset, $0.element) }, of: count)?.sums == sums)
    }

    @Test func aNumberFindsThePartitionWhoseWeightItFallsInto() throws {
        let load = try #require(PartitionLoad([(4, 0), (7, 3), (9, 1)], of: 3))
        #expect((0..<9).map { load.partition(at: $0) } == [4, 4, 4, 4, 7, 9, 9, 9, nil])
    }

    @Test func aBrokerIsSlowOnceSomethingHasWaitedForTooLong() {
        var readiness = BrokerReadiness()
        let start = Instant(nanoseconds: 0)
        func isSlow() -> Bool { readiness.isSlow(1, longerThan: .seconds(1)) }
        #expect(!isSlow())
        readiness.offered(to: 1, isFree: false, now: start)
        #expect(!isSlow())
        readiness.offered(to: 1, isFree: false, now: start + .seconds(1))
        #expect(!isSlow())
        readiness.offered(to: 1, isFree: false, now: start + .milliseconds(1001))
        #expect(isSlow())
        #expect(!readiness.isSlow(2, longerThan: .seconds(1)))
        readiness.offered(to: 1, isFree: true, now: start + .milliseconds(1002))
        #expect(!isSlow())
    }

    /// How many of 300 batches go to the third of three partitions, whose broker takes nothing.
    private static func share(_ partitioning: Partitioning) -> Int {
        var accumulator = Accumulator(
            batchSize: 100, linger: .zero, maximumInFlight: 5, isIdempotent: false, partitioning: partitioning,
            random: RandomSource(seed: 11))
        accumulator.setTopic("t", TopicShape(count: 3))
        var now = AccumulatorTests.start
        var count = 0
        for _ in 0..<300 {
            now = now + .milliseconds(10)
            guard
                let place = AccumulatorTests.append(&accumulator, bytes: 120, partition: nil, now: now)?.partition
            else { continue }
            if place == 2 { count += 1 }
            let ready = accumulator.takeReady(
                now: now, flush: true, producer: nil, leader: { BrokerID(rawValue: $0.partition.rawValue) },
                isFree: { $0 != 2 })
            for entry in ready.byLeader.inOrder.flatMap({ $0.1 }) { accumulator.finished(entry) }
        }
        return count
    }

    @Test func aPartitionThatBatchesWaitForGetsLess() {
        #expect((60...140).contains(Self.share(Partitioning(isAdaptive: false))))
        let adaptive = Self.share(Partitioning())
        #expect((1...30).contains(adaptive))
        // Up to the time after which it counts as not available.
        let excluded = Self.share(Partitioning(availabilityTimeout: .milliseconds(100)))
        #expect(excluded < adaptive && excluded > 0)
    }

    @Test func keysAreNoReasonToChooseWhereTheyAreIgnored() {
        for ignores in [true, false] {
            var accumulator = Accumulator(
                batchSize: 10_000, linger: .zero, maximumInFlight: 5, isIdempotent: true,
                partitioning: Partitioning(ignoresKeys: ignores), random: RandomSource(seed: 3))
            accumulator.setTopic("t", TopicShape(count: 10))
            var places: Set<PartitionID> = []
            for number in 0..<20 {
                let key = Array("\(number)".utf8)
                let outcome = key.withUnsafeBytes {
                    accumulator.append(
                        topic: "t", partition: nil, key: $0, value: nil, headers: [], timestamp: 0, bound: 100,
                        now: AccumulatorTests.start)
                }
                if case .done(let delivery, _) = outcome { places.insert(delivery.partition) }
            }
            #expect(ignores ? places.count == 1 : places.count > 4)
        }
    }

    @Test func batchesOfATopicHaveASizeOfTheirOwn() {
        var accumulator = Accumulator(
            batchSize: 10_000, linger: .seconds(1), maximumInFlight: 5, isIdempotent: true,
            partitioning: Partitioning(batchSizes: ["t": 300]), random: RandomSource(seed: 3))
        for topic in ["t", "u"] { accumulator.setTopic(topic, TopicShape(count: 1)) }
        let value = [UInt8](repeating: 1, count: 100)
        for topic in ["t", "u"] {
            for _ in 0..<10 {
                value.withUnsafeBytes {
                    _ = accumulator.append(
                        topic: topic, partition: 0, key: nil, value: $0, headers: [], timestamp: 0, bound: 120,
                        now: AccumulatorTests.start)
                }
            }
        }
        let counts = Dictionary(grouping: accumulator.pending) { $0.target.topic }.mapValues(\.count)
        #expect(counts["u"] == 1)
        #expect((5...10).contains(counts["t"] ?? 0))
    }

    /// What was never sent has no number that could be missing, and what waited for a second try goes on under its own, or
    /// makes what follows go under another identity.
    @Test func whatIsGivenUpLeavesNoGapInTheNumbers() throws {
        var accumulator = AccumulatorTests.accumulator(batchSize: 100)
        try AccumulatorTests.establish(&accumulator)
        AccumulatorTests.append(&accumulator, bytes: 120)
        func giveUp() -> Int { accumulator.takeExpired(now: AccumulatorTests.start, timeout: .zero).expired.count }
        #expect(giveUp() == 1)
        AccumulatorTests.append(&accumulator, bytes: 120)
        let entry = try #require(AccumulatorTests.take(&accumulator).byLeader[1]?.first)
        #expect(entry.stamp?.baseSequence == 1)
        accumulator.retry(entry, at: AccumulatorTests.start, because: nil)
        AccumulatorTests.append(&accumulator, bytes: 120)
        #expect(giveUp() == 2)
        #expect(accumulator.bufferedBytes == 0 && accumulator.pendingBatches == 0)
        AccumulatorTests.append(&accumulator, bytes: 120)
        #expect(AccumulatorTests.take(&accumulator).needsProducer)
        let next = ProducerIdentity.Given(id: 40, epoch: 1)
        let sent = try #require(AccumulatorTests.take(&accumulator, producer: next).byLeader[1]?.first)
        #expect(sent.stamp == ProducerBatch.Stamp(producerId: 40, producerEpoch: 1, baseSequence: 0))
    }
}
