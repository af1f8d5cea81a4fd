import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Times of records at the ends of 64 bits, and what they are held against.
@Suite(.turn) struct RecordTimeTests {
    private static let now: Int64 = 1_700_000_000_000

    private func settings(_ configs: [String: String] = [:]) -> TopicSettings {
        ConfigStore(statics: [:], nodeId: 1).settings(ofTopic: configs)
    }

    private func made(
        _ timestamps: [Int64], compression: Compression = .none,
        _ configure: (inout RecordBatchBuilder.Options) -> Void = { _ in }
    ) throws -> RecordBatch {
        let bytes = try batch(timestamps.map { "\($0)" }, timestamps: timestamps) {
            $0.compression = compression
            configure(&$0)
        }
        return try #require(try RecordBatch(Bytes(bytes)))
    }

    /// What Kafka's `LogValidator` says to a record of that time, with its arithmetic, which goes round.
    @Test(
        arguments: [
            (Int64.min, "3600000", false), (.min + 1, "3600000", false), (.min + now, "3600000", true),
            (.min + now + 1, "3600000", true), (.min / 2, "3600000", true), (-2, "3600000", true),
            (-1, "3600000", true),
            (0, "3600000", true), (now + 3_600_000, "3600000", true), (now + 3_600_001, "3600000", false),
            (.max / 2, "3600000", false), (.max, "3600000", false), (.min, "9223372036854775807", true),
            (.max, "9223372036854775807", true), (.max / 2, "9223372036854775807", true), (now + 1, "0", false),
            (-1, "0", true), (.min, "0", false),
        ] as [(Int64, String, Bool)])
    func aTimeIsTakenWhereKafkaTakesIt(time: Int64, after: String, isTaken: Bool) throws {
        for codec in [Compression.none, .gzip] {
            let settings = settings(["message.timestamp.after.max.ms": after])
            let batch = try made([time], compression: codec)
            do {
                _ = try BatchAdmission.admit(batch, settings, now: Self.now)
                #expect(isTaken, "\(time) is taken")
            } catch let refusal {
                #expect(refusal.code == .invalidTimestamp && !isTaken, "\(time): \(refusal)")
            }
        }
    }

    /// With a bound on the past, times before 1970 lie in it; the mark for "no time" does not.
    @Test func theMarkForNoTimeLiesWithinAllBounds() throws {
        let settings = settings(["message.timestamp.before.max.ms": "1000", "message.timestamp.after.max.ms": "0"])
        for (time, isTaken) in [(-1, true), (-2, false), (0, false), (Self.now - 1000, true), (.min, false)]
            as [(Int64, Bool)]
        {
            let admitted = try? BatchAdmission.admit(made([time]), settings, now: Self.now)
            #expect((admitted != nil) == isTaken, "\(time)")
        }
    }

    /// The header says that all is well, and a record does not: where records are looked at, the record counts.
    @Test(arguments: [
        ([:], Compression.none), (["compression.type": "gzip"], .none), (["compression.type": "uncompressed"], .gzip),
        (["compression.type": "zstd"], .lz4), (["cleanup.policy": "compact"], .gzip),
    ])
    func aSoundHeaderDoesNotHideARecordsTime(configs: [String: String], codec: Compression) throws {
        for time in [Int64.min, .min + 1, .max, .max - 1, Self.now + 4_000_000] {
            var builder = RecordBatchBuilder()
            for time in [Self.now, time, Self.now] {
                [UInt8]("k".utf8).withUnsafeBytes { builder.append(key: $0, value: $0, timestamp: time) }
            }
            var options = RecordBatchBuilder.Options()
            options.compression = codec
            options.maxTimestamp = Self.now
            let batch = try #require(try RecordBatch(Bytes(builder.finish(options))))
            #expect(batch.maxTimestamp == Self.now && batch.baseTimestamp == Self.now)
            do {
                _ = try BatchAdmission.admit(batch, settings(configs), now: Self.now)
                Issue.record("\(time) is taken")
            } catch let refusal {
                #expect(refusal.code == .invalidTimestamp && refusal.records.map(\.index) == [1], "\(refusal)")
            }
        }
    }

