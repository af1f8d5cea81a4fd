import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// How much work and memory large groups, and many of them, take. What was quadratic took minutes at these sizes.
@Suite(.alone) struct GroupWorkTests {
    // MARK: - Classic groups

    /// JoinGroup with 30,000 protocols compared each with each, for seven seconds.
    @Test func manyStrategiesAreRefusedAndRepeatedOnesAreOne() {
        var crowd = GroupCrowd()
        let many = (0..<30_000).map { ("p\($0)", 0) }
        #expect(crowd.join("g", protocols: many)?.errorCode == .inconsistentGroupProtocol)
        #expect(crowd.coordinator.groups.isEmpty)
        #expect(crowd.join("g", protocols: (0..<30_000).map { ("p\($0 % 7)", 0) }) == nil)
        #expect(crowd.coordinator.groups["g"]?.classic.members.values.first?.protocols.count == 7)
        #expect(crowd.coordinator.objections(pending: [.init(connection: 1, number: crowd.tickets)]) == [])
    }

    /// The votes of many members with a thousand strategies each, of which only the last one is common to all.
    @Test func votesAreCountedInOneWalk() {
        var limits = GroupLimits()
        limits.groupBytes = 1 << 30
        limits.memberBytes = 1 << 30
        var crowd = GroupCrowd(limits)
        let took = seconds {
            for member in 0..<200 {
                let own = (0..<999).map { ("p\(member)-\($0)", 0) }
                #expect(crowd.join("g", protocols: own + [("common", 0)]) == nil)
            }
            crowd.advance(.milliseconds(50))
            crowd.advance(.milliseconds(50))
        }
        #expect(crowd.coordinator.groups["g"]?.classic.protocolName == "common")
        #expect(crowd.coordinator.takeActions().count == 200)
        #expect(crowd.coordinator.objections(pending: []) == [])
        #expect(took < 20)
    }

    /// Every member that left had the rest sorted, and every request looked at every member's deadline.
    @Test func thousandsOfMembersJoinBeatAndLeave() {
        var crowd = GroupCrowd()
        let took = seconds {
            for _ in 0..<4000 { #expect(crowd.join("g") == nil) }
            crowd.advance(.milliseconds(50))
            crowd.advance(.milliseconds(50))
            let ids = crowd.coordinator.groups["g"]?.classic.ordered.map(\.id) ?? []
            #expect(ids.count == 4000)
            #expect(crowd.coordinator.takeActions().count == 4000)
            for id in ids {
                let beat = HeartbeatRequest.with {
                    $0.groupId = "g"
                    $0.memberId = id
                    $0.generationId = 1
                }
                #expect(crowd.coordinator.heartbeat(beat, now: crowd.now) == .none)
            }
            // The leader goes first, each time.
            for id in ids {
                #expect(
                    crowd.coordinator.leave(group: "g", memberId: id, instanceId: nil, now: crowd.now) == .none)
            }
        }
        #expect(crowd.coordinator.groups["g"]?.classic.members.isEmpty == true)
        #expect(crowd.coordinator.objections(pending: []) == [])
        #expect(took < 20)
    }

    // MARK: - Memory

    /// What members say of themselves is kept as long as they are members, for half an hour: no more of it than is meant
    /// for one group, and for all.
    @Test func whatMembersSayIsBounded() {
        var limits = GroupLimits()
        limits.groupBytes = 1 << 20
        limits.memberBytes = 3 << 20
        var crowd = GroupCrowd(limits)
        #expect(crowd.join("g", protocols: [("range", 2 << 20)])?.errorCode == .groupMaxSizeReached)
        #expect(crowd.coordinator.groups.isEmpty)
        for group in 0..<3 {
            #expect(crowd.join("g\(group)", protocols: [("range", 900 << 10)]) == nil)
            #expect(crowd.join("g\(group)", protocols: [("range", 200 << 10)])?.errorCode == .groupMaxSizeReached)
        }
        #expect(crowd.join("g3", protocols: [("range", 900 << 10)])?.errorCode == .groupMaxSizeReached)
        #expect(crowd.join("g3") == nil)
        // What the members of a group that is gone have said is gone as well.
        crowd.advance(.milliseconds(50))
        crowd.advance(.milliseconds(50))
        _ = crowd.coordinator.takeActions()
        crowd.advance(.seconds(61))
        #expect(crowd.coordinator.use.memberBytes < 1000)
        #expect(crowd.join("g4", protocols: [("range", 900 << 10)]) == nil)
        #expect(crowd.coordinator.use.memberBytes > 900 << 10)
    }

