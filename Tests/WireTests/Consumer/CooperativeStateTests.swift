import TestSupport
import Testing

@testable import KafkaWire

/// A member of a classic group that rebalances cooperatively (KIP-429).
@Suite(.turn) struct CooperativeStateTests {
    private static func at(_ seconds: Int64) -> Instant { GroupStateTests.at(seconds) }
    private static let (a, b, c) = (TopicPartition("t", 0), TopicPartition("t", 1), TopicPartition("t", 2))

    static func answer(_ partitions: [TopicPartition], _ code: ErrorCode = .none) -> SyncGroupResponse {
        .with {
            $0.errorCode = code
            $0.assignment = (try? MemberAssignment(partitions).encoded()) ?? Bytes([])
        }
    }

    static func stable(_ partitions: [TopicPartition] = [a, b]) -> GroupState {
        var state = GroupState(
            groupId: "g", sessionTimeout: .seconds(45), heartbeatInterval: .seconds(3),
            maximumPollInterval: .seconds(300), rebalanceProtocol: .cooperative)
        _ = state.polled(now: at(0))
        _ = state.joined(GroupStateTests.joinAnswer(), attempt: 1, now: at(0))
        #expect(
            state.synced(answer(partitions), attempt: 1, now: at(0)) == [
                .assigned(partitions), .takeOver(partitions, share: 1),
            ])
        return state
    }

    @Test func whatStaysIsReadOn() {
        var state = Self.stable()
        // It joins at once, with what it has, and can commit meanwhile.
        #expect(
            state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3)) == [
                .ask(.join(attempt: 2), afterPause: false)
            ])
        #expect(state.terms.ownedPartitions == [Self.a, Self.b] && state.terms.generation == 7)
        #expect(state.member?.generation == 7 && state.held([Self.a], of: 1) == [Self.a])
        _ = state.joined(GroupStateTests.joinAnswer(generation: 8), attempt: 2, now: Self.at(3))
        #expect(
            state.synced(Self.answer([Self.a, Self.b]), attempt: 2, now: Self.at(3)) == [
                .assigned([Self.a, Self.b]), .takeOver([], share: 2),
            ])
        #expect(state.standing == .stable && state.held([Self.a, Self.b], of: 1) == [Self.a, Self.b])
    }

    @Test func whatIsTakenAwayIsGivenUpAndThenTheMemberJoinsAgain() {
        var state = Self.stable()
        _ = state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3))
        _ = state.joined(GroupStateTests.joinAnswer(generation: 8), attempt: 2, now: Self.at(3))
        #expect(
            state.synced(Self.answer([Self.a, Self.c]), attempt: 2, now: Self.at(3)) == [
                .assigned([Self.a, Self.c]), .surrender([Self.b]), .takeOver([Self.c], share: 2),
            ])
        #expect(state.standing == .revoking(lost: false) && state.member?.generation == 8)
        #expect(state.held([Self.b], of: 1) == [] && state.held([Self.a], of: 1) == [Self.a])
        // Until the application has let go, it stays a member, and does not join.
        #expect(state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(6)).isEmpty)
        #expect(state.released() == [.ask(.join(attempt: 3), afterPause: false)])
        #expect(state.terms.ownedPartitions == [Self.a, Self.c] && state.terms.generation == 8)
        #expect(state.terms.reason == JoinReason.gaveUp)
    }

    @Test func aRebalanceThatBeginsAnewTakesNothing() {
        var state = Self.stable()
        _ = state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3))
        _ = state.joined(GroupStateTests.joinAnswer(generation: 8), attempt: 2, now: Self.at(3))
        #expect(
            state.synced(Self.answer([], .rebalanceInProgress), attempt: 2, now: Self.at(3)) == [
                .ask(.join(attempt: 3), afterPause: false)
            ])
        #expect(state.terms.ownedPartitions == [Self.a, Self.b] && state.terms.generation == 7)
        #expect(state.member?.generation == 8, "the coordinator takes commits of that generation")
    }

    @Test(arguments: [ErrorCode.unknownMemberId, .illegalGeneration])
    func whoIsPutOutHasLostWhatItReads(_ code: ErrorCode) {
        var joining = Self.stable()
        _ = joining.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3))
        #expect(
            joining.joined(GroupStateTests.joinAnswer(code), attempt: 2, now: Self.at(3)) == [.revoke(lost: true)])
        #expect(joining.member == nil && joining.held([Self.a], of: 1) == [])
        #expect(joining.released() == [.ask(.join(attempt: 3), afterPause: false)])
        #expect(joining.terms.ownedPartitions == [])
        var stable = Self.stable()
        #expect(stable.heartbeatAnswered(code, now: Self.at(3)) == [.revoke(lost: true)])
    }

    /// It read on, and committed what others had by then: where some speak the newer protocol whoever joins is taken, under any
    /// id. Who has been away for as long, and missed a generation, was put out; epochs may jump otherwise.
    @Test(arguments: [(8, true, false), (9, false, false), (9, true, true)] as [(Int32, Bool, Bool)])
    func whoWasForgottenHasLostWhatItReads(generation: Int32, isLate: Bool, isLost: Bool) {
        var state = Self.stable()
        _ = state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3))
        let time = Self.at(3) + (isLate ? state.sessionTimeout : state.sessionTimeout / 2)
        let answer = GroupStateTests.joinAnswer(generation: generation)
        let actions: [MemberAction] = state.joined(answer, attempt: 2, now: time)
        #expect((actions == [.revoke(lost: true)]) == isLost)
        #expect(state.phase == (isLost ? .revoking(lost: true) : .syncing))
    }

    @Test func aCommitThatIsRefusedDuringAJoinMayTellThatAllIsLost() {
        var state = Self.stable()
        guard let before = state.member else { return #expect(Bool(false)) }
        _ = state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3))
        #expect(state.commitRefused(.unknownMemberId, of: before, now: Self.at(3)) == [.revoke(lost: true)])
        // What the join brings is of a member that is no more.
        #expect(state.joined(GroupStateTests.joinAnswer(generation: 8), attempt: 2, now: Self.at(3)).isEmpty)
    }

    @Test func commitsGoOnWithTheNextGeneration() {
        var state = Self.stable()
        guard let before = state.member else { return #expect(Bool(false)) }
        #expect(!state.mayCommitAgain(.illegalGeneration, of: before), "the group has gone on without it")
        _ = state.heartbeatAnswered(.rebalanceInProgress, now: Self.at(3))
        for code in [ErrorCode.illegalGeneration, .rebalanceInProgress] {
            #expect(state.commitRefused(code, of: before, now: Self.at(3)).isEmpty)
            #expect(state.mayCommitAgain(code, of: before))
        }
        #expect(!state.mayCommitAgain(.unknownMemberId, of: before))
        _ = state.joined(GroupStateTests.joinAnswer(generation: 8), attempt: 2, now: Self.at(3))
        _ = state.synced(Self.answer([Self.a]), attempt: 2, now: Self.at(3))
        #expect(state.mayCommitAgain(.illegalGeneration, of: before))
        var lost = state
        _ = lost.heartbeatAnswered(.unknownMemberId, now: Self.at(4))
        #expect(!lost.mayCommitAgain(.illegalGeneration, of: before))
    }

    @Test func topicsThatAreNotWantedAreGivenUpFirst() {
        var state = Self.stable()
        #expect(
            state.subscriptionChanged(unwanted: [Self.b], because: JoinReason.topics, now: Self.at(4)) == [
                .surrender([Self.b])
            ])
        #expect(state.released() == [.ask(.join(attempt: 2), afterPause: false)])
        #expect(state.terms.ownedPartitions == [Self.a])
        var other = Self.stable()
        #expect(
            other.rebalanceRequested(because: "why not", now: Self.at(4)) == [
                .ask(.join(attempt: 2), afterPause: false)
            ])
        #expect(other.terms.reason == "why not")
    }

    @Test func howItCloses() {
        var usual = Self.stable()
        #expect(usual.close(.usual) == [.ask(.leave(memberId: "m"), afterPause: false)])
        var staying = Self.stable()
        #expect(staying.close(.remainInGroup).isEmpty)
        var fixed = GroupStateTests.stable(instance: "i")
        #expect(fixed.close(.leaveGroup) == [.ask(.leave(memberId: "m"), afterPause: false)])
        #expect(JoinReason.limited(String(repeating: "x", count: 300)).count == 255)
    }
}