    /// A header that claims a time which no record has is put right, as Kafka does, and the checksum with it.
    @Test func theHeadersHighestTimeIsThatOfTheRecords() throws {
        for (claimed, times, highest) in [
            (.max, [Self.now, Self.now - 5], Self.now), (.min, [Self.now], Self.now), (Self.now, [-1, -1], -1),
            (0, [-5, -7], -1),
        ] as [(Int64, [Int64], Int64)] {
            let batch = try made(times) { $0.maxTimestamp = claimed }
            let admitted = try BatchAdmission.admit(batch, settings(), now: Self.now)
            try admitted.verifyChecksum()
            #expect(admitted.maxTimestamp == highest)
            #expect(try admitted.records().map(\.timestamp) == times)
        }
    }

    /// Only brokers mark a batch with the time of its arrival: from a producer it is the records' own, or refused.
    @Test func aProducerDoesNotSayWhenABatchArrived() throws {
        let marked = try made([Self.now, 5]) { $0.marks = .init(rawValue: 1 << 3) }
        let admitted = try BatchAdmission.admit(marked, settings(), now: Self.now)
        try admitted.verifyChecksum()
        #expect(!admitted.attributes.isLogAppendTime && admitted.maxTimestamp == Self.now)
        #expect(throws: BatchCheck.Refusal.self) {
            try BatchAdmission.admit(
                marked, settings(["message.timestamp.type": "LogAppendTime"]), now: Self.now)
        }
        let extreme = try made([Self.now]) {
            $0.marks = .init(rawValue: 1 << 3)
            $0.maxTimestamp = .max
        }
        #expect(throws: BatchCheck.Refusal.self) { try BatchAdmission.admit(extreme, settings(), now: Self.now) }
    }

    /// What a producer has packed under offsets of its own is numbered anew, and is not larger than the topic allows.
    @Test func packedAnewRecordsAreNumberedAnewAndBounded() throws {
        var builder = RecordBatchBuilder()
        for delta in [Int32.max, -5, 7] {
            let zeroes = [UInt8](repeating: 0, count: 2000)
            zeroes.withUnsafeBytes {
                builder.append(key: nil, value: $0, headers: [], timestamp: Self.now, offsetDelta: delta)
            }
        }
        var options = RecordBatchBuilder.Options()
        options.compression = .gzip
        options.lastOffsetDelta = 2
        let batch = try #require(try RecordBatch(Bytes(builder.finish(options))))
        var settings = settings(["compression.type": "uncompressed"])
        let admitted = try BatchAdmission.admit(batch, settings, now: Self.now)
        #expect(try admitted.records().map(\.offset) == [0, 1, 2])
        settings.maximumMessageBytes = 6000
        do {
            _ = try BatchAdmission.admit(batch, settings, now: Self.now)
            Issue.record("a batch of more than max.message.bytes is taken")
        } catch let refusal {
            #expect(refusal.code == .messageTooLarge)
        }
    }

    // MARK: - Logs

    private static let extremes: [Int64] = [
        .min, .min + 1, .min / 2, -2, -1, 0, 1, now, .max / 2, .max - 1, .max,
    ]

    /// Every extreme time after every other, in memory and on a disk, which is read again: the log goes on.
    @Test(arguments: PartitionLogTests.Place.allCases)
    func aLogTakesEveryTimeAfterEveryOther(place: PartitionLogTests.Place) throws {
        let temporary = TemporaryFolder()
        for milliseconds in [Int64(1), 604_800_000, .max] {
            for first in Self.extremes {
                for second in Self.extremes {
                    let folder = LogFolder(
                        Folder(temporary.path + "/t-\(first)-\(second)-\(milliseconds)"), topicId: .zero,
                        pool: FilePool())
                    let rolling = SegmentRolling(milliseconds: milliseconds)
                    var log = PartitionLog(rolling: rolling, folder: place == .disk ? folder : nil)
                    try log.append(["a"], timestamps: [first])
                    try log.append(["b"], timestamps: [second])
                    if place == .disk {
                        let found = try LogRecovery(folder, verifies: true)
                        log = PartitionLog(rolling: rolling, folder: folder, segments: found.segments, startOffset: 0)
                    }
                    try log.append(["c"], timestamps: [Self.now])
                    #expect(log.endOffset == 3)
                    _ = log.firstOffset(at: second)
                    _ = log.offsetOfMaxTimestamp()
                    _ = log.removeExpired(before: Self.now)
                    try log.append(["d"], timestamps: [first])
                    #expect(log.endOffset == 4)
                }
            }
        }
    }

    /// A batch that a broker of before has written to the disk, with the least time in its header.
    @Test func aLogWithTheLeastTimeOnTheDiskGoesOn() throws {
        let temporary = TemporaryFolder()
        let folder = temporary.logFolder
        var log = PartitionLog(rolling: SegmentRolling(milliseconds: 1000), folder: folder)
        let old = try made([.min]) { $0.maxTimestamp = .min }
        #expect(old.maxTimestamp == .min)
        _ = try log.append(old, leaderEpoch: 0)
        let found = try LogRecovery(folder, verifies: true)
        log = PartitionLog(
            rolling: SegmentRolling(milliseconds: 1000), folder: folder, segments: found.segments, startOffset: 0)
        for time in [Self.now, Self.now + 2000, .max, .min, 0] { try log.append(["x"], timestamps: [time]) }
        #expect(log.endOffset == 6 && log.segments.count == 3)
    }

    /// Whole brokers, by the wire: extreme times beside those of now, then a restart, with and without retention at the
    /// ends of its range.
    @Test(arguments: [
        [:], ["message.timestamp.after.max.ms": "9223372036854775807"], ["compression.type": "gzip"],
        [
            "cleanup.policy": "compact,delete", "segment.bytes": "1048576", "segment.ms": "1",
            "delete.retention.ms": "9223372036854775807", "min.cleanable.dirty.ratio": "0",
            "message.timestamp.after.max.ms": "9223372036854775807",
        ],
        ["retention.ms": "9223372036854775807", "segment.ms": "1"],
        ["message.timestamp.type": "LogAppendTime", "segment.ms": "9223372036854775807"],
    ])
    func aBrokerLivesThroughEveryTime(settings: [String: String]) async throws {
        let temporary = TemporaryFolder()
        for round in 0..<2 {
            var configuration = KafkaBroker.Configuration()
            configuration.dataDirectory = temporary.path
            let clock = ManualClock(startingAt: Self.now)
            configuration.clock = .manual(clock)
            let broker = try await KafkaBroker.start(configuration)
            let client = try TestClient(port: broker.port)
            if round == 0 { _ = try client.call(Self.creation("t", settings)) }
            for time in Self.extremes {
                for codec in [Compression.none, .gzip] {
                    var builder = RecordBatchBuilder()
                    for time in [Self.now, time] {
                        [UInt8]("k".utf8).withUnsafeBytes { builder.append(key: $0, value: $0, timestamp: time) }
                    }
                    var options = RecordBatchBuilder.Options()
                    options.compression = codec
                    let code = try client.produce("t", builder.finish(options)).errorCode
                    #expect(code == .none || code == .invalidTimestamp, "\(time): \(code)")
                    let next = try client.produce("t", keyed(Self.now))
                    #expect(next.errorCode == .none)
                }
                try await broker.advance(by: .seconds(301))
            }
            await broker.stop()
        }
    }

    private func keyed(_ time: Int64) throws -> [UInt8] {
        var builder = RecordBatchBuilder()
        [UInt8]("k".utf8).withUnsafeBytes { builder.append(key: $0, value: $0, timestamp: time) }
        return try builder.finish()
    }

    static func creation(_ name: String, _ settings: [String: String] = [:], partitions: Int32 = 1)
        -> CreateTopicsRequest
    {
        .with {
            $0.timeoutMs = 1000
            $0.topics = [
                .with {
                    $0.name = name
                    $0.numPartitions = partitions
                    $0.replicationFactor = 1
                    $0.configs = settings.sorted { $0.key < $1.key }.map { name, value in
                        .with {
                            $0.name = name
                            $0.value = value
                        }
                    }
                }
            ]
        }
    }
}
