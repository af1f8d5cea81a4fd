import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Producers of both versions that write, commit, abort, are late, are fenced and send again, in random order, under a
/// clock of the test's; and readers who have to see exactly what was committed, in order.
@Suite(.turn) struct TransactionModelTests {
    /// What one record should be.
    private enum Fate: Equatable {
        case open(writer: Int)
        case committed
        case aborted
    }

    private final class World {
        let node: BrokerNode
        var random: RandomSource
        var now = Instant(nanoseconds: 0)
        var requests: UInt64 = 0
        /// For each partition: offset to value and fate.
        var records: [[(offset: Offset, value: String, fate: Fate)]] = [[], []]
        var writers: [Writer] = []
        var count = 0

        init(seed: UInt64) throws {
            var configuration = KafkaBroker.Configuration(topics: ["t": 2])
            configuration.seed = seed
            configuration.timestamp = { 1_700_000_000_000 }
            // The records carry no time.
            configuration.properties["log.retention.ms"] = "-1"
            node = try BrokerNode(configuration, port: 9092)
            random = RandomSource(seed: seed)
        }

        func call<R: WireRequest>(_ request: R, version: Int16) throws -> R.Response {
            guard let api = ServedAPI.of(R.api) else { throw Cut() }
            requests += 1
            let context = RequestContext(
                ticket: .init(connection: 1, number: requests), version: version, clientId: "c", now: now)
            let body = Bytes(try request.encode(version: version))
            guard case .answer(let response) = try node.handle(api, body, context),
                let answer = response as? R.Response
            else { throw Cut() }
            return answer
        }

        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

        func settle(_ writer: Int, _ fate: Fate) {
            for partition in records.indices {
                for index in records[partition].indices where records[partition][index].fate == .open(writer: writer) {
                    records[partition][index].fate = fate
                }
            }
        }
    }

    private struct Writer {
        var id: String
        var isVersion2: Bool
        var producer = ProducerIdentity.none
        var sequences: [Int32] = [0, 0]
    }

    private func begin(_ index: Int, _ world: World) throws {
        // Whoever begins ends what its predecessor left open.
        world.settle(index, .aborted)
        for _ in 0..<2 {
            let answer = try world.call(
                InitProducerIdRequest.with {
                    $0.transactionalId = world.writers[index].id
                    $0.transactionTimeoutMs = 60_000
                }, version: 5)
            if answer.errorCode == .concurrentTransactions { continue }
            #expect(answer.errorCode == .none)
            world.writers[index].producer = .init(id: answer.producerId, epoch: answer.producerEpoch)
            world.writers[index].sequences = [0, 0]
            return
        }
        Issue.record("the coordinator stays busy")
    }

    private func write(_ index: Int, _ world: World) throws {
        let writer = world.writers[index]
        let partition = world.pick(2)
        if !writer.isVersion2 {
            let added = try world.call(
                AddPartitionsToTxnRequest.with {
                    $0.v3AndBelowTransactionalId = writer.id
                    $0.v3AndBelowProducerId = writer.producer.id
                    $0.v3AndBelowProducerEpoch = writer.producer.epoch
                    $0.v3AndBelowTopics = [
                        .with {
                            $0.name = "t"
                            $0.partitions = [PartitionID(Int32(partition))]
                        }
                    ]
                }, version: 3)
            let code = added.resultsByTopicV3AndBelow.first?.resultsByPartition.first?.partitionErrorCode
            guard code == ErrorCode.none else { return try begin(index, world) }
        }
        let values = (0...world.pick(3)).map { "\(world.count + $0)" }
        world.count += values.count
        let bytes = try batch(values) {
            $0.producerId = writer.producer.id
            $0.producerEpoch = writer.producer.epoch
            $0.baseSequence = writer.sequences[partition]
            $0.marks = .init(rawValue: 1 << 4)
        }
        var request = TestClient.produceRequest("t", bytes, partition: PartitionID(Int32(partition)))
        request.transactionalId = writer.id
        // One in four is sent twice, and stored once.
        var base: Offset?
        for _ in 0..<(world.pick(4) == 0 ? 2 : 1) {
            let answer = try world.call(request, version: writer.isVersion2 ? 12 : 11)
            guard let found = answer.responses.first?.partitionResponses.first else { throw Cut() }
            guard found.errorCode == .none else {
                #expect(found.errorCode == .invalidProducerEpoch && base == nil)
                return try begin(index, world)
            }
            #expect(base == nil || base == found.baseOffset)
            base = found.baseOffset
        }
        world.writers[index].sequences[partition] += Int32(values.count)
        for (delta, value) in values.enumerated() {
            world.records[partition].append(((base ?? 0) + Int64(delta), value, .open(writer: index)))
        }
    }

