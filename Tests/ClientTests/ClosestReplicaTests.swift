import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Racks from end to end: from whom a consumer reads (KIP-392), and which member of a group reads what (KIP-881).
@Suite(.turn) struct ClosestReplicaTests {
    private static func broker(_ racks: [String]) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(brokers: racks.count)
        configuration.racks = racks
        configuration.replicaSelector = .rackAware
        return try await KafkaBroker.start(configuration)
    }

    @Test func aConsumerReadsInItsRackAsLongAsAReplicaRunsThere() async throws {
        let broker = try await Self.broker(["a", "b", "c"])
        try await broker.createTopic("t", partitions: 1, replicas: 3)
        #expect(await broker.topics.first?.partitions.first?.leader == 1)
        let partition = TopicPartition("t", 0)
        // The nodes that are asked, those that records come from, and what is read.
        let (asked, sources, seen, resets) = (Seen(), Seen(), Seen(), Seen())
        broker.on(.fetch) { request in
            asked.add("\(request.node)")
            return .pass
        }
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, [partition: .earliest]) {
            $0.clientRack = "b"
            $0.client.onEvent = { event in
                if case .fetched(let records) = event { sources.add("\(records.broker)") }
            }
        }
        let task = Task {
            for try await event in consumer.events {
                if case .batch(let batch) = event { seen.add(batch) }
                if case .reset = event { resets.add("reset") }
            }
        }
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        let sent = Seen()
        /// Sends a record after the other until one comes from that node.
        func read(from node: String) async throws {
            let before = sources.count
            try await eventually(within: .seconds(30)) {
                let value = "\(sent.count)"
                sent.add(value)
                try await producer.send(ProducerRecord(topic: "t", value: Bytes(utf8: value)))
                return sources.all.dropFirst(before).contains(node)
            }
        }
        try await read(from: "2")
        // The leader had not a record for it.
        #expect(Set(sources.all) == ["2"] && Set(asked.all) == ["1", "2"])
        try await broker.stopNode(2)
        try await read(from: "1")
        try await broker.startNode(2)
        try await read(from: "2")
        // Nothing came twice, and nothing was lost on the way.
        try await seen.wait(for: sent.count, within: .seconds(30))
        #expect(seen.all == sent.all && resets.count == 0)
        #expect(!asked.all.contains("3"))
        try await producer.close()
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// Partitions are led in the racks in turn: without them, the first member would read 0 and 1.
    @Test(arguments: [true, false]) func membersReadWhatIsInTheirRack(isRange: Bool) async throws {
        let broker = try await Self.broker(["a", "b"])
        try await broker.createTopic("t", partitions: 4, replicas: 1)
        #expect(await broker.topics.first?.partitions.map(\.leader) == [1, 2, 1, 2])
        let members = try ["a", "b"].map { rack in
            try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
                $0.assignors = [isRange ? .range : .cooperativeSticky]
                $0.clientRack = rack
                $0.client.clientId = rack
            }
        }
        let tasks = members.map { $0.read(into: Seen()) }
        try await eventually(within: .seconds(30)) {
            guard let group = await broker.group("g"), group.state == "Stable" else { return false }
            let shares = group.members.map { "\($0.clientId)\($0.partitions.map(\.partition.index))" }
            return shares.sorted() == ["a[0, 2]", "b[1, 3]"]
        }
        for member in members { await member.close() }
        for task in tasks { try await task.value }
        await broker.stop()
    }
}
