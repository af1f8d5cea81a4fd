import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// What is read when, and how it is asked for: pauses, bounds, sessions, the closest replica.
@Suite(.turn) struct ConsumerFlowTests {
    private static let p = TopicPartition("t", 0)
    private static let q = TopicPartition("t", 1)

    static func reader(
        _ server: String, _ starts: [TopicPartition: KafkaConsumer.StartingOffset],
        _ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) throws -> KafkaConsumer {
        var configuration = KafkaConsumer.Configuration(bootstrapServers: [server], partitions: starts)
        configuration.client = .quick([server])
        configuration.fetchMaximumWait = .milliseconds(100)
        change(&configuration)
        return try KafkaConsumer(configuration)
    }

    /// Sends to one partition.
    static func send(_ values: [String], to partition: TopicPartition, _ broker: KafkaBroker) async throws {
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        for value in values {
            try await producer.enqueue(
                ProducerRecord(topic: partition.topic, value: Bytes(utf8: value), partition: partition.partition))
        }
        try await producer.close()
    }

    @Test func aPausedPartitionIsNotReadWhileTheOthersAre() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        await #expect(throws: KafkaError.self) { try await consumer.pause([Self.p]) }
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await eventually { await consumer.positions.count == 2 }
        try await consumer.pause([Self.p])
        #expect(await consumer.paused == [Self.p])
        try await Self.send(["a0", "a1"], to: Self.p, broker)
        try await Self.send(["b0", "b1"], to: Self.q, broker)
        try await seen.wait(for: 2)
        try await Self.send(["b2"], to: Self.q, broker)
        try await seen.wait(for: 3)
        #expect(seen.all == ["b0", "b1", "b2"])
        // It stays a member, and keeps the partition.
        #expect(await broker.group("g")?.members.count == 1)
        await #expect(throws: KafkaError.self) { try await consumer.resume([Self.p, TopicPartition("t", 9)]) }
        #expect(await consumer.paused == [Self.p])
        try await consumer.resume([Self.p])
        try await seen.wait(for: 5)
        #expect(seen.all.suffix(2) == ["a0", "a1"])
        #expect(await consumer.paused == [])
        #expect(await consumer.close() == nil)
        try await task.value
        await broker.stop()
    }

    /// Nothing of it is asked for again.
    @Test func whatWasFetchedBeforeAPauseIsKept() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await Self.send((0..<10).map { "v\($0)" }, to: Self.p, broker)
        let consumer = try Self.reader(broker.bootstrapServers, [Self.p: .earliest]) { $0.maximumRecords = 4 }
        let fetched = Seen()
        let hook = broker.on(.fetch) { request in
            for topic in (request.message as? FetchRequest)?.topics ?? [] {
                for partition in topic.partitions { fetched.add("\(partition.fetchOffset)") }
            }
            return .pass
        }
        var batches = consumer.batches.makeAsyncIterator()
        let first = try await batches.next()?.map { $0.value?.text ?? "" }
        #expect(first == ["v0", "v1", "v2", "v3"])
        try await consumer.pause([Self.p])
        let seen = Seen()
        let rest = Task {
            for try await batch in consumer.batches {
                seen.add(batch.map { $0.value?.text ?? "" }.joined(separator: " "))
            }
        }
        // Who asks waits, and gets nothing.
        try await eventually { hook.calls >= 2 }
        #expect(seen.count == 0)
        try await consumer.resume([Self.p])
        try await seen.wait(for: 2)
        #expect(seen.all == ["v4 v5 v6 v7", "v8 v9"])
        #expect(fetched.all.filter { $0 == "0" }.count == 1)
        await consumer.close()
        try await rest.value
        await broker.stop()
    }

    @Test(arguments: [1, 3, 7, 100])
    func aBatchHasAtMostSoManyRecordsAndNoneIsLostOrDoubled(_ maximum: Int) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        for start in [0, 20, 21] {
            let values = (start..<(start == 20 ? 21 : start + 20)).map { "v\($0)" }
            try await Self.send(values, to: Self.p, broker)
        }
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.maximumRecords = maximum
            $0.autoCommit = nil
        }
        let values = try await within { () -> [String] in
            var values: [String] = []
            for try await batch in consumer.batches {
                #expect(batch.count <= maximum && batch.count == Array(batch).count)
                var offsets: [Offset] = []
                batch.forEachValue { offset, _ in offsets.append(offset) }
                #expect(offsets == batch.map(\.offset))
                #expect(batch.nextOffset == (offsets.last ?? 0).next)
                values += batch.map { $0.value?.text ?? "" }
                try await batch.commit(metadata: "at \(values.count)")
                if values.count >= 41 { break }
            }
            return values
        }
        #expect(values == (0..<41).map { "v\($0)" })
        let committed = try await consumer.committed([Self.p])
        #expect(committed[Self.p]?.offset == 41 && committed[Self.p]?.metadata == "at 41")
        await consumer.close()
        await broker.stop()
    }

    // MARK: - Sessions (KIP-227)

    private static func sessions(_ broker: KafkaBroker, _ seen: Seen) -> KafkaBroker.Hook {
        broker.on(.fetch) { request in
            guard let fetch = request.message as? FetchRequest else { return .pass }
            let named = fetch.topics.reduce(0) { $0 + $1.partitions.count }
            seen.add("\(fetch.sessionId == 0 ? "new" : "known") \(min(fetch.sessionEpoch, 2)) \(named)")
            return .pass
        }
    }

    @Test func partitionsAreNamedOnceInASessionThatEndsWithTheConsumer() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 8]))
        let asked = Seen()
        _ = Self.sessions(broker, asked)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await eventually { asked.all.contains("known 2 0") }
        #expect(asked.all.prefix(2) == ["new 0 8", "known 1 0"])
        try await Self.send(["a", "b"], to: TopicPartition("t", 5), broker)
        try await seen.wait(for: 2)
        try await eventually { asked.all.contains("known 2 1") }
        #expect(asked.all.filter { $0.hasSuffix(" 8") }.count == 1)
        await consumer.close()
        try await task.value
        #expect(asked.all.last == "known -1 0")
        await broker.stop()
    }

    /// The broker has forgotten it: all is named again, at once, and nobody is told of trouble.
    @Test(arguments: [ErrorCode.fetchSessionIdNotFound, .invalidFetchSessionEpoch, .fetchSessionTopicIdError])
    func aSessionThatIsGoneIsBegunAnew(_ code: ErrorCode) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let consumer = try Self.reader(broker.bootstrapServers, [Self.p: .earliest, Self.q: .earliest])
        let (seen, told) = (Seen(), Seen())
        let task = Task {
            for try await event in consumer.events {
                if case .batch(let batch) = event { seen.add(batch) }
                if case .trouble(let error) = event { told.add(error.message) }
            }
        }
        try await Self.send(["a"], to: Self.p, broker)
        try await seen.wait(for: 1)
        let hook = broker.on(.fetch, times: 1) { request in
            (request.message as? FetchRequest)?.sessionEpoch ?? 0 > 0
                ? .answer(FetchResponse.with { $0.errorCode = code }) : .pass
        }
        try await eventually { hook.uses == 1 }
        try await Self.send(["b"], to: Self.q, broker)
        try await seen.wait(for: 2)
        #expect(seen.all == ["a", "b"])
        #expect(told.count == 0)
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// Sessions came with Fetch 7; identifiers with 13.
    @Test(arguments: ["1.0", "2.0", "2.7", "3.0", "4.0"])
    func recordsComeFromBrokersOfAllTimes(_ release: String) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        try await broker.speak(as: release)
        let consumer = try Self.reader(broker.bootstrapServers, [Self.p: .earliest, Self.q: .earliest]) {
            $0.tellsEnds = true
        }
        let (seen, ends) = (Seen(), Seen())
        let task = Task {
            for try await event in consumer.events {
                if case .batch(let batch) = event { seen.add(batch) }
                if case .reachedEnd(let partition, let offset) = event { ends.add("\(partition) \(offset)") }
            }
        }
        try await ends.wait(for: 2)
        try await Self.send(["a", "b"], to: Self.p, broker)
        try await eventually { ends.all.contains("t-0 2") }
        // Where nothing has changed at the broker, the end that it told before is told again.
        try await consumer.seek(Self.p, to: 2)
        try await eventually { ends.all.filter { $0 == "t-0 2" }.count == 2 }
        try await Self.send(["c"], to: Self.q, broker)
        try await eventually { ends.all.contains("t-1 1") }
        #expect(seen.all == ["a", "b", "c"])
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    // MARK: - Leaders

    /// A broker that metadata has not told of leads: the answer to Fetch says so and where it is (KIP-951). It is asked at
    /// once, and not after a pause, which nobody would wait for here.
    @Test func aLeaderThatIsNewIsReadFromWhereTheAnswerSays() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["u": 2], brokers: 2)
        configuration.defaultReplicationFactor = 1
        let broker = try await KafkaBroker.start(configuration)
        let topic = try #require(await broker.topics.first { $0.name == "u" })
        let moved = try #require(topic.partitions.firstIndex { $0.leader == 2 })
        let partition = TopicPartition("u", PartitionID(Int32(moved)))
        try await Self.send(["a"], to: partition, broker)
        let port = Int32(broker.port)
        let asked = Locked<[BrokerID]>([])
        broker.on(.fetch) { request in
            asked.withLock { $0.append(request.node) }
            return .pass
        }
        broker.on(.metadata) { request in
            var answer = MetadataResponse.with {
                $0.clusterId = "c"
                $0.controllerId = 1
                $0.brokers = [.with { ($0.nodeId, $0.host, $0.port) = (1, "127.0.0.1", port) }]
            }
            if (request.message as? MetadataRequest)?.topics?.isEmpty != true {
                answer.topics = [
                    .with {
                        ($0.name, $0.topicId) = (topic.name, topic.id)
                        $0.partitions = topic.partitions.indices.map { index in
                            .with {
                                ($0.partitionIndex, $0.leaderId) = (PartitionID(Int32(index)), 1)
                                ($0.replicaNodes, $0.isrNodes) = ([1], [1])
                            }
                        }
                    }
                ]
            }
            return .answer(answer)
        }
        let consumer = try Self.reader("127.0.0.1:\(broker.port)", [partition: .offset(0)]) {
            $0.client.retryBackoff = .seconds(120)
            $0.client.maximumRetryBackoff = .seconds(120)
        }
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 1, within: .seconds(60))
        #expect(seen.all == ["a"] && asked.withLock { $0 }.prefix(2) == [1, 2])
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    // MARK: - The closest replica (KIP-392)

    /// A batch of one record at `offset`.
    private static func batch(_ value: String, at offset: Offset) throws -> Records {
        var builder = RecordBatchBuilder()
        [UInt8](value.utf8).withUnsafeBytes { builder.append(key: nil, value: $0, timestamp: 0) }
        var options = RecordBatchBuilder.Options()
        options.baseOffset = offset
        return Records(Bytes(try builder.finish(options)))
    }

    private static func answer(
        to fetch: FetchRequest, _ change: @Sendable (inout FetchResponse.FetchableTopicResponse.PartitionData) -> Void
    ) -> FetchResponse {
        FetchResponse.with {
            $0.responses = fetch.topics.map { topic in
                .with {
                    $0.topicId = topic.topicId
                    $0.topic = topic.topic
                    $0.partitions = topic.partitions.map { asked in
                        .with {
                            $0.partitionIndex = asked.partition
                            $0.abortedTransactions = nil
                            change(&$0)
                        }
                    }
                }
            }
        }
    }

    /// The leader points to the follower in the client's rack; the follower has one record, and then not the next offset:
    /// the leader is asked, and nothing is reset.
    @Test func recordsComeFromTheReplicaInTheClientsRack() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 2))
        try await broker.createTopic("t", partitions: 1, replicas: 2)
        try await Self.send(["a", "b"], to: Self.p, broker)
        let leader = try #require(await broker.topics.first { $0.name == "t" }).partitions[0].leader
        let other = try #require(await broker.nodes.first { $0.id != leader }).id
        let records = try Self.batch("near", at: 0)
        let asked = Seen()
        broker.on(.fetch) { request in
            guard let fetch = request.message as? FetchRequest, let first = fetch.topics.first?.partitions.first else {
                return .pass
            }
            if request.node == leader {
                asked.add("leader \(fetch.rackId) \(first.fetchOffset)")
                guard first.fetchOffset == 0 else { return .pass }
                return .answer(Self.answer(to: fetch) { $0.preferredReadReplica = other })
            }
            asked.add("follower \(fetch.rackId) \(first.fetchOffset)")
            return .answer(
                Self.answer(to: fetch) {
                    if first.fetchOffset == 0 {
                        $0.records = records
                        $0.highWatermark = 2
                    } else {
                        $0.errorCode = .offsetOutOfRange
                    }
                })
        }
        let consumer = try Self.reader(broker.bootstrapServers, [Self.p: .earliest]) { $0.clientRack = "east" }
        let (seen, resets) = (Seen(), Seen())
        let task = Task {
            for try await event in consumer.events {
                if case .batch(let batch) = event { seen.add(batch) }
                if case .reset = event { resets.add("reset") }
            }
        }
        try await seen.wait(for: 2)
        #expect(seen.all == ["near", "b"])
        #expect(resets.count == 0)
        #expect(asked.all.prefix(4) == ["leader east 0", "follower east 0", "follower east 1", "leader east 1"])
        await consumer.close()
        try await task.value
        await broker.stop()
    }
}
