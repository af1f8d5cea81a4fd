import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct ClusterMetadataTests {
    private static let first = TopicID(Uuid(high: 1, low: 1))
    private static let second = TopicID(Uuid(high: 2, low: 2))

    private static func answer(
        _ name: String = "orders", id: TopicID = first, error: ErrorCode = .none,
        partitions: [(index: PartitionID, leader: BrokerID, epoch: LeaderEpoch)] = []
    ) -> MetadataResponse {
        MetadataResponse.with {
            $0.brokers = ([1, 2] as [BrokerID]).map { number in
                .with {
                    $0.nodeId = number
                    $0.host = "b\(number)"
                    $0.port = 9092
                }
            }
            $0.topics = [
                .with {
                    $0.name = name
                    $0.topicId = id
                    $0.errorCode = error
                    $0.partitions = partitions.map { entry in
                        .with {
                            $0.partitionIndex = entry.index
                            $0.leaderId = entry.leader
                            $0.leaderEpoch = entry.epoch
                        }
                    }
                }
            ]
        }
    }

    @Test func aLaggingBrokerDoesNotBringAnOldLeaderBack() {
        var metadata = ClusterMetadata()
        metadata.update(Self.answer(partitions: [(0, 2, 5)]), all: false)
        metadata.update(Self.answer(partitions: [(0, 1, 4)]), all: false)
        #expect(metadata.leader(of: TopicPartition("orders", 0)) == 2)
        metadata.update(Self.answer(partitions: [(0, 1, 6)]), all: false)
        #expect(metadata.leader(of: TopicPartition("orders", 0)) == 1)
    }

    @Test func aTopicThatWasCreatedAnewBeginsAtItsOwnEpoch() {
        var metadata = ClusterMetadata()
        metadata.update(Self.answer(partitions: [(0, 2, 5)]), all: false)
        metadata.update(Self.answer(id: Self.second, partitions: [(0, 1, 0)]), all: false)
        #expect(metadata.leader(of: TopicPartition("orders", 0)) == 1)
        #expect(metadata.name(of: Self.second) == "orders")
        #expect(metadata.name(of: Self.first) == nil)
    }

    @Test func partitionsComeInAnyOrderAndWrongNumbersAreLeftOut() {
        var metadata = ClusterMetadata()
        metadata.update(Self.answer(partitions: [(1, 1, 0), (0, 2, 0), (7, 1, 0)]), all: false)
        #expect(metadata.topics["orders"]?.partitions.map(\.leader) == [2, 1, -1])
        #expect(metadata.leader(of: TopicPartition("orders", 2)) == nil)
        #expect(metadata.leader(of: TopicPartition("orders", -1)) == nil)
        #expect(metadata.leader(of: TopicPartition("other", 0)) == nil)
    }

    @Test func aDeletedTopicHasNoLeaders() {
        var metadata = ClusterMetadata()
        metadata.update(Self.answer(partitions: [(0, 2, 5)]), all: false)
        metadata.update(Self.answer(error: .unknownTopicOrPartition), all: false)
        #expect(metadata.leader(of: TopicPartition("orders", 0)) == nil)
        #expect(metadata.topics["orders"]?.error == .unknownTopicOrPartition)
        metadata.update(Self.answer("other", partitions: [(0, 1, 0)]), all: true)
        #expect(metadata.topics.keys.sorted() == ["other"])
    }

    @Test func hintsAreTakenOnlyWhenTheyAreNewerAndTheBrokerIsKnown() {
        var metadata = ClusterMetadata()
        metadata.update(Self.answer(partitions: [(0, 2, 5)]), all: false)
        let partition = TopicPartition("orders", 0)
        metadata.setLeader(of: partition, 1, epoch: 5)
        #expect(metadata.leader(of: partition) == 2)
        metadata.setLeader(of: partition, 9, epoch: 6)
        #expect(metadata.leader(of: partition) == 2)
        metadata.setLeader(of: partition, 1, epoch: 6)
        #expect(metadata.leader(of: partition) == 1)
    }

    /// Who names a coordinator, or a leader, says where it is; that was thrown away.
    @Test func anAddressThatAnotherBrokerNamesIsTakenOverWhereItIsOne() {
        var metadata = ClusterMetadata()
        metadata.update(Self.answer(partitions: [(0, 1, 4)]), all: false)
        for (id, host, port, expected) in [
            (2, "new", 9093, "new:9093"), (3, "more", 1, "more:1"), (2, "", 9094, "new:9093"), (2, "x", 0, "new:9093"),
            (2, "x", 70_000, "new:9093"), (2, "x", -1, "new:9093"), (-1, "x", 1, nil),
        ] as [(BrokerID, String, Int32, String?)] {
            metadata.setAddress(of: id, host: host, port: port)
            #expect(metadata.brokers[id]?.description == expected)
        }
        // A leader that was not known is one now.
        metadata.setLeader(of: TopicPartition("orders", 0), 3, epoch: 5)
        #expect(metadata.leader(of: TopicPartition("orders", 0)) == 3)
        #expect(metadata.leaderEpoch(of: TopicPartition("orders", 0)) == 5)
        #expect(metadata.leaderEpoch(of: TopicPartition("orders", 1)) == .none)
    }
}
