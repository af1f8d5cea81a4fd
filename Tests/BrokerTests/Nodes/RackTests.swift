import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Racks as tables: where replicas go, and which one is closest.
@Suite(.turn) struct RackTests {
    private static func cluster(_ racks: [String?]) -> ClusterMap {
        ClusterMap(
            racks.enumerated().map { index, rack in
                .init(id: BrokerID(Int32(index + 1)), host: "h", port: 1, listenedPort: 1, rack: rack)
            })
    }

    /// As Kafka's `StripedReplicaPlacer`: no rack has two before all have one.
    @Test(
        arguments: [
            (["a", "b", "c"], 2, [[1, 2], [2, 3], [3, 1], [1, 2]]),
            (["a", "a", "b", "b"], 2, [[1, 3], [2, 3], [3, 1], [4, 1]]),
            (["a", "a", "a", "b"], 2, [[1, 4], [2, 4], [3, 4], [4, 1]]),
            (["a", "a", "b", "b"], 3, [[1, 3, 2], [2, 3, 4], [3, 1, 4], [4, 1, 2]]),
            (["a", "a", "b"], 5, [[1, 3, 2], [2, 3, 1], [3, 1, 2]]),
            // Who does not say stands with the others who do not.
            ([nil, nil, "a"], 2, [[1, 3], [2, 3], [3, 1]]),
            ([nil, nil, nil], 2, [[1, 2], [2, 3], [3, 1]]),
        ] as [([String?], Int, [[BrokerID]])])
    func replicasAreSpreadOverRacks(racks: [String?], factor: Int, wanted: [[BrokerID]]) {
        var cluster = Self.cluster(racks)
        #expect(wanted.map { _ in cluster.place(factor) } == wanted)
    }

    @Test func whoIsStoppedGetsNoReplica() {
        var cluster = Self.cluster(["a", "b", "b", "a"])
        cluster.setRunning(2, false)
        #expect((0..<3).map { _ in cluster.place(2) } == [[1, 3], [3, 4], [4, 3]])
        cluster.remove(3)
        #expect(cluster.place(2).sorted() == [1, 4])
    }

    /// Kafka's `RackAwareReplicaSelector`, over what `ReplicaManager.findPreferredReadReplica` lets it choose from.
    @Test(
        arguments: [
            // The racks of the nodes 1, 2, …; the replicas, the first of which leads; those stopped; the rack; who it is.
            (["a", "b", "c"], [1, 2, 3], [], "b", 2),
            (["a", "b", "c"], [1, 2, 3], [], "c", 3),
            (["a", "b", "c"], [3, 2, 1], [], "a", 1),
            // The leader is as close, or nobody is closer.
            (["a", "b", "c"], [1, 2, 3], [], "a", -1),
            (["a", "a", "a"], [1, 2, 3], [], "a", -1),
            (["a", "b", "c"], [1, 2, 3], [], "d", -1),
            (["a", "b", "c"], [1, 2, 3], [], "B", -1),
            ([nil, nil, nil], [1, 2, 3], [], "a", -1),
            // The node in the rack holds no replica, or does not run.
            (["a", "b", "c"], [1, 2], [], "c", -1),
            (["a", "b", "c"], [1, 2, 3], [2], "b", -1),
            // Of several the one with the highest id.
            (["a", "b", "b", "b"], [1, 3, 2], [], "b", 3),
            (["a", "b", "b", "b"], [1, 3, 2, 4], [4], "b", 3),
            (["a", "b", "b"], [2, 3, 1], [], "b", -1),
        ] as [([String?], [BrokerID], [BrokerID], String, BrokerID)])
    func theClosestReplicaIsInTheRack(
        racks: [String?], replicas: [BrokerID], stopped: [BrokerID], rack: String, wanted: BrokerID
    ) {
        var cluster = Self.cluster(racks)
        var leadership = Leadership(replicas: replicas)
        for node in stopped {
            cluster.setRunning(node, false)
            leadership.lose(node, from: 0)
        }
        #expect(cluster.closest(to: rack, of: leadership) == wanted)
    }

    /// A replica that runs and is not in sync is left alone: it might stay behind for ever.
    @Test func whoIsNotInSyncIsNotClosest() {
        let cluster = Self.cluster(["a", "b"])
        var leadership = Leadership(replicas: [1, 2])
        leadership.lose(2, from: 0)
        #expect(cluster.closest(to: "b", of: leadership) == -1)
        leadership.regain(2, from: 0)
        #expect(cluster.closest(to: "b", of: leadership) == 2)
    }

    @Test(
        arguments: [
            (nil, [], [nil, nil]), ("r", [], ["r", "r"]), (nil, ["a"], ["a", nil]), ("r", ["a"], ["a", "r"]),
            ("r", ["", "b"], [nil, "b"]), ("", ["a"], ["a", nil]),
        ] as [(String?, [String], [String?])])
    func nodesAreWhereTheConfigurationSays(rack: String?, racks: [String], wanted: [String?]) {
        var configuration = KafkaBroker.Configuration()
        (configuration.rack, configuration.racks) = (rack, racks)
        #expect((0..<2).map { configuration.node($0, port: 1).rack } == wanted)
        #expect(configuration.node(0, port: 1, rack: "z").rack == "z")
        #expect(configuration.node(0, port: 1, rack: "").rack == nil)
    }

    @Test(arguments: [
        ("org.apache.kafka.common.replica.RackAwareReplicaSelector", true), ("RackAwareReplicaSelector", true),
        ("replica.RackAwareReplicaSelector", true), ("ReplicaSelector", false), ("", false),
        ("org.example.RackAwareReplicaSelector", false),
    ]) func aSelectorHasTheNameOfItsClass(name: String, isKnown: Bool) {
        #expect(KafkaBroker.Configuration.ReplicaSelector(className: name) == (isKnown ? .rackAware : nil))
    }
}
