import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// A group whose members spread its partitions by an assignor of the application's own.
@Suite(.turn) struct OwnAssignorTests {
    /// Members say whether they want partitions with even or with odd numbers; what nobody wants the first one gets.
    private final class Parity: GroupAssignor {
        /// What a member heard of its assignment.
        struct Heard: Sendable, Equatable {
            var partitions: [Int]
            var userData: String?
            var member: ConsumerGroupMetadata
        }

        let name = "parity"
        let rebalanceProtocols: [RebalanceProtocol]
        private let wish: String
        private let told = Locked<[Heard]>([])

        init(_ wish: String, _ rebalanceProtocol: RebalanceProtocol) {
            self.wish = wish
            rebalanceProtocols = [rebalanceProtocol]
        }

        var heard: [Heard] { told.withLock { $0 } }

        func userData(for memory: AssignmentMemory) -> Bytes? { Bytes(utf8: wish) }

        func assign(_ group: GroupSnapshot) -> [String: [TopicPartition]] {
            var shares: [String: [TopicPartition]] = [:]
            for (topic, found) in group.topics {
                for index in 0..<found.partitionCount {
                    let partition = TopicPartition(topic, PartitionID(index: index))
                    let wish = index.isMultiple(of: 2) ? "even" : "odd"
                    let wanting = group.members.first { $0.userData?.text == wish }
                    guard let owner = wanting ?? group.members.first else { continue }
                    // It comes with the rebalance that follows when it was given up.
                    let isAnothers = group.members.contains {
                        $0.memberId != owner.memberId && $0.ownedPartitions.contains(partition)
                    }
                    if !isAnothers { shares[owner.memberId, default: []].append(partition) }
                }
            }
            return shares
        }

        func userData(
            for member: GroupSnapshot.Member, in shares: [String: [TopicPartition]], of group: GroupSnapshot
        ) -> Bytes? {
            let count = shares[member.memberId]?.count ?? 0
            return Bytes(utf8: "\(member.userData?.text ?? ""): \(count), members: \(group.members.count)")
        }

        func assigned(_ partitions: [TopicPartition], userData: Bytes?, as member: ConsumerGroupMetadata) {
            let numbers = partitions.map(\.partition.index).sorted()
            told.withLock { $0.append(Heard(partitions: numbers, userData: userData?.text, member: member)) }
        }
    }

    /// The leader assigns by what members say, and every member hears what the leader says of its share.
    @Test(arguments: [RebalanceProtocol.eager, .cooperative])
    func membersAndTheirLeaderTellEachOther(_ rebalanceProtocol: RebalanceProtocol) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 4]))
        let assignors = [Parity("odd", rebalanceProtocol), Parity("even", rebalanceProtocol)]
        let consumers = try assignors.map { assignor in
            try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
                $0.assignors = [assignor]
            }
        }
        let seen = [Seen(), Seen()]
        var tasks = [consumers[0].read(into: seen[0])]
        try await eventually { assignors[0].heard.last?.userData == "odd: 4, members: 1" }
        #expect(assignors[0].heard.last?.partitions == [0, 1, 2, 3])
        tasks.append(consumers[1].read(into: seen[1]))
        try await eventually {
            assignors[0].heard.last?.userData == "odd: 2, members: 2"
                && assignors[1].heard.last?.userData == "even: 2, members: 2"
        }
        #expect(assignors[0].heard.last?.partitions == [1, 3])
        #expect(assignors[1].heard.last?.partitions == [0, 2])
        for (assignor, consumer) in zip(assignors, consumers) {
            let member = assignor.heard.last?.member
            #expect(member?.groupId == "g" && member?.memberId.isEmpty == false)
            try await eventually { await consumer.generation == assignor.heard.last?.member.generation }
        }
        try await broker.produce(0..<100, to: "orders")
        try await eventually { seen[0].count + seen[1].count >= 100 }
        #expect(seen[0].count > 0 && seen[1].count > 0)
        for consumer in consumers { await consumer.close() }
        for task in tasks { try await task.value }
        await broker.stop()
    }
}
