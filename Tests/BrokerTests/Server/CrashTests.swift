import TestSupport
import Testing

@testable import KafkaBroker
@testable import KafkaWire

/// What a broker that is killed between two of its writes leaves, and what the next one makes of it. That it survives
/// being killed at any moment is what `make crash` looks at.
@Suite(.serialized, .turn) struct CrashTests {
    private let temporary = TemporaryFolder()

    private func start(topics: [String: Int] = [:]) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: topics)
        configuration.dataDirectory = temporary.path
        return try await KafkaBroker.start(configuration)
    }

    /// Works on the files as a broker does, without one.
    private func withStorage(_ body: (BrokerStorage, DataDirectory) throws -> Void) throws {
        let directory = try DataDirectory(temporary.path, clusterId: nil, nodeId: 1, newId: { .zero })
        try body(try BrokerStorage(directory), directory)
        try directory.close()
    }

    /// Killed when the end of a transaction was decided and no marker was written: the next broker writes them before
    /// anybody asks it for something.
    @Test(arguments: [false, true]) func aDecidedEndIsWrittenAtTheStart(isCommit: Bool) async throws {
        var broker = try await start(topics: ["t": 1])
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: false)
        #expect(try writer.write(["a", "b"]) == .none)
        await broker.stop()
        try withStorage { storage, _ in
            var coordinator = TransactionCoordinator(maximumTimeout: .seconds(900), expiration: .seconds(900))
            var groups = GroupCoordinator(
                sessionTimeouts: .zero ... .seconds(1), initialDelay: .zero, memberLimit: 1,
                random: RandomSource(seed: 1))
            try storage.restore(&coordinator, &groups, WallClock(now: .now, timestamp: Instant.wallMilliseconds))
            _ = try coordinator.end("x", of: writer.producer, commit: isCommit, isVersion2: false, now: .now)
            storage.note(coordinator.takeChanges())
            try storage.save(WallClock(now: .now, timestamp: Instant.wallMilliseconds))
        }
        broker = try await start()
        #expect(await broker.transactions.map(\.state) == [isCommit ? "CompleteCommit" : "CompleteAbort"])
        #expect(await broker.topics.first?.partitions.first?.lastStableOffset == 3)
        await broker.stop()
    }

    /// Killed when it was written that a topic is gone, and neither its first offsets nor its groups' positions were: a
    /// topic of the same name begins anew.
    @Test func aDeletedTopicLeavesNothingToItsSuccessor() async throws {
        var broker = try await start(topics: ["t": 1])
        var client = try TestClient(port: broker.port)
        #expect(try client.produce("t", batch(["a", "b", "c"])).errorCode == .none)
        _ = try client.call(
            DeleteRecordsRequest.with {
                $0.timeoutMs = 1000
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = [
                            .with {
                                $0.partitionIndex = 0
                                $0.offset = 2
                            }
                        ]
                    }
                ]
            })
        _ = try client.call(
            OffsetCommitRequest.with {
                $0.groupId = "g"
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = [.with { $0.committedOffset = 3 }]
                    }
                ]
            }, version: 8)
        await broker.stop()
        try withStorage { storage, directory in
            let id = try #require(storage.metadata.topics.keys.first)
            let log = try directory.stateLog(MetadataLog.name)
            #expect(try log.settle().isEmpty)
            try MetadataLog.append([.removeTopic(.with { $0.topicId = id })], to: log, timestamp: 0)
        }
        broker = try await start()
        let group = await broker.group("g")
        #expect(group == nil || group?.committed.isEmpty == true)
        try await broker.createTopic("t", partitions: 1)
        client = try TestClient(port: broker.port)
        #expect(try client.produce("t", batch(["d"])).baseOffset == 0)
        await broker.stop()
        broker = try await start()
        #expect(await broker.endOffsets(of: "t") == [1])
        #expect(await broker.topics.first?.partitions.map(\.startOffset) == [0])
        await broker.stop()
    }

    /// The name of its last file is all that tells where an emptied log goes on.
    @Test func anEmptiedLogKeepsItsEnd() throws {
        let folder = temporary.logFolder
        var log = PartitionLog(folder: folder)
        try log.append(["a", "b"])
        for _ in 0..<2 { _ = log.deleteRecords(before: 2) }
        #expect(temporary.names(in: "orders-0").filter { $0.hasSuffix(".log") } == [LogFolder.name(of: 2)])
        let found = try LogRecovery(temporary.logFolder, verifies: true)
        log = PartitionLog(rolling: .init(), folder: folder, segments: found.segments, startOffset: 0)
        #expect(log.startOffset == 2 && log.endOffset == 2)
        #expect(try log.append(["c"]) == 2)
    }

    /// The room that is kept is given up once, for what makes room, and is kept again when there is some.
    @Test func roomIsKeptForDeletions() throws {
        try withStorage { _, directory in
            #expect(temporary.bytes(of: ".reserve").count == 256 << 10)
            #expect(directory.releaseReserve())
            #expect(!temporary.names().contains(".reserve"))
            #expect(!directory.releaseReserve())
            directory.keepReserve()
            #expect(temporary.bytes(of: ".reserve").count == 256 << 10)
        }
        try withStorage { _, directory in #expect(directory.releaseReserve()) }
    }
}
