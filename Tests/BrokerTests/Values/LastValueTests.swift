import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Counters and clocks at their ends, which a disk may hold.
@Suite(.turn) struct LastValueTests {
    @Test func aClockStopsAtItsEnds() {
        let clock = WallClock(now: Instant(nanoseconds: 5_000_000_000), timestamp: 1_700_000_000_000)
        #expect(clock.instant(1_700_000_000_000) == clock.now)
        #expect(clock.instant(1_700_000_001_500) == clock.now + .milliseconds(1500))
        let far = 1_700_000_000_000 + Int64.max / 1_000_000 + 1
        for time in [Int64.max, Int64.max - 1, Int64.max / 2, far] {
            #expect(clock.instant(time) == .endOfTime, "\(time)")
        }
        for time in [Int64.min, Int64.min + 1, Int64.min / 2] { #expect(clock.instant(time) < clock.now, "\(time)") }
        #expect(clock.milliseconds(.endOfTime) == .max)
        // A position that is kept for ever is kept for ever by the next broker too, whatever its clocks say.
        let next = WallClock(now: Instant(nanoseconds: 900), timestamp: 1_700_000_100_000)
        let forEver = clock.now + LongMilliseconds.max.duration
        #expect(next.instant(clock.milliseconds(forEver)) == .endOfTime)
        #expect(next.milliseconds(Instant(nanoseconds: .min)) == .min)
    }

    @Test func theLastProducerIdIsGivenOutAgain() {
        var ids = ProducerIDs()
        ids.skip(to: ProducerID(.max - 1))
        #expect(ids.take() == ProducerID(.max - 1))
        #expect(ids.take() == ProducerID(.max) && ids.take() == ProducerID(.max))
        var coordinator = TransactionCoordinator(maximumTimeout: .seconds(1), expiration: .seconds(1))
        coordinator.restore(.producerIds(ProducerID(.max - 1)))
        coordinator.notesChanges = true
        for _ in 0..<3 {
            _ = coordinator.takeProducerId()
            _ = coordinator.takeChanges()
        }
    }

    @Test func theLastLeaderEpochStays() {
        var epochs = LeaderEpochs(found: [], latest: LeaderEpoch(.max), from: 7)
        epochs.begin(from: 9)
        #expect(epochs.latest == LeaderEpoch(.max))
        #expect(epochs.end(of: LeaderEpoch(.max), logEnd: 11).offset == 11)
    }

    @Test func theLastProducerEpochIsNotBumped() throws {
        #expect(
            ProducerEpoch(.max).bumped == ProducerEpoch(.max) && ProducerEpoch(.min).bumped == ProducerEpoch(.min + 1))
        var coordinator = TransactionCoordinator(maximumTimeout: .seconds(1), expiration: .seconds(100))
        let now = Instant(nanoseconds: 0)
        var producer = try coordinator.initialize("tx", asked: nil, timeout: .seconds(1), now: now)
        let first = producer.id
        // The last epoch but one is given out; then comes another id.
        for _ in 0..<32_770 {
            producer = try coordinator.initialize("tx", asked: nil, timeout: .seconds(1), now: now)
        }
        #expect(producer.id > first && producer.epoch < ProducerEpoch(.max))
    }

    @Test func sequencesGoRoundFromEveryPlace() throws {
        for first in [Int32.max, Int32.max - 1, Int32.max - 2, 0, 1] {
            var states = ProducerStates()
            func made(_ sequence: Int32, count: Int) throws -> RecordBatch {
                let bytes = try batch((0..<count).map { "\($0)" }) {
                    $0.producerId = 1
                    $0.producerEpoch = ProducerEpoch(.max)
                    $0.baseSequence = sequence
                }
                return try #require(try RecordBatch(Bytes(bytes)))
            }
            states.remember(try made(first, count: 3), at: 0)
            let next = Int32(truncatingIfNeeded: (Int64(first) + 3) % (Int64(Int32.max) + 1))
            #expect(try states.check(made(next, count: 2)) == .append)
            #expect(try states.check(made(first, count: 3)) == .duplicate(baseOffset: 0))
        }
    }

    /// What belongs to one request stays one batch; more than 4 MiB are parted, and all are read back.
    @Test func aLogOfStateIsWrittenInParts() throws {
        let temporary = TemporaryFolder()
        let log = try StateLog(temporary.logFolder)
        _ = try log.settle()
        let value = [UInt8](repeating: 7, count: 60_000)
        let entries = (0..<200).map { StateLog.Entry(key: [UInt8($0)], value: value) }
        try log.append(Array(entries[..<3]), timestamp: 0)
        try log.append(entries, timestamp: 0)
        var sizes: [Int] = []
        let again = try StateLog(temporary.logFolder)
        _ = try again.settle()
        try again.forEachBatch { sizes.append(Int($0.recordCount)) }
        #expect(sizes.first == 3 && sizes.count > 3 && sizes.reduce(0, +) == 203)
    }

    @Test func nodesHaveIdsThatThereAre() async throws {
        for (id, brokers) in [(-1, 1), (.min, 1), (.max, 2), (.max - 1, 3)] as [(Int32, Int)] {
            var configuration = KafkaBroker.Configuration(brokers: brokers)
            configuration.nodeId = BrokerID(id)
            await #expect(throws: KafkaBroker.StartError.self) { try await KafkaBroker.start(configuration) }
        }
        var configuration = KafkaBroker.Configuration()
        configuration.nodeId = BrokerID(.max)
        let broker = try await KafkaBroker.start(configuration)
        #expect(await broker.nodes.map(\.id) == [BrokerID(.max)])
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.addNode() }
        await broker.stop()
    }
}
