import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What the broker counts as stored is what its logs hold, whatever makes them longer or shorter.
@Suite(.serialized, .turn) struct StoredBytesTests {
    private func run(
        _ broker: KafkaBroker, _ body: @escaping @Sendable (BrokerNode) throws -> Void
    ) async throws {
        let found = Locked<[String]>([])
        try await broker.server.command { state in
            do { try body(state) } catch { found.withLock { $0.append("\(error)") } }
            found.withLock { $0 += state.objections(pending: []) }
        }
        #expect(found.withLock { $0 } == [])
    }

    private static func append(_ count: Int, to topic: String, of state: BrokerNode) throws {
        let topic = try #require(state.topics[topic])
        for number in 0..<count {
            let bytes = try batch(["\(number)" + String(repeating: "x", count: 6000)]) { _ in }
            let parsed = try #require(try RecordBatch(Bytes(bytes)))
            _ = try state.append(parsed, to: topic.partitions[0], of: topic)
        }
    }

    /// The bytes of an unclean election stayed counted: a broker in memory then made room for what was not there.
    @Test(arguments: [true, false]) func whateverShortensALogIsCounted(isInMemory: Bool) async throws {
        let folder = TemporaryFolder()
        let clock = ManualClock(startingAt: 1_000_000)
        var configuration = KafkaBroker.Configuration(topics: [:])
        configuration.clock = .manual(clock)
        configuration.dataDirectory = isInMemory ? nil : folder.path
        let broker = try await KafkaBroker.start(configuration)
        let configs = ["segment.bytes": "16384", "retention.ms": "1000000000", "cleanup.policy": "delete"]
        try await run(broker) { state in
            try state.createTopic("t", partitions: 1, configs: configs)
            try Self.append(20, to: "t", of: state)
            let topic = try #require(state.topics["t"])
            #expect(topic.partitions[0].log.segments.count > 5)
        }
        for offset in [19, 12, 12, 7] as [Offset] {
            try await broker.electUncleanly(of: "t", partition: 0, losingFrom: offset)
            try await run(broker) { state in
                let topic = try #require(state.topics["t"])
                #expect(topic.partitions[0].log.endOffset == offset)
            }
        }
        try await run(broker) { state in
            let topic = try #require(state.topics["t"])
            state.deleteRecords(before: 5, in: topic.partitions[0], of: topic)
        }
        try await run(broker) { state in
            try Self.append(20, to: "t", of: state)
            let topic = try #require(state.topics["t"])
            topic.settings.retentionBytes = 40_000
            try Self.append(1, to: "t", of: state)
            #expect(topic.partitions[0].log.size < 80_000)
        }
        try await run(broker) { state in
            let topic = try #require(state.topics["t"])
            topic.settings.retentionMilliseconds = 1
            state.maintain(now: Instant(nanoseconds: 1_000_000_000_000_000))
            #expect(topic.partitions[0].log.size < 20_000)
        }
        try await run(broker) { state in state.deleteTopic(try #require(state.topics["t"])) }
        try await run(broker) { state in #expect(state.storedBytes == 0) }
        await broker.stop()
    }

    /// A file that cannot be cut at the moment: the log ends there all the same, and what is counted is what it holds.
    @Test func aLogThatIsNotWholeCutIsCounted() throws {
        var log = PartitionLog(rolling: SegmentRolling(bytes: 1))
        for value in ["a", "b", "c", "d"] { try log.append([value]) }
        let size = log.size
        try log.truncate(from: 2)
        #expect(log.size == size / 2 && log.endOffset == 2 && log.available(from: 0) == size / 2)
    }
}
