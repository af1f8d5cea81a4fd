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
        let configs = ["retention.ms": "1000000000", "cleanup.policy": "delete"]
        try await run(broker) { state in
            // Small segments, which a client may not ask for.
            try state.createTopic("t", partitions: 1, configs: configs).settings.segmentBytes = 16_384
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

    /// A file that cannot be cut at the moment: the log ends there all the same, what is counted is what it holds, and the
    /// file is cut before anything is appended.
    @Test func aLogWhoseFileCannotBeCutIsCounted() throws {
        let folder = TemporaryFolder()
        let disk = StubbornDisk()
        try folder.makeFolder("orders-0")
        var log = PartitionLog(
            rolling: SegmentRolling(bytes: 250), folder: folder.logFolder(FilePool(on: disk)))
        for value in ["a", "b", "c", "d", "e", "f"] { try log.append([value]) }
        #expect(log.segments.count == 2)
        let batchSize = log.size / 6
        disk.refuses.withLock { $0 = true }
        #expect(throws: StorageError.self) { try log.truncate(from: 1) }
        #expect(log.size == batchSize && log.endOffset == 1 && log.available(from: 0) == batchSize)
        #expect(log.segments.reduce(0) { $0 + $1.size } == batchSize)
        #expect(throws: StorageError.self) { try log.append(["g"]) }
        disk.refuses.withLock { $0 = false }
        #expect(try log.append(["g"]) == 1)
        #expect(log.size == 2 * batchSize)
        let slice = try log.read(from: 0, maxBytes: 1000, atLeastOneBatch: true)
        #expect(try values(slice.records) == ["0:a", "1:g"])
    }
}

/// A disk whose files cannot be made shorter at times.
private final class StubbornDisk: Disk {
    let refuses = Locked(false)
    private let disk = SystemDisk()

    func truncate(_ descriptor: Int32, to size: Int) -> Int32 {
        refuses.withLock { $0 } ? -5 : disk.truncate(descriptor, to: size)
    }

    var openLimit: Int? { disk.openLimit }
    var start: String { disk.start }
    var isSystem: Bool { disk.isSystem }
    func openFile(_ path: String) -> Int32 { disk.openFile(path) }
    func openFolder(_ path: String) -> Int32 { disk.openFolder(path) }
    func duplicate(_ descriptor: Int32) -> Int32 { disk.duplicate(descriptor) }
    func close(_ descriptor: Int32) { disk.close(descriptor) }
    func lock(_ descriptor: Int32) -> Int32 { disk.lock(descriptor) }
    func unlock(_ descriptor: Int32) { disk.unlock(descriptor) }
    func write(
        _ head: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, to descriptor: Int32, at position: Int
    ) -> Int { disk.write(head, rest, to: descriptor, at: position) }
    func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at position: Int) -> Int {
        disk.read(descriptor, into: buffer, at: position)
    }
    func size(of descriptor: Int32) -> Int { disk.size(of: descriptor) }
    func sync(_ descriptor: Int32, isFolder: Bool) -> Int32 { disk.sync(descriptor, isFolder: isFolder) }
    func entry(_ path: String, followsLinks: Bool) -> DiskEntry? { disk.entry(path, followsLinks: followsLinks) }
    func names(in path: String) -> Result<[String], DiskFailure> { disk.names(in: path) }
    func makeFolder(_ path: String) -> Int32 { disk.makeFolder(path) }
    func rename(_ path: String, to other: String) -> Int32 { disk.rename(path, to: other) }
    func removeFile(_ path: String) -> Int32 { disk.removeFile(path) }
    func removeFolder(_ path: String) -> Int32 { disk.removeFolder(path) }
    func space(at path: String) -> (total: Int, free: Int)? { disk.space(at: path) }
}
