import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Random groups with clients that do what they are told at some later time, lose answers, come and go: no partition is in
/// two hands at any moment, the books agree with the members, and when all is quiet everything is given out.
@Suite(.turn) struct ConsumerGroupModelTests {
    /// A client: what it holds, and what it was last told.
    private struct Client {
        var id: String
        var instance: String?
        var epoch: Int32 = 0
        var holds: Set<TopicIDPartition> = []
        var told: Set<TopicIDPartition> = []
        var topics: [String]
        /// An answer did not come: the next heartbeat says everything, so that everything is told.
        var saysAll = false
    }

    private struct World {
        var script: ConsumerGroupScript
        var clients: [Client] = []
        var random: RandomSource
        var count = 0

        mutating func number(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

        /// Sends a heartbeat; `isLost` is that of its answer.
        mutating func beat(_ index: Int, isLost: Bool) {
            let client = clients[index]
            let isJoining = client.epoch == 0
            let answer = script.send(
                .with {
                    $0.groupId = "g"
                    $0.memberId = client.id
                    $0.instanceId = client.instance
                    $0.memberEpoch = client.epoch
                    if isJoining || client.saysAll {
                        $0.rebalanceTimeoutMs = 60_000
                        $0.subscribedTopicNames = client.topics
                    }
                    $0.topicPartitions =
                        isJoining
                        ? []
                        : client.holds.byTopic.map { topic, numbers in
                            .with {
                                $0.topicId = topic
                                $0.partitions = numbers
                            }
                        }
                })
            clients[index].saysAll = isLost
            if isLost { return }
            switch answer.errorCode {
            case .none:
                clients[index].epoch = answer.memberEpoch
                guard let assignment = answer.assignment else { return }
                clients[index].told = assignment.topicPartitions.reduce(into: []) { all, topic in
                    for number in topic.partitions { all.insert(.init(topic: topic.topicId, partition: number)) }
                }
                // What is new is taken at once, what is to go is let go of later.
                clients[index].holds.formUnion(clients[index].told)
            case .fencedMemberEpoch, .unknownMemberId, .fencedInstanceId:
                clients[index].holds = []
                clients[index].told = []
                clients[index].epoch = 0
                // A client that was fenced while the broker still knows it would wait for its session's end.
                count += 1
                clients[index].id = "m\(count)"
                if client.instance != nil { clients[index].instance = "i\(count)" }
            default: Issue.record("\(answer.errorCode)")
            }
        }

        mutating func step() {
            let index = clients.isEmpty ? 0 : number(clients.count)
            switch number(20) {
            case 0, 1:
                guard clients.count < 6 else { return }
                count += 1
                let topics = ["t", "u", "v"].filter { _ in number(3) > 0 }
                clients.append(
                    Client(id: "m\(count)", instance: number(3) == 0 ? "i\(count)" : nil, topics: topics))
            case 2:
                guard !clients.isEmpty else { return }
                let client = clients.remove(at: index)
                if client.epoch > 0 { _ = script.beat(client.id, -1, instance: client.instance) }
            case 3:
                // A static member restarts.
                guard !clients.isEmpty, clients[index].instance != nil, clients[index].epoch > 0 else { return }
                _ = script.beat(clients[index].id, -2, instance: clients[index].instance)
                count += 1
                clients[index].id = "m\(count)"
                clients[index].epoch = 0
                clients[index].holds = []
                clients[index].told = []
            case 4: if number(4) == 0 { script.grow("t", by: 1) }
            case 5: script.advance(.seconds(1))
            case 6, 7, 8:
                guard !clients.isEmpty else { return }
                clients[index].holds.formIntersection(clients[index].told)
            default: if !clients.isEmpty { beat(index, isLost: number(10) == 0) }
            }
        }

        /// Members whose clients have gone without a word, or under another id, end as their sessions would.
        mutating func endGhosts() {
            let known = Set(clients.map(\.id))
            for member in script.group?.ordered ?? [] where !known.contains(member.id) {
                _ = script.beat(member.id, -1, instance: member.instanceId)
            }
        }

        func check() {
            var holders: Set<TopicIDPartition> = []
            for client in clients {
                #expect(holders.isDisjoint(with: client.holds))
                holders.formUnion(client.holds)
            }
            #expect(script.coordinator.objections(pending: []) == [])
            guard let group = script.group else { return }
            var owned: [TopicIDPartition: String] = [:]
            for member in group.members.values {
                for partition in [member.assigned.keys, member.revoking.keys].joined() {
                    #expect(owned.updateValue(member.id, forKey: partition) == nil)
                }
                #expect(member.revoking.isEmpty == (member.state != .unrevokedPartitions) || member.epoch == -2)
                #expect(member.epoch <= group.assignmentEpoch)
            }
            #expect(owned == group.owners)
            #expect(Set(group.target.keys).isSubset(of: Set(group.members.keys)))
            #expect(group.assignmentEpoch <= group.epoch)
        }
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8]) func noPartitionIsInTwoHands(seed: UInt64) {
        for run in 0..<20 {
            var world = World(
                script: ConsumerGroupScript(topics: ["t": 5, "u": 3, "v": 1]),
                random: RandomSource(seed: seed &* 1000 &+ UInt64(run)))
            world.script.settings.sessionTimeout = .seconds(10_000)
            for _ in 0..<150 {
                world.step()
                world.check()
            }
            for _ in 0..<16 {
                world.endGhosts()
                for index in world.clients.indices {
                    world.clients[index].holds.formIntersection(world.clients[index].told)
                    world.beat(index, isLost: false)
                    world.check()
                }
            }
            guard let group = world.script.group, !world.clients.isEmpty else { continue }
            #expect(group.state == .stable)
            let wanted = Set(world.clients.flatMap(\.topics))
            let all = wanted.reduce(0) { $0 + (world.script.registry[$1]?.partitions.count ?? 0) }
            #expect(world.clients.reduce(0) { $0 + $1.holds.count } == all)
            for client in world.clients {
                #expect(client.holds == Set(group.members[client.id]?.assigned.keys.map { $0 } ?? []))
            }
        }
    }
}
