import TestSupport
import Testing

@testable import KafkaWire

/// Members whose application wants nothing: from wherever they stand they give back, leave, and stay outside until it wants
/// something again.
@Suite(.turn) struct UnsubscribingTests {
    private static func at(_ seconds: Int64) -> Instant { GroupStateTests.at(seconds) }
    private static let leave = MemberAction.ask(.leave(memberId: "m"), afterPause: false)
    private static let join2 = MemberAction.ask(.join(attempt: 2), afterPause: false)

    private static func wantsAgain(_ member: inout some GroupMembership) {
        #expect(member.standing == .outside && member.member == nil)
        #expect(member.polled(now: at(9)).isEmpty && member.nextDeadline == nil && member.tick(now: at(9999)).isEmpty)
        #expect(member.unsubscribed().isEmpty)
        _ = member.rebalanceRequested(because: "", now: at(9))
        #expect(member.polled(now: at(9)).isEmpty)
        #expect(member.subscriptionChanged(unwanted: [], because: "", now: at(9)).isEmpty)
        #expect(member.polled(now: at(9)).count == 1)
        #expect(member.standing == .joining)
    }

    // MARK: - The classic protocol

    @Test func whoHasNothingLeavesAtOnce() {
        var outside = GroupStateTests.state()
        #expect(outside.unsubscribed().isEmpty)
        Self.wantsAgain(&outside)
        var joining = GroupStateTests.state()
        _ = joining.polled(now: Self.at(0))
        #expect(joining.unsubscribed().isEmpty, "nobody knows it yet")
        // The answer to what it asked is of no matter any more.
        #expect(joining.joined(GroupStateTests.joinAnswer(), attempt: 1, now: Self.at(1)).isEmpty)
        Self.wantsAgain(&joining)
        var syncing = GroupStateTests.state()
        _ = syncing.polled(now: Self.at(0))
        _ = syncing.joined(GroupStateTests.joinAnswer(), attempt: 1, now: Self.at(0))
        #expect(syncing.unsubscribed() == [Self.leave])
        #expect(syncing.synced(GroupStateTests.syncAnswer(), attempt: 1, now: Self.at(1)).isEmpty)
        #expect(syncing.leaveReason == JoinReason.nothing)
        Self.wantsAgain(&syncing)
    }

