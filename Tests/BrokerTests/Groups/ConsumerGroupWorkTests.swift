import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// How much work and memory large groups under the newer protocol (KIP-848) take.
@Suite(.alone) struct ConsumerGroupWorkTests {
    /// Each of 4,000 members that joined had all members and all their subscriptions looked through, and a new target.
    @Test func thousandsJoinAConsumerGroup() {
        var crowd = GroupCrowd(topics: ["t": 4000, "u": 6000])
        var epochs: Set<Int32> = []
        let took = seconds {
            for member in 0..<4000 {
                crowd.now = crowd.now + .milliseconds(1)
                let answer = crowd.beat("m\(member)", 0, ["t", "u", "none"])
                #expect(answer.errorCode == .none)
                epochs.insert(crowd.coordinator.groups["c"]?.consumer?.assignmentEpoch ?? 0)
            }
        }
        // At most one target in a hundred milliseconds.
        #expect(epochs.count < 45)
        #expect(took < 60)
        let beats = seconds {
            for member in 0..<4000 { _ = crowd.beat("m\(member)", 2) }
        }
        #expect(beats < 20)
        #expect(crowd.coordinator.objections(pending: []) == [])
        for member in 0..<4000 { _ = crowd.beat("m\(member)", -1) }
        #expect(crowd.coordinator.groups["c"]?.consumer?.subscriptions.topics.isEmpty == true)
        #expect(crowd.coordinator.objections(pending: []) == [])
    }

    /// The assignors compared every member with every topic.
    @Test(arguments: ConsumerGroupAssignor.allCases, [1, 50, 4000])
    func assignorsAreNearLinear(assignor: ConsumerGroupAssignor, pools: Int) {
        let topics = (0..<5000).map { TopicID(Uuid(high: 0, low: UInt64($0))) }
        let sets = (0..<pools).map { pool in
            pools == 4000 ? Set([topics[0], topics[1 + pool]]) : Set(topics.dropFirst(pool))
        }
        var task = AssignmentTask(
            members: (0..<4000).map { .init(id: "m\($0)", instanceId: nil, pools: [$0 % pools], current: []) },
            pools: sets, partitions: Dictionary(uniqueKeysWithValues: topics.map { ($0, $0 == topics[0] ? 4000 : 2) }))
        var result: [String: Set<TopicIDPartition>] = [:]
        let took = seconds { result = assignor.assign(task) }
        #expect(took < 20)
        let wanted = sets.reduce(into: Set<TopicID>()) { $0.formUnion($1) }
        #expect(Set(result.values.flatMap { $0 }).count == wanted.reduce(0) { $0 + (task.partitions[$1] ?? 0) })
        for index in task.members.indices { task.members[index].current = result[task.members[index].id] ?? [] }
        #expect(assignor.assign(task) == result)
    }

    /// An expression was matched against all topics in one go, at whatever cost.
    @Test func expressionsAreMatchedInParts() {
        var crowd = GroupCrowd()
        for index in 0..<120 {
            crowd.create(String(repeating: index % 2 == 0 ? "ab" : "ba", count: 100) + "\(index)", 1)
        }
        let costly = "(a|b)*a(a|b){150}.*"
        var epoch = crowd.beat("m", 0, [], regex: costly).memberEpoch
        let first = crowd.coordinator.groups["c"]?.consumer?.subscriptions.topics.count ?? 0
        #expect(first < 120)
        var steps = 1
        while steps < 1000, crowd.coordinator.groups["c"]?.consumer?.subscriptions.topics.count ?? 0 < 120 {
            let answer = crowd.beat("m", epoch)
            #expect(answer.errorCode == .none)
            epoch = answer.memberEpoch
            steps += 1
        }
        #expect(steps > 1 && steps < 1000)
        #expect(crowd.coordinator.groups["c"]?.consumer?.members["m"]?.assigned.count == 120)
        #expect(crowd.coordinator.objections(pending: []) == [])
        // One topic more is one name more to be matched.
        crowd.create(String(repeating: "ab", count: 100), 1)
        _ = crowd.beat("m", epoch)
        #expect(crowd.coordinator.groups["c"]?.consumer?.subscriptions.topics.count == 121)
    }

    /// A member that names a large topic takes far more memory than its request.
    @Test func partitionsThatAreGivenOutAreMemory() {
        var limits = GroupLimits()
        limits.memberBytes = 100_000
        var crowd = GroupCrowd(limits, topics: ["small": 10, "large": 10_000])
        #expect(crowd.beat("a", 0, ["small"]).assignment?.topicPartitions.first?.partitions.count == 10)
        let answer = crowd.beat("b", 0, ["large"])
        #expect(answer.errorCode == .none && answer.assignment?.topicPartitions.isEmpty == true)
        #expect(crowd.coordinator.use.memberBytes < 100_000)
        let names = (0..<5000).map { "topic\($0)" }
        #expect(crowd.beat("c", 0, names).errorCode == .groupMaxSizeReached)
        _ = crowd.beat("b", -1)
        crowd.advance(.seconds(1))
        #expect(crowd.beat("c", 0, ["small"]).errorCode == .none)
        #expect(crowd.coordinator.objections(pending: []) == [])
    }
}
