import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

@Suite(.turn) struct ClassicGroupTests {
    @Test func membersOfANewGroupAreGatheredBeforeTheFirstGeneration() {
        var script = GroupScript()
        let first = script.join()
        #expect(script.joined(first) == nil)
        script.advance(.milliseconds(60))
        let second = script.join()
        script.advance(.milliseconds(50))
        // The second has put the end of the wait off.
        #expect(script.joined(first) == nil)
        script.advance(.milliseconds(100))
        let a = script.joined(first)
        let b = script.joined(second)
        #expect(a?.generationId == 1 && b?.generationId == 1)
        #expect(a?.leader == a?.memberId && b?.leader == a?.memberId)
        #expect(a?.members.map(\.memberId) == [a, b].compactMap { $0?.memberId })
        #expect(b?.members.isEmpty == true)
        #expect(a?.protocolName == "range")
    }

    @Test func aMemberIsToldItsIdBeforeItJoins() {
        var script = GroupScript()
        let first = script.joined(script.join(version: 4))
        #expect(first?.errorCode == .memberIdRequired)
        let id = first?.memberId ?? ""
        #expect(id.hasPrefix("client-") && id.count == 7 + 36)
        let second = script.join(id, version: 4)
        script.advance(.milliseconds(100))
        #expect(script.joined(second)?.memberId == id)
        #expect(script.joined(script.join("never given out"))?.errorCode == .unknownMemberId)
    }

    @Test func anIdThatIsNotUsedExpires() {
        var script = GroupScript()
        let id = script.joined(script.join(version: 4))?.memberId ?? ""
        script.advance(.seconds(11))
        #expect(script.joined(script.join(id, version: 4))?.errorCode == .unknownMemberId)
    }

    @Test func followersWaitForTheLeadersAssignment() {
        var script = GroupScript()
        let joins = [script.join(), script.join()]
        script.advance(.milliseconds(100))
        script.advance(.milliseconds(100))
        let ids = joins.compactMap { script.joined($0)?.memberId }
        let follower = script.sync(ids[1], generation: 1)
        #expect(script.synced(follower) == nil)
        #expect(script.group?.state == .completingRebalance)
        let leader = script.sync(ids[0], generation: 1, assign: [ids[0]: "x", ids[1]: "y"])
        #expect(script.synced(leader) == "x")
        #expect(script.synced(follower) == "y")
        #expect(script.group?.state == .stable)
        let again = script.sync(ids[1], generation: 1)
        #expect(script.synced(again) == "y")
    }

    @Test func aNewMemberMakesTheOthersJoinAgain() {
        var script = GroupScript()
        let ids = script.stable(2)
        let third = script.join()
        #expect(script.heartbeat(ids[0], generation: 1) == .rebalanceInProgress)
        let again = [script.join(ids[0]), script.join(ids[1])]
        // All are there: the generation begins without waiting.
        #expect(script.joined(third)?.generationId == 2)
        #expect(script.joined(again[0])?.members.count == 3)
        #expect(script.heartbeat(ids[0], generation: 1) == .illegalGeneration)
        #expect(script.heartbeat(ids[0], generation: 2) == .none)
        #expect(script.heartbeat("stranger", generation: 2) == .unknownMemberId)
    }

    @Test func whoDoesNotJoinAgainInTimeIsOut() {
        var script = GroupScript()
        let ids = script.stable(2)
        let again = script.join(ids[0], metadata: [1])
        for _ in 0..<29 {
            script.advance(.seconds(1))
            // The second is alive, but does not join.
            #expect(script.heartbeat(ids[1], generation: 1) == .rebalanceInProgress)
        }
        #expect(script.joined(again) == nil)
        script.advance(.seconds(1))
        #expect(script.joined(again)?.members.map(\.memberId) == [ids[0]])
        #expect(script.heartbeat(ids[1], generation: 2) == .unknownMemberId)
    }

    @Test func aSilentMemberLosesItsSession() {
        var script = GroupScript()
        let ids = script.stable(2)
        script.advance(.seconds(6))
        #expect(script.heartbeat(ids[1], generation: 1) == .none)
        script.advance(.seconds(5))
        // The leader was silent for 11 seconds; the other one leads the next generation.
        #expect(script.heartbeat(ids[1], generation: 1) == .rebalanceInProgress)
        let again = script.join(ids[1])
        #expect(script.joined(again)?.leader == ids[1])
        #expect(script.joined(again)?.generationId == 2)
    }

    @Test func aMemberThatWaitsDoesNotLoseItsSession() {
        var script = GroupScript()
        let ids = script.stable(2)
        let again = script.join(ids[0], metadata: [1], session: 1000)
        for _ in 0..<5 {
            script.advance(.seconds(4))
            _ = script.heartbeat(ids[1], generation: 1)
        }
        #expect(script.group?.members.count == 2)
        let second = script.join(ids[1])
        #expect(script.joined(again)?.errorCode == ErrorCode.none)
        #expect(script.joined(second)?.errorCode == ErrorCode.none)
    }

