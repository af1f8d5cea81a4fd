import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What a broker does about damage that it cannot go on with by itself.
@Suite(.turn) struct SalvageTests {
    private let temporary = TemporaryFolder()

    static let metadata = "__cluster_metadata-0/00000000000000000000.log"
    static let positions = "__consumer_offsets-0/00000000000000000000.log"

    /// Flips a bit in the records of a batch.
    private func damage(_ file: String, batch index: Int) throws {
        var bytes = temporary.bytes(of: file)
        let place = DamageKind.batches(bytes)[index]
        bytes[place.upperBound - 3] ^= 4
        try temporary.write(bytes, to: file)
    }

    private func refusal(_ configure: (inout KafkaBroker.Configuration) -> Void = { _ in }) -> String {
        var configuration = FilledDirectory.configuration(temporary.path)
        configure(&configuration)
        do {
            _ = try BrokerNode(configuration, port: 9092)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [true, false]) func aDamagedTopicIsARefusalAndTheOthersCanBeSalvaged(isStopped: Bool) throws {
        try FilledDirectory.make(temporary.path, isStopped: isStopped)
        let before = temporary.bytes(of: Self.metadata)
        try damage(Self.metadata, batch: 1)
        let text = refusal()
        #expect(text.contains(Self.metadata) && text.contains("--salvage") && text.contains("checksum"), "\(text)")
        var node: BrokerNode? = try FilledDirectory.start(temporary.path, salvages: true)
        let told = node?.recoveryRemarks ?? []
        #expect(told.contains { $0.contains(Self.metadata + ".cut") }, "\(told)")
        #expect(
            temporary.bytes(of: Self.metadata).count + temporary.bytes(of: Self.metadata + ".cut").count == before.count
        )
        let topics = Set(node?.topics.byName.keys.map { $0 } ?? [])
        #expect(topics == ["orders", "paid", "trimmed", "unused"])
        // Positions in a topic that is lost are not: it may come back from a copy.
        #expect(node?.groups.groups["g1"]?.offsets.sorted.flatMap(\.positions).map(\.committed.offset) == [4])
        node?.close()
        node = nil
        #expect(refusal() == "")
    }

    @Test func aDamagedCommitIsARefusal() throws {
        try FilledDirectory.make(temporary.path, isStopped: false)
        try damage(Self.positions, batch: 3)
        #expect(refusal().contains(Self.positions))
        let node = try FilledDirectory.start(temporary.path, salvages: true)
        #expect(node.groups.groups["g1"]?.offsets.sorted.flatMap(\.positions).map(\.committed.offset) == [4])
        #expect(node.recoveryRemarks.contains { $0.contains(Self.positions) })
    }

    /// A batch that a kill has torn was never acknowledged.
    @Test(arguments: [SalvageTests.metadata, SalvageTests.positions]) func aTornEndOfAStateIsCutOff(file: String) throws
    {
        try FilledDirectory.make(temporary.path, isStopped: false)
        let before = try KeptState(FilledDirectory.start(temporary.path))
        let bytes = temporary.bytes(of: file)
        try temporary.write(bytes + bytes.prefix(40), to: file)
        let node = try FilledDirectory.start(temporary.path)
        #expect(try KeptState(node) == before)
        #expect(node.recoveryCuts.map(\.bytes) == [40] && temporary.bytes(of: file) == bytes)
    }

    /// After a loss of power the system may have kept less than was told, and that is no damage.
    @Test func aMachineThatLostPowerStartsWithWhatIsThere() throws {
        try FilledDirectory.make(temporary.path, isStopped: false)
        var bounds = temporary.bytes(of: LogBounds.name)
        bounds[10] ^= 1
        try temporary.write(bounds, to: LogBounds.name)
        let bytes = temporary.bytes(of: Self.positions)
        try temporary.write(Array(bytes.dropLast(5)), to: Self.positions)
        let node = try FilledDirectory.start(temporary.path)
        #expect(node.recoveryRemarks.contains { $0.contains("__consumer_offsets-0") && $0.contains("it ends at") })
        #expect(node.groups.groups["g1"] != nil)
    }

    /// They stayed pending for good, and their group did not get its positions: nobody was left who would end that.
    @Test(arguments: [nil, .prepareAbort, .prepareCommit] as [Transaction.State?])
    func positionsWhoseTransactionIsLostAreEnded(_ decision: Transaction.State?) throws {
        try FilledDirectory.make(temporary.path, isStopped: false)
        let now = Instant(nanoseconds: 1_000_000_000)
        let orders = TopicPartition("orders", 0)
        var transaction = Transaction(id: "lost", producerId: 77, timeout: .seconds(60), now: now)
        transaction.producer = ProducerIdentity(id: 77, epoch: 3)
        var node: BrokerNode? = try FilledDirectory.start(temporary.path)
        node?.groups.storePending(
            .init(offset: 9, leaderEpoch: 0, metadata: ""), for: orders, group: "g1", producer: transaction.producer)
        if let decision {
            for state in [decision, decision == .prepareCommit ? .completeCommit : .completeAbort] {
                transaction.state = state
                node?.storage?.note([.state(transaction)])
            }
        }
        try node?.save(now: now)
        node = nil
        let again = try FilledDirectory.start(temporary.path)
        #expect(!again.groups.isUnstable(orders, group: "g1") && again.leftovers.isEmpty)
        let offsets = again.groups.groups["g1"]?.offsets.sorted.flatMap(\.positions).map(\.committed.offset)
        #expect(offsets == [decision == .prepareCommit ? 9 : 4])
        #expect(again.recoveryRemarks.contains { $0.contains("producer 77") })
    }

