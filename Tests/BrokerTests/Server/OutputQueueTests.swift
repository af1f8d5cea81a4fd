import KafkaWire
import Testing

@testable import KafkaBroker

/// What leaves a connection's queue is what the answers encode to, however the system takes it.
@Suite struct OutputQueueTests {
    private static let log = Bytes((0..<1 << 18).map { UInt8(truncatingIfNeeded: $0 * 31 + $0 >> 8) })

    /// An answer with records of these sizes, one partition each; they are parts of a larger log.
    private func answer(_ sizes: [Int]) -> FetchResponse {
        .with {
            $0.responses = [
                .with {
                    $0.topic = "t"
                    $0.partitions = sizes.enumerated().map { index, size in
                        .with {
                            $0.partitionIndex = PartitionID(index: index)
                            $0.records = Records(Self.log[100 * index..<100 * index + size])
                        }
                    }
                }
            ]
        }
    }

    private static let answers = [
        [], [0], [10], [16 << 10], [100_000], [10, 20_000, 30, 200_000, 16 << 10], [20_000, 20_000, 20_000],
        Array(repeating: 17 << 10, count: 40),
    ]

    @Test(arguments: [509, 4096, 65_537, 1 << 22]) func whatLeavesIsWhatWasAppended(most: Int) throws {
        var queue = OutputQueue()
        var expected: [UInt8] = []
        var left: [UInt8] = []
        // The queue is used again when it was emptied; every second answer waits for the next one.
        for (number, sizes) in Self.answers.enumerated() {
            let id = Int32(number)
            try queue.append(answer(sizes), of: FetchResponse.self, version: 11, correlationId: id)
            expected += try Frame.response(answer(sizes), version: 11, correlationId: id)
            #expect(queue.unsent == expected.count - left.count)
            if number % 2 == 0 { continue }
            let isEmpty = queue.flush { parts in
                var room = most
                for part in parts {
                    left += part.prefix(room)
                    room = max(0, room - part.count)
                }
                return most - room
            }
            #expect(isEmpty && queue.unsent == 0)
        }
        // Not shown where they differ: they are long.
        let isSame = left == expected
        #expect(isSame)
    }

    /// A system that takes nothing more leaves the rest in its place.
    @Test func whatIsNotTakenWaits() throws {
        var queue = OutputQueue()
        try queue.append(answer([50_000, 50_000]), of: FetchResponse.self, version: 11, correlationId: 1)
        let expected = try Frame.response(answer([50_000, 50_000]), version: 11, correlationId: 1)
        var left: [UInt8] = []
        var isEmpty = false
        while !isEmpty {
            var offers = 0
            isEmpty = queue.flush { parts in
                offers += 1
                guard offers < 3 else { return 0 }
                let taken = parts[0].prefix(12_345)
                left += taken
                return taken.count
            }
            #expect(queue.unsent == expected.count - left.count)
        }
        // Not shown where they differ: they are long.
        let isSame = left == expected
        #expect(isSame)
    }

    /// Large records are not copied; small ones are, and such as would keep much more alive.
    @Test func largeRecordsStayWhereTheyAre() throws {
        var queue = OutputQueue()
        try queue.append(answer([16 << 10, 200, 100_000]), of: FetchResponse.self, version: 11, correlationId: 1)
        var parts = 0
        _ = queue.flush { offered in
            parts = offered.count
            return offered.reduce(0) { $0 + $1.count }
        }
        #expect(parts == 4)
        try queue.append(answer([(16 << 10) - 1]), of: FetchResponse.self, version: 11, correlationId: 2)
        _ = queue.flush { offered in
            parts = offered.count
            return offered.reduce(0) { $0 + $1.count }
        }
        #expect(parts == 1)
    }
}
