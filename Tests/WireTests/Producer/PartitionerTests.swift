import TestSupport
import Testing

@testable import KafkaWire

/// Partitioners by Java's and librdkafka's names.
@Suite(.turn) struct PartitionerTests {
    private static func partition(
        _ partitioner: some Partitioner, _ key: [UInt8]?, count: Int, available: [PartitionID]? = nil,
        random: UInt64 = 0
    ) -> PartitionID? {
        func ask(_ key: UnsafeRawBufferPointer?) -> PartitionID? {
            partitioner.partition(
                for: PartitionerInput(
                    topic: "t", key: key, value: nil, partitionCount: count,
                    available: available ?? (0..<count).map { PartitionID(index: $0) }, random: random))
        }
        guard let key else { return ask(nil) }
        return key.withUnsafeBytes { ask($0) }
    }

    /// What `consistent`, `murmur2` and `fnv1a` of confluent-kafka 2.16 (librdkafka 2.16) gave for keys among 7, 17, 1000 and
    /// 2,147,483,647 partitions.
    private static let golden: [(key: [UInt8], crc: [Int], murmur2: [Int], fnv1a: [Int])] = [
        ([], [0, 0, 0, 0], [2, 11, 681, 275_646_681], [2, 0, 35, 2_128_831_035]),
        ([0x61], [4, 9, 907, 1_756_872_260], [5, 0, 524, 584_102_524], [6, 16, 76, 468_965_076]),
        (Array("ab".utf8), [5, 11, 885, 511_920_238], [0, 8, 434, 316_155_434], [2, 15, 946, 1_294_271_946]),
        (Array("abc".utf8), [5, 8, 578, 891_568_578], [4, 16, 107, 479_470_107], [5, 1, 331, 440_920_331]),
        (Array("abcd".utf8), [4, 11, 369, 1_837_288_722], [5, 7, 100, 823_834_100], [1, 11, 763, 835_421_763]),
        (
            Array("123456789".utf8), [5, 15, 262, 1_274_296_615], [1, 16, 566, 325_246_566],
            [3, 2, 740, 1_148_800_740]
        ),
        (Array("23456".utf8), [5, 7, 663, 833_901_016], [5, 9, 391, 93_157_391], [5, 6, 273, 669_447_273]),
        (
            Array("this is another string with more length to it perhaps".utf8), [6, 15, 847, 806_686_200],
            [1, 11, 834, 1_333_199_834], [6, 0, 887, 358_497_887]
        ),
        (Array("hejsan".utf8), [3, 14, 606, 1_349_976_959], [6, 5, 533, 1_589_744_533], [3, 4, 818, 397_533_818]),
        ([0x00, 0x20], [1, 2, 295, 2_058_826_295], [0, 14, 742, 1_121_897_742], [4, 6, 589, 829_868_589]),
        ([0xA4, 0xFF, 0x80], [4, 6, 956, 1_605_128_956], [1, 16, 576, 1_188_328_576], [1, 0, 308, 309_140_308]),
        (Array("späti".utf8), [3, 6, 921, 1_240_921], [2, 5, 209, 1_937_898_209], [2, 2, 534, 654_717_534]),
        (Array(0...255), [5, 12, 491, 688_229_491], [3, 6, 374, 199_136_374], [5, 3, 563, 1_868_277_563]),
        (
            [UInt8](repeating: 0x6B, count: 1000), [2, 2, 635, 1_924_254_635], [1, 8, 640, 571_762_640],
            [6, 2, 963, 977_044_963]
        ),
        (Array("order-42".utf8), [1, 1, 942, 1_475_806_942], [1, 11, 24, 501_153_024], [4, 12, 252, 1_461_995_252]),
        (Array("0".utf8), [4, 5, 209, 1_960_566_562], [3, 10, 396, 971_027_396], [0, 0, 63, 890_022_063]),
    ]

    @Test func keysGoWhereLibrdkafkaSendsThem() {
        let counts = [7, 17, 1000, 2_147_483_647]
        for row in Self.golden {
            let kinds: [(LibrdkafkaPartitioner, [Int])] = [
                (.consistent, row.crc), (.murmur2, row.murmur2), (.murmur2Random, row.murmur2), (.fnv1a, row.fnv1a),
                (.fnv1aRandom, row.fnv1a), (.consistentRandom, row.crc),
            ]
            for (partitioner, places) in kinds where partitioner != .consistentRandom || !row.key.isEmpty {
                for (count, place) in zip(counts, places) {
                    // Who chooses by the key does not look at the available ones.
                    let chosen = Self.partition(partitioner, row.key, count: count, available: [])
                    #expect(chosen == PartitionID(index: place), "\(partitioner) \(row.key) \(count)")
                }
            }
        }
    }

    /// What differs between them: no key, and an empty one (`rdkafka_msg.c`); nil is left to the producer.
    @Test(
        arguments: [
            (.random, nil, 3), (.consistent, 0, 0), (.consistentRandom, nil, nil), (.murmur2, 11, 11),
            (.murmur2Random, nil, 11), (.fnv1a, 0, 0), (.fnv1aRandom, nil, 0),
        ] as [(LibrdkafkaPartitioner, Int?, Int?)])
    func recordsWithoutAKeyAndWithAnEmptyOne(_ partitioner: LibrdkafkaPartitioner, _ none: Int?, _ empty: Int?) {
        #expect(Self.partition(partitioner, nil, count: 17, random: 20) == none.map { PartitionID(index: $0) })
        #expect(Self.partition(partitioner, [], count: 17, random: 20) == empty.map { PartitionID(index: $0) })
    }

    @Test func aPartitionByChanceIsDrawnOnceMoreWhereItHasNoLeader() {
        let random: UInt64 = 5 << 32 | 3
        let key = Array("k".utf8)
        #expect(Self.partition(LibrdkafkaPartitioner.random, key, count: 8, random: random) == 3)
        #expect(Self.partition(LibrdkafkaPartitioner.random, key, count: 8, available: [5], random: random) == 5)
        #expect(Self.partition(LibrdkafkaPartitioner.random, key, count: 8, available: [6], random: random) == 5)
    }

    @Test func roundRobinPassesOverPartitionsWithoutALeader() {
        let partitioner = RoundRobinPartitioner()
        let key = Array("k".utf8)
        #expect((0..<5).map { _ in Self.partition(partitioner, key, count: 3) } == [0, 1, 2, 0, 1])
        #expect((0..<4).map { _ in Self.partition(partitioner, nil, count: 3, available: [0, 2]) } == [2, 0, 2, 0])
        #expect((0..<3).map { _ in Self.partition(partitioner, nil, count: 3, available: []) } == [0, 1, 2])
    }

    private struct Beyond: Partitioner {
        let place: PartitionID
        func partition(for record: PartitionerInput) -> PartitionID? { place }
    }

    @Test(arguments: [-1, 3] as [PartitionID]) func aChoiceThatTheTopicDoesNotHaveIsAnError(_ place: PartitionID) {
        let error = #expect(throws: KafkaError.self) {
            try Beyond(place: place).partition(
                topic: "t", key: nil, value: nil, among: PartitionOffer(count: 3, available: [], random: 0))
        }
        #expect(error?.code == .invalidRequest && error?.topic == "t" && error?.partition == place)
        #expect(error?.message.contains("partitions 0 to 2") == true)
    }
}