    /// The names of groups and of members that never came count as well.
    @Test func longNamesAreMemoryToo() {
        var limits = GroupLimits()
        limits.memberBytes = 1 << 20
        var crowd = GroupCrowd(limits)
        var refused = 0
        for index in 0..<100 {
            let name = "\(index)" + String(repeating: "n", count: 30_000)
            switch crowd.join(name, version: 5)?.errorCode {
            case .memberIdRequired: break
            case .groupMaxSizeReached: refused += 1
            case let other: Issue.record("\(other.map { "\($0)" } ?? "no answer")")
            }
        }
        #expect(refused > 80 && crowd.coordinator.use.memberBytes < 1 << 20)
        #expect(crowd.commit(String(repeating: "x", count: 30_000)) == .invalidCommitOffsetSize)
        crowd.advance(.seconds(60))
        crowd.advance(.seconds(601))
        #expect(crowd.coordinator.groups.isEmpty && crowd.coordinator.use == GroupUse())
    }

    /// A member's metadata was kept as a part of the request that it came in, and with it the whole request.
    @Test func aMemberDoesNotKeepTheRequestItCameIn() {
        let frame = [UInt8](repeating: 7, count: 1 << 20)
        let offered = JoinGroupRequest.JoinGroupRequestProtocol.with {
            $0.name = "range"
            $0.metadata = Bytes(frame)[100..<110]
        }
        let kept = [offered, offered].kept
        #expect(kept.count == 1 && kept[0].metadata == offered.metadata)
        let isOwn = kept[0].metadata.withUnsafeBytes { own in
            offered.metadata.withUnsafeBytes { own.baseAddress != $0.baseAddress }
        }
        #expect(isOwn)
    }

    /// A subscription of a million empty names has two bytes for each; read, they would be texts.
    @Test func subscriptionsCountAsWhatTheyBecome() {
        var crowd = GroupCrowd()
        #expect(crowd.join("g", protocols: [("range", 2 << 20)]) == nil)
        let subscription = [0, 0, 0, 0x10, 0, 0] + [UInt8](repeating: 0, count: 2 << 20)
        let offered = JoinGroupRequest.JoinGroupRequestProtocol.with {
            $0.name = "range"
            $0.metadata = Bytes(subscription)
        }
        #expect([offered].bytes > GroupLimits().groupBytes)
    }

