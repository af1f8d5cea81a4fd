/// What an assignor of an application's own may get wrong, before others read by it.
enum AssignmentCheck {
    /// Throws where a partition is given to two members, or to a member that is none; with cooperative rebalancing also where
    /// a partition is given to a member while another still has it (Java's `validateCooperativeAssignment`).
    static func check(
        _ shares: [String: [TopicPartition]], of group: GroupSnapshot, by assignor: any GroupAssignor
    ) throws(KafkaError) {
        // Those of Kafka's clients are held to it by tests; the one that is wrong on purpose is to be found by others.
        if assignor is Assignor { return }
        func flaw(_ message: String) -> KafkaError {
            KafkaError(
                .invalidConfiguration, "the assignor \(assignor.name) \(message)",
                setting: "partition.assignment.strategy")
        }
        let members = Dictionary(group.members.map { ($0.memberId, $0) }) { first, _ in first }
        var owners: [TopicPartition: String] = [:]
        for (member, share) in shares.inOrder {
            guard members[member] != nil else { throw flaw("gives partitions to \(member), which is no member") }
            for partition in share {
                if let other = owners.updateValue(member, forKey: partition) {
                    throw flaw("gives \(partition) to \(other), and to \(member) as well")
                }
            }
        }
        guard assignor.rebalanceProtocols.contains(.cooperative) else { return }
        for member in group.members {
            for partition in member.ownedPartitions {
                guard let owner = owners[partition], owner != member.memberId,
                    members[owner]?.ownedPartitions.contains(partition) == false
                else { continue }
                throw flaw(
                    "gives \(partition) to \(owner) while \(member.memberId) has it; cooperative rebalancing takes it "
                        + "away first")
            }
        }
    }
}
