import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Transactions through real sockets: what is written, what is seen of it, who is fenced.
@Suite(.serialized, .turn) struct TransactionTests {
    private typealias Partition = FetchResponse.FetchableTopicResponse.PartitionData

    private func fetch(_ client: TestClient, from offset: Offset = 0, committed: Bool = true) throws -> Partition {
        var request = TestClient.fetchRequest("t", offset: offset)
        request.isolationLevel = committed ? 1 : 0
        guard let answer = try client.call(request, version: 12).responses.first?.partitions.first else {
            throw TestClient.Closed()
        }
        return answer
    }

    /// What an application sees with `read_committed`: as the Java client filters, but for the sorting.
    private func seen(_ partition: Partition) throws -> [String] {
        var aborted = try #require(partition.abortedTransactions).sorted { $0.firstOffset < $1.firstOffset }
        var skipped: Set<ProducerID> = []
        var found: [String] = []
        for batch in try partition.records?.batches() ?? [] {
            while let next = aborted.first, next.firstOffset <= batch.lastOffset {
                skipped.insert(next.producerId)
                aborted.removeFirst()
            }
            if batch.attributes.isControl {
                if try batch.records().first?.key?[3] == 0 { skipped.remove(batch.producerId) }
            } else if !batch.attributes.isTransactional || !skipped.contains(batch.producerId) {
                found += try batch.records().map { $0.value?.text ?? "null" }
            }
        }
        return found
    }

    @Test(arguments: [false, true]) func whatIsCommittedIsSeenAndWhatIsAbortedIsNot(isVersion2: Bool) async throws {
        let broker = try await KafkaBroker.start(.transactional)
        let reader = try TestClient(port: broker.port)
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: isVersion2)
        let other = try TransactionalClient(port: broker.port, id: "y", isVersion2: isVersion2)
        #expect(try writer.write(["a1", "a2"]) == .none)
        #expect(try other.write(["b"]) == .none)
        #expect(try writer.write(["a3"]) == .none)
        let open = try fetch(reader)
        #expect(open.lastStableOffset == 0 && open.highWatermark == 4)
        #expect(open.records?.bytes.isEmpty == true && open.abortedTransactions == [])
        let dirty = try fetch(reader, committed: false)
        #expect(try values(dirty.records) == ["0:a1", "1:a2", "2:b", "3:a3"])
        #expect(dirty.lastStableOffset == 0 && dirty.abortedTransactions == nil)

        // The other one ends first: it stays invisible, because the first one is older.
        let abortedId = writer.producer.id
        #expect(try other.end(commit: true) == .none)
        #expect(try fetch(reader).lastStableOffset == 0)
        #expect(try writer.end(commit: false) == .none)
        let ended = try fetch(reader)
        #expect(ended.lastStableOffset == 6 && ended.highWatermark == 6)
        #expect(ended.abortedTransactions?.map(\.producerId) == [abortedId])
        #expect(ended.abortedTransactions?.map(\.firstOffset) == [0])
        #expect(try seen(ended) == ["b"])

