import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// KIP-392: leaders point to followers, and these serve.
@Suite(.serialized, .turn) struct ClosestReplicaTests: NodeSuite {
    private typealias Answer = FetchResponse.FetchableTopicResponse.PartitionData

    /// Three nodes in the racks a, b and c; the first of them leads partition 0, and the second partition 1.
    private func start(_ selector: KafkaBroker.Configuration.ReplicaSelector = .rackAware) async throws -> KafkaBroker {
        try await start(["t": 2]) {
            $0.racks = ["a", "b", "c"]
            $0.replicaSelector = selector
        }
    }

    private static func request(
        _ rack: String, offset: Offset = 0, wait: Milliseconds = 0, epoch: LeaderEpoch = -1, replica: BrokerID = -1
    ) -> FetchRequest {
        var request = TestClient.fetchRequest("t", offset: offset, maxWaitMs: wait)
        request.rackId = rack
        request.replicaId = replica
        request.topics[0].partitions[0].currentLeaderEpoch = epoch
        return request
    }

    private static func fetch(_ client: TestClient, _ request: FetchRequest, version: Int16 = 12) throws -> Answer {
        try #require(try client.call(request, version: version).responses.first?.partitions.first)
    }

    @Test func racksAreTold() async throws {
        let broker = try await start()
        let added = try await broker.addNode(rack: "d")
        let plain = try await broker.addNode()
        let racks = ["a", "b", "c", "d", nil]
        #expect(await broker.nodes.map(\.rack) == racks)
        let client = try await client(broker, added)
        for version in Int16(1)...13 {
            #expect(try client.call(MetadataRequest(), version: version).brokers.map(\.rack) == racks)
        }
        for version in Int16(0)...2 {
            #expect(try client.call(DescribeClusterRequest(), version: version).brokers.map(\.rack) == racks)
        }
        for (node, rack) in [(added, "d"), (plain, nil), (BrokerID(1), "a")] {
            let told =
                try await self.client(broker, node).call(
                    DescribeConfigsRequest.with {
                        $0.resources = [
                            .with {
                                $0.resourceType = 4
                                $0.resourceName = "\(node)"
                                $0.configurationKeys = ["broker.rack", "replica.selector.class"]
                            }
                        ]
                    }
                ).results.first?.configs ?? []
            #expect(told.map(\.name) == ["broker.rack", "replica.selector.class"])
            #expect(told.first?.value == rack)
            #expect(told.last?.value == "org.apache.kafka.common.replica.RackAwareReplicaSelector")
        }
        // Who is told of a leader is told where that is (KIP-951).
        let produced = try client.call(TestClient.produceRequest("t", batch(["x"]), partition: 1), version: 12)
        #expect(produced.nodeEndpoints.map(\.rack) == ["b"])
        try await broker.stopNode(2)
        #expect(try client.call(MetadataRequest()).brokers.map(\.rack) == ["a", "c", "d", nil])
        await #expect(throws: KafkaBroker.CommandError.self) {
            try await broker.addNode(rack: String(repeating: "r", count: 32_768))
        }
        await broker.stop()
    }

    @Test func aRackThatCannotBeToldIsASentence() async {
        var configuration = KafkaBroker.Configuration()
        configuration.rack = String(repeating: "r", count: 32_768)
        let error = await #expect(throws: KafkaBroker.StartError.self) { try await KafkaBroker.start(configuration) }
        #expect(error?.description.contains("32768 bytes") == true)
    }

    @Test func aLeaderPointsToTheFollowerInTheRack() async throws {
        let broker = try await start()
        let leader = try await client(broker, 1)
        #expect(try leader.produce("t", batch(["a"])).errorCode == .none)
        for (rack, version, wanted) in [
            ("b", 12, 2), ("c", 11, 3), ("a", 12, -1), ("d", 12, -1), ("", 12, -1), ("b", 10, -1),
        ] as [(String, Int16, BrokerID)] {
            let answer = try Self.fetch(leader, Self.request(rack), version: version)
            #expect(answer.errorCode == .none && answer.highWatermark == 1 && answer.logStartOffset == 0)
            #expect(answer.preferredReadReplica == wanted, "\(rack) in version \(version)")
            #expect(try values(answer.records) == (wanted < 0 ? ["0:a"] : []))
        }
        // It is told at once, also where there is nothing to read yet.
        let pointed = try Self.fetch(leader, Self.request("b", offset: 1, wait: 60_000))
        #expect(pointed.preferredReadReplica == 2 && pointed.highWatermark == 1)
        // What is wrong comes first; replicas are pointed nowhere.
        #expect(try Self.fetch(leader, Self.request("b", offset: 2)).errorCode == .offsetOutOfRange)
        #expect(try Self.fetch(leader, Self.request("b", epoch: 3)).errorCode == .unknownLeaderEpoch)
        #expect(try Self.fetch(leader, Self.request("b", replica: 2)).preferredReadReplica == -1)
        // Of a node that has stopped nothing is known to be there.
        try await broker.stopNode(2)
        #expect(try values(Self.fetch(leader, Self.request("b")).records) == ["0:a"])
        try await broker.startNode(2)
        #expect(try Self.fetch(leader, Self.request("b")).preferredReadReplica == 2)
        await broker.stop()
    }

    @Test func withoutASelectorNobodyIsPointedElsewhere() async throws {
        let broker = try await start(.leader)
        let leader = try await client(broker, 1)
        #expect(try leader.produce("t", batch(["a"])).errorCode == .none)
        #expect(try values(Self.fetch(leader, Self.request("b")).records) == ["0:a"])
        await broker.stop()
    }

    @Test func aFollowerServesConsumers() async throws {
        let broker = try await start()
        let leader = try await client(broker, 1)
        let follower = try await client(broker, 2)
        #expect(try leader.produce("t", batch(["a"])).errorCode == .none)
        let answer = try Self.fetch(follower, Self.request("b", epoch: 0))
        #expect(answer.preferredReadReplica == -1 && answer.highWatermark == 1)
        #expect(try values(answer.records) == ["0:a"])
        // It points nobody on, not even to the leader.
        #expect(try values(Self.fetch(follower, Self.request("a")).records) == ["0:a"])
        // Epochs are held against what it knows, and other replicas have to ask the leader.
        #expect(try Self.fetch(follower, Self.request("b", epoch: 1)).errorCode == .unknownLeaderEpoch)
        #expect(try Self.fetch(follower, Self.request("b", offset: 2)).errorCode == .offsetOutOfRange)
        #expect(try Self.fetch(follower, Self.request("b", replica: 3)).errorCode == .notLeaderOrFollower)
        // What waits there gets what the leader appends, and hears of the next leader by its epoch.
        try follower.send(Self.request("b", offset: 1, wait: 60_000, epoch: 0), version: 12)
        try await eventually { await broker.waitingFetches > 0 }
        #expect(try leader.produce("t", batch(["b"])).errorCode == .none)
        func received() throws -> Answer? {
            try Frame.decodeResponse(FetchResponse.self, try follower.receive(), version: 12).responses.first?
                .partitions.first
        }
        #expect(try values(received()?.records) == ["1:b"])
        try follower.send(Self.request("b", offset: 2, wait: 60_000, epoch: 0), version: 12)
        try await eventually { await broker.waitingFetches > 0 }
        try await broker.moveLeader(of: "t", partition: 0, to: 3)
        #expect(try received()?.errorCode == .fencedLeaderEpoch)
        #expect(try values(Self.fetch(follower, Self.request("b", epoch: 1)).records) == ["0:a", "1:b"])
        await broker.stop()
    }

    /// What the leader has alone is nobody's to see, and behind the end of a follower's log.
    @Test func aFollowerGivesWhatItHas() async throws {
        let broker = try await start()
        let leader = try await client(broker, 1)
        let follower = try await client(broker, 2)
        #expect(try leader.produce("t", batch(["a"])).errorCode == .none)
        try await broker.holdReplication(of: "t", partition: 0)
        #expect(try leader.produce("t", batch(["b"]), acks: 1).errorCode == .none)
        #expect(try values(Self.fetch(follower, Self.request("b")).records) == ["0:a"])
        let end = try Self.fetch(follower, Self.request("b", offset: 1))
        #expect(end.errorCode == .none && end.highWatermark == 1 && end.records?.count ?? 0 == 0)
        #expect(try Self.fetch(follower, Self.request("b", offset: 2)).errorCode == .offsetOutOfRange)
        // Who has read that much, or so they say, is not sent to who has not.
        #expect(try Self.fetch(leader, Self.request("b", offset: 1)).preferredReadReplica == 2)
        let ahead = try Self.fetch(leader, Self.request("b", offset: 2))
        #expect(ahead.errorCode == .none && ahead.preferredReadReplica == -1)
        try await broker.resumeReplication(of: "t", partition: 0)
        #expect(try values(Self.fetch(follower, Self.request("b", offset: 1)).records) == ["1:b"])
        #expect(try Self.fetch(leader, Self.request("b", offset: 2)).preferredReadReplica == 2)
        await broker.stop()
    }

    /// An answer of a session that leaves out what is as before names the follower all the same.
    @Test func aSessionIsPointedElsewhereEachTime() async throws {
        let broker = try await start()
        let leader = try await client(broker, 1)
        #expect(try leader.produce("t", batch(["a"])).errorCode == .none)
        var request = Self.request("b", wait: 60_000)
        request.sessionEpoch = 0
        let first = try leader.call(request, version: 12)
        #expect(first.sessionId > 0 && first.responses.first?.partitions.first?.preferredReadReplica == 2)
        request.topics = []
        request.sessionId = first.sessionId
        for epoch in Int32(1)...2 {
            request.sessionEpoch = epoch
            let again = try leader.call(request, version: 12)
            #expect(again.errorCode == .none)
            #expect(again.responses.first?.partitions.first?.preferredReadReplica == 2)
        }
        // When nobody is closer any more, it is told what there is.
        try await broker.stopNode(2)
        request.sessionEpoch = 3
        #expect(try values(leader.call(request, version: 12).responses.first?.partitions.first?.records) == ["0:a"])
        await broker.stop()
    }

    /// `read_committed` ends at the last stable offset at a follower too, which names what was aborted.
    @Test func aFollowerHoldsBackWhatMayBeAborted() async throws {
        let broker = try await start()
        try await broker.moveCoordinator(ofTransaction: "x", to: 1)
        let producer = try TransactionalClient(port: broker.port, id: "x", isVersion2: true)
        let follower = try await client(broker, 2)
        #expect(try producer.client.produce("t", batch(["a"])).errorCode == .none)
        #expect(try producer.write(["b"]) == .none)
        var request = Self.request("b")
        request.isolationLevel = 1
        let open = try Self.fetch(follower, request)
        #expect(open.lastStableOffset == 1 && open.highWatermark == 2)
        #expect(try values(open.records) == ["0:a"])
        #expect(try producer.end(commit: false) == .none)
        let ended = try Self.fetch(follower, request)
        #expect(ended.lastStableOffset == 3 && ended.highWatermark == 3)
        #expect(ended.abortedTransactions?.map(\.firstOffset) == [1])
        await broker.stop()
    }
}
