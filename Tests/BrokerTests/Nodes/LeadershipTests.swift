import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Who leads a partition, as tables: values only.
@Suite(.turn) struct LeadershipTests {
    private enum Event {
        case lead(BrokerID)
        case lose(BrokerID)
        case regain(BrokerID)
        case reassign([BrokerID], running: [BrokerID])
    }

    private struct Row {
        var event: Event
        var leader: BrokerID
        var epoch: LeaderEpoch
        var replicas: [BrokerID]
        var inSync: [BrokerID]
    }

    private func check(_ replicas: [BrokerID], _ rows: [Row]) {
        var leadership = Leadership(replicas: replicas)
        for (index, row) in rows.enumerated() {
            let end = Offset(Int64(index + 1) * 10)
            switch row.event {
            case .lead(let node): leadership.lead(node, from: end)
            case .lose(let node): leadership.lose(node, from: end)
            case .regain(let node): leadership.regain(node, from: end)
            case .reassign(let replicas, let running): leadership.reassign(to: replicas, running: running, from: end)
            }
            #expect(leadership.leader == row.leader, "row \(index)")
            #expect(leadership.epoch == row.epoch, "row \(index)")
            #expect(leadership.replicas == row.replicas, "row \(index)")
            #expect(leadership.inSync == row.inSync, "row \(index)")
        }
    }

    @Test func threeReplicasComeAndGo() {
        check(
            [2, 3, 1],
            [
                Row(event: .lose(3), leader: 2, epoch: 0, replicas: [2, 3, 1], inSync: [2, 1]),
                Row(event: .lose(2), leader: 1, epoch: 1, replicas: [2, 3, 1], inSync: [1]),
                // The last one stays in sync, but does not lead.
                Row(event: .lose(1), leader: -1, epoch: 2, replicas: [2, 3, 1], inSync: [1]),
                Row(event: .regain(3), leader: 3, epoch: 3, replicas: [2, 3, 1], inSync: [3]),
                Row(event: .regain(2), leader: 3, epoch: 3, replicas: [2, 3, 1], inSync: [2, 3]),
                Row(event: .regain(1), leader: 3, epoch: 3, replicas: [2, 3, 1], inSync: [2, 3, 1]),
                Row(event: .lead(2), leader: 2, epoch: 4, replicas: [2, 3, 1], inSync: [2, 3, 1]),
                Row(event: .lead(2), leader: 2, epoch: 4, replicas: [2, 3, 1], inSync: [2, 3, 1]),
                // No replica: it takes the leader's place.
                Row(event: .lead(7), leader: 7, epoch: 5, replicas: [7, 3, 1], inSync: [7, 3, 1]),
                Row(event: .lose(9), leader: 7, epoch: 5, replicas: [7, 3, 1], inSync: [7, 3, 1]),
            ])
    }

    @Test func reassignmentKeepsTheLeaderWhereItCan() {
        check(
            [1, 2],
            [
                Row(
                    event: .reassign([3, 1], running: [1, 2, 3]), leader: 1, epoch: 0, replicas: [3, 1], inSync: [3, 1]),
                Row(
                    event: .reassign([3, 2], running: [1, 2, 3]), leader: 3, epoch: 1, replicas: [3, 2], inSync: [3, 2]),
                Row(
                    event: .reassign([4, 2], running: [1, 2, 3]), leader: 2, epoch: 2, replicas: [4, 2], inSync: [2]),
                Row(event: .reassign([4], running: [1, 2, 3]), leader: -1, epoch: 3, replicas: [4], inSync: [4]),
                Row(event: .regain(4), leader: 4, epoch: 4, replicas: [4], inSync: [4]),
            ])
    }

    /// Kafka's `LeaderEpochFileCache.endOffsetFor`.
    @Test func anEpochEndsWhereTheNextBegins() {
        var epochs = LeaderEpochs(first: 0, from: 0)
        epochs.begin(from: 10)
        epochs.begin(from: 10)  // Nothing was written in epoch 1.
        epochs.begin(from: 25)
        #expect(epochs.entries.map(\.epoch) == [0, 2, 3])
        func end(_ epoch: LeaderEpoch) -> [Int64] {
            let found = epochs.end(of: epoch, logEnd: 40)
            return [Int64(found.epoch.rawValue), found.offset.rawValue]
        }
        #expect(end(0) == [0, 10])
        #expect(end(1) == [0, 10])
        #expect(end(2) == [2, 25])
        #expect(end(3) == [3, 40])
        #expect(end(4) == [-1, -1])
        #expect(end(-1) == [-1, -1])
        epochs.forget(before: 12)
        #expect(epochs.entries == [.init(epoch: 2, start: 12), .init(epoch: 3, start: 25)])
        #expect(end(0) == [0, 12])
        epochs.forget(before: 40)
        #expect(epochs.entries == [.init(epoch: 3, start: 40)])
    }

    @Test func coordinatorsMoveOnlyWhereTheyMust() {
        let nodes = (Int32(1)...5).map { ClusterMap.Node(id: BrokerID($0), host: "h", port: 1, listenedPort: 1) }
        var cluster = ClusterMap(nodes)
        let keys = (0..<200).map { CoordinatorKey.group("group-\($0)") }
        let before = keys.map { cluster.coordinator(of: $0) }
        #expect(Set(before).count == 5)
        cluster.setRunning(3, false)
        for (key, old) in zip(keys, before) {
            #expect(cluster.coordinator(of: key) == (old == 3 ? 4 : old))
        }
        cluster.move(keys[0], to: 5)
        #expect(cluster.coordinator(of: keys[0]) == 5)
        // A coordinator that was moved goes back to its place while its node is stopped.
        cluster.setRunning(5, false)
        #expect(cluster.coordinator(of: keys[0]) != 5)
        cluster.setRunning(5, true)
        #expect(cluster.coordinator(of: keys[0]) == 5)
        // Java: "abc".hashCode() is 96354.
        #expect(ClusterMap.slot(of: "abc") == 96354 % 50)
        for id in Int32(1)...5 { cluster.setRunning(BrokerID(id), false) }
        #expect(cluster.coordinator(of: keys[1]) == .none)
    }

    @Test func replicasGoRound() {
        var cluster = ClusterMap((Int32(1)...3).map { .init(id: BrokerID($0), host: "h", port: 1, listenedPort: 1) })
        #expect((0..<4).map { _ in cluster.place(2) } == [[1, 2], [2, 3], [3, 1], [1, 2]])
        cluster.setRunning(2, false)
        #expect(cluster.place(5).sorted() == [1, 3])
    }
}
