import TestSupport
import Testing

@testable import KafkaWire

/// For how much brokers are asked, so that all that is held and on its way is bounded.
@Suite(.turn) struct FetchRoomTests {
    /// What a consumer with the defaults has.
    private static let usual = FetchRoom(limit: 4 << 20, largest: 2 << 20, least: FetchRoom.usualBatch)

    private static func asked(
        _ room: inout FetchRoom, _ brokers: [BrokerID], waiting: Int = 0, aside: Int = 0
    ) -> [BrokerID: Int] {
        let granted = room.ask(brokers, waiting: waiting, aside: aside)
        return Dictionary(granted.map { ($0.broker, $0.bytes) }) { $1 }
    }

    private struct Row {
        var brokers: Int
        var waiting: Int
        var aside: Int
        var part: Int

        init(_ brokers: Int, _ waiting: Int, _ aside: Int, _ part: Int) {
            self.brokers = brokers
            self.waiting = waiting << 10
            self.aside = aside << 10
            self.part = part << 10
        }
    }

    /// How many brokers, what waits and stands aside, and for how much each is asked, in KiB; 0: none of them is.
    private static let rows: [Row] = [
        Row(1, 0, 0, 2048), Row(1, 2048, 0, 2048), Row(1, 2049, 0, 0), Row(1, 4096, 0, 0), Row(1, 9999, 0, 0),
        Row(3, 0, 0, 1024), Row(3, 1024, 0, 1024), Row(7, 0, 0, 512), Row(1, 0, 2048, 1024),
        Row(1, 1024, 2048, 1024), Row(1, 1025, 2048, 0), Row(3, 0, 2048, 512),
        // More stands aside than ever should: nobody stops.
        Row(1, 0, 8192, 16), Row(1, 16, 8192, 16), Row(1, 17, 8192, 0),
        // Parts are no crumbs, however many brokers there are.
        Row(255, 0, 0, 16), Row(1000, 0, 0, 16), Row(1000, 16, 0, 16),
    ]

    @Test(arguments: rows.indices) func partsAreEqual(_ index: Int) {
        let row = Self.rows[index]
        var room = Self.usual
        let brokers = (1...row.brokers).map { BrokerID(Int32($0)) }
        let asked = Self.asked(&room, brokers, waiting: row.waiting, aside: row.aside)
        #expect(asked.count == (row.part == 0 ? 0 : row.brokers))
        #expect(asked.values.allSatisfy { $0 == row.part })
        #expect(room.onItsWay == row.part * row.brokers)
        #expect(room.mayAsk(waiting: row.waiting) == (row.part > 0 || row.waiting == 0))
        for broker in brokers { room.settled(broker) }
        #expect(room.onItsWay == 0)
    }

    /// Limits of all kinds: nothing divides by zero, and something is always asked for when nothing is there.
    @Test(arguments: [0, 1, 2, 1000, .max], [0, 1, 1000, .max]) func anyLimitAsksForSomething(
        _ limit: Int, _ largest: Int
    ) {
        for least in [0, 1, 1000, 1 << 31, .max] {
            var room = FetchRoom(limit: limit, largest: largest, least: least)
            let asked = Self.asked(&room, [1, 2])
            #expect(asked.count == 2 && asked.values.allSatisfy { $0 >= 1 && $0 <= max(1, largest) })
        }
    }

    /// A limit that is to be none ended the program at the first record.
    @Test(arguments: [(1, 4), (2 << 20, 8 << 20), (.max, Int(Int32.max) * 4)])
    func anyFetchUnpacksToFourTimesAsMuch(_ bytes: Int, _ unpacked: Int) throws {
        var configuration = KafkaConsumer.Configuration(bootstrapServers: ["a:1"], group: "g", topics: ["t"])
        configuration.fetchMaximumBytes = bytes
        #expect(try configuration.validated().unpackedAtOnce == unpacked)
    }

    @Test func whoHasWaitedLongestIsAskedFirst() {
        var room = FetchRoom(limit: 400, largest: 100)
        #expect(Self.asked(&room, [1, 2, 3]) == [1: 100, 2: 100, 3: 100])
        for broker: BrokerID in [1, 2, 3] { room.settled(broker) }
        // There is room for one at a time.
        var order: [BrokerID] = []
        for _ in 0..<6 {
            let granted = room.ask([1, 2, 3], waiting: 300, aside: 0)
            #expect(granted.count == 1)
            order += granted.map(\.broker)
            for entry in granted { room.settled(entry.broker) }
        }
        #expect(order == [1, 2, 3, 1, 2, 3])
    }

