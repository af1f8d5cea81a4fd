import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Nodes and what they tell of themselves.
@Suite(.serialized, .turn) struct NodeTests: NodeSuite {
    @Test func metadataTellsTheSameAtEveryNode() async throws {
        let broker = try await start()
        let ports = await broker.nodes.map(\.port)
        #expect(Set(ports).count == 3)
        #expect(broker.bootstrapServers == ports.map { "127.0.0.1:\($0)" }.joined(separator: ","))
        var answers: [MetadataResponse] = []
        for port in ports {
            let client = try TestClient(port: port)
            answers.append(try client.call(MetadataRequest.with { $0.topics = nil }))
            #expect(try client.call(DescribeClusterRequest()).brokers.map(\.port) == ports.map(Int32.init))
        }
        let told = try answers.map { try $0.values(version: 13) }
        #expect(told[0] == told[1] && told[1] == told[2])
        #expect(answers[0].brokers.map(\.nodeId) == [1, 2, 3])
        #expect(answers[0].brokers.map { UInt16($0.port) } == ports)
        let partitions = try #require(answers[0].topics.first).partitions
        #expect(partitions.map(\.leaderId) == [1, 2, 3])
        #expect(partitions.map(\.replicaNodes) == [[1, 2, 3], [2, 3, 1], [3, 1, 2]])
        #expect(partitions.map(\.isrNodes) == partitions.map(\.replicaNodes))
        await broker.stop()
    }

