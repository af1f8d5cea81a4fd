import TestSupport
import Testing

@testable import KafkaWire

/// What is read when, and how it is asked for, in a real cluster.
@Suite(.cluster, .outside) struct ClusterFlowTests {
    @Test func aPausedPartitionIsNotReadWhileTheOthersAre() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("paused", partitions: 2)
            let (p, q) = (TopicPartition(topic, 0), TopicPartition(topic, 1))
            let member = try cluster.member(cluster.group(), [topic]).start()
            try await shared(2, by: [member])
            try await member.consumer.pause([p])
            let producer = try cluster.producer()
            func send(_ value: String, to partition: TopicPartition) async throws {
                try await producer.send(
                    ProducerRecord(topic: topic, value: Bytes(utf8: value), partition: partition.partition))
            }
            try await send("a0", to: p)
            try await send("b0", to: q)
            try await send("b1", to: q)
            try await member.seen.wait(for: 2, within: NamedCluster.patience)
            // A rebalance that took the partition away would have ended the pause.
            if cluster.disturbances.isNone {
                #expect(member.seen.all == ["b0", "b1"])
                #expect(await member.consumer.paused == [p])
                try await member.consumer.resume([p])
            }
            try await allSeen(["a0", "b0", "b1"], by: [member], cluster)
            try await member.stop()
        }
    }

    @Test func atMostSoManyRecordsComeAtOnce() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("bounded")
            try await cluster.produce((0..<25).map { "\($0)" }, to: topic)
            let consumer = try cluster.consumer(.partitions([TopicPartition(topic, 0): .earliest])) {
                $0.maximumRecords = 10
            }
            let batches = try await within(NamedCluster.patience) { () -> [[String]] in
                var found: [[String]] = []
                for try await batch in consumer.batches {
                    found.append(batch.map { $0.value?.text ?? "" })
                    if found.reduce(0, { $0 + $1.count }) == 25 { break }
                }
                return found
            }
            #expect(batches.allSatisfy { $0.count <= 10 })
            #expect(batches.flatMap(\.self) == (0..<25).map { "\($0)" })
        }
    }

    /// KIP-227: a session's requests name what has changed, and so are small.
    @Test func fetchesAreIncremental() async throws {
        try await inCluster { cluster in
            try await cluster.requireAPI(.fetch, version: 7, "fetch sessions (KIP-227)")
            let topic = try await cluster.topic("sessions", partitions: 60)
            let sizes = Locked<[String: [Int]]>([:])
            let consumer = try cluster.consumer(.topics([topic], from: .earliest)) {
                $0.client.onEvent = { event in
                    guard case .requestSent(let request) = event, request.api == .fetch else { return }
                    sizes.withLock { $0[request.broker, default: []].append(request.bytes) }
                }
            }
            let seen = Seen()
            let reading = consumer.read(into: seen, commit: false)
            try await inTime {
                sizes.withLock { $0.values.contains { ($0.max() ?? 0) > 2 * ($0.last ?? .max) } }
            }
            let values = (0..<200).map { "\($0)" }
            try await cluster.produce(values, to: topic)
            try await seen.wait(for: 200, different: true, within: NamedCluster.patience)
            #expect(Set(seen.all) == Set(values) && seen.count == 200)
            await consumer.close()
            try await reading.value
        }
    }

    /// KIP-392.
    @Test func recordsAreFetchedFromTheReplicaInTheClientsRack() async throws {
        try await inCluster { cluster in
            let racks = try await cluster.requireRacks().sorted { $0.key < $1.key }.prefix(2)
            let selector = try await cluster.brokerSetting("replica.selector.class") ?? ""
            guard selector.contains("RackAware") else {
                try Test.cancel(
                    "the cluster points nobody to the closest replica (replica.selector.class is \"\(selector)\")")
            }
            let (leader, follower) = (racks[racks.startIndex], racks[racks.startIndex + 1])
            let topic = try await cluster.topic("closest", assignments: [[leader.value, follower.value]])
            let fetched = Locked<Set<BrokerID>>([])
            let consumer = try cluster.consumer(.topics([topic], from: .earliest)) {
                $0.clientRack = follower.key
                $0.client.onEvent = { event in
                    if case .fetched(let records) = event { fetched.withLock { _ = $0.insert(records.broker) } }
                }
            }
            let seen = Seen()
            let reading = consumer.read(into: seen, commit: false)
            let producer = try cluster.producer()
            try await inTime {
                try await producer.send(ProducerRecord(topic: topic, value: "v"))
                return fetched.withLock { $0.contains(follower.value) }
            }
            await consumer.close()
            try await reading.value
        }
    }

    /// What is committed ends in front of the first record that is not done.
    @Test func recordsAreMarkedAsDoneOneByOne() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("marked")
            let partition = TopicPartition(topic, 0)
            let group = cluster.group()
            try await cluster.produce((0..<10).map { "\($0)" }, to: topic)
            let consumer = try cluster.consumer(group, [topic]) { $0.commitsMarked = true }
            try await within(NamedCluster.patience) {
                var records: [(Record, ConsumerBatch)] = []
                for try await batch in consumer.batches {
                    records += batch.map { ($0, batch) }
                    if records.count == 10 { break }
                }
                for number in [0, 1, 2, 5, 6] { records[number].1.mark(records[number].0) }
                try await consumer.commitMarked()
                #expect(try await consumer.committed([partition])[partition]?.offset == 3)
                for number in [3, 4] { records[number].1.mark(records[number].0) }
                try await consumer.commitMarked()
                #expect(try await consumer.committed([partition])[partition]?.offset == 7)
            }
            await consumer.close()
            // The rest comes to the next one.
            let next = try cluster.member(group, [topic]).start()
            try await next.seen.wait(for: 3, within: NamedCluster.patience)
            #expect(next.seen.all == ["7", "8", "9"])
            try await next.stop()
        }
    }

    /// Side by side, those of a key in their order, while the group rebalances; what fails goes to the dead letters.
    @Test func recordsAreProcessedInParallelAndWhatFailsIsPassedOn() async throws {
        struct Bad: Error {}
        try await inCluster { cluster in
            let topic = try await cluster.topic("parallel", partitions: 3)
            let group = cluster.group()
            let policy = RetryPolicy(delays: [.milliseconds(100)])
            // The policy's names have the topic's in front.
            let further = policy.topics(for: topic).filter { $0 != topic }
            for name in further { _ = try await cluster.topic(String(name.dropFirst(cluster.prefix.count + 1))) }
            let producer = try cluster.producer()
            for round in 0..<30 {
                for key in 0..<10 {
                    try await producer.enqueue(ProducerRecord(topic: topic, key: "k\(key)", value: "\(key):\(round)"))
                }
            }
            try await producer.flush()
            let forwarder = RetryForwarder(policy, producer)
            let handled = Seen()
            let consumers = try (0..<2).map { _ in
                try cluster.consumer(group, .named([topic] + further.dropLast())) {
                    $0.commitsMarked = true
                    $0.autoCommit = .seconds(1)
                    $0.assignors = [.cooperativeSticky]
                }
            }
            let tasks = consumers.map { consumer in
                Task {
                    try await consumer.processInParallel(maximum: 16) { record in
                        try await forwarder.process(record) { record in
                            let value = record.value?.text ?? ""
                            if value == "7:7" { throw Bad() }
                            handled.add(value)
                        }
                    }
                }
            }
            try await handled.wait(for: 299, different: true, within: NamedCluster.patience)
            let dead = try #require(further.last)
            try await inTime {
                try await cluster.admin.endOffsets(of: dead)[TopicPartition(dead, 0)] ?? 0 >= 1
            }
            for consumer in consumers { await consumer.close() }
            for task in tasks { try await task.value }
            let letters = try await cluster.records(of: dead).values.flatMap(\.self)
            #expect(Set(letters.map { $0.value?.text }) == ["7:7"])
            if cluster.disturbances.isNone {
                #expect(handled.count == 299)
                for key in 0..<10 {
                    let rounds = handled.all.filter { $0.hasPrefix("\(key):") }
                    #expect(rounds == (0..<30).map { "\(key):\($0)" }.filter { $0 != "7:7" })
                }
            }
        }
    }
}