    @Test func whatItHasIsGivenBackFirst() {
        var state = GroupStateTests.stable()
        #expect(state.unsubscribed() == [.revoke(lost: false)])
        #expect(state.standing == .revoking(lost: false) && state.member?.generation == 7, "it can commit")
        #expect(state.unsubscribed().isEmpty)
        #expect(state.released() == [Self.leave])
        Self.wantsAgain(&state)
        // As it lets go of all anyway.
        var rebalancing = GroupStateTests.stable()
        _ = rebalancing.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3))
        #expect(rebalancing.unsubscribed().isEmpty)
        #expect(rebalancing.released() == [Self.leave])
        Self.wantsAgain(&rebalancing)
        // Others have it already.
        var lost = GroupStateTests.stable()
        _ = lost.heartbeatAnswered(.unknownMemberId, now: Self.at(3))
        #expect(lost.unsubscribed().isEmpty)
        #expect(lost.released().isEmpty)
        Self.wantsAgain(&lost)
        // A static member stays in the group until its session ends, as in Java.
        var fixed = GroupStateTests.stable(instance: "i")
        #expect(fixed.unsubscribed() == [.revoke(lost: false)])
        #expect(fixed.released().isEmpty)
        Self.wantsAgain(&fixed)
    }

    @Test func whoWantsSomethingAgainBeforeItHasLetGoStays() {
        var state = GroupStateTests.stable()
        _ = state.unsubscribed()
        #expect(state.subscriptionChanged(unwanted: [], because: "", now: Self.at(3)).isEmpty)
        #expect(state.released() == [Self.join2])
        var closed = GroupStateTests.stable()
        _ = closed.close(.usual)
        #expect(closed.unsubscribed().isEmpty && closed.standing == .left)
    }

    /// It goes on reading while it joins: first it hears in which generation it can commit.
    @Test func whoJoinsCooperativelyGivesBackBehindThat() {
        for hasJoined in [false, true] {
            var state = CooperativeStateTests.stable()
            _ = state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3))
            if !hasJoined { #expect(state.unsubscribed().isEmpty) }
            _ = state.joined(GroupStateTests.joinAnswer(generation: 8), attempt: 2, now: Self.at(3))
            if hasJoined { #expect(state.unsubscribed().isEmpty) }
            let (a, c) = (TopicPartition("t", 0), TopicPartition("t", 2))
            #expect(
                state.synced(CooperativeStateTests.answer([a, c]), attempt: 2, now: Self.at(3)) == [
                    .assigned([a, c]), .revoke(lost: false),
                ])
            #expect(state.member?.generation == 8 && state.held([c], of: 2) == [], "what came is not begun")
            #expect(state.released() == [Self.leave])
            Self.wantsAgain(&state)
        }
    }

    /// What is given up already is let go of by itself, and then the rest.
    @Test func whoGivesUpAPartGivesUpTheRestBehindIt() {
        let (a, b) = (TopicPartition("t", 0), TopicPartition("t", 1))
        var state = CooperativeStateTests.stable()
        #expect(
            state.subscriptionChanged(unwanted: [b], because: JoinReason.topics, now: Self.at(4)) == [.surrender([b])])
        #expect(state.unsubscribed().isEmpty)
        #expect(state.released() == [.revoke(lost: false)])
        #expect(state.standing == .revoking(lost: false) && state.share.partitions == [a])
        #expect(state.released() == [Self.leave])
        Self.wantsAgain(&state)
    }

    // MARK: - The protocol of KIP-848

    private static let topic = TopicID(Uuid(high: 1, low: 1))

    private static func answer(_ partitions: [PartitionID]?, _ code: ErrorCode = .none) -> GroupAnswer {
        .beat(
            .with {
                $0.errorCode = code
                $0.memberEpoch = 3
                $0.heartbeatIntervalMs = 1000
                $0.assignment = partitions.map { partitions in
                    .with {
                        $0.topicPartitions = [
                            .with {
                                $0.topicId = topic
                                $0.partitions = partitions
                            }
                        ]
                    }
                }
            }, names: [topic: "t"])
    }

    private static func beat(_ attempt: Int) -> GroupRequest { .beat(attempt: attempt, .init(epoch: 0, tells: .all)) }

    private static func member(instance: String? = nil, stable: Bool = true) -> HeartbeatMembership {
        var member = HeartbeatMembership(
            groupId: "g", groupInstanceId: instance, memberId: "m", maximumPollInterval: .seconds(300))
        guard stable else { return member }
        _ = member.polled(now: at(0))
        _ = member.answered(answer([0, 1]), to: beat(1), now: at(0))
        _ = member.answered(answer(nil), to: beat(2), now: at(0))
        #expect(member.standing == .stable && member.share.partitions.count == 2)
        return member
    }

    private static func parting(_ how: ConsumerBeat.Leaving) -> [MemberAction] {
        [.ask(.partingBeat(how), afterPause: false)]
    }

    @Test(arguments: [nil, "i"] as [String?]) func byHeartbeatsAsWell(_ instance: String?) {
        let parting = Self.parting(instance == nil ? .forGood : .forAWhile)
        var outside = Self.member(instance: instance, stable: false)
        #expect(outside.unsubscribed().isEmpty)
        Self.wantsAgain(&outside)
        var joining = Self.member(instance: instance, stable: false)
        _ = joining.polled(now: Self.at(0))
        #expect(joining.unsubscribed() == parting)
        #expect(joining.answered(Self.answer([0]), to: Self.beat(1), now: Self.at(0)).isEmpty)
        Self.wantsAgain(&joining)
        var stable = Self.member(instance: instance)
        #expect(stable.unsubscribed() == [.revoke(lost: false)])
        // It stays a member while it lets go, and takes nothing new.
        #expect(stable.member != nil && stable.tick(now: Self.at(1)).count == 1)
        #expect(stable.answered(Self.answer([2]), to: Self.beat(3), now: Self.at(1)).isEmpty)
        #expect(stable.released() == parting)
        Self.wantsAgain(&stable)
    }

    @Test func byHeartbeatsWhateverItGivesUpAlready() {
        var part = Self.member()
        _ = part.tick(now: Self.at(1))
        let given = part.answered(Self.answer([0]), to: Self.beat(3), now: Self.at(1))
        #expect(given == [.surrender([TopicPartition("t", 1)])])
        #expect(part.unsubscribed().isEmpty)
        #expect(part.released() == [.revoke(lost: false)])
        #expect(part.released() == Self.parting(.forGood))
        Self.wantsAgain(&part)
        var fenced = Self.member()
        _ = fenced.tick(now: Self.at(1))
        let lost = fenced.answered(Self.answer(nil, .fencedMemberEpoch), to: Self.beat(3), now: Self.at(1))
        #expect(lost == [.revoke(lost: true)])
        #expect(fenced.unsubscribed().isEmpty && fenced.released().isEmpty)
        Self.wantsAgain(&fenced)
        // It wants something again before it has let go.
        var again = Self.member()
        _ = again.unsubscribed()
        #expect(again.subscriptionChanged(unwanted: [], because: "", now: Self.at(2)).count == 1, "it tells so")
        let actions = again.released()
        #expect(actions == [.takeOver([TopicPartition("t", 0), TopicPartition("t", 1)], share: 3)])
        #expect(again.standing == .stable)
    }
}
