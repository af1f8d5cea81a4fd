import TestSupport
import Testing

@testable import KafkaWire

/// Where consumers of a real cluster stand and go on.
@Suite(.cluster, .outside) struct ClusterPositionTests {
    private static func filled(_ cluster: ClusterScope) async throws -> (p: TopicPartition, q: TopicPartition) {
        let topic = try await cluster.topic("filled", partitions: 2)
        let producer = try cluster.producer()
        for (partition, count) in [(0, 10), (1, 6)] {
            for number in 0..<count {
                try await producer.enqueue(
                    ProducerRecord(
                        topic: topic, value: Bytes(utf8: "\(partition).\(number)"),
                        partition: PartitionID(index: partition), timestamp: 1_700_000_000_000 + Int64(number) * 1000))
            }
        }
        try await producer.close(timeout: NamedCluster.patience)
        return (TopicPartition(topic, 0), TopicPartition(topic, 1))
    }

    private static func stand(_ consumer: KafkaConsumer, _ places: [TopicPartition: Offset?]) async throws {
        try await inTime { await consumer.positions == places }
    }

    @Test func aConsumerGoesWhereItIsTold() async throws {
        try await inCluster { cluster in
            let (p, q) = try await Self.filled(cluster)
            let consumer = try cluster.consumer(.partitions([p: .latest, q: .latest]))
            let seen = Seen()
            let reading = consumer.read(into: seen, commit: false)
            func wait(_ count: Int) async throws { try await seen.wait(for: count, within: NamedCluster.patience) }
            try await Self.stand(consumer, [p: 10, q: 6])
            try await consumer.seek([p: .offset(8), q: .last(1)])
            try await wait(3)
            #expect(Set(seen.all) == ["0.8", "0.9", "1.5"])
            try await consumer.seekToBeginning([q])
            try await wait(9)
            try await consumer.seek([p], toTime: 1_700_000_006_500)
            try await wait(12)
            #expect(seen.all.suffix(3) == ["0.7", "0.8", "0.9"])
            try await consumer.seek(p, to: CommittedOffset(offset: 9, leaderEpoch: 0))
            try await wait(13)
            try await consumer.seekToBeginning()
            try await wait(29)
            try await consumer.seekToEnd()
            try await Self.stand(consumer, [p: 10, q: 6])
            #expect(seen.count == 29)
            await #expect(throws: KafkaError.self) { try await consumer.seek([TopicPartition(p.topic, 7): .earliest]) }
            await consumer.close()
            try await reading.value
        }
    }

    @Test func beginningsEndsTimesAndLagAreTold() async throws {
        try await inCluster { cluster in
            let (p, q) = try await Self.filled(cluster)
            let consumer = try cluster.consumer(.partitions([p: .earliest])) { $0.maximumRecords = 4 }
            #expect(try await consumer.beginningOffsets([p, q]) == [p: 0, q: 0])
            #expect(try await consumer.endOffsets([p, q]) == [p: 10, q: 6])
            let times = try await consumer.offsets(forTimes: [p: 1_700_000_002_001, q: 1_800_000_000_000])
            #expect(times == [p: 3, q: nil])
            var batches = consumer.batches.makeAsyncIterator()
            #expect(try await batches.next()?.count == 4)
            #expect(await consumer.lag == [p: 6])
            #expect(try await batches.next()?.count == 4)
            #expect(try await batches.next()?.count == 2)
            #expect(await consumer.lag == [p: 0])
        }
    }

    @Test func theGroupsPositionsAreKeptAndGoneBackTo() async throws {
        try await inCluster { cluster in
            let (p, q) = try await Self.filled(cluster)
            let group = cluster.group()
            let consumer = try cluster.consumer(group, [p.topic]) { $0.offsetReset = .latest }
            let seen = Seen()
            let reading = consumer.read(into: seen, commit: false)
            try await Self.stand(consumer, [p: 10, q: 6])
            try await consumer.commit([p: CommittedOffset(offset: 7, metadata: "why")])
            let committed = try await consumer.committed([p, q])
            #expect(committed[p]?.offset == 7 && committed[p]?.metadata == "why" && committed[q] == nil)
            try await consumer.seekToCommitted()
            try await seen.wait(for: 3, within: NamedCluster.patience)
            #expect(Set(seen.all) == ["0.7", "0.8", "0.9"])
            #expect(try await cluster.admin.lag(of: group, in: p.topic)[p] == 3)
            await consumer.close()
            try await reading.value
        }
    }

