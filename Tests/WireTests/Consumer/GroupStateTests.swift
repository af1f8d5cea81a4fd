import TestSupport
import Testing

@testable import KafkaWire

/// A member's side of the group protocol: every edge as events and actions.
@Suite(.turn) struct GroupStateTests {
    static func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    static func state(instance: String? = nil) -> GroupState {
        GroupState(
            groupId: "g", groupInstanceId: instance, sessionTimeout: .seconds(45), heartbeatInterval: .seconds(3),
            maximumPollInterval: .seconds(300))
    }

    static func joinAnswer(
        _ code: ErrorCode = .none, member: String = "m", leader: String = "other", generation: Int32 = 7
    ) -> JoinGroupResponse {
        .with {
            $0.errorCode = code
            $0.memberId = member
            $0.leader = leader
            $0.generationId = generation
            $0.protocolName = "range"
        }
    }

    /// Partition 1 of topic t.
    private static let assignment: Bytes = {
        let share = ConsumerProtocolAssignment.with {
            $0.assignedPartitions = [
                .with {
                    $0.topic = "t"
                    $0.partitions = [1]
                }
            ]
        }
        return Bytes((try? share.encodeVersioned(version: 1)) ?? [])
    }()

    static func syncAnswer(_ code: ErrorCode = .none) -> SyncGroupResponse {
        .with {
            $0.errorCode = code
            $0.assignment = assignment
        }
    }

    /// A member that is stable since second 0.
    static func stable(instance: String? = nil) -> GroupState {
        var state = state(instance: instance)
        _ = state.polled(now: at(0))
        _ = state.joined(joinAnswer(), attempt: 1, now: at(0))
        _ = state.synced(syncAnswer(), attempt: 1, now: at(0))
        return state
    }