    @Test func aStoppedNodeIsGoneAndComesBackAtItsPort() async throws {
        let broker = try await start()
        try await broker.createTopic("alone", partitions: 3, replicas: 1)
        let at = await broker.topics.first { $0.name == "alone" }?.partitions.firstIndex { $0.leader == 2 }
        let index = try #require(at)
        let client = try await client(broker, 1)
        let gone = try await self.client(broker, 2)
        #expect(try gone.produce("t", batch(["a"]), partition: 1).errorCode == .none)
        let port = await broker.nodes[1].port
        try await broker.stopNode(2)
        try await broker.stopNode(2)
        #expect(gone.isClosed)
        #expect(throws: TestClient.Closed.self) { try TestClient(port: port) }
        let metadata = try client.call(MetadataRequest.with { $0.topics = nil })
        #expect(metadata.brokers.map(\.nodeId) == [1, 3])
        let partition = try #require(metadata.topics.first { $0.name == "t" }).partitions[1]
        #expect(partition.leaderId == 3 && partition.leaderEpoch == 1)
        #expect(
            partition.isrNodes == [3, 1] && partition.offlineReplicas == [2] && partition.replicaNodes == [2, 3, 1])
        let alone = try #require(metadata.topics.first { $0.name == "alone" }).partitions[index]
        #expect(alone.errorCode == .leaderNotAvailable && alone.leaderId == -1 && alone.isrNodes == [2])
        #expect(
            try client.produce("alone", batch(["x"]), partition: PartitionID(index: index)).errorCode
                == .notLeaderOrFollower)
        let third = try await self.client(broker, 3)
        #expect(try third.produce("t", batch(["b"]), partition: 1).errorCode == .none)
        // KIP-1073: those that are stopped, for those who ask.
        let cluster = try client.call(DescribeClusterRequest.with { $0.includeFencedBrokers = true }, version: 2)
        #expect(cluster.brokers.map(\.isFenced) == [false, true, false])

        try await broker.startNode(2)
        #expect(await broker.nodes[1].port == port)
        let back = try TestClient(port: port)
        #expect(try await info(broker, 1).leader == 3)
        #expect(try await info(broker, 1).inSyncReplicas == [2, 3, 1])
        #expect(try await info(broker, index, of: "alone").leader == 2)
        #expect(try await info(broker, index, of: "alone").leaderEpoch == 2)
        // Nobody takes leadership back by itself; an election does.
        let elected = try back.call(ElectLeadersRequest.with { $0.topicPartitions = nil })
        #expect(elected.replicaElectionResults.map(\.topic) == ["t"])
        #expect(elected.replicaElectionResults.first?.partitionResult.map(\.partitionId) == [1])
        #expect(elected.replicaElectionResults.first?.partitionResult.map(\.errorCode) == [.none])
        #expect(try await info(broker, 1).leader == 2)
        let all = try back.call(TestClient.fetchRequest("t", offset: 0, partitions: [1]), version: 12)
        #expect(try values(all.responses.first?.partitions.first?.records) == ["0:a", "1:b"])
        await broker.stop()
    }

    @Test func nodesAreAddedAndRemoved() async throws {
        let broker = try await start()
        let added = try await broker.addNode()
        #expect(added == 4)
        #expect(broker.bootstrapServers.split(separator: ",").count == 4)
        try await broker.moveLeader(of: "t", partition: 0, to: 4)
        #expect(try await info(broker).replicas == [4, 2, 3])
        let client = try await client(broker, 4)
        #expect(try client.produce("t", batch(["a"])).errorCode == .none)
        // Its replica goes to the one node that has none.
        try await broker.removeNode(4)
        #expect(client.isClosed)
        #expect(try await info(broker).replicas == [1, 2, 3])
        #expect(try await info(broker).leader == 2)
        #expect(await broker.nodes.map(\.id) == [1, 2, 3])
        #expect(broker.bootstrapServers.split(separator: ",").count == 3)
        // Ids are not given twice, and the last node stays.
        #expect(try await broker.addNode() == 5)
        for id in [BrokerID(1), 2, 3] { try await broker.removeNode(id) }
        #expect(try await info(broker).replicas == [5])
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.removeNode(5) }
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.stopNode(1) }
        let last = try await self.client(broker, 5)
        #expect(try values(last.fetch("t", offset: 0).records) == ["0:a"])
        #expect(try last.call(UnregisterBrokerRequest.with { $0.brokerId = 5 }).errorCode == .invalidRequest)
        #expect(try last.call(UnregisterBrokerRequest.with { $0.brokerId = 1 }).errorCode == .brokerIdNotRegistered)
        #expect(try await broker.addNode() == 6)
        try await broker.stopNode(6)
        #expect(try last.call(UnregisterBrokerRequest.with { $0.brokerId = 6 }).errorCode == .none)
        #expect(broker.bootstrapServers == "127.0.0.1:\(try #require(await broker.nodes.first).port)")
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.startNode(6) }
        await broker.stop()
    }

    @Test func brokersHaveSettingsOfTheirOwn() async throws {
        let broker = try await start()
        let client = try await client(broker, 2)
        func ask(_ name: String) throws -> DescribeConfigsResponse.DescribeConfigsResult {
            let answer = try client.call(
                DescribeConfigsRequest.with {
                    $0.resources = [
                        .with {
                            $0.resourceType = 4
                            $0.resourceName = name
                            $0.configurationKeys = nil
                        }
                    ]
                })
            return try #require(answer.results.first)
        }
        let own = try ask("2")
        #expect(own.configs.first { $0.name == "node.id" }?.value == "2")
        let port = await broker.nodes[1].port
        #expect(own.configs.first { $0.name == "advertised.listeners" }?.value == "PLAINTEXT://127.0.0.1:\(port)")
        #expect(own.configs.first { $0.name == "listeners" }?.value == "PLAINTEXT://127.0.0.1:\(port)")
        #expect(own.configs.first { $0.name == "default.replication.factor" }?.value == "3")
        #expect(try ask("1").errorCode == .invalidRequest)
        await broker.stop()
    }

    @Test func consecutivePortsAndTheOneThatIsTaken() async throws {
        // A free port whose neighbours are free, as far as one can know.
        for _ in 0..<20 {
            let probe = try await KafkaBroker.start()
            let port = probe.port
            await probe.stop()
            guard port < 65_000, let broker = try? await KafkaBroker.start(.init(port: port, brokers: 3)) else {
                continue
            }
            #expect(await broker.nodes.map(\.port) == [port, port + 1, port + 2])
            do {
                _ = try await KafkaBroker.start(.init(port: port, brokers: 2))
                Issue.record("two brokers on one port")
            } catch {
                #expect(error.description.contains(":\(port)"), "\(error)")
            }
            do {
                _ = try await KafkaBroker.start(.init(port: port - 1, brokers: 2))
                Issue.record("two brokers on one port")
            } catch {
                #expect(
                    error.description.contains(":\(port)") || error.description.contains(":\(port - 1)"), "\(error)")
            }
            return await broker.stop()
        }
        Issue.record("no three free ports in a row were found")
    }

    @Test func aCorruptedBatchFailsItsChecksumUntilItIsRestored() async throws {
        let broker = try await start(brokers: 1)
        let client = try TestClient(port: broker.port)
        for index in 0..<3 { _ = try client.produce("t", batch(["a\(index)", "b\(index)"])) }
        func damaged() throws -> [Bool] {
            try client.fetch("t", offset: 0).records?.batches().map { batch in
                do { try batch.verifyChecksum() } catch { return true }
                return false
            } ?? []
        }
        #expect(try damaged() == [false, false, false])
        try await broker.corruptBatch("t", 0, 3)
        #expect(try damaged() == [false, true, false])
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.corruptBatch("t", 0, 6) }
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.corruptBatch("u", 0, 0) }
        try await broker.restoreBatch("t", 0, 2)
        #expect(try damaged() == [false, false, false])
        await broker.stop()
    }
}