        // And again: with version 2 under a new epoch, whose sequence begins anew.
        #expect(try writer.write(["a4"]) == .none)
        #expect(try writer.end(commit: true) == .none)
        #expect(try seen(fetch(reader)) == ["b", "a4"])
        #expect(try seen(fetch(reader, from: 6)) == ["a4"])
        #expect(try fetch(reader, from: 6).abortedTransactions == [])
        let markers = try fetch(reader).records?.batches().filter { $0.attributes.isControl } ?? []
        let epochs: [ProducerEpoch] = isVersion2 ? [1, 1, 2] : [0, 0, 0]
        #expect(markers.map(\.producerEpoch) == epochs)
        #expect(markers.allSatisfy { $0.attributes.isTransactional && $0.baseSequence == -1 })
        #expect(try markers.map { try $0.records().first?.key?[3] } == [1, 0, 1])
        await broker.stop()
    }

    @Test func aFetchWaitsForWhatIsStable() async throws {
        let broker = try await KafkaBroker.start(.transactional)
        let reader = try TestClient(port: broker.port)
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: true)
        var request = TestClient.fetchRequest("t", offset: 0, maxWaitMs: 20_000)
        request.isolationLevel = 1
        try reader.send(request, version: 12)
        #expect(try writer.write(["a"]) == .none)
        try await eventually { await broker.waitingFetches == 1 }
        #expect(try writer.end(commit: true) == .none)
        let answer = try Frame.decodeResponse(FetchResponse.self, try reader.receive(), version: 12)
        #expect(try answer.responses.first.map { try seen($0.partitions[0]) } == ["a"])
        await broker.stop()
    }

    @Test func theLatestOffsetDependsOnTheIsolation() async throws {
        let broker = try await KafkaBroker.start(.transactional)
        let client = try TestClient(port: broker.port)
        _ = try client.produce("t", batch(["a"], timestamps: [500]))
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: true)
        #expect(try writer.write(["b", "c"]) == .none)
        func offset(_ timestamp: Int64, _ isolation: Int8) throws -> Offset? {
            let request = ListOffsetsRequest.with {
                $0.replicaId = -1
                $0.isolationLevel = isolation
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = [.with { $0.timestamp = timestamp }]
                    }
                ]
            }
            return try client.call(request, version: 9).topics.first?.partitions.first?.offset
        }
        let open: [(Int64, Offset, Offset)] = [(-1, 3, 1), (-2, 0, 0), (-3, 2, -1), (400, 0, 0), (1001, 2, -1)]
        for (timestamp, dirty, committed) in open {
            #expect(try offset(timestamp, 0) == dirty, "\(timestamp)")
            #expect(try offset(timestamp, 1) == committed, "\(timestamp)")
        }
        #expect(try writer.end(commit: true) == .none)
        #expect(try offset(-1, 1) == 4)
        #expect(try offset(1001, 1) == 2)
        await broker.stop()
    }

    @Test func onlyWhatBelongsToATransactionIsTaken() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: false)
        for (version, code) in [(3, .invalidTxnState), (10, .invalidTxnState), (11, .transactionAbortable)]
            as [(Int16, ErrorCode)]
        {
            #expect(try writer.write(["a"], version: version) == code, "v\(version)")
        }
        #expect(try writer.add("t", [0, 9]) == [.operationNotAttempted, .unknownTopicOrPartition])
        #expect(try writer.write(["a"], version: 11) == .transactionAbortable)
        #expect(try writer.write(["a"], to: "t", 0) == .none)
        #expect(try writer.write(["a"], to: "t", 1, version: 11) == .transactionAbortable)
        // In the middle of a transaction, without its mark or with that of a broker.
        #expect(try writer.write(["a"]) { $0.marks = .init(rawValue: 0) } == .invalidTxnState)
        #expect(try writer.write(["a"]) { $0.marks = .init(rawValue: 3 << 4) } == .invalidRecord)
        #expect(
            try writer.write(["a"]) {
                $0.producerId = -1
                $0.producerEpoch = -1
                $0.baseSequence = -1
            } == .invalidRecord)
        #expect(try writer.write(["a"], to: "t", 1, version: 12) { $0.producerId = 4711 } == .invalidProducerIdMapping)
        let client = try TestClient(port: broker.port)
        let anonymous = try batch(["a"]) {
            $0.producerId = writer.producer.id
            $0.producerEpoch = writer.producer.epoch
            $0.baseSequence = 1
            $0.marks = .init(rawValue: 1 << 4)
        }
        #expect(try client.produce("t", anonymous).errorCode == .transactionalIdAuthorizationFailed)
        #expect(await broker.endOffsets(of: "t") == [1, 0])
        await broker.stop()
    }

    @Test(arguments: [false, true]) func whoComesLaterFencesWhoWasThere(isVersion2: Bool) async throws {
        let broker = try await KafkaBroker.start(.transactional)
        let first = try TransactionalClient(port: broker.port, id: "x", isVersion2: isVersion2)
        #expect(try first.write(["a"]) == .none)
        let second = try TransactionalClient(port: broker.port, id: "x", isVersion2: isVersion2)
        // The open transaction was aborted, with an epoch of its own.
        #expect(second.producer == .init(id: first.producer.id, epoch: 2))
        #expect(try fetch(second.client).lastStableOffset == 2)
        #expect(try seen(fetch(second.client)) == [])
        #expect(try second.write(["b"]) == .none)

        for (version, code) in [(0, .invalidProducerEpoch), (1, .invalidProducerEpoch), (2, .producerFenced)]
            as [(Int16, ErrorCode)]
        {
            #expect(try first.add("t", version: version) == [code], "AddPartitionsToTxn v\(version)")
            #expect(try first.addOffsets(group: "g", version: version) == code, "AddOffsetsToTxn v\(version)")
            #expect(try first.end(commit: true, version: version) == code, "EndTxn v\(version)")
        }
        #expect(try first.end(commit: true, version: 5) == .producerFenced)
        #expect(try first.write(["a"], version: 11) == .invalidProducerEpoch)
        #expect(try first.write(["a"], version: 12) == .invalidProducerEpoch)
        for version in Int16(0)...5 {
            #expect(try first.commitOffset(1, group: "g", version: version) == .invalidProducerEpoch, "v\(version)")
        }
        #expect(try second.end(commit: true) == .none)
        for (version, code) in [(3, .invalidProducerEpoch), (4, .producerFenced)] as [(Int16, ErrorCode)] {
            #expect(try first.initialize(as: first.producer, version: version).errorCode == code)
        }
        #expect(try seen(fetch(second.client)) == ["b"])
        await broker.stop()
    }

    @Test func aLateTransactionIsAborted() async throws {
        let clock = TestClock()
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.now = { clock.now }
        let broker = try await KafkaBroker.start(configuration)
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: true, timeoutMs: 10_000)
        #expect(try writer.write(["a"]) == .none)
        #expect(try writer.commitOffset(1, group: "g") == .none)
        clock.advance(.milliseconds(9_999))
        await broker.tick()
        #expect(try fetch(writer.client).lastStableOffset == 0)
        clock.advance(.milliseconds(1))
        await broker.tick()
        #expect(try fetch(writer.client).lastStableOffset == 2)
        #expect(await broker.group("g")?.committed == [])
        #expect(try writer.write(["b"]) == .invalidProducerEpoch)
        #expect(try writer.end(commit: true) == .producerFenced)
        for (timeout, code) in [
            (900_001, .invalidTransactionTimeout), (0, .invalidTransactionTimeout), (900_000, .none),
        ]
            as [(Milliseconds, ErrorCode)]
        {
            #expect(try writer.initialize(timeoutMs: timeout).errorCode == code)
        }
        await broker.stop()
    }

    /// What a broker asks of another one's coordinator (KIP-890).
    @Test func severalTransactionsAreAddedToAndVerified() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let one = try TransactionalClient(port: broker.port, id: "x", isVersion2: true)
        let two = try TransactionalClient(port: broker.port, id: "y", isVersion2: true)
        func ask(_ writers: [TransactionalClient], _ partitions: [PartitionID], verify: Bool, version: Int16 = 5) throws
            -> [[ErrorCode]]
        {
            let request = AddPartitionsToTxnRequest.with {
                $0.transactions = writers.map { writer in
                    .with {
                        $0.transactionalId = writer.id
                        $0.producerId = writer.producer.id
                        $0.producerEpoch = writer.producer.epoch
                        $0.verifyOnly = verify
                        $0.topics = [
                            .with {
                                $0.name = "t"
                                $0.partitions = partitions
                            }
                        ]
                    }
                }
            }
            return try one.client.call(request, version: version).resultsByTransaction.map {
                $0.topicResults.flatMap { $0.resultsByPartition.map(\.partitionErrorCode) }
            }
        }
        #expect(try ask([one, two], [0], verify: false) == [[.none], [.none]])
        #expect(try ask([one], [0, 1], verify: true) == [[.none, .transactionAbortable]])
        #expect(try ask([two], [1], verify: true, version: 4) == [[.invalidTxnState]])
        #expect(try ask([two], [0, 7], verify: false) == [[.operationNotAttempted, .unknownTopicOrPartition]])
        await broker.stop()
    }

    @Test(arguments: [Int16(0), 1, 2]) func theFeatureIsTold(level: Int16) async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.transactionVersion = level
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        for version in Int16(0)...4 {
            let answer = try client.call(
                ApiVersionsRequest.with {
                    $0.clientSoftwareName = "test"
                    $0.clientSoftwareVersion = "1"
                }, version: version)
            let isTold = version >= 3 && level > 0
            let finalized = answer.finalizedFeatures.filter { $0.name == "transaction.version" }
            #expect(finalized.map(\.maxVersionLevel) == (isTold ? [level] : []))
            let supported = answer.supportedFeatures.filter { $0.name == "transaction.version" }
            #expect(supported.map(\.maxVersion) == (version >= 4 ? [2] : []))
            for key in [24, 25, 26, 27, 28, 61, 65, 66] as [Int16] {
                let wanted = API.of(APIKey(rawValue: key))?.stableVersions
                let found = answer.apiKeys.first { $0.apiKey == key }.map { $0.minVersion...$0.maxVersion }
                #expect(found == wanted, "\(key)")
            }
        }
        await broker.stop()
    }
}

extension KafkaBroker.Configuration {
    /// A broker with the topic `t`, whose clock agrees with the batches' timestamps: else its markers would begin new
    /// segments, and a fetch ends with its segment.
    fileprivate static var transactional: Self {
        var configuration = Self(topics: ["t": 1])
        configuration.timestamp = { 2000 }
        return configuration
    }
}