    private func end(_ index: Int, commit: Bool, _ world: World) throws {
        let writer = world.writers[index]
        let isOpen = world.records.joined().contains { $0.fate == .open(writer: index) }
        // A producer of version 1 does not end what it has not begun.
        guard isOpen || writer.isVersion2 && !commit else { return }
        let request = EndTxnRequest.with {
            $0.transactionalId = writer.id
            $0.producerId = writer.producer.id
            $0.producerEpoch = writer.producer.epoch
            $0.committed = commit
        }
        let version: Int16 = writer.isVersion2 ? 5 : 4
        let answer = try world.call(request, version: version)
        guard answer.errorCode == .none else {
            #expect(answer.errorCode == .producerFenced)
            return try begin(index, world)
        }
        world.settle(index, commit ? .committed : .aborted)
        if world.pick(4) == 0 { #expect(try world.call(request, version: version) == answer) }
        guard writer.isVersion2 else { return }
        world.writers[index].producer = .init(id: answer.producerId, epoch: answer.producerEpoch)
        world.writers[index].sequences = [0, 0]
    }

    /// Reads a partition from its beginning in bites of a random size, as a consumer with `read_committed` does.
    private func check(_ partition: Int, _ world: World) throws {
        var offset: Offset = 0
        var seen: [String] = []
        var stable: Offset = 0
        let bite = Int32(1 + world.pick(2000))
        while true {
            var request = TestClient.fetchRequest("t", offset: offset, partitions: [PartitionID(Int32(partition))])
            request.isolationLevel = 1
            request.topics[0].partitions[0].partitionMaxBytes = bite
            guard let answer = try world.call(request, version: 12).responses.first?.partitions.first else {
                throw Cut()
            }
            stable = answer.lastStableOffset
            let batches = try answer.records?.batches() ?? []
            guard let last = batches.last else { break }
            var aborted = try #require(answer.abortedTransactions).sorted { $0.firstOffset < $1.firstOffset }
            var skipped: Set<ProducerID> = []
            for batch in batches {
                while let next = aborted.first, next.firstOffset <= batch.lastOffset {
                    skipped.insert(next.producerId)
                    aborted.removeFirst()
                }
                if batch.attributes.isControl {
                    if try batch.records().first?.key?[3] == 0 { skipped.remove(batch.producerId) }
                } else if !skipped.contains(batch.producerId) {
                    seen += try batch.records().filter { $0.offset >= offset }.map { $0.value?.text ?? "" }
                }
            }
            offset = last.lastOffset + 1
        }
        let records = world.records[partition]
        let wanted = records.filter { $0.offset < stable && $0.fate == .committed }.map(\.value)
        #expect(seen == wanted)
        let open = records.filter { if case .open = $0.fate { true } else { false } }
        // Open as far as the writers know: the coordinator may have been faster.
        #expect(offset == stable)
        if open.isEmpty { #expect(stable > (records.last?.offset ?? -1)) }
    }

    @Test(arguments: UInt64(0)..<12) func readersSeeWhatWasCommitted(seed: UInt64) throws {
        let world = try World(seed: seed)
        world.writers = (0..<4).map { Writer(id: "w\($0)", isVersion2: $0 % 2 == 0) }
        for index in world.writers.indices { try begin(index, world) }
        for _ in 0..<400 {
            let index = world.pick(world.writers.count)
            switch world.pick(20) {
            case 0..<11: try write(index, world)
            case 11..<14: try end(index, commit: true, world)
            case 14..<16: try end(index, commit: false, world)
            case 16: try begin(index, world)
            case 17:
                world.now = world.now + .seconds(world.pick(30))
                world.node.tick(now: world.now)
            default: try check(world.pick(2), world)
            }
        }
        for index in world.writers.indices { try end(index, commit: index % 2 == 0, world) }
        for partition in 0..<2 { try check(partition, world) }
        #expect(world.records.joined().contains { $0.fate == .committed })
        #expect(world.records.joined().contains { $0.fate == .aborted })
        #expect(world.node.transactions.transactions.values.allSatisfy { $0.state != .ongoing })
    }
}