    @Test func theWayIn() {
        var state = Self.state()
        #expect(state.nextDeadline == nil)
        #expect(state.polled(now: Self.at(0)) == [.join(attempt: 1, afterPause: false)])
        #expect(state.polled(now: Self.at(0)).isEmpty)
        // KIP-394: the coordinator first gives an id.
        let answer = Self.joinAnswer(.memberIdRequired, member: "given")
        #expect(state.joined(answer, attempt: 1, now: Self.at(0)) == [.join(attempt: 2, afterPause: false)])
        #expect(state.memberId == "given")
        #expect(state.joined(answer, attempt: 2, now: Self.at(0)) == [.join(attempt: 3, afterPause: true)])
        #expect(state.joined(Self.joinAnswer(), attempt: 3, now: Self.at(0)) == [.sync(attempt: 3)])
        #expect(state.generation == 7)
        #expect(
            state.synced(Self.syncAnswer(), attempt: 3, now: Self.at(0)) == [
                .assigned([TopicPartition("t", 1)]), .takeOver([TopicPartition("t", 1)], share: 3),
            ])
        #expect(state.has(3))
        #expect(!state.has(2))
        #expect(state.phase == .stable)
        #expect(state.nextDeadline == Self.at(3))
    }

    @Test func theLeaderAssigns() {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        let members: [JoinGroupResponse.JoinGroupResponseMember] = [.with { $0.memberId = "m" }]
        var answer = Self.joinAnswer(leader: "m")
        answer.members = members
        #expect(
            state.joined(answer, attempt: 1, now: Self.at(0))
                == [.ask(.lead(attempt: 1, protocolName: "range", members, isAssigned: false), afterPause: false)])
    }

    @Test func answersOfAnEarlierAttemptDoNotMatter() {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        _ = state.withdraw()
        #expect(state.polled(now: Self.at(1)) == [.join(attempt: 2, afterPause: false)])
        #expect(state.joined(Self.joinAnswer(), attempt: 1, now: Self.at(1)).isEmpty)
        #expect(state.phase == .joining)
        let error = KafkaError(.connectionFailed, "x")
        #expect(state.requestFailed(error, attempt: 1).isEmpty)
        #expect(state.joined(Self.joinAnswer(), attempt: 2, now: Self.at(1)) == [.sync(attempt: 2)])
        #expect(state.synced(Self.syncAnswer(), attempt: 1, now: Self.at(1)).isEmpty)
    }

    @Test(
        arguments: [
            (ErrorCode.coordinatorNotAvailable, [.forgetCoordinator, .join(attempt: 2, afterPause: true)]),
            (.notCoordinator, [.forgetCoordinator, .join(attempt: 2, afterPause: true)]),
            (.coordinatorLoadInProgress, [.join(attempt: 2, afterPause: true)]),
            (.unknownMemberId, [.join(attempt: 2, afterPause: true)]),
            (.illegalGeneration, [.join(attempt: 2, afterPause: false)]),
            (.rebalanceInProgress, [.join(attempt: 2, afterPause: false)]),
        ] as [(ErrorCode, [GroupState.Action])])
    func aRefusedJoinIsTriedAgain(_ code: ErrorCode, _ expected: [GroupState.Action]) {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        #expect(state.joined(Self.joinAnswer(code), attempt: 1, now: Self.at(0)) == expected)
        #expect(state.phase == .joining)
    }

    /// A coordinator that loses its office before it has stored a static member's id: the next one knows the instance by the id of
    /// its life before. Told twice, or of an id that was stored, it is true: a twin has the name.
    @Test func anIdThatWasNotStoredIsNotFenced() {
        let fenced = ErrorCode.fencedInstanceId
        var state = Self.state(instance: "i")
        _ = state.polled(now: Self.at(0))
        _ = state.joined(Self.joinAnswer(), attempt: 1, now: Self.at(0))
        let again = state.synced(Self.syncAnswer(fenced), attempt: 1, now: Self.at(1))
        #expect(again == [.join(attempt: 2, afterPause: true)])
        #expect(state.memberId.isEmpty && state.phase == .joining)
        _ = state.joined(Self.joinAnswer(member: "n"), attempt: 2, now: Self.at(2))
        var twin = state
        _ = twin.synced(Self.syncAnswer(fenced), attempt: 2, now: Self.at(3))
        #expect(twin.phase == .left)
        // Stored, and put out since under its name.
        _ = state.synced(Self.syncAnswer(), attempt: 2, now: Self.at(3))
        _ = state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(6))
        _ = state.released()
        _ = state.joined(Self.joinAnswer(fenced), attempt: 3, now: Self.at(7))
        #expect(state.phase == .left)
        // Who was given no id yet cannot have lost one.
        state = Self.state(instance: "i")
        _ = state.polled(now: Self.at(0))
        _ = state.joined(Self.joinAnswer(fenced), attempt: 1, now: Self.at(0))
        #expect(state.phase == .left)
    }

    @Test func aRequestWithoutAnAnswerIsSentAgainAfterAPause() {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        let lost = KafkaError(.connectionFailed, "x")
        #expect(
            state.requestFailed(lost, attempt: 1) == [
                .report(lost, .group), .forgetCoordinator, .join(attempt: 2, afterPause: true),
            ])
        let hopeless = KafkaError(.unsupportedVersion, "x")
        #expect(state.requestFailed(hopeless, attempt: 2) == [.fail(hopeless)])
        #expect(state.phase == .left)
    }

    @Test func heartbeatsGoOnWhileTheApplicationWorks() {
        var state = Self.stable()
        #expect(state.tick(now: Self.at(2)).isEmpty)
        #expect(state.tick(now: Self.at(3)) == [.heartbeat])
        // One at a time.
        #expect(state.tick(now: Self.at(6)).isEmpty)
        #expect(state.nextDeadline == Self.at(45))
        #expect(state.heartbeatAnswered(.none, now: Self.at(7)).isEmpty)
        #expect(state.nextDeadline == Self.at(10))
        #expect(state.tick(now: Self.at(10)) == [.heartbeat])
    }

    @Test func aRebalanceAsksTheApplicationToLetGoFirst() {
        var state = Self.stable()
        _ = state.tick(now: Self.at(3))
        #expect(state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3)) == [.revoke(lost: false)])
        #expect(state.phase == .revoking(lost: false))
        // Heartbeats go on until it has; the news are not told twice.
        #expect(state.tick(now: Self.at(6)) == [.heartbeat])
        #expect(state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(6)).isEmpty)
        #expect(state.released() == [.join(attempt: 2, afterPause: false)])
        #expect(state.memberId == "m")
        #expect(state.generation == 7)
        #expect(state.released().isEmpty)
        // What a late heartbeat says of the old generation does not matter any more.
        #expect(state.heartbeatAnswered(.unknownMemberId, now: Self.at(7)).isEmpty)
        #expect(state.memberId == "m")
    }

    @Test func aMemberThatTheGroupHasGivenUpLosesItsPartitions() {
        for (code, id) in [(ErrorCode.unknownMemberId, ""), (.illegalGeneration, "m")] {
            var state = Self.stable()
            #expect(state.heartbeatAnswered(code, now: Self.at(3)) == [.revoke(lost: true)])
            #expect(state.memberId == id)
            #expect(state.generation == -1)
            #expect(state.nextDeadline == nil)
            #expect(state.released() == [.join(attempt: 2, afterPause: false)])
        }
    }

    /// A silent coordinator took the partitions away, and hundreds of records came again: nobody had said that they are
    /// others' now.
    @Test func heartbeatsThatGetNoAnswerAreRepeatedAndTheMemberReadsOn() {
        var state = Self.stable()
        #expect(state.tick(now: Self.at(3)) == [.heartbeat])
        #expect(state.heartbeatFailed(KafkaError(.timedOut, "x"), now: Self.at(4)) == [.forgetCoordinator])
        #expect(state.nextDeadline == Self.at(4) + .milliseconds(500))
        #expect(state.tick(now: Self.at(5)) == [.heartbeat])
        let actions = state.tick(now: Self.at(45))
        guard case .report(let error, .membership)? = actions.first else {
            Issue.record("it was not told: \(actions)")
            return
        }
        #expect(error.setting == "session.timeout.ms")
        #expect(actions.dropFirst() == [.forgetCoordinator])
        #expect(state.standing == .stable)
        #expect(state.member?.generation == 7)
        #expect(state.nextDeadline == Self.at(90))
        // Another coordinator knows it still, or does not.
        var kept = state
        #expect(kept.heartbeatAnswered(.none, now: Self.at(50)) == [.recovered(.membership)])
        #expect(state.heartbeatAnswered(.unknownMemberId, now: Self.at(50)) == [.revoke(lost: true)])
    }

    /// A static member that is back gets what it had, whatever it reads now: that ended the program after a minute.
    @Test func aShareThatIsNotWhatTheMemberReadsIsGivenBackByJoiningAgain() {
        let error = KafkaError(.timedOut, "x")
        var state = Self.stable()
        #expect(state.rejects(2, because: error).isEmpty)
        #expect(state.rejects(1, because: error) == [.join(attempt: 2, afterPause: false)])
        #expect(state.standing == .joining)
        _ = state.joined(Self.joinAnswer(), attempt: 2, now: Self.at(1))
        _ = state.synced(Self.syncAnswer(), attempt: 2, now: Self.at(1))
        // Again and again: with a pause, and told.
        #expect(
            state.rejects(2, because: error) == [.report(error, .membership), .join(attempt: 3, afterPause: true)])
    }

    /// The member ended with a trap of a dictionary, or read the partition twice.
    @Test func aPartitionThatAnAssignmentNamesTwiceIsOne() throws {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        _ = state.joined(Self.joinAnswer(), attempt: 1, now: Self.at(0))
        let share = ConsumerProtocolAssignment.with {
            $0.assignedPartitions = [[1, 0, 1] as [PartitionID], [0, 2]].map { partitions in
                .with {
                    $0.topic = "t"
                    $0.partitions = partitions
                }
            }
        }
        let answer = SyncGroupResponse.with { $0.assignment = Bytes((try? share.encodeVersioned(version: 1)) ?? []) }
        let partitions = [1, 0, 2].map { TopicPartition("t", PartitionID(index: $0)) }
        #expect(
            state.synced(answer, attempt: 1, now: Self.at(0)) == [
                .assigned(partitions), .takeOver(partitions, share: 1),
            ])
    }

    @Test func whatTheLeadersAssignorSaysComesWithThePartitions() throws {
        let partition = TopicPartition("t", 1)
        for userData in [nil, Bytes([]), Bytes([1, 2])] {
            var state = Self.state()
            _ = state.polled(now: Self.at(0))
            _ = state.joined(Self.joinAnswer(), attempt: 1, now: Self.at(0))
            let bytes = try MemberAssignment([partition], userData: userData).encoded()
            let answer = SyncGroupResponse.with { $0.assignment = bytes }
            #expect(
                state.synced(answer, attempt: 1, now: Self.at(0)) == [
                    .assigned([partition], userData: userData), .takeOver([partition], share: 1),
                ])
        }
    }

    /// KIP-814: a static leader that is back is told to watch the topics, not to assign.
    @Test func aLeaderThatIsBackDoesNotAssignAgain() {
        var state = Self.state(instance: "i")
        _ = state.polled(now: Self.at(0))
        let members: [JoinGroupResponse.JoinGroupResponseMember] = [.with { $0.memberId = "m" }]
        var answer = Self.joinAnswer(leader: "m")
        answer.members = members
        answer.skipAssignment = true
        #expect(
            state.joined(answer, attempt: 1, now: Self.at(0))
                == [.ask(.lead(attempt: 1, protocolName: "range", members, isAssigned: true), afterPause: false)])
    }

    @Test func aCoordinatorThatMovedIsLookedForAgain() {
        for code in [ErrorCode.notCoordinator, .coordinatorNotAvailable] {
            var state = Self.stable()
            #expect(state.heartbeatAnswered(code, now: Self.at(3)) == [.forgetCoordinator])
            #expect(state.phase == .stable)
        }
    }

    @Test func anApplicationThatWorksForTooLongLeaves() {
        var state = Self.stable()
        for second in stride(from: Int64(3), to: 300, by: 3) {
            #expect(state.tick(now: Self.at(second)) == [.heartbeat])
            _ = state.heartbeatAnswered(.none, now: Self.at(second))
        }
        #expect(state.tick(now: Self.at(300)) == [.leave(memberId: "m"), .revoke(lost: true)])
        #expect(state.memberId.isEmpty)
        #expect(state.released() == [.join(attempt: 2, afterPause: false)])

        var fixed = Self.stable(instance: "i")
        _ = fixed.heartbeatAnswered(.none, now: Self.at(299))
        #expect(fixed.tick(now: Self.at(300)) == [.revoke(lost: true)])
        #expect(fixed.memberId == "m")
    }

    @Test func askingForMoreIsALifeSign() {
        var state = Self.stable()
        _ = state.polled(now: Self.at(299))
        _ = state.heartbeatAnswered(.none, now: Self.at(299))
        #expect(state.tick(now: Self.at(301)).isEmpty)
    }

    @Test(
        arguments: [
            (ErrorCode.illegalGeneration, [.revoke(lost: true)]), (.unknownMemberId, [.revoke(lost: true)]),
            (.rebalanceInProgress, [.revoke(lost: false)]), (.notCoordinator, [.forgetCoordinator]),
            (.offsetMetadataTooLarge, []),
        ] as [(ErrorCode, [GroupState.Action])])
    func aRefusedCommitTellsWhereTheGroupStands(_ code: ErrorCode, _ expected: [GroupState.Action]) {
        var state = Self.stable()
        #expect(state.commitRefused(code, now: Self.at(4)) == expected)
    }

    @Test func aRefusedCommitDuringAJoinChangesNothing() {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        #expect(state.commitRefused(.illegalGeneration, now: Self.at(4)).isEmpty)
        #expect(state.phase == .joining)
    }

    @Test func closingLeavesAndAStaticMemberStays() {
        var state = Self.stable()
        #expect(state.close(.usual) == [.leave(memberId: "m")])
        #expect(state.close(.usual).isEmpty)
        #expect(state.polled(now: Self.at(1)).isEmpty)

        var fixed = Self.stable(instance: "i")
        #expect(fixed.close(.usual).isEmpty)

        var outside = Self.state()
        #expect(outside.close(.usual).isEmpty)

        var lost = Self.stable()
        _ = lost.heartbeatAnswered(.illegalGeneration, now: Self.at(3))
        #expect(lost.close(.usual).isEmpty)
    }

    @Test func whoStopsReadingLeavesAndMayComeBack() {
        var state = Self.stable()
        #expect(state.withdraw() == [.leave(memberId: "m")])
        #expect(state.phase == .outside)
        #expect(state.memberId.isEmpty)
        #expect(state.withdraw().isEmpty)
        #expect(state.polled(now: Self.at(5)) == [.join(attempt: 2, afterPause: false)])
    }

    @Test func otherTopicsMeanARebalance() {
        var state = Self.stable()
        #expect(state.subscriptionChanged(unwanted: [], because: "", now: Self.at(4)) == [.revoke(lost: false)])
        #expect(state.subscriptionChanged(unwanted: [], because: "", now: Self.at(4)).isEmpty)
    }

    /// What the engine sees of it.
    @Test func requestsAndCommitsAreSignedWhileTheyAreOfUse() {
        var state = Self.state()
        #expect(state.standing == .outside)
        #expect(state.member == nil)
        _ = state.polled(now: Self.at(0))
        #expect(state.sender(of: .join(attempt: 1))?.memberId == "")
        #expect(state.sender(of: .join(attempt: 0)) == nil)
        #expect(state.sender(of: .sync(attempt: 1, protocolName: "range")) == nil)
        #expect(
            state.answered(.join(Self.joinAnswer()), to: .join(attempt: 1), now: Self.at(0)) == [.sync(attempt: 1)])
        #expect(state.standing == .joining)
        let sync = GroupRequest.sync(attempt: 1, protocolName: "range")
        let expected = Membership(groupId: "g", generation: 7, memberId: "m")
        #expect(state.sender(of: sync) == expected)
        #expect(state.answered(.heartbeat(.none), to: sync, now: Self.at(0)).isEmpty)
        #expect(state.answered(.sync(Self.syncAnswer()), to: sync, now: Self.at(0)).count == 2)
        #expect(state.standing == .stable)
        #expect(state.member == expected)
        #expect(state.sender(of: .leave(memberId: "old")) == Membership(groupId: "g", memberId: "old"))
    }

    @Test func whatComesOfAnEarlierGenerationDoesNotMatter() {
        var state = Self.stable()
        var before = Membership(groupId: "g", generation: 6, memberId: "m")
        let old = GroupRequest.heartbeat(generation: 6)
        #expect(state.answered(.heartbeat(.unknownMemberId), to: old, now: Self.at(3)).isEmpty)
        #expect(state.failed(old, because: KafkaError(.timedOut, "x"), now: Self.at(3)).isEmpty)
        #expect(state.commitRefused(.unknownMemberId, of: before, now: Self.at(3)).isEmpty)
        #expect(state == Self.stable())
        before.generation = 7
        #expect(state.commitRefused(.unknownMemberId, of: before, now: Self.at(3)) == [.revoke(lost: true)])
        #expect(state.standing == .revoking(lost: true))
    }
}

extension MemberAction {
    static func join(attempt: Int, afterPause: Bool) -> Self { .ask(.join(attempt: attempt), afterPause: afterPause) }
    static func sync(attempt: Int) -> Self {
        .ask(.sync(attempt: attempt, protocolName: "range"), afterPause: false)
    }
    static func assigned(_ partitions: [TopicPartition], userData: Bytes? = nil) -> Self {
        .assigned(MemberAssignment(partitions, userData: userData), by: "range")
    }
    /// Of the generation that these tests have.
    static var heartbeat: Self { .ask(.heartbeat(generation: 7), afterPause: false) }
    static func leave(memberId: String) -> Self { .ask(.leave(memberId: memberId), afterPause: false) }
}
