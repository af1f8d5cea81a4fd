import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Groups that change their protocol, empty ones and member by member (KIP-848), under virtual time.
@Suite(.turn) struct GroupConversionTests {
    /// A script whose classic requests go where the handlers send them.
    private struct Mixed {
        var script: ConsumerGroupScript
        var answers: [RequestTicket: GroupAction] = [:]

        init(_ topics: [String: Int]) { script = ConsumerGroupScript(topics: topics) }

        mutating func join(
            _ member: String, _ topics: [String] = ["t"], owned: [Int] = [], instance: String? = nil,
            strategies: [String] = ["range"], type: String = "consumer", version: Int16 = 3
        ) -> RequestTicket {
            let subscription = ConsumerProtocolSubscription.with {
                $0.topics = topics
                $0.ownedPartitions = [
                    .with {
                        $0.topic = "t"
                        $0.partitions = owned.map { PartitionID(index: $0) }
                    }
                ]
            }
            let request = JoinGroupRequest.with {
                $0.groupId = "g"
                $0.memberId = member
                $0.groupInstanceId = instance
                $0.protocolType = type
                $0.sessionTimeoutMs = 10_000
                $0.rebalanceTimeoutMs = 30_000
                $0.protocols = strategies.map { name in
                    .with {
                        $0.name = name
                        $0.metadata = Bytes((try? subscription.encodeVersioned(version: 1)) ?? [])
                    }
                }
            }
            let context = script.context(version)
            if !script.coordinator.joinConsumerGroup(request, context, script.registry, script.settings) {
                script.coordinator.join(request, context)
            }
            return context.ticket
        }

        mutating func sync(_ member: String, _ generation: Int32, assign: [String: [Int]] = [:]) -> RequestTicket {
            let request = SyncGroupRequest.with {
                $0.groupId = "g"
                $0.memberId = member
                $0.generationId = generation
                $0.assignments = assign.sorted { $0.key < $1.key }.map { id, numbers in
                    let assignment = ConsumerProtocolAssignment.with {
                        $0.assignedPartitions = [
                            .with {
                                $0.topic = "t"
                                $0.partitions = numbers.map { PartitionID(index: $0) }
                            }
                        ]
                    }
                    return .with {
                        $0.memberId = id
                        $0.assignment = Bytes((try? assignment.encodeVersioned(version: 1)) ?? [])
                    }
                }
            }
            let context = script.context(3)
            if !script.coordinator.syncConsumerGroup(request, context, script.registry) {
                script.coordinator.sync(request, context)
            }
            return context.ticket
        }

        mutating func joined(_ ticket: RequestTicket) -> JoinGroupResponse? {
            collect()
            if case .answerJoin(_, let response) = answers[ticket] { return response }
            return nil
        }

        /// What a SyncGroup brought, or the error's name; nil while it waits.
        mutating func synced(_ ticket: RequestTicket) -> String? {
            collect()
            guard case .answerSync(_, let response) = answers[ticket] else { return nil }
            guard response.errorCode == .none else { return response.errorCode.name }
            let assignment = try? ConsumerProtocolAssignment.decodeVersioned(response.assignment)
            return assignment?.assignedPartitions.flatMap { topic in topic.partitions.map { "\(topic.topic)\($0)" } }
                .joined(separator: " ")
        }

        private mutating func collect() {
            for action in script.coordinator.takeActions() {
                switch action {
                case .answerJoin(let ticket, _), .answerSync(let ticket, _): answers[ticket] = action
                }
            }
        }

        mutating func heartbeat(_ member: String, _ generation: Int32) -> ErrorCode {
            script.coordinator.heartbeat(
                .with {
                    $0.groupId = "g"
                    $0.memberId = member
                    $0.generationId = generation
                }, now: script.now)
        }

        var classic: ClassicGroup? { script.coordinator.groups["g"]?.classic }

        /// A stable classic group of one member that has all of `t`; gives its id.
        mutating func stable(_ partitions: [Int], instance: String? = nil) -> String {
            let ticket = join("", instance: instance)
            script.advance(.milliseconds(1))
            let id = joined(ticket)?.memberId ?? ""
            _ = synced(sync(id, 1, assign: [id: partitions]))
            return id
        }
    }