    /// Parts that were larger are still on their way when brokers come: these are asked for what is left, or for the least.
    @Test func brokersThatComeLaterAreAskedAtOnceWhereNothingWaits() {
        var room = FetchRoom(limit: 1200, largest: 1000, least: 10)
        #expect(Self.asked(&room, [1]) == [1: 600])
        #expect(Self.asked(&room, [2]) == [2: 400])
        #expect(Self.asked(&room, [3, 4], waiting: 1).isEmpty)
        #expect(!room.mayAsk(waiting: 1) && room.mayAsk(waiting: 0))
        #expect(Self.asked(&room, [3, 4]) == [3: 200, 4: 10])
        room.settled(1)
        #expect(Self.asked(&room, [1]) == [1: 240])
    }

    /// A run by chance: the bound holds at each step, but for the least of each broker, no broker waits in vain, and nothing is
    /// lost or given out twice.
    @Test(arguments: 1...20) func theBoundHolds(_ seed: UInt64) {
        var chance = AssignorTests.Chance(state: seed)
        let (limit, least, brokers) = (10_000, 10, Int32(1 + chance.below(8)))
        var plan = FetchPlan(FetchRoom(limit: limit, largest: 1 + chance.below(6000), least: least))
        let partitions = (0..<24).map { TopicPartition("t", PartitionID(index: $0)) }
        func leader(_ partition: TopicPartition) -> BrokerID {
            BrokerID(1 + Int32(partition.partition.index) % brokers)
        }
        plan.assign(Dictionary(partitions.map { ($0, KafkaConsumer.StartingOffset.offset(0)) }) { $1 })
        var open: [(broker: BrokerID, request: FetchPlan.Request)] = []
        var given: [TopicPartition: Offset] = [:]
        let now = Instant(nanoseconds: 0)
        for _ in 0..<3000 {
            switch chance.below(8) {
            case 0: plan.pause([partitions[chance.below(24)]])
            case 1: plan.resume([partitions[chance.below(24)]])
            case 2, 3, 4:
                guard let chunk = plan.takeChunk() else { break }
                #expect(chunk.firstOffset == given[chunk.source] ?? 0)
                let (size, count) = (chunk.bytes, Int(chunk.nextOffset.rawValue - chunk.firstOffset.rawValue))
                guard size > 1, count > 1, chance.below(3) == 0 else {
                    given[chunk.source] = chunk.nextOffset
                    break
                }
                // The application gets half of it, and may pause it in the middle.
                var rest = chunk
                rest.firstOffset = chunk.firstOffset + Int64(count / 2)
                rest.bytes = size - size / 2
                given[chunk.source] = rest.firstOffset
                if chance.below(2) == 0 { plan.pause([chunk.source]) }
                plan.putBack(rest)
            default:
                guard !open.isEmpty else { break }
                let (broker, request) = open.remove(at: chance.below(open.count))
                plan.settled(request, by: broker)
                var left = chance.below(4) == 0 ? 0 : request.maximumBytes
                for (partition, offset) in zip(request.partitions, request.offsets) where left > 0 {
                    let size = 1 + chance.below(left)
                    left -= size
                    plan.received(
                        FetchedChunk(
                            source: partition, batches: [], firstOffset: offset, nextOffset: offset + 4,
                            highWatermark: offset + 4, bytes: size))
                }
            }
            for (broker, request) in plan.takeRequests(now: now, leader: leader).requests.sorted(by: { $0.key < $1.key }
            ) { open.append((broker, request)) }
            #expect(plan.buffered + plan.room.onItsWay <= limit + Int(brokers) * least)
            // Whoever has nothing waiting waits for every broker that has something to ask for.
            guard plan.takeChunkIsEmpty else { continue }
            let wanted = Set(partitions.filter { !plan.paused.contains($0) }.map(leader))
            #expect(wanted.isSubset(of: open.map(\.broker)))
        }
    }
}

extension FetchPlan {
    /// Whether nothing waits for the application.
    fileprivate var takeChunkIsEmpty: Bool {
        var copy = self
        return copy.takeChunk() == nil
    }
}