    @Test func aDirectoryWithoutItsNameIsNoNewCluster() throws {
        try FilledDirectory.make(temporary.path, isStopped: true)
        let cluster = try KeptState(FilledDirectory.start(temporary.path)).cluster
        Folder(temporary.path).removeFile(MetaProperties.name)
        let text = refusal()
        #expect(text.contains("meta.properties") && text.contains("missing") && text.contains("--salvage"), "\(text)")
        // Whoever says the id has it.
        #expect(refusal { $0.clusterId = cluster } == "")
        #expect(try KeptState(FilledDirectory.start(temporary.path)).cluster == cluster)
        #expect(refusal { $0.nodeId = 5 }.contains("node.id=1"))
    }

    @Test func metaPropertiesAreReadAsKafkaWritesThem() throws {
        let made = MetaProperties(clusterId: "abc", nodeId: 3, directoryId: "d")
        #expect(try MetaProperties(made.text, path: "") == made)
        let kafkas = "#\n#Thu Nov 26 10:00:00 UTC 2026\nnode.id=3\ndirectory.id=d\nversion=1\ncluster.id=abc\n"
        #expect(try MetaProperties(kafkas, path: "") == made)
        for wrong in [
            "", "version=1\n", kafkas + "x\n", kafkas.replacing("version=1", with: "version=2"),
            made.text.replacing("abc", with: "abd"), kafkas + "node.id=4\n",
        ] {
            #expect(throws: StorageError.self, "\(wrong)") { try MetaProperties(wrong, path: "") }
        }
    }

    @Test func checkpointsAreReadWhole() throws {
        let offsets: [TopicPartition: Offset] = [TopicPartition("a", 0): 5, TopicPartition("b.c", 12): 0]
        let text = StartOffsetCheckpoint.text(offsets)
        #expect(try StartOffsetCheckpoint.read(text) == offsets)
        for count in 0..<text.count {
            #expect(throws: StartOffsetCheckpoint.Damage.self) {
                try StartOffsetCheckpoint.read(String(text.prefix(count)))
            }
        }
        for wrong in [
            "1\n0\n", "0\n1\na 0 -1\n", "0\n1\na -1 0\n", "0\n1\na b 0\n", "0\n2\na 0 1\na 0 2\n", "0\n0\n\n",
        ] {
            #expect(throws: StartOffsetCheckpoint.Damage.self, "\(wrong)") { try StartOffsetCheckpoint.read(wrong) }
        }
    }

    /// An offset beyond the end, with nothing to hold it against: no segment goes.
    @Test func aCheckpointBeyondTheEndDeletesNothing() throws {
        try FilledDirectory.make(temporary.path, isStopped: true)
        Folder(temporary.path).removeFile(LogBounds.name)
        try temporary.write(Array("0\n1\norders 0 900\n".utf8), to: StartOffsetCheckpoint.name)
        let before = temporary.bytes(of: "orders-0/00000000000000000000.log")
        let text = refusal()
        #expect(
            text.contains(StartOffsetCheckpoint.name) && text.contains("900") && text.contains("correct"), "\(text)")
        #expect(temporary.bytes(of: "orders-0/00000000000000000000.log") == before && !before.isEmpty)
        let node = try FilledDirectory.start(temporary.path, salvages: true)
        #expect(node.topics["orders"]?.partition(0)?.log.startOffset == 0)
    }

    /// What is damaged on the disk does not get a new checksum by being compacted.
    @Test func compactionLeavesADamagedBatchAlone() throws {
        let folder = temporary.logFolder
        let partition = Partition(index: 0, log: PartitionLog(rolling: SegmentRolling(bytes: 1), folder: folder))
        for value in ["a", "b", "c"] { try partition.log.append([value]) }
        let first = "orders-0/00000000000000000000.log"
        var bytes = temporary.bytes(of: first)
        bytes[bytes.count - 2] ^= 1
        try temporary.write(bytes, to: first)
        let recovery = try LogRecovery(temporary.logFolder, verifies: true)
        #expect(recovery.damages.count == 1)
        #expect(throws: StorageError.self) { try LogCleaner.clean(partition, .init(dirtyRatio: 0), now: 5000) }
        #expect(temporary.bytes(of: first) == bytes)
    }
}