    @Test func memberByMemberAndBack() {
        var mixed = Mixed(["t": 4])
        let old = mixed.stable([0, 1, 2, 3])
        #expect(mixed.heartbeat(old, 1) == .none)
        // The first member of the newer protocol makes the group one of its kind; the classic one has what it had.
        #expect(mixed.script.join("new") == "2 -")
        #expect(mixed.script.group?.state == .reconciling)
        #expect(mixed.script.has(old) == "t0 t1 t2 t3")
        #expect(mixed.heartbeat(old, 1) == .rebalanceInProgress)
        // It joins again without anything in hand, as eager members do.
        let again = mixed.joined(mixed.join(old))
        #expect(again?.errorCode == ErrorCode.none && again?.generationId == 2 && again?.protocolName == "range")
        #expect(again?.leader == "" && again?.members.isEmpty == true)
        #expect(mixed.synced(mixed.sync(old, 2)) == "t0 t1")
        #expect(mixed.heartbeat(old, 2) == .none)
        #expect(mixed.script.beat("new", 2) == "2 t2 t3")
        #expect(mixed.script.group?.state == .stable)
        // A second classic one joins the consumer group.
        let third = mixed.joined(mixed.join(""))
        #expect(third?.errorCode == ErrorCode.none && third?.generationId == 3)
        #expect(mixed.synced(mixed.sync(third?.memberId ?? "", 3)) == "")
        // The one of the newer protocol goes: the group is a classic one, and all are to join.
        #expect(mixed.script.beat("new", -1) == "-1 same")
        #expect(mixed.script.group == nil)
        #expect(mixed.classic?.state == .preparingRebalance && mixed.classic?.members.count == 2)
        #expect(mixed.heartbeat(third?.memberId ?? "", 3) == .rebalanceInProgress)
    }

    /// Otherwise two would have a partition in one generation: who has gone, and who has not heard of its epoch.
    @Test func generationsGoOnBehindTheLastEpoch() {
        var mixed = Mixed(["t": 4])
        let old = mixed.stable([0, 1, 2, 3])
        _ = mixed.script.join("new")
        #expect(mixed.joined(mixed.join(old))?.generationId == 2)
        _ = mixed.synced(mixed.sync(old, 2))
        #expect(mixed.script.join("newer").hasPrefix("3"))
        #expect(mixed.script.beat("newer", -1) == "-1 same")
        let epoch = mixed.script.group?.epoch ?? 0
        #expect(epoch > 3, "the old one has heard of 2")
        #expect(mixed.script.beat("new", -1) == "-1 same")
        #expect(mixed.classic?.generation == epoch)
        #expect(mixed.heartbeat(old, 2) == .illegalGeneration)
        let again = mixed.join(old)
        mixed.script.advance(.milliseconds(1))
        #expect(mixed.joined(again)?.generationId == epoch + 1)
    }

    /// The classic group had forgotten what its members have: who went and came back at once got a partition that its owner read
    /// on, and committed.
    @Test(arguments: [false, true]) func whoComesBackAtOnceTakesNothing(isJoining: Bool) {
        var mixed = Mixed(["t": 2])
        let old = mixed.stable([0, 1])
        #expect(mixed.script.join("new") == "2 -")
        #expect(mixed.script.beat("new", -1) == "-1 same")
        #expect(mixed.script.group == nil && mixed.classic?.members.count == 1)
        if isJoining {
            // It has joined, and not asked yet for what it has; as a cooperative one it reads on.
            let ticket = mixed.join(old, owned: [0, 1])
            mixed.script.advance(.milliseconds(1))
            #expect(mixed.joined(ticket)?.errorCode == ErrorCode.none)
        }
        #expect(mixed.script.join("new").hasSuffix(" -"))
        #expect(mixed.script.has(old) == "t0 t1")
    }

    /// A static member came back under the newer protocol, to what it had had: partitions that were new by then were nobody's.
    @Test func partitionsThatCameBeforeTheChangeAreGivenOut() {
        var mixed = Mixed(["t": 1])
        _ = mixed.stable([0], instance: "i")
        mixed.script.grow("t", by: 1)
        #expect(mixed.script.join("new", instance: "i") == "2 t0 t1")
    }

    @Test func cooperativeMembersGiveUpFirst() {
        var mixed = Mixed(["t": 4])
        let old = mixed.stable([0, 1, 2, 3])
        _ = mixed.script.join("new")
        #expect(mixed.heartbeat(old, 1) == .rebalanceInProgress)
        let first = mixed.joined(mixed.join(old, owned: [0, 1, 2, 3]))
        #expect(first?.generationId == 1)
        #expect(mixed.synced(mixed.sync(old, 1)) == "t0 t1")
        #expect(mixed.script.beat("new", 2) == "2 same")
        #expect(mixed.heartbeat(old, 1) == .rebalanceInProgress)
        let second = mixed.joined(mixed.join(old, owned: [0, 1]))
        #expect(second?.generationId == 2)
        #expect(mixed.script.beat("new", 2) == "2 t2 t3")
    }

