import TestSupport
import Testing

@testable import KafkaWire

/// A member of a group that the coordinator forms (KIP-848).
@Suite(.turn) struct HeartbeatMembershipTests {
    private static func at(_ seconds: Int64) -> Instant { GroupStateTests.at(seconds) }
    private static let t = TopicID(Uuid(high: 1, low: 1))
    private static let (a, b, c) = (TopicPartition("t", 0), TopicPartition("t", 1), TopicPartition("t", 2))

    private static func answer(
        _ code: ErrorCode = .none, epoch: Int32 = 1, _ partitions: [PartitionID]? = nil
    ) -> GroupAnswer {
        .beat(
            .with {
                $0.errorCode = code
                $0.memberEpoch = epoch
                $0.heartbeatIntervalMs = 1000
                $0.assignment = partitions.map { partitions in
                    .with {
                        guard !partitions.isEmpty else { return }
                        $0.topicPartitions = [
                            .with {
                                $0.topicId = t
                                $0.partitions = partitions
                            }
                        ]
                    }
                }
            }, names: [t: "t"])
    }

    private static func request(
        _ attempt: Int, epoch: Int32, _ tells: ConsumerBeat.Contents = .nothing, _ owned: [PartitionID]? = nil
    ) -> GroupRequest {
        .beat(
            attempt: attempt,
            ConsumerBeat(
                epoch: epoch, tells: tells, owned: owned.map { $0.isEmpty ? [:] : [t: $0] }))
    }

    private static func ask(
        _ attempt: Int, epoch: Int32, _ tells: ConsumerBeat.Contents = .nothing, _ owned: [PartitionID]? = nil,
        afterPause: Bool = false
    ) -> MemberAction {
        .ask(request(attempt, epoch: epoch, tells, owned), afterPause: afterPause)
    }

    private static func member(instance: String? = nil) -> HeartbeatMembership {
        HeartbeatMembership(
            groupId: "g", groupInstanceId: instance, memberId: "m", maximumPollInterval: .seconds(300))
    }