    /// KIP-1106.
    @Test func aGroupBeginsSoLongBeforeNow() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("ages", partitions: 2)
            let producer = try cluster.producer()
            let now = producer.loop.wallMilliseconds
            for (partition, age) in [(0, 9000), (0, 4000), (0, 1000), (0, 0), (1, 9000)] as [(PartitionID, Int64)] {
                try await producer.send(
                    ProducerRecord(
                        topic: topic, value: Bytes(utf8: "\(age)"), partition: partition, timestamp: now - age * 1000))
            }
            let member = try cluster.member(cluster.group(), [topic]) { $0.offsetReset = .byDuration(.seconds(3600)) }
                .start()
            try await member.seen.wait(for: 2, within: NamedCluster.patience)
            try await inTime {
                await member.consumer.positions == [TopicPartition(topic, 0): 4, TopicPartition(topic, 1): 1]
            }
            #expect(member.seen.all == ["1000", "0"])
            try await member.stop()
        }
    }

    @Test func anOffsetThatIsGoneIsToldAndReadOnAsThePolicySays() async throws {
        try await inCluster { cluster in
            let (p, _) = try await Self.filled(cluster)
            #expect(try await cluster.admin.deleteRecords(before: [p: 5]).get() == [p: 5])
            func events(_ reset: KafkaConsumer.OffsetReset, from offset: Offset) async throws -> [String] {
                let consumer = try cluster.consumer(.partitions([p: .offset(offset)])) {
                    $0.offsetReset = reset
                    $0.tellsEnds = true
                }
                return try await within(NamedCluster.patience) {
                    var found: [String] = []
                    for try await event in consumer.events {
                        switch event {
                        case .reset(_, let from, let to, let error):
                            found.append("\(from) \(to) \(error.code == .broker(.offsetOutOfRange))")
                        case .batch(let batch): found += batch.map { $0.value?.text ?? "" }
                        case .reachedEnd: return found
                        default: break
                        }
                    }
                    return found
                }
            }
            let values = (5..<10).map { "0.\($0)" }
            #expect(try await events(.earliest, from: 2) == ["2 5 true"] + values)
            #expect(try await events(.latest, from: 2) == ["2 10 true"])
            let error = await #expect(throws: KafkaError.self) { try await events(.fail, from: 100) }
            #expect(error?.code == .broker(.offsetOutOfRange))
        }
    }

    /// A position kept elsewhere of which the leader says that its log has other records there (KIP-320).
    @Test func aPositionThatTheLogHasNotIsToldOf() async throws {
        try await inCluster { cluster in
            try await cluster.requireAPI(.offsetForLeaderEpoch, version: 2, "leader epochs (KIP-320)")
            let (p, _) = try await Self.filled(cluster)
            let consumer = try cluster.consumer(.partitions([p: .earliest]))
            let found = try await within(NamedCluster.patience) { () -> (from: Offset, code: KafkaError.Code)? in
                for try await event in consumer.events {
                    if case .batch = event {
                        let position = CommittedOffset(offset: 50, leaderEpoch: 0)
                        if await consumer.positions[p] == 10 { try await consumer.seek(p, to: position) }
                    }
                    if case .reset(_, let from, _, let error) = event { return (from, error.code) }
                }
                return nil
            }
            #expect(found?.from == 50)
            #expect(found?.code == .logTruncated || found?.code == .broker(.offsetOutOfRange))
        }
    }

    @Test func partitionsThatAProgramTakesItselfArePositionedByAGroup() async throws {
        try await inCluster { cluster in
            let (p, _) = try await Self.filled(cluster)
            let group = cluster.group()
            for expected in [["0.0", "0.1", "0.2", "0.3"], ["0.4", "0.5", "0.6", "0.7"]] {
                let consumer = try cluster.consumer(.taken([p], by: group)) { $0.maximumRecords = 4 }
                var batches = consumer.batches.makeAsyncIterator()
                let batch = try await batches.next()
                #expect(batch?.map { $0.value?.text ?? "" } == expected)
                try await batch?.commit(metadata: "taken")
                await consumer.close()
            }
            #expect(try await cluster.admin.committedOffsets(of: group)[p]?.metadata == "taken")
        }
    }

    @Test func partitionsThatComeLaterAreReadFromTheirFirstRecord() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("growing")
            let member = try cluster.member(cluster.group(), [topic], GroupWay.cooperative.set).start()
            try await shared(1, by: [member])
            _ = try await cluster.admin.addPartitions([topic: .init(total: 3)]).get()
            let producer = try cluster.producer()
            for partition in 0..<3 {
                try await inTime {
                    let record = ProducerRecord(
                        topic: topic, value: Bytes(utf8: "\(partition)"), partition: PartitionID(index: partition))
                    do { _ = try await producer.send(record) } catch let error as KafkaError {
                        // The broker that was asked knows of them a little later.
                        guard error.code == .invalidRequest else { throw error }
                        return false
                    }
                    return true
                }
            }
            try await allSeen(["0", "1", "2"], by: [member], cluster)
            try await shared(3, by: [member])
            try await member.stop()
        }
    }
}
