/// A static member that is back as its group's leader: the group goes on with the assignment that it has (KIP-814), and the
/// leader is told to assign nothing, but to watch the topics. What came to them while it was away is then nobody's: with
/// what should it compare them? With what the group has assigned, which any member may ask for. Where a partition is
/// missing there, or one is there that is none any more, the leader joins again, which makes it assign anew; where all is
/// well, it leaves the group in peace.
///
/// Java's leader compares with the topics as they were when it came back (`ConsumerCoordinator.onLeaderElected`), so that
/// such partitions wait for the next rebalance.
extension ConsumerEngine {
    /// Compares what the group has assigned with the topics of now, for as long as the member has the share.
    func compareAssignment(_ share: Int) async {
        var failures = 0
        while let membership, membership.has(share), !announcements.isClosed {
            do throws(KafkaError) {
                if let assigned = try await GroupExchange.assignment(of: membership.groupId, cluster) {
                    guard self.membership?.has(share) ?? false else { return }
                    topics.remember(assigned: assigned)
                    if topics.isMisassigned(known) { joinToAssign(share) }
                    if failures > 0 { worksAgain(.group) }
                    return
                }
            } catch {
                // Nobody can say: a rebalance too many is better than records that nobody reads.
                guard GroupFaults.mayPass(error) else {
                    cluster.tell(.retry(call: "compare the group's assignment", error: error, pause: .zero))
                    return joinToAssign(share)
                }
                guard self.membership?.has(share) ?? false, !announcements.isClosed else { return }
                if isToBeTold(error, after: failures + 1) { report(error, .group) }
            }
            failures += 1
            await pause(backoff.pause(after: failures))
        }
    }

    private func joinToAssign(_ share: Int) {
        if membership?.has(share) ?? false { subscriptionChanged(because: JoinReason.topics) }
    }
}

extension TopicWatch {
    /// As the leader: the group has these partitions assigned, whoever did that.
    mutating func remember(assigned: Set<TopicPartition>) {
        assignedCounts = [:]
        for (name, partitions) in Dictionary(grouping: assigned, by: \.topic) where led.contains(name) {
            // Partitions are numbered from 0 on; with one missing between them there is no such topic.
            let isWhole = partitions.allSatisfy { (0..<partitions.count).contains($0.partition.index) }
            assignedCounts[name] = isWhole ? partitions.count : -1
        }
    }

    /// Whether a partition of the topics is nobody's, or one is somebody's that there is not.
    func isMisassigned(_ topics: Topics) -> Bool {
        isLeading && partitionCounts(of: led, topics, before: assignedCounts) != assignedCounts
    }
}

extension GroupExchange {
    /// Which partitions the group has assigned to its members; nil while it assigns them anew.
    static func assignment(of group: String, _ cluster: Cluster) async throws(KafkaError) -> Set<TopicPartition>? {
        let target = Cluster.Target.coordinator(group: group)
        let answer = try await cluster.send(DescribeGroupsRequest.self, to: target) { _ in .with { $0.groups = [group] }
        }
        let what = "could not ask for the assignment of group \(group)"
        guard let found = answer.response.groups.first(where: { $0.groupId == group }) else {
            throw .leftOut(what, by: answer.broker, api: .describeGroups)
        }
        guard found.errorCode == .none else {
            if [.notCoordinator, .coordinatorNotAvailable].contains(found.errorCode) {
                await cluster.forgetCoordinator(target)
            }
            throw .refused(found.errorCode, what, by: answer.broker, api: .describeGroups)
        }
        guard found.groupState == "Stable" else { return nil }
        var assigned: Set<TopicPartition> = []
        for member in found.members where !member.memberAssignment.isEmpty {
            // One that cannot be read says nothing: its partitions count as missing.
            let assignment = try? ConsumerProtocolAssignment.decodeVersioned(member.memberAssignment)
            for topic in assignment?.assignedPartitions ?? [] {
                for partition in topic.partitions { assigned.insert(TopicPartition(topic.topic, partition)) }
            }
        }
        return assigned
    }
}
