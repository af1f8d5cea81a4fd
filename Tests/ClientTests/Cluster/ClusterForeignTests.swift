import TestSupport
import Testing

@testable import KafkaWire

/// The Java client and librdkafka beside ours in a real cluster: each reads what the other wrote, and they share groups.
@Suite(.cluster, .outside(minutes: 10)) struct ClusterForeignTests {
    typealias Client = ClusterPeer.Client

    private static let codecs = ["none", "gzip", "snappy", "lz4", "zstd"]

    @Test(arguments: Client.allCases) func eachReadsWhatTheOtherPacked(_ client: Client) async throws {
        try await inCluster { cluster in
            try cluster.requireClient(client)
            let topic = try await cluster.topic("packed", partitions: 2)
            var wanted: Set<String> = []
            for codec in Self.codecs {
                let producer = try cluster.producer {
                    $0.compression = Compression.allCases.first { $0.name == codec } ?? .none
                }
                for number in 0..<100 {
                    let value = "\(codec)-\(number)-ours"
                    wanted.insert(value)
                    try await producer.enqueue(ProducerRecord(topic: topic, key: value, value: value))
                }
                try await producer.close(timeout: NamedCluster.patience)
                let peer = try cluster.peer(client, ["produce", topic, "compression.type=\(codec)", "linger.ms=50"])
                try await peer.ready()
                let values = (0..<100).map { "\(codec)-\($0)-theirs" }
                wanted.formUnion(values)
                try await peer.write(values.map { "\($0) \($0)" })
                try await peer.finish()
            }
            let found = try await cluster.values(of: topic).values.flatMap(\.self)
            #expect(Set(found) == wanted)
            let reader = try cluster.peer(client, ["read", topic])
            try await reader.finish()
            #expect(Set(reader.values) == wanted)
        }
    }

    @Test(arguments: Client.allCases) func othersSeeOfTransactionsWhatWasCommitted(_ client: Client) async throws {
        try await inCluster { cluster in
            try cluster.requireClient(client)
            let topic = try await cluster.topic("judged", partitions: 2)
            let producer = try ClusterTransactionTests.producer(cluster)
            for number in 0..<6 {
                try await producer.beginTransaction()
                for index in 0..<10 {
                    let value = "\(number)-\(index)"
                    try await producer.enqueue(ProducerRecord(topic: topic, key: value, value: value))
                }
                try await producer.flush()
                try await number % 3 == 1 ? producer.abortTransaction() : producer.commitTransaction()
            }
            let ours = try await cluster.values(of: topic, .readCommitted).values.flatMap(\.self).sorted()
            #expect(ours.count == 40)
            let reader = try cluster.peer(client, ["read", topic, "isolation.level=read_committed"])
            try await reader.finish()
            #expect(reader.values.sorted() == ours)
        }
    }

    /// Members of both share a group, and hand over to each other; whoever leads it.
    @Test(arguments: Client.allCases, [GroupWay.range, .roundRobin, .cooperative, .coordinator])
    func membersOfBothShare(
        _ client: Client, _ way: GroupWay
    ) async throws {
        try await inCluster { cluster in
            try cluster.requireClient(client)
            try await way.require(of: cluster)
            // librdkafka makes up its members' ids itself, which version 0 has not.
            if client == .librdkafka, way == .coordinator { try await cluster.requireConsumerProtocol(version: 1) }
            let topic = try await cluster.topic("mixed", partitions: 6)
            let group = cluster.group()
            let values = (0..<400).map { "\($0)" }
            func send(_ part: Int) async throws {
                try await cluster.produce(values[(part * 100)..<(part * 100 + 100)], to: topic)
            }
            let theirs = try cluster.peer(client, ["member", group, topic] + way.settings(client))
            try await theirs.ready()
            try await shared(6, by: [theirs])
            try await send(0)
            let ours = try cluster.member(group, [topic], way.set).start()
            try await shared(6, by: [theirs, ours])
            try await send(1)
            // Now ours is the one that is there, and theirs comes.
            try await theirs.finish()
            try await shared(6, by: [ours])
            try await send(2)
            let next = try cluster.peer(client, ["member", group, topic] + way.settings(client))
            try await next.ready()
            try await shared(6, by: [ours, next])
            try await send(3)
            try await seenByAll(values, [theirs, ours, next], cluster)
            try await ours.stop()
            try await shared(6, by: [next])
            try await next.finish()
        }
    }

    /// A group of theirs and ours is changed over to the protocol of KIP-848, or back, member by member, while it reads.
    @Test(arguments: Client.allCases, [GroupWay.cooperative, .coordinator]) func aMixedGroupChangesItsProtocol(
        _ client: Client, _ before: GroupWay
    ) async throws {
        try await inCluster { cluster in
            try cluster.requireClient(client)
            try await cluster.requireConsumerProtocol(version: client == .librdkafka ? 1 : 0)
            let after: GroupWay = before == .coordinator ? .cooperative : .coordinator
            let topic = try await cluster.topic("changing", partitions: 4)
            let group = cluster.group()
            let values = (0..<400).map { "\($0)" }
            func send(_ part: Int) async throws {
                try await cluster.produce(values[(part * 100)..<(part * 100 + 100)], to: topic)
            }
            let theirs = try cluster.peer(client, ["member", group, topic] + before.settings(client))
            let ours = try cluster.member(group, [topic], before.set).start()
            try await theirs.ready()
            try await shared(4, by: [theirs, ours])
            try await send(0)
            // Ours first: theirs, of the old protocol, stands beside ours of the new one.
            let newOurs = try cluster.member(group, [topic], after.set).start()
            try await shared(4, by: [theirs, ours, newOurs])
            try await send(1)
            try await ours.stop()
            try await shared(4, by: [theirs, newOurs])
            // Then theirs.
            let newTheirs = try cluster.peer(client, ["member", group, topic] + after.settings(client))
            try await newTheirs.ready()
            try await shared(4, by: [theirs, newOurs, newTheirs])
            try await send(2)
            try await theirs.finish()
            try await shared(4, by: [newOurs, newTheirs])
            try await send(3)
            try await seenByAll(values, [theirs, ours, newOurs, newTheirs], cluster)
            let wanted: KafkaAdmin.GroupType = before == .coordinator ? .classic : .consumer
            try await inTime {
                try await cluster.admin.describeGroups([group]).get()[group]?.type == wanted
            }
            try await newOurs.stop()
            try await shared(4, by: [newTheirs])
            try await newTheirs.finish()
        }
    }

    /// As ``allSeen``; what others were refused to commit comes again.
    private func seenByAll(_ values: [String], _ members: [any ShareHolder], _ cluster: ClusterScope) async throws {
        for case let peer as ClusterPeer in members where !peer.isUndisturbed {
            cluster.disturbances.note("a commit of another client's was refused")
        }
        try await allSeen(values, by: members, cluster)
    }
}