    @Test func aMemberThatDoesNotSyncIsRemoved() {
        var script = GroupScript()
        let joins = [script.join(session: 60_000), script.join(session: 60_000)]
        script.advance(.milliseconds(200))
        script.advance(.milliseconds(200))
        let ids = joins.compactMap { script.joined($0)?.memberId }
        let waiting = script.sync(ids[1], generation: 1)
        script.advance(.seconds(31))
        // The leader never spoke.
        #expect(script.synced(waiting) == "REBALANCE_IN_PROGRESS")
        #expect(script.group?.members.keys.sorted() == [ids[1]])
    }

    @Test func leavingRebalancesTheRest() {
        var script = GroupScript()
        let ids = script.stable(2)
        #expect(script.leave(ids[0]) == .none)
        #expect(script.leave(ids[0]) == .unknownMemberId)
        #expect(script.heartbeat(ids[1], generation: 1) == .rebalanceInProgress)
        #expect(script.leave(ids[1]) == .none)
        #expect(script.group?.state == .empty)
        #expect(script.group?.generation == 2)
        let next = script.join()
        script.advance(.milliseconds(100))
        #expect(script.joined(next)?.generationId == 3)
    }

    @Test func theProtocolIsVotedFor() {
        let table: [([[String]], String?)] = [
            ([["range", "roundrobin"], ["roundrobin", "range"]], "range"),
            ([["range", "roundrobin"], ["roundrobin", "range"], ["roundrobin", "range"]], "roundrobin"),
            ([["sticky", "range"], ["range"]], "range"),
        ]
        for (offers, wanted) in table {
            var script = GroupScript()
            let joins = offers.map { script.join(protocols: $0) }
            for _ in 0..<5 { script.advance(.milliseconds(100)) }
            for join in joins { #expect(script.joined(join)?.protocolName == wanted) }
        }
    }

    @Test func strangersToTheProtocolAreRefused() {
        var script = GroupScript()
        _ = script.stable(1)
        let inconsistent = ErrorCode.inconsistentGroupProtocol
        #expect(script.joined(script.join(protocols: ["sticky"]))?.errorCode == inconsistent)
        #expect(script.joined(script.join(type: "connect"))?.errorCode == inconsistent)
        #expect(script.joined(script.join(protocols: []))?.errorCode == inconsistent)
        #expect(script.joined(script.join(session: 10))?.errorCode == .invalidSessionTimeout)
    }

    @Test func aStaticMemberReturnsWithoutARebalance() {
        var script = GroupScript()
        let ids = script.stable(2, instances: ["one", "two"])
        let back = script.joined(script.join(instance: "two"))
        #expect(back?.generationId == 1)
        #expect(back?.memberId != ids[1])
        #expect(script.group?.state == .stable)
        let sync = script.sync(back?.memberId ?? "", generation: 1, instance: "two")
        #expect(script.synced(sync) == "part 1")
        #expect(script.heartbeat(ids[1], generation: 1, instance: "two") == .fencedInstanceId)

        // The leader is told not to assign again, where its version can be told.
        let leader = script.joined(script.join(instance: "one", version: 9))
        #expect(leader?.skipAssignment == true)
        #expect(leader?.members.count == 2)
        #expect(leader?.leader == leader?.memberId)
        let older = script.joined(script.join(instance: "one", version: 8))
        #expect(older?.leader == leader?.memberId && older?.memberId != leader?.memberId)

        #expect(script.leave("", instance: "two") == .none)
        #expect(script.group?.state == .preparingRebalance)
    }

    @Test func commitsAreOfTheGeneration() {
        var script = GroupScript()
        #expect(script.mayCommit("", generation: 3) == .illegalGeneration)
        #expect(script.mayCommit("", generation: 3, version: 9) == .groupIdNotFound)
        #expect(script.mayCommit("", generation: -1) == .none)
        let ids = script.stable(1)
        #expect(script.mayCommit(ids[0], generation: 1) == .none)
        #expect(script.mayCommit(ids[0], generation: 0) == .illegalGeneration)
        #expect(script.mayCommit("stranger", generation: 1) == .unknownMemberId)
        #expect(script.mayCommit("", generation: -1) == .unknownMemberId)
        _ = script.join()
        // Before it joins again a member may still commit what it has done.
        #expect(script.mayCommit(ids[0], generation: 1) == .none)
        _ = script.join(ids[0])
        #expect(script.mayCommit(ids[0], generation: 2) == .rebalanceInProgress)
    }

    @Test func anEmptyGroupIsForgotten() {
        var script = GroupScript()
        let ids = script.stable(1)
        _ = script.leave(ids[0])
        script.advance(.seconds(599))
        #expect(script.group != nil)
        script.advance(.seconds(2))
        #expect(script.group == nil)
    }
}