    @Test func whoWaitsIsToldToJoinAgain() {
        var mixed = Mixed(["t": 2])
        _ = mixed.stable([0, 1])
        let waiting = mixed.join("")
        #expect(mixed.joined(waiting) == nil)
        #expect(mixed.script.join("new") == "2 -")
        #expect(mixed.joined(waiting)?.errorCode == .rebalanceInProgress)
    }

    @Test func classicMembersHaveTheirTime() {
        var mixed = Mixed(["t": 2])
        let old = mixed.stable([0, 1])
        _ = mixed.script.join("new")
        // Told to join, it only beats.
        for _ in 0..<6 {
            #expect(mixed.heartbeat(old, 1) == .rebalanceInProgress)
            mixed.script.advance(.seconds(5))
        }
        #expect(mixed.heartbeat(old, 1) == .unknownMemberId)
        #expect(mixed.script.beat("new", 2) == "3 t0 t1")
        // Joined, it never asks for what it has; then it is silent.
        for seconds in [30, 10] {
            let joined = mixed.joined(mixed.join(""))?.memberId ?? ""
            #expect(mixed.script.group?.members.count == 2)
            if seconds == 10 { _ = mixed.sync(joined, mixed.script.group?.members[joined]?.epoch ?? 0) }
            mixed.script.advance(.seconds(seconds))
            #expect(mixed.script.group?.members.count == 1)
        }
    }

    @Test func whatDoesNotFitIsRefused() {
        var mixed = Mixed(["t": 2])
        _ = mixed.script.join("new")
        let rows: [(ErrorCode, (inout Mixed) -> RequestTicket)] = [
            (.inconsistentGroupProtocol, { $0.join("", type: "connect") }),
            (.inconsistentGroupProtocol, { $0.join("", strategies: []) }),
            (.memberIdRequired, { $0.join("", version: 4) }),
            (.unknownMemberId, { $0.join("x", instance: "one") }),
        ]
        for (code, join) in rows { #expect(mixed.joined(join(&mixed))?.errorCode == code) }
        let one = mixed.joined(mixed.join("", instance: "one", strategies: ["range", "sticky"]))?.memberId ?? ""
        #expect(mixed.joined(mixed.join("", strategies: ["roundrobin"]))?.errorCode == .inconsistentGroupProtocol)
        #expect(mixed.joined(mixed.join("x", instance: "one"))?.errorCode == .fencedInstanceId)
        #expect(mixed.synced(mixed.sync(one, 9)) == "ILLEGAL_GENERATION")
        #expect(mixed.synced(mixed.sync("new", 2)) == "UNKNOWN_MEMBER_ID")
        #expect(mixed.heartbeat(one, 9) == .illegalGeneration)
        #expect(mixed.heartbeat("new", 2) == .unknownMemberId)
        // A member of the newer protocol takes the place of a static one without waiting for it to leave.
        #expect(mixed.script.join("two", instance: "one").hasPrefix("3 "))
        #expect(mixed.heartbeat(one, 3) == .unknownMemberId)
        // A group that is not about topics stays what it is.
        var workers = Mixed([:])
        _ = workers.join("", type: "connect")
        workers.script.advance(.milliseconds(1))
        #expect(workers.script.join("new") == "GROUP_ID_NOT_FOUND")
        #expect(workers.classic?.members.count == 1)
    }

    @Test func emptyGroupsChangeAtOnce() {
        var mixed = Mixed(["t": 2])
        #expect(mixed.script.join("new") == "2 t0 t1")
        #expect(mixed.script.beat("new", -1) == "-1 same")
        #expect(mixed.script.group?.state == .empty)
        let ticket = mixed.join("")
        mixed.script.advance(.milliseconds(1))
        let id = mixed.joined(ticket)?.memberId ?? ""
        #expect(mixed.script.group == nil && mixed.classic?.members.count == 1)
        #expect(
            mixed.script.coordinator.leave(group: "g", memberId: id, instanceId: nil, now: mixed.script.now) == .none)
        #expect(mixed.script.join("new") == "2 t0 t1")
    }
}