    /// An assignment that is too large to be kept is an error to all, as in Kafka.
    @Test func whatALeaderAssignsIsBounded() {
        var limits = GroupLimits()
        limits.groupBytes = 100_000
        var crowd = GroupCrowd(limits)
        for _ in 0..<2 { #expect(crowd.join("g") == nil) }
        crowd.advance(.milliseconds(50))
        crowd.advance(.milliseconds(50))
        _ = crowd.coordinator.takeActions()
        let ids = crowd.coordinator.groups["g"]?.classic.ordered.map(\.id) ?? []
        for id in ids.reversed() {
            let context = crowd.context()
            crowd.coordinator.sync(
                .with {
                    $0.groupId = "g"
                    $0.memberId = id
                    $0.generationId = 1
                    $0.assignments = ids.map { id in
                        .with {
                            $0.memberId = id
                            $0.assignment = Bytes([UInt8](repeating: 0, count: 60_000))
                        }
                    }
                }, context)
        }
        let codes = crowd.coordinator.takeActions().map { action -> ErrorCode in
            if case .answerSync(_, let response) = action { response.errorCode } else { .none }
        }
        #expect(codes == [.unknownServerError, .unknownServerError])
        #expect(crowd.coordinator.groups["g"]?.classic.state == .preparingRebalance)
        #expect(crowd.coordinator.objections(pending: []) == [])
    }

    // MARK: - Many groups

    /// Each turn of the loop walked through all groups, and there was no bound on them.
    @Test func manyGroupsAreBoundedAndCostNothingPerTurn() {
        var crowd = GroupCrowd()
        for index in 0..<50_000 { #expect(crowd.commit("g\(index)") == .none) }
        #expect(crowd.commit("further") == .invalidCommitOffsetSize)
        #expect(crowd.join("further")?.errorCode == .groupMaxSizeReached)
        #expect(crowd.commit("g7") == .none)
        let took = seconds {
            for _ in 0..<5000 {
                crowd.now = crowd.now + .milliseconds(1)
                crowd.coordinator.tick(now: crowd.now)
                _ = crowd.coordinator.nextDeadline
            }
        }
        #expect(took < 5)
        // One that holds nothing makes room.
        crowd.coordinator.removeOffset(.init("t", 0), group: "g3")
        #expect(crowd.commit("further") == .none)
        #expect(crowd.coordinator.groups.count == 50_000 && crowd.coordinator.groups["g3"] == nil)
        // Deleting the topic of all.
        crowd.coordinator.forgetOffsets(ofTopic: "t")
        #expect(crowd.coordinator.use.offsetBytes == 0 && crowd.coordinator.groupsOfTopic.isEmpty)
    }

    /// Deleting a topic looked through everything that any group had committed.
    @Test func deletingTopicsCostsWhatTheyHold() {
        var crowd = GroupCrowd()
        for topic in 0..<1000 {
            for partition in 0..<20 {
                #expect(crowd.commit("g", .init("t\(topic)", PartitionID(index: partition))) == .none)
            }
        }
        for group in 0..<5000 { #expect(crowd.commit("other\(group)", .init("o", 0)) == .none) }
        let took = seconds { for topic in 0..<1000 { crowd.coordinator.forgetOffsets(ofTopic: "t\(topic)") } }
        #expect(took < 5)
        #expect(crowd.coordinator.allCommitted(group: "g").isEmpty)
        #expect(crowd.coordinator.objections(pending: []) == [])
    }

    /// A group in which many producers have positions pending was looked through for each position and each end.
    @Test func manyTransactionsInOneGroup() {
        var crowd = GroupCrowd()
        #expect(crowd.commit("g") == .none)
        let took = seconds {
            for producer in 0..<5000 {
                let owner = ProducerIdentity(id: ProducerID(Int64(producer)), epoch: 0)
                for partition in 0..<3 {
                    let position = GroupOffsets.Committed(offset: 2, leaderEpoch: -1, metadata: "")
                    #expect(
                        crowd.coordinator.commitPending(
                            position, for: .init("t", PartitionID(index: partition)), group: "g", producer: owner)
                            == .none)
                }
            }
            for _ in 0..<5000 { #expect(crowd.coordinator.isUnstable(.init("t", 1), group: "g")) }
            for producer in 0..<5000 {
                crowd.coordinator.endTransaction(
                    of: .init(id: ProducerID(Int64(producer)), epoch: 1), commit: producer % 2 == 0)
            }
        }
        #expect(took < 15)
        #expect(!crowd.coordinator.isUnstable(.init("t", 1), group: "g"))
        #expect(crowd.coordinator.allCommitted(group: "g").map(\.value.offset) == [2, 2, 2])
        #expect(crowd.coordinator.objections(pending: []) == [])
    }

    @Test func positionsAreBounded() {
        var limits = GroupLimits()
        limits.offsetBytes = 100_000
        var crowd = GroupCrowd(limits)
        let text = String(repeating: "m", count: 4096)
        let codes = (0..<30).map { crowd.commit("g", .init("t", PartitionID(index: $0)), metadata: text) }
        #expect(codes.prefix(20).allSatisfy { $0 == .none } && codes.last == .invalidCommitOffsetSize)
        #expect(crowd.coordinator.use.offsetBytes <= 100_000)
        crowd.coordinator.forget(group: "g")
        #expect(crowd.coordinator.use == GroupUse() && crowd.commit("g", metadata: text) == .none)
    }

    /// Positions are looked through for what is too old a part at a time.
    @Test func expiryIsParted() {
        var crowd = GroupCrowd()
        for group in 0..<4 {
            for partition in 0..<4000 {
                #expect(crowd.commit("g\(group)", .init("t", PartitionID(index: partition))) == .none)
            }
        }
        crowd.now = crowd.now + .seconds(8 * 86_400)
        var counts: [Int] = []
        while let next = crowd.coordinator.nextDeadline, next <= crowd.now, counts.count < 9 {
            crowd.coordinator.tick(now: crowd.now)
            counts.append(crowd.coordinator.groups.count)
        }
        #expect(counts == [2, 0])
        #expect(crowd.coordinator.use == GroupUse() && crowd.coordinator.nextDeadline == nil)
    }

    // MARK: - What a connection began

    /// A member whose connection was closed while its JoinGroup waited was kept alive by it as long as the group waited.
    @Test func aJoinEndsWithItsConnection() {
        var crowd = GroupCrowd()
        #expect(crowd.join("g") == nil)
        let ticket = RequestTicket(connection: 1, number: crowd.tickets)
        // Nobody was told the member's id: it cannot come back, and goes at once.
        crowd.coordinator.forget(ticket, now: crowd.now)
        #expect(crowd.coordinator.nextDeadline == crowd.now)
        crowd.coordinator.tick(now: crowd.now)
        #expect(crowd.coordinator.groups["g"]?.classic.members.isEmpty == true)
        #expect(crowd.coordinator.objections(pending: []) == [])
        // One that knows its id has its session's time.
        let id = crowd.join("h", version: 5)?.memberId ?? ""
        #expect(crowd.join("h", id, version: 5) == nil)
        crowd.coordinator.forget(.init(connection: 1, number: crowd.tickets), now: crowd.now)
        // The group goes on without waiting for it; its session's time begins with the new generation, as in Kafka.
        crowd.advance(.milliseconds(50))
        crowd.advance(.seconds(59))
        #expect(crowd.coordinator.groups["h"]?.classic.members.count == 1)
        crowd.advance(.seconds(1))
        #expect(crowd.coordinator.groups["h"]?.classic.members.isEmpty == true)
        #expect(crowd.coordinator.objections(pending: []) == [])
    }
}
