import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What leaves a connection's queue is what the answers encode to, however the system takes it.
@Suite(.turn) struct OutputQueueTests {
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
            let progress = queue.flush { parts, _ in
                var room = most
                for part in parts {
                    left += part.prefix(room)
                    room = max(0, room - part.count)
                }
                return most - room
            }
            #expect(progress == .done && queue.unsent == 0)
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
        var progress = OutputQueue.Progress.blocked
        while progress == .blocked {
            var offers = 0
            progress = queue.flush { parts, _ in
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
        _ = queue.flush { offered, _ in
            parts = offered.count
            return offered.reduce(0) { $0 + $1.count }
        }
        #expect(parts == 4)
        try queue.append(answer([(16 << 10) - 1]), of: FetchResponse.self, version: 11, correlationId: 2)
        _ = queue.flush { offered, _ in
            parts = offered.count
            return offered.reduce(0) { $0 + $1.count }
        }
        #expect(parts == 1)
    }

    // MARK: - Records in files

    /// A file that counts what is read of it, and may end early.
    private final class File: RecordsSource {
        let bytes: [UInt8]
        let largest = Locked(0)
        let descriptor: Int32?
        init(_ bytes: [UInt8], descriptor: Int32? = nil) {
            self.bytes = bytes
            self.descriptor = descriptor
        }

        func read(from position: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
            largest.withLock { $0 = max($0, buffer.count) }
            guard position + buffer.count <= bytes.count else { return false }
            buffer.copyBytes(from: bytes[position..<position + buffer.count])
            return true
        }
    }

    private func answer(_ records: [Records]) -> FetchResponse {
        .with {
            $0.responses = [
                .with {
                    $0.topic = "t"
                    $0.partitions = records.enumerated().map { index, records in
                        .with {
                            $0.partitionIndex = PartitionID(index: index)
                            $0.records = records
                        }
                    }
                }
            ]
        }
    }

    @Test(arguments: [4096, 65_537, 300_000, 1 << 22]) func recordsInFilesLeaveInPieces(most: Int) throws {
        let file = File((0..<2 << 20).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 9) })
        let parts: [(Int, Int)] = [(0, 1 << 20), (5, 100_000), (1 << 20, 1 << 20)]
        let stored = parts.map { Records(StoredRecords(file, start: $0.0, count: $0.1)) }
        let whole = parts.map { Records(Bytes(file.bytes)[$0.0..<$0.0 + $0.1]) }
        var queue = OutputQueue()
        try queue.append(answer(stored), of: FetchResponse.self, version: 11, correlationId: 1)
        let expected = try Frame.response(answer(whole), version: 11, correlationId: 1)
        #expect(queue.unsent == expected.count && queue.held < 1000)
        var left: [UInt8] = []
        var room = most
        var progress = OutputQueue.Progress.blocked
        while progress == .blocked {
            room = most
            progress = queue.flush { parts, _ in
                var taken = 0
                for part in parts {
                    left += part.prefix(room)
                    taken += min(room, part.count)
                    room -= min(room, part.count)
                }
                return taken
            }
        }
        let isSame = left == expected
        #expect(progress == .done && isSame)
        #expect(file.largest.withLock { $0 } <= 256 << 10)
        // Who encodes into memory gets the same.
        let copied = try Frame.response(answer(stored), version: 11, correlationId: 1) == expected
        #expect(copied)
    }

    /// The system sends parts of files by itself, as far as it can; the rest is read.
    @Test(arguments: [(4096, 3), (300_000, 1), (1 << 22, .max)]) func theSystemSendsFiles(most: Int, able: Int) throws {
        let file = File((0..<2 << 20).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 9) }, descriptor: 77)
        let parts: [(Int, Int)] = [(0, 1 << 20), (5, 100_000), (1 << 20, 1 << 20)]
        let stored = parts.map { Records(StoredRecords(file, start: $0.0, count: $0.1)) }
        let whole = parts.map { Records(Bytes(file.bytes)[$0.0..<$0.0 + $0.1]) }
        var queue = OutputQueue()
        try queue.append(answer(stored), of: FetchResponse.self, version: 11, correlationId: 1)
        let expected = try Frame.response(answer(whole), version: 11, correlationId: 1)
        var left: [UInt8] = []
        var sends = 0
        var progress = OutputQueue.Progress.blocked
        while progress == .blocked {
            var room = most
            progress = queue.flush { parts, isMore in
                let count = parts.reduce(0) { $0 + $1.count }
                // Only a file stands behind what says so, and nothing of it is read.
                #expect(!isMore || count < 1000)
                let taken = parts.reduce(into: []) { $0 += $1 }.prefix(room)
                left += taken
                room -= taken.count
                return taken.count
            } sendFile: { part in
                #expect(part.descriptor == 77)
                guard sends < able else { return nil }
                sends += 1
                let taken = min(room, part.count)
                left += file.bytes[part.offset..<part.offset + taken]
                room -= taken
                return taken
            }
        }
        let isSame = left == expected
        #expect(progress == .done && isSame && sends > 0)
        if able == .max { #expect(file.largest.withLock { $0 } == 0) }
    }

    @Test func aFileThatEndsEarlyBreaksTheAnswer() throws {
        var queue = OutputQueue()
        let stored = Records(StoredRecords(File(Array(repeating: 1, count: 300_000)), start: 0, count: 400_000))
        try queue.append(answer([stored]), of: FetchResponse.self, version: 11, correlationId: 1)
        let progress = queue.flush { parts, _ in parts.reduce(0) { $0 + $1.count } }
        #expect(progress == .broken)
        #expect(stored.bytes.isEmpty)
        #expect(throws: WireError.self) { try Frame.response(answer([stored]), version: 11, correlationId: 1) }
    }

    /// A client that is always a little behind was kept everything for that it had ever been sent.
    @Test func whatHasLeftIsForgottenWhileTheClientIsBehind() throws {
        var queue = OutputQueue()
        var most = 0
        for number in 0..<300 {
            try queue.append(
                answer([10_000, 20_000]), of: FetchResponse.self, version: 11, correlationId: Int32(number))
            var room = number == 0 ? 10_000 : 30_000 + 100
            _ = queue.flush { parts, _ in
                let taken = min(room, parts.reduce(0) { $0 + $1.count })
                room -= taken
                return taken
            }
            most = max(most, queue.held)
        }
        #expect(queue.unsent > 0 && most < 500_000)
    }
}
