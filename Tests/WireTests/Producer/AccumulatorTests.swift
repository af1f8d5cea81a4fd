import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct AccumulatorTests {
    static let start = Instant(nanoseconds: 0)
    static let id = ProducerIdentity.Given(id: 40, epoch: 0)

    static func accumulator(
        batchSize: Int = 1000, linger: Duration = .zero, inFlight: Int = 5, idempotent: Bool = true, partitions: Int = 1
    ) -> Accumulator {
        var accumulator = Accumulator(
            batchSize: batchSize, linger: linger, maximumInFlight: inFlight, isIdempotent: idempotent,
            random: RandomSource(seed: 7))
        accumulator.setTopic("t", TopicShape(count: partitions))
        return accumulator
    }

    @discardableResult
    static func append(
        _ accumulator: inout Accumulator, bytes: Int = 10, partition: PartitionID? = 0, now: Instant = start
    ) -> (partition: PartitionID, wake: Bool)? {
        let value = [UInt8](repeating: 7, count: bytes)
        let outcome = value.withUnsafeBytes { value in
            accumulator.append(
                topic: "t", partition: partition, key: nil, value: value, headers: [], timestamp: 0,
                bound: RecordBatchBuilder.upperBound(key: nil, value: value, headers: []), now: now)
        }
        guard case .done(let delivery, let wake) = outcome else { return nil }
        return (delivery.batch.target.partition, wake)
    }

    static func take(
        _ accumulator: inout Accumulator, now: Instant = start, flush: Bool = false,
        producer: ProducerIdentity.Given? = id, leader: BrokerID? = 1, free: Bool = true
    ) -> Accumulator.Ready {
        accumulator.takeReady(
            now: now, flush: flush, producer: producer, leader: { _ in leader }, isFree: { _ in free })
    }

    /// Has the broker take a first batch, so that several may be on their way.
    static func establish(_ accumulator: inout Accumulator) throws {
        append(&accumulator)
        accumulator.finished(try #require(take(&accumulator, flush: true).byLeader[1]?.first))
    }

    static func sequences(_ ready: Accumulator.Ready) -> [Int32] {
        ready.byLeader.values.flatMap { $0 }.map { $0.stamp?.baseSequence ?? -99 }
    }

    @Test func topicsAndPartitionsAreChecked() {
        var accumulator = Self.accumulator(partitions: 3)
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        func append(_ topic: String, _ partition: PartitionID) -> Accumulator.Appended {
            accumulator.append(
                topic: topic, partition: partition, key: nil, value: empty, headers: [], timestamp: 0, bound: 10,
                now: Self.start)
        }
        if case .unknownTopic = append("other", 0) {} else { Issue.record("an unknown topic was taken") }
        for partition in [-1, 3] as [PartitionID] {
            guard case .noSuchPartition(count: 3) = append("t", partition) else {
                Issue.record("partition \(partition) was taken")
                continue
            }
        }
        accumulator.setTopic("t", TopicShape(count: 0))
        #expect(accumulator.partitionCount("t") == 3)
    }

    @Test func lingerHoldsABatchBackUntilItIsFullOrFlushed() throws {
        var accumulator = Self.accumulator(linger: .milliseconds(5))
        try Self.establish(&accumulator)
        Self.append(&accumulator)
        let ready = Self.take(&accumulator)
        #expect(ready.byLeader.isEmpty)
        #expect(ready.nextLook == Self.start + .milliseconds(5))
        #expect(Self.take(&accumulator, now: Self.start + .milliseconds(5)).byLeader[1]?.count == 1)

        Self.append(&accumulator)
        #expect(Self.take(&accumulator, flush: true).byLeader[1]?.count == 1)

        Self.append(&accumulator, bytes: 900)
        Self.append(&accumulator, bytes: 900)
        let full = Self.take(&accumulator)
        #expect(full.byLeader[1]?.count == 1)
        #expect(full.nextLook == Self.start + .milliseconds(5))
    }

    @Test func bytesAreCountedUntilTheBatchIsThrough() throws {
        var accumulator = Self.accumulator()
        Self.append(&accumulator, bytes: 500)
        #expect((500..<600).contains(accumulator.bufferedBytes))
        #expect(accumulator.pendingBatches == 1)
        let entry = try #require(Self.take(&accumulator).byLeader[1]?.first)
        #expect((500..<600).contains(accumulator.bufferedBytes))
        accumulator.retry(entry, at: Self.start, because: nil)
        #expect((500..<600).contains(accumulator.bufferedBytes))
        let again = try #require(Self.take(&accumulator).byLeader[1]?.first)
        accumulator.finished(again)
        #expect(accumulator.bufferedBytes == 0)
        #expect(accumulator.pendingBatches == 0)
        #expect(accumulator.pending.isEmpty)
    }

    @Test func recordsWithoutAKeyStayForABatchThenMove() {
        var accumulator = Self.accumulator(batchSize: 1000, partitions: 4)
        var runs: [PartitionID] = []
        for _ in 0..<200 {
            guard let place = Self.append(&accumulator, bytes: 100, partition: nil) else { continue }
            if runs.last != place.partition { runs.append(place.partition) }
        }
        // About 110 bytes each, so that a move comes about every nine records.
        #expect((15...25).contains(runs.count))
        #expect(Set(runs).count > 1)
    }

    @Test func sequencesCountRecordsAndStayWithTheirBatch() throws {
        var accumulator = Self.accumulator(batchSize: 150)
        try Self.establish(&accumulator)
        for _ in 0..<3 { Self.append(&accumulator, bytes: 60) }
        let first = Self.take(&accumulator)
        let second = Self.take(&accumulator)
        #expect(Self.sequences(first) == [1])
        #expect(Self.sequences(second) == [2])
        let entry = try #require(first.byLeader[1]?.first)
        accumulator.retry(entry, at: Self.start, because: nil)
        // One at a time while the failed one is not through.
        #expect(Self.take(&accumulator).byLeader.isEmpty)
        let other = try #require(second.byLeader[1]?.first)
        accumulator.retry(other, at: Self.start, because: nil)
        let again = Self.take(&accumulator)
        #expect(Self.sequences(again) == [1])
        #expect(Self.take(&accumulator).byLeader.isEmpty)
        accumulator.finished(try #require(again.byLeader[1]?.first))
        #expect(Self.sequences(Self.take(&accumulator)) == [2])
    }

    @Test func retriesKeepTheirOrderHoweverTheyComeBack() throws {
        var accumulator = Self.accumulator(batchSize: 100)
        try Self.establish(&accumulator)
        var entries: [Accumulator.Entry] = []
        for _ in 0..<4 { Self.append(&accumulator, bytes: 60) }
        for _ in 0..<3 { entries += Self.take(&accumulator).byLeader[1] ?? [] }
        #expect(entries.count == 3)
        for index in [2, 0, 1] { accumulator.retry(entries[index], at: Self.start, because: nil) }
        var order: [Int32] = []
        for _ in 0..<4 {
            let entry = try #require(Self.take(&accumulator, flush: true).byLeader[1]?.first)
            order.append(entry.stamp?.baseSequence ?? -1)
            accumulator.finished(entry)
        }
        #expect(order == [1, 2, 3, 4])
    }

    @Test func aRetryWaitsForItsTime() throws {
        var accumulator = Self.accumulator()
        Self.append(&accumulator)
        let entry = try #require(Self.take(&accumulator).byLeader[1]?.first)
        let later = Self.start + .milliseconds(100)
        accumulator.retry(entry, at: later, because: KafkaError(.timedOut, "x"))
        let ready = Self.take(&accumulator)
        #expect(ready.byLeader.isEmpty)
        #expect(ready.nextLook == later)
        let again = try #require(Self.take(&accumulator, now: later).byLeader[1]?.first)
        #expect(again.attempts == 1)
        #expect(again.lastError?.code == .timedOut)
    }

    @Test func withoutAnIdNothingIsSentAndOneIsAskedFor() {
        var accumulator = Self.accumulator()
        Self.append(&accumulator)
        let ready = Self.take(&accumulator, producer: nil)
        #expect(ready.byLeader.isEmpty)
        #expect(ready.needsProducer)
        #expect(Self.sequences(Self.take(&accumulator)) == [0])

        var plain = Self.accumulator(idempotent: false)
        Self.append(&plain)
        #expect(Self.sequences(Self.take(&plain, producer: nil)) == [-1])
    }

    /// The one behind it may have arrived though nobody has heard of it: numbered anew at once it would be there twice.
    @Test func behindALostBatchThereIsAnewWhatTheBrokerHasNot() throws {
        var accumulator = Self.accumulator(batchSize: 100)
        try Self.establish(&accumulator)
        for _ in 0..<3 { Self.append(&accumulator, bytes: 60) }
        let first = try #require(Self.take(&accumulator).byLeader[1]?.first)
        let second = try #require(Self.take(&accumulator).byLeader[1]?.first)
        accumulator.renumber(first.batch.target)
        accumulator.finished(first)
        // Something is still on its way under the old id.
        #expect(!Self.take(&accumulator, flush: true).needsProducer)
        accumulator.retry(second, at: Self.start, because: nil)
        let again = try #require(Self.take(&accumulator, flush: true).byLeader[1]?.first)
        #expect(again.batch === second.batch)
        #expect(again.stamp == second.stamp)
        accumulator.retry(again, at: Self.start, because: nil, anew: true)
        // The old id does not do: its numbers were used.
        let ready = Self.take(&accumulator, flush: true)
        #expect(ready.needsProducer)
        #expect(ready.byLeader.isEmpty)
        let other = ProducerIdentity.Given(id: 41, epoch: 0)
        let entry = try #require(Self.take(&accumulator, flush: true, producer: other).byLeader[1]?.first)
        #expect(entry.batch === second.batch)
        #expect(entry.stamp == .init(producerId: 41, producerEpoch: 0, baseSequence: 0))
    }

    @Test func otherPartitionsKeepTheirId() throws {
        var accumulator = Self.accumulator(partitions: 2)
        for partition in [0, 1] as [PartitionID] { Self.append(&accumulator, partition: partition) }
        for entry in try #require(Self.take(&accumulator).byLeader[1]) { accumulator.finished(entry) }
        accumulator.renumber(TopicPartition("t", 0))
        for partition in [0, 1] as [PartitionID] { Self.append(&accumulator, partition: partition) }
        let other = ProducerIdentity.Given(id: 41, epoch: 0)
        let stamps = Self.take(&accumulator, producer: other).byLeader[1]?.map { ($0.batch.target.partition, $0.stamp) }
        let byPartition = Dictionary(uniqueKeysWithValues: stamps ?? [])
        #expect(byPartition[0] == ProducerBatch.Stamp(producerId: 41, producerEpoch: 0, baseSequence: 0))
        #expect(byPartition[1] == ProducerBatch.Stamp(producerId: 40, producerEpoch: 0, baseSequence: 1))
    }

    @Test func beforeTheFirstBatchIsTakenNoSecondOneIsSent() throws {
        var accumulator = Self.accumulator(batchSize: 100)
        for _ in 0..<4 { Self.append(&accumulator, bytes: 60) }
        let first = try #require(Self.take(&accumulator).byLeader[1]?.first)
        #expect(Self.take(&accumulator).byLeader.isEmpty)
        accumulator.finished(first)
        #expect(Self.sequences(Self.take(&accumulator)) == [1])
        #expect(Self.sequences(Self.take(&accumulator)) == [2])
    }

    @Test func whatGoesToALeaderIsDividedIntoRequests() throws {
        var accumulator = Self.accumulator(batchSize: 100, partitions: 5)
        for partition in 0..<5 { Self.append(&accumulator, bytes: 60, partition: PartitionID(index: partition)) }
        let ready = Self.take(&accumulator)
        let size = try #require(ready.byLeader[1]?.first?.size)
        for (limit, expected) in [(2 * size, [2, 2, 1]), (5 * size, [5]), (1, [1, 1, 1, 1, 1])] {
            let requests = ready.requests(of: limit)
            #expect(requests.map(\.entries.count) == expected)
            #expect(requests.allSatisfy { $0.leader == 1 })
            #expect(Set(requests.flatMap(\.entries).map(\.batch.target)).count == 5)
        }
    }

    @Test func whatWaitsForTooLongExpiresAlsoWhenItWasNeverFull() throws {
        var accumulator = Self.accumulator(linger: .seconds(60))
        Self.append(&accumulator)
        let before = accumulator.takeExpired(now: Self.start + .seconds(4), timeout: .seconds(5))
        #expect(before.expired.isEmpty)
        #expect(before.next == Self.start + .seconds(5))
        let (expired, next) = accumulator.takeExpired(now: Self.start + .seconds(5), timeout: .seconds(5))
        #expect(expired.count == 1)
        #expect(next == nil)
        #expect(accumulator.pendingBatches == 0)
        #expect(accumulator.bufferedBytes == 0)
    }

    @Test func whatWaitsBehindABatchThatIsOnItsWayExpires() throws {
        var accumulator = Self.accumulator(batchSize: 100)
        for _ in 0..<3 { Self.append(&accumulator, bytes: 60) }
        let first = try #require(Self.take(&accumulator).byLeader[1]?.first)
        #expect(accumulator.takeExpired(now: Self.start, timeout: .seconds(5)).next == Self.start + .seconds(5))
        #expect(accumulator.takeExpired(now: Self.start + .seconds(5), timeout: .seconds(5)).expired.count == 2)
        #expect(accumulator.pendingBatches == 1)
        accumulator.finished(first)
        #expect(accumulator.bufferedBytes == 0)
    }

    @Test func whatIsOnItsWayDoesNotExpireAndARetryThatDoesBurnsTheId() throws {
        var accumulator = Self.accumulator()
        Self.append(&accumulator)
        let entry = try #require(Self.take(&accumulator).byLeader[1]?.first)
        #expect(accumulator.takeExpired(now: Self.start + .seconds(9), timeout: .seconds(5)).expired.isEmpty)
        accumulator.retry(entry, at: Self.start, because: nil)
        #expect(accumulator.takeExpired(now: Self.start + .seconds(9), timeout: .seconds(5)).expired.count == 1)
        Self.append(&accumulator)
        #expect(Self.take(&accumulator).needsProducer)
    }

    @Test func leadersThatAreUnknownOrBusyAreWaitedFor() {
        var accumulator = Self.accumulator()
        Self.append(&accumulator)
        #expect(Self.take(&accumulator, leader: nil).leaderless == ["t"])
        #expect(Self.take(&accumulator, free: false).byLeader.isEmpty)
        #expect(Self.take(&accumulator).byLeader[1]?.count == 1)
    }

    @Test func onlySoManyBatchesOfAPartitionAreOnTheirWay() throws {
        var accumulator = Self.accumulator(batchSize: 100, inFlight: 2)
        try Self.establish(&accumulator)
        for _ in 0..<5 { Self.append(&accumulator, bytes: 60) }
        #expect((0..<4).map { _ in Self.take(&accumulator).byLeader[1]?.count ?? 0 } == [1, 1, 0, 0])
    }

    @Test func everythingThatWaitsIsTakenOutAtTheEnd() throws {
        var accumulator = Self.accumulator(batchSize: 100, linger: .seconds(1))
        for _ in 0..<3 { Self.append(&accumulator, bytes: 60) }
        let onItsWay = try #require(Self.take(&accumulator).byLeader[1]?.first)
        #expect(accumulator.takeAll().count == 2)
        #expect(accumulator.pendingBatches == 1)
        accumulator.finished(onItsWay)
        #expect(accumulator.bufferedBytes == 0)
    }

    // MARK: - Topics that change

    /// A topic of the id and count, and what an answer with another id and count makes of it.
    @Test(
        arguments: [
            (1, 3, 1, 5, 5), (1, 5, 1, 3, 5), (1, 6, 2, 1, 1), (1, 1, 2, 6, 6), (0, 6, 0, 1, 1), (0, 3, 1, 2, 2),
            (1, 3, 0, 2, 2),
        ] as [(UInt64, Int, UInt64, Int, Int)])
    func countsFollowTheTopicsId(_ id: UInt64, _ count: Int, _ nextID: UInt64, _ next: Int, _ expected: Int) {
        var accumulator = Self.accumulator()
        accumulator.setTopic("u", TopicShape(id: Self.topicID(id), count: count))
        #expect(accumulator.partitionCount("u") == count)
        accumulator.setTopic("u", TopicShape(id: Self.topicID(nextID), count: next))
        #expect(accumulator.partitionCount("u") == expected)
    }

    static func topicID(_ number: UInt64) -> TopicID { TopicID(Uuid(high: 0, low: number)) }

    @Test func aTopicThatWasMadeAnewIsNumberedAnew() throws {
        var accumulator = Self.accumulator(partitions: 2)
        accumulator.setTopic("t", TopicShape(id: Self.topicID(1), count: 2))
        try Self.establish(&accumulator)
        Self.append(&accumulator, partition: 1)
        let gone = try #require(Self.take(&accumulator).byLeader[1]?.first)
        accumulator.retry(gone, at: Self.start, because: nil)
        accumulator.setTopic("t", TopicShape(id: Self.topicID(2), count: 1))
        Self.append(&accumulator)
        // What was for a partition that is gone waits until its time is up, and keeps nobody from sending.
        let other = ProducerIdentity.Given(id: 41, epoch: 0)
        let ready = accumulator.takeReady(
            now: Self.start, flush: true, producer: other, leader: { $0.partition == 0 ? 1 : nil },
            isFree: { _ in true })
        #expect(ready.byLeader[1]?.map { $0.stamp?.producerId } == [41])
        #expect(ready.leaderless == ["t"])
        #expect(accumulator.takeExpired(now: Self.start + .seconds(9), timeout: .seconds(5)).expired.count == 1)
        #expect(Self.append(&accumulator, partition: 1) == nil)
    }

    @Test func topicsThatNobodyUsesAreForgottenUntilSomebodyDoes() throws {
        var accumulator = Self.accumulator(linger: .seconds(60))
        let later = Self.start + .seconds(600)
        // Not before it was used: a sender may be about to.
        #expect(accumulator.topicsInUse(since: later) == ["t"])
        Self.append(&accumulator)
        #expect(accumulator.topicsInUse(since: later) == ["t"])
        let entry = try #require(Self.take(&accumulator, flush: true).byLeader[1]?.first)
        #expect(accumulator.topicsInUse(since: later) == ["t"])
        accumulator.finished(entry)
        #expect(accumulator.topicsInUse(since: Self.start) == ["t"])
        #expect(accumulator.topicsInUse(since: later) == [])
        #expect(Self.append(&accumulator) == nil)
        accumulator.setTopic("t", TopicShape(count: 1))
        Self.append(&accumulator)
        // The numbers go on: the broker knows the producer still.
        #expect(Self.sequences(Self.take(&accumulator, flush: true)) == [1])
    }

    // MARK: - Records without a key

    /// The partitions that have a leader, and those that get records.
    @Test(
        arguments: [(nil, [0, 1, 2]), ([0, 1], [0, 1]), ([2], [2]), ([], [0, 1, 2]), ([1, 9], [1])]
            as [([Int]?, Set<Int>)])
    func theyGoToPartitionsThatHaveALeader(_ led: [Int]?, _ expected: Set<Int>) {
        var accumulator = Self.accumulator(batchSize: 200)
        accumulator.setTopic("t", TopicShape(count: 3, led: led))
        var places: Set<Int> = []
        for _ in 0..<200 {
            if let place = Self.append(&accumulator, bytes: 100, partition: nil) {
                places.insert(place.partition.index)
            }
        }
        #expect(places == expected)
    }

    @Test func theyLeaveAPartitionThatLosesItsLeaderAtOnce() throws {
        var accumulator = Self.accumulator(batchSize: 10_000, partitions: 3)
        let first = try #require(Self.append(&accumulator, partition: nil)).partition
        accumulator.setTopic("t", TopicShape(count: 3, led: [0, 1, 2].filter { $0 != first.index }))
        for _ in 0..<20 { #expect(Self.append(&accumulator, partition: nil)?.partition != first) }
    }
}
