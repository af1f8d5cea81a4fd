import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Clients that begin anew: brokers that send them away, clusters in the place of others, brokers that fail.
@Suite(.turn) struct ReconnectingTests {
    private static func events(_ configuration: inout ClientConfiguration) -> Seen {
        let seen = Seen()
        configuration.onEvent = { event in
            switch event {
            case .throttled: break
            case .misrouted(_, let reason): seen.add("misrouted: \(reason)")
            case .rebootstrapped(let reason): seen.add("rebootstrapped: \(reason)")
            default: break
            }
        }
        return seen
    }

    /// The code ended the program.
    @Test func aBrokerThatSendsItsClientsAwayIsNoFailure() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 2))
        let seen = Seen()
        var configuration = ClientConfiguration.quick([broker.bootstrapServers])
        let events = Self.events(&configuration)
        let client = configuration
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.client = client
            $0.client.metadataMaximumAge = .milliseconds(300)
        }
        let task = consumer.read(into: seen)
        try await broker.produce(0..<3, to: "t")
        try await seen.wait(for: 3)
        let hook = broker.on(.metadata, times: 2) { _ in .fail(.rebootstrapRequired) }
        try await eventually { hook.uses == 2 }
        try await broker.produce(3..<6, to: "t")
        try await seen.wait(for: 6, different: true)
        #expect(events.all.contains { $0.hasPrefix("rebootstrapped") && $0.contains("REBOOTSTRAP_REQUIRED") })
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func anAdministratorIsSentAwayAsWell() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var configuration = ClientConfiguration.quick([broker.bootstrapServers])
        let events = Self.events(&configuration)
        let admin = try KafkaAdmin(configuration)
        broker.on(.metadata, times: 1) { _ in .fail(.rebootstrapRequired) }
        #expect(try await within { try await admin.listTopics() }.map(\.name) == ["t"])
        #expect(events.count == 1)
        await admin.close()
        await broker.stop()
    }

    /// `metadata.recovery.strategy=none`.
    @Test func withoutTheStrategyItIsAFailure() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var configuration = ClientConfiguration.quick([broker.bootstrapServers])
        configuration.recovery = .none
        let events = Self.events(&configuration)
        let admin = try KafkaAdmin(configuration)
        broker.on(.metadata) { _ in .fail(.rebootstrapRequired) }
        let error = await #expect(throws: KafkaError.self) { try await within { try await admin.listTopics() } }
        #expect(error?.code == .broker(.rebootstrapRequired) && error?.isRetriable == false)
        #expect(events.all == [])
        await admin.close()
        await broker.stop()
    }

    @Test func whoIsToldNothingForLongBeginsAnew() async throws {
        let stack = try await ProxiedBroker.start(topics: ["t": 1])
        var configuration = ClientConfiguration.quick([stack.proxy.address])
        configuration.requestTimeout = .milliseconds(300)
        configuration.recovery = .rebootstrap(after: .milliseconds(700))
        let events = Self.events(&configuration)
        let producer = try KafkaProducer.quick(stack.proxy.address) { [configuration] in $0.client = configuration }
        try await producer.enqueue(ProducerRecord(topic: "t", value: "a"))
        try await producer.flush()
        #expect(events.all == [])
        await stack.proxy.setRule { $0.isRequest && $0.api == .metadata ? .drop : .pass }
        let other = Task { try await producer.enqueue(ProducerRecord(topic: "other", value: "b")) }
        try await eventually { events.all.contains { $0.contains("for long") } }
        await stack.proxy.setRule { _ in .pass }
        _ = try? await other.value
        try await producer.enqueue(ProducerRecord(topic: "t", value: "c"))
        try await producer.close()
        #expect(await stack.broker.endOffsets(of: "t") == [2])
        await stack.stop()
    }

    /// Addresses that are given to another cluster's brokers: what was meant for the one went to the other.
    @Test func nothingIsWrittenIntoAnotherCluster() async throws {
        let front = try await FaultProxy.start()
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.clusterId = "first-cluster-of-the-t"
        configuration.advertisedPort = front.port
        let first = try await KafkaBroker.start(configuration)
        configuration.clusterId = "other-cluster-of-the-t"
        let other = try await KafkaBroker.start(configuration)
        try await front.setBroker(port: first.port)
        var client = ClientConfiguration.quick(["127.0.0.1:\(first.port)"])
        let events = Self.events(&client)
        let producer = try KafkaProducer.quick("") { [client] in
            $0.client = client
            $0.deliveryTimeout = .seconds(20)
        }
        try await producer.enqueue(ProducerRecord(topic: "t", value: "a"))
        try await producer.flush()
        try await front.setBroker(port: other.port)
        await front.cutAll()
        try await producer.enqueue(ProducerRecord(topic: "t", value: "b"))
        try await eventually { events.all.filter { $0.hasPrefix("misrouted") }.count >= 2 }
        #expect(events.all.contains { $0.contains("belongs to cluster other-cluster-of-the-t") })
        // It is where it belongs again.
        try await front.setBroker(port: first.port)
        await front.cutAll()
        try await producer.flush()
        try await producer.close()
        #expect(await other.endOffsets(of: "t") == [0])
        #expect(await first.endOffsets(of: "t") == [2])
        await first.stop()
        await other.stop()
        await front.stop()
    }

    /// A cluster that was set up anew behind the same addresses is another one: its clients go on with it.
    @Test func aClusterInThePlaceOfAnotherIsTakenFromItsBootstrapServers() async throws {
        let proxy = try await FaultProxy.start()
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.advertisedPort = proxy.port
        configuration.clusterId = "before"
        let before = try await KafkaBroker.start(configuration)
        try await proxy.setBroker(port: before.port)
        var client = ClientConfiguration.quick([proxy.address])
        let events = Self.events(&client)
        let producer = try KafkaProducer.quick("") { [client] in
            $0.client = client
            $0.deliveryTimeout = .seconds(20)
        }
        try await producer.enqueue(ProducerRecord(topic: "t", value: "a"))
        try await producer.flush()
        await before.stop()
        configuration.clusterId = "after"
        let after = try await KafkaBroker.start(configuration)
        try await proxy.setBroker(port: after.port)
        await proxy.cutAll()
        try await producer.enqueue(ProducerRecord(topic: "t", value: "b"))
        try await producer.close()
        #expect(await after.endOffsets(of: "t") == [1])
        #expect(events.all.contains { $0.hasPrefix("rebootstrapped") && $0.contains("belongs to cluster after") })
        await after.stop()
        await proxy.stop()
    }

    /// Two brokers have changed places since the client heard of them.
    @Test func anAddressThatIsAnotherBrokersIsAskedForAnew() async throws {
        var configuration = KafkaBroker.Configuration(brokers: 2)
        let clusterId = "two-that-change-places"
        configuration.clusterId = clusterId
        let broker = try await KafkaBroker.start(configuration)
        try await broker.createTopic("t", partitions: 2, replicas: 1)
        let ports = await broker.nodes.map { ($0.id, $0.port) }
        try #require(ports.count == 2)
        var client = ClientConfiguration.quick(["127.0.0.1:\(ports[0].1)"])
        let events = Self.events(&client)
        let producer = try KafkaProducer.quick("") { [client] in
            $0.client = client
            $0.deliveryTimeout = .seconds(20)
        }
        // The second one tells of changed places, once.
        let topic = try #require(await broker.topics.first { $0.name == "t" })
        let (topicId, leaders) = (topic.id, topic.partitions.map(\.leader))
        func answer(_ first: UInt16, _ second: UInt16) -> MetadataResponse {
            .with {
                $0.clusterId = clusterId
                $0.controllerId = ports[0].0
                $0.brokers = [(ports[0].0, first), (ports[1].0, second)].map { id, port in
                    .with {
                        $0.nodeId = id
                        $0.host = "127.0.0.1"
                        $0.port = Int32(port)
                    }
                }
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.topicId = topicId
                        $0.partitions = leaders.enumerated().map { index, leader in
                            .with {
                                $0.partitionIndex = PartitionID(index: index)
                                $0.leaderId = leader
                                $0.leaderEpoch = 0
                            }
                        }
                    }
                ]
            }
        }
        let (right, wrong) = (answer(ports[0].1, ports[1].1), answer(ports[1].1, ports[0].1))
        let hook = broker.on(.metadata) { request in .answer(request.node == ports[1].0 ? wrong : right) }
        for partition in 0..<2 {
            var record = ProducerRecord(topic: "t", value: "a")
            record.partition = PartitionID(index: partition)
            try await producer.enqueue(record)
        }
        try await eventually { events.count > 0 }
        #expect(
            events.all[0] == "misrouted: 127.0.0.1:\(ports[1].1) is broker \(ports[0].0) by now and not \(ports[1].0)")
        hook.remove()
        try await producer.close()
        #expect(await broker.endOffsets(of: "t") == [1, 1])
        await broker.stop()
    }

    /// Four attempts a millisecond were made where `retry.backoff.ms` was short.
    @Test func aBrokerThatFailsIsConnectedToWithGrowingPauses() async throws {
        let rude = try await ScriptedPeer.start(hangsUp: true)
        var configuration = ClientConfiguration.quick([rude.address])
        configuration.retryBackoff = .milliseconds(1)
        configuration.maximumRetryBackoff = .milliseconds(1)
        configuration.connections.reconnectBackoff = .milliseconds(100)
        let admin = try KafkaAdmin(configuration)
        await #expect(throws: KafkaError.self) { try await within { try await admin.describeCluster() } }
        // 0, 100, 300, 700, 1500, 2500 ms, and so on to the third second; a fifth less if need be.
        let count = await rude.accepted
        #expect(count > 2 && count <= 9, "\(count) connections in three seconds")
        await admin.close()
        await rude.stop()
    }

    /// A connection that died without a word beside others that live.
    @Test func aConnectionThatIsSilentIsReplacedWhenARequestTakesTooLong() async throws {
        let stack = try await ProxiedBroker.start(topics: ["t": 1])
        let isSilent = Locked(false)
        let consumer = try KafkaConsumer.quick(stack.proxy.address, group: "g", topics: ["t"]) {
            $0.client.requestTimeout = .milliseconds(700)
        }
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await stack.broker.produce(0..<1, to: "t")
        try await seen.wait(for: 1)
        let dropped = Locked(0)
        await stack.proxy.setRule { passing in
            guard !passing.isRequest, passing.api == .fetch, isSilent.withLock({ $0 }) else { return .pass }
            dropped.withLock { $0 += 1 }
            return .drop
        }
        isSilent.withLock { $0 = true }
        try await eventually { dropped.withLock { $0 } > 0 }
        isSilent.withLock { $0 = false }
        try await stack.broker.produce(1..<3, to: "t")
        try await seen.wait(for: 3, different: true)
        // The silent one is closed: one for the group, one for fetching, one for all else.
        try await eventually { await stack.proxy.connections <= 3 }
        await consumer.close()
        try await task.value
        try await eventually { await stack.proxy.connections == 0 }
        await stack.stop()
    }
}