    /// A member with partitions 0 and 1 since second 0, of which the coordinator knows.
    private static func stable(instance: String? = nil) -> HeartbeatMembership {
        var member = member(instance: instance)
        #expect(member.polled(now: at(0)) == [ask(1, epoch: 0, .all, [])])
        #expect(
            member.answered(answer(epoch: 3, [0, 1]), to: request(1, epoch: 0), now: at(0)) == [
                .takeOver([a, b], share: 1), ask(2, epoch: 3, .owned, [0, 1]),
            ])
        #expect(member.answered(answer(epoch: 3), to: request(2, epoch: 3), now: at(0)).isEmpty)
        return member
    }

    @Test func theWayIn() {
        var member = Self.member()
        #expect(member.nextDeadline == nil && member.member == nil)
        #expect(member.polled(now: Self.at(0)) == [Self.ask(1, epoch: 0, .all, [])])
        #expect(member.polled(now: Self.at(0)).isEmpty)
        // Nothing yet is told, too.
        #expect(
            member.answered(Self.answer(epoch: 1, []), to: Self.request(1, epoch: 0), now: Self.at(0)) == [
                .takeOver([], share: 1)
            ])
        #expect(member.member?.generation == 1 && member.standing == .stable)
        #expect(member.tick(now: Self.at(0)).isEmpty)
        #expect(member.tick(now: Self.at(1)) == [Self.ask(2, epoch: 1)])
        #expect(member.tick(now: Self.at(2)).isEmpty, "one at a time")
    }

    @Test func itGivesUpFirstAndSaysSo() {
        var member = Self.stable()
        #expect(member.tick(now: Self.at(1)) == [Self.ask(3, epoch: 3)])
        #expect(
            member.answered(Self.answer(epoch: 3, [0]), to: Self.request(3, epoch: 3), now: Self.at(1)) == [
                .surrender([Self.b])
            ])
        #expect(member.standing == .revoking(lost: false) && member.held([Self.a, Self.b], of: 1) == [Self.a])
        // It stays a member meanwhile.
        #expect(member.tick(now: Self.at(2)) == [Self.ask(4, epoch: 3)])
        #expect(member.answered(Self.answer(epoch: 3), to: Self.request(4, epoch: 3), now: Self.at(2)).isEmpty)
        #expect(member.released() == [Self.ask(5, epoch: 3, .owned, [0])])
        // What it gets next may come with the answer.
        #expect(
            member.answered(Self.answer(epoch: 4, [0, 2]), to: Self.request(5, epoch: 3), now: Self.at(2)) == [
                .takeOver([Self.c], share: 5), Self.ask(6, epoch: 4, .owned, [0, 2]),
            ])
    }

    @Test func anAssignmentThatComesWhileItGivesUpIsTakenLater() {
        var member = Self.stable()
        _ = member.tick(now: Self.at(1))
        _ = member.answered(Self.answer(epoch: 3, [0]), to: Self.request(3, epoch: 3), now: Self.at(1))
        _ = member.tick(now: Self.at(2))
        #expect(member.answered(Self.answer(epoch: 4, [2]), to: Self.request(4, epoch: 3), now: Self.at(2)).isEmpty)
        #expect(member.released().first == .surrender([Self.a]))
        #expect(member.share.partitions == [Self.a, Self.c])
    }

    @Test(arguments: [ErrorCode.fencedMemberEpoch, .unknownMemberId, .groupIdNotFound])
    func whoIsFencedHasLostAllAndJoinsAgain(_ code: ErrorCode) {
        var member = Self.stable()
        _ = member.tick(now: Self.at(1))
        #expect(
            member.answered(Self.answer(code), to: Self.request(3, epoch: 3), now: Self.at(1)) == [
                .revoke(lost: true)
            ])
        #expect(member.member == nil && member.standing == .revoking(lost: true))
        #expect(member.released() == [Self.ask(4, epoch: 0, .all, [])])
        #expect(member.sender(of: Self.request(4, epoch: 0))?.memberId == "m", "it keeps its id")
        var commits = Self.stable()
        guard let own = commits.member else { return }
        if code != .groupIdNotFound {
            #expect(commits.commitRefused(code, of: own, now: Self.at(1)) == [.revoke(lost: true)])
        }
    }

    @Test func whatWentWrongIsToldInFullTheNextTime() {
        var member = Self.stable()
        let error = KafkaError(.timedOut, "no answer")
        _ = member.tick(now: Self.at(1))
        #expect(member.failed(Self.request(3, epoch: 3), because: error, now: Self.at(1)) == [.forgetCoordinator])
        #expect(member.tick(now: Self.at(2)) == [Self.ask(4, epoch: 3, .all, [0, 1])])
        let moved = member.answered(Self.answer(.notCoordinator), to: Self.request(4, epoch: 3), now: Self.at(2))
        #expect(moved.first == .forgetCoordinator)
        // An answer to what was given up already is of no matter.
        #expect(member.answered(Self.answer(epoch: 9), to: Self.request(3, epoch: 3), now: Self.at(2)).isEmpty)
        #expect(member.epoch == 3)
    }

    @Test(arguments: [
        ErrorCode.unsupportedVersion, .unreleasedInstanceId, .fencedInstanceId, .unsupportedAssignor,
        .groupAuthorizationFailed, .invalidRegularExpression, .groupMaxSizeReached,
    ])
    func whatCannotPassEndsIt(_ code: ErrorCode) {
        var member = Self.stable()
        _ = member.tick(now: Self.at(1))
        let actions = member.answered(Self.answer(code), to: Self.request(3, epoch: 3), now: Self.at(1))
        guard case .fail(let error)? = actions.first else { return #expect(Bool(false), "\(code)") }
        #expect(error.code == .broker(code) || error.code == .unsupportedVersion)
        #expect(member.standing == .left)
    }

    @Test func topicsAreToldWhenTheyChange() {
        var member = Self.stable()
        #expect(
            member.subscriptionChanged(unwanted: [], because: "", now: Self.at(1)) == [
                Self.ask(3, epoch: 3, .topics)
            ])
        // Once more before the answer: it is told then.
        #expect(member.subscriptionChanged(unwanted: [], because: "", now: Self.at(1)).isEmpty)
        #expect(
            member.answered(Self.answer(epoch: 3), to: Self.request(3, epoch: 3), now: Self.at(1)) == [
                Self.ask(4, epoch: 3, .topics)
            ])
    }

    @Test func commitsGoOnWithTheNextEpoch() {
        let member = Self.stable()
        guard let own = member.member else { return #expect(Bool(false)) }
        #expect(member.mayCommitAgain(.staleMemberEpoch, of: own))
        #expect(!member.mayCommitAgain(.unknownMemberId, of: own))
        #expect(!Self.member().mayCommitAgain(.staleMemberEpoch, of: own))
    }

    @Test func howItLeaves() {
        func parting(_ how: ConsumerBeat.Leaving) -> [MemberAction] { [.ask(.partingBeat(how), afterPause: false)] }
        for (instance, operation, expected) in [
            (nil, KafkaConsumer.CloseOperation.usual, parting(.forGood)), ("i", .usual, parting(.forAWhile)),
            ("i", .leaveGroup, parting(.forGood)), (nil, .remainInGroup, []),
            ("i", .remainInGroup, parting(.forAWhile)),
        ] as [(String?, KafkaConsumer.CloseOperation, [MemberAction])] {
            var member = Self.stable(instance: instance)
            #expect(member.close(operation) == expected)
            #expect(member.close(operation).isEmpty)
        }
        var slow = Self.stable()
        #expect(slow.tick(now: Self.at(300)).contains(.revoke(lost: true)))
        #expect(slow.released() == [Self.ask(3, epoch: 0, .all, [])])
        var outside = Self.member()
        #expect(outside.withdraw().isEmpty)
        #expect(outside.close(.usual).isEmpty)
    }
}
