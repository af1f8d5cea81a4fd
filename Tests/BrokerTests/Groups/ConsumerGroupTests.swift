import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// The state machine of groups under the newer protocol (KIP-848), under virtual time.
@Suite(.turn) struct ConsumerGroupTests {
    @Test func aMemberAloneHasAll() {
        var script = ConsumerGroupScript(topics: ["t": 3])
        #expect(script.join("a") == "2 t0 t1 t2")
        #expect(script.group?.state == .stable)
        #expect(script.beat("a", 2) == "2 same")
        // The first answer was lost: the member joins again, or beats as if it had it.
        #expect(script.join("a") == "2 t0 t1 t2")
        #expect(script.beat("a", 2, owned: "t0 t1 t2") == "2 same")
    }

    @Test func partitionsMoveFromOneToTheOther() {
        var script = ConsumerGroupScript(topics: ["t": 4])
        #expect(script.join("a") == "2 t0 t1 t2 t3")
        // The second one gets nothing before the first one has given up.
        #expect(script.join("b") == "3 -")
        #expect(script.group?.state == .reconciling)
        #expect(script.beat("b", 3) == "3 same")
        #expect(script.beat("a", 2) == "2 t0 t1")
        #expect(script.beat("a", 2) == "2 same")
        #expect(script.beat("a", 2, owned: "t0 t1 t2") == "2 same")
        #expect(script.beat("b", 3) == "3 same")
        #expect(script.beat("a", 2, owned: "t0 t1") == "3 same")
        #expect(script.beat("b", 3) == "3 t2 t3")
        #expect(script.group?.state == .stable)
        // The third one needs a part of each.
        #expect(script.join("c") == "4 -")
        #expect(script.settle().values.map(\.count).sorted() == [2, 2, 5])
        #expect(script.group?.state == .stable)
    }

    @Test func aNewTargetDoesNotWaitForTheOldOne() {
        var script = ConsumerGroupScript(topics: ["t": 4])
        _ = script.join("a")
        _ = script.join("b")
        #expect(script.beat("a", 2) == "2 t0 t1")
        // While a still has what it is to give up, b goes: a gets it back without having let go.
        #expect(script.beat("b", -1) == "-1 same")
        #expect(script.beat("a", 2, owned: "t0 t1 t2 t3") == "2 same")
        #expect(script.beat("a", 2, owned: "t0 t1") == "4 t0 t1 t2 t3")
    }

    @Test func whoDoesNotGiveUpIsRemoved() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        _ = script.join("a", rebalance: 10_000)
        _ = script.join("b")
        #expect(script.beat("a", 2) == "2 t0")
        script.advance(.seconds(9))
        #expect(script.beat("a", 2, owned: "t0 t1") == "2 same")
        #expect(script.group?.members.count == 2)
        script.advance(.seconds(1))
        #expect(script.group?.members.keys.sorted() == ["b"])
        #expect(script.beat("a", 2) == "UNKNOWN_MEMBER_ID")
        #expect(script.beat("b", 3) == "4 t0 t1")
    }

    @Test func silenceEndsASession() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        _ = script.join("a")
        script.advance(.seconds(30))
        _ = script.join("b")
        #expect(script.group?.nextDeadline == Instant(nanoseconds: 0) + .seconds(45))
        script.advance(.seconds(15))
        #expect(script.group?.members.keys.sorted() == ["b"])
        #expect(script.group?.state == .assigning)
        #expect(script.beat("b", 3) == "4 t0 t1")
        script.advance(.seconds(45))
        #expect(script.group?.state == .empty)
        #expect(script.beat("b", 4) == "UNKNOWN_MEMBER_ID")
        #expect(script.join("b") == "6 t0 t1")
    }

    @Test func epochsAreHeldAgainstTheMembers() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        #expect(script.beat("a", 3) == "GROUP_ID_NOT_FOUND")
        #expect(script.coordinator.groups.isEmpty)
        _ = script.join("a")
        #expect(script.beat("b", 2) == "UNKNOWN_MEMBER_ID")
        #expect(script.beat("b", -1) == "UNKNOWN_MEMBER_ID")
        #expect(script.beat("a", 3) == "FENCED_MEMBER_EPOCH")
        #expect(script.beat("a", 1) == "FENCED_MEMBER_EPOCH")
        _ = script.join("b")
        #expect(script.beat("a", 2) == "2 t0")
        #expect(script.beat("a", 2, owned: "t0") == "3 same")
        // The answer with the new epoch was lost, and a tries again.
        #expect(script.beat("a", 2, owned: "t0") == "3 same")
        // With more than it has, or without a word about it, it cannot be a retry.
        #expect(script.beat("a", 2, owned: "t0 t1") == "FENCED_MEMBER_EPOCH")
        #expect(script.beat("a", 2) == "FENCED_MEMBER_EPOCH")
        #expect(script.join("a") == "FENCED_MEMBER_EPOCH")
    }

    @Test func refusalsChangeNothing() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        script.settings.memberLimit = 1
        _ = script.join("a")
        let before = script.group
        #expect(script.join("b") == "GROUP_MAX_SIZE_REACHED")
        #expect(script.beat("a", 2, topics: ["u"], regex: "(") == "INVALID_REGULAR_EXPRESSION")
        #expect(script.beat("a", 7, topics: ["u"]) == "FENCED_MEMBER_EPOCH")
        #expect(script.group == before)
        #expect(script.beat("a", 2) == "2 same")
        // A group is not made for nothing.
        var other = ConsumerGroupScript()
        #expect(other.join("a", nil, regex: "[") == "INVALID_REGULAR_EXPRESSION")
        #expect(other.coordinator.groups.isEmpty)
    }

    // MARK: - Static members

    @Test func aStaticMemberLeavesForAWhile() {
        var script = ConsumerGroupScript(topics: ["t": 4])
        _ = script.join("a", instance: "one")
        _ = script.join("b", instance: "two")
        _ = script.settle()
        let epoch = script.group?.epoch
        let had = script.has("a")
        #expect(script.join("c", instance: "one") == "UNRELEASED_INSTANCE_ID")
        #expect(script.beat("a", -2, instance: "one") == "-2 same")
        #expect(script.beat("b", 3) == "3 same")
        #expect(script.join("c", instance: "one") == "3 \(had)")
        #expect(script.group?.epoch == epoch)
        #expect(script.group?.members.keys.sorted() == ["b", "c"])
        #expect(script.beat("a", 3, instance: "one") == "FENCED_INSTANCE_ID")
        #expect(script.beat("a", -1, instance: "one") == "FENCED_INSTANCE_ID")
        #expect(script.beat("x", 3, instance: "none") == "UNKNOWN_MEMBER_ID")
        #expect(script.group?.state == .stable)
    }

    @Test func aStaticMemberThatStaysAwayIsRemoved() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        _ = script.join("a", instance: "one")
        #expect(script.beat("a", -2, instance: "one") == "-2 same")
        script.advance(.seconds(40))
        #expect(script.join("b") == "3 -")
        script.advance(.seconds(5))
        #expect(script.beat("b", 3) == "4 t0 t1")
        #expect(script.join("c", instance: "one") == "5 -")
    }

    @Test func aStaticMemberThatLeavesForGoodIsGone() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        _ = script.join("a", instance: "one")
        #expect(script.beat("a", -1, instance: "one") == "-1 same")
        #expect(script.group?.state == .empty)
        #expect(script.group?.staticMembers.isEmpty == true)
    }

    @Test func whatAnAwayMemberWasToGiveUpIsFree() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        _ = script.join("a", instance: "one")
        _ = script.join("b")
        #expect(script.beat("a", 2, instance: "one") == "2 t0")
        #expect(script.beat("b", 3) == "3 same")
        #expect(script.beat("a", -2, instance: "one") == "-2 same")
        #expect(script.beat("b", 3) == "3 t1")
        #expect(script.join("c", instance: "one") == "3 t0")
    }

    // MARK: - Topics

    @Test func topicsChangeUnderTheGroup() {
        var script = ConsumerGroupScript()
        #expect(script.join("a") == "2 -")
        script.create("t", 2)
        #expect(script.beat("a", 2) == "3 t0 t1")
        script.create("u", 2)
        #expect(script.beat("a", 3) == "3 same")
        script.grow("t", by: 1)
        #expect(script.beat("a", 3) == "4 t0 t1 t2")
        script.delete("t")
        #expect(script.beat("a", 4) == "4 -")
        #expect(script.beat("a", 4, owned: "") == "5 same")
        // Another topic of the same name.
        script.create("t", 1, generation: 1)
        #expect(script.beat("a", 5) == "6 t0")
    }

    @Test func expressionsFollowTopics() {
        var script = ConsumerGroupScript(topics: ["a": 1, "b": 1, "ax": 1])
        #expect(script.join("m", [], regex: "[ac]") == "2 a0")
        script.create("c", 2)
        #expect(script.beat("m", 2) == "3 a0 c0 c1")
        #expect(script.beat("m", 3, regex: "b") == "3 -")
        #expect(script.beat("m", 3, owned: "") == "4 b0")
        // Names and an expression together; and the expression alone is taken back.
        #expect(script.beat("m", 4, topics: ["a"]) == "5 a0 b0")
        #expect(script.beat("m", 5, regex: "") == "5 a0")
        #expect(script.beat("m", 5, owned: "a0") == "6 same")
    }

    @Test func namedTopicsComeBeforeMatchingOnes() {
        var script = ConsumerGroupScript(topics: ["a": 1, "b": 1, "c": 1])
        #expect(script.join("m", ["a"], regex: "[bc]") == "2 a0")
        #expect(script.beat("m", 2, owned: "a0") == "3 a0 b0 c0")
        // Somebody else's heartbeat will do.
        #expect(script.beat("m", 3, regex: "b") == "3 a0")
        #expect(script.join("n", ["c"], regex: "b") == "5 -")
        let settled = script.settle()
        #expect(settled["m"]?.contains("a0") == true && settled["n"]?.contains("c0") == true)
        #expect(settled.values.contains { $0.contains("b0") })
    }

    @Test func anotherSubscriptionTakesPartitionsAway() {
        var script = ConsumerGroupScript(topics: ["t": 2, "u": 1])
        _ = script.join("a")
        #expect(script.beat("a", 2, owned: "t0 t1", topics: ["u"]) == "2 -")
        #expect(script.beat("a", 2, owned: "") == "3 u0")
    }

    @Test func targetsAreMadeNoFasterThanTheInterval() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        script.settings.assignmentInterval = .seconds(1)
        #expect(script.join("a") == "2 t0 t1")
        #expect(script.join("b") == "2 -")
        #expect(script.group?.state == .assigning)
        script.advance(.milliseconds(999))
        #expect(script.beat("a", 2) == "2 same")
        script.advance(.milliseconds(1))
        #expect(script.beat("a", 2) == "2 t0")
        #expect(script.beat("a", 2, owned: "t0") == "3 same")
        #expect(script.beat("b", 2) == "3 t1")
    }

    // MARK: - Requests

    @Test func requestsThatMeanNothing() {
        typealias Row = (ErrorCode, String, Int16, (inout ConsumerGroupHeartbeatRequest) -> Void)
        let rows: [Row] = [
            (.invalidRequest, "GroupId can't be empty.", 1, { $0.groupId = "" }),
            (.invalidRequest, "MemberId can't be empty.", 1, { $0.memberId = "" }),
            (
                .invalidRequest, "MemberId can't be empty.", 0,
                {
                    $0.memberId = ""
                    $0.memberEpoch = 1
                }
            ),
            (
                .invalidRequest, "MemberId can't be empty.", 0,
                {
                    $0.memberId = ""
                    $0.memberEpoch = -1
                }
            ),
            (.invalidRequest, "InstanceId can't be empty.", 1, { $0.instanceId = " " }),
            (.invalidRequest, "RackId can't be empty.", 1, { $0.rackId = "" }),
            (
                .invalidRequest, "RebalanceTimeoutMs must be provided in first request.", 1,
                { $0.rebalanceTimeoutMs = -1 }
            ),
            (.invalidRequest, "TopicPartitions must be empty when (re-)joining.", 1, { $0.topicPartitions = nil }),
            (
                .invalidRequest, "TopicPartitions must be empty when (re-)joining.", 1,
                { $0.topicPartitions = [.with { $0.partitions = [0] }] }
            ),
            (
                .invalidRequest,
                "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
                1, { $0.subscribedTopicNames = nil }
            ),
            (.invalidRequest, "InstanceId can't be null.", 1, { $0.memberEpoch = -2 }),
            (.invalidRequest, "MemberEpoch is invalid.", 1, { $0.memberEpoch = -3 }),
            (
                .unsupportedAssignor, "ServerAssignor sticky is not supported. Supported assignors: uniform, range.", 1,
                { $0.serverAssignor = "sticky" }
            ),
        ]
        for (code, message, version, change) in rows {
            var request = ConsumerGroupHeartbeatRequest.with {
                $0.groupId = "g"
                $0.memberId = "a"
                $0.rebalanceTimeoutMs = 1000
                $0.subscribedTopicNames = ["t"]
                $0.topicPartitions = []
            }
            var script = ConsumerGroupScript(topics: ["t": 1])
            #expect(script.send(request, version: version).errorCode == .none)
            change(&request)
            let answer = script.send(request, version: version)
            #expect(answer.errorCode == code && answer.errorMessage == message, "\(message)")
        }
    }

    @Test func theBrokerNamesMembersOfTheFirstVersion() {
        var script = ConsumerGroupScript(topics: ["t": 1])
        let answer = script.send(
            .with {
                $0.groupId = "g"
                $0.rebalanceTimeoutMs = 1000
                $0.subscribedTopicNames = ["t"]
                $0.topicPartitions = []
            }, version: 0)
        #expect(answer.errorCode == .none && answer.heartbeatIntervalMs == 5000)
        #expect(answer.memberId?.count == 22)
        #expect(script.beat(answer.memberId ?? "", answer.memberEpoch) == "2 same")
    }

    @Test func theMostVotesChooseTheAssignor() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        _ = script.join("a")
        #expect(script.group?.assignor == .uniform)
        _ = script.join("b", assignor: "range")
        #expect(script.group?.assignor == .range)
        _ = script.join("c", assignor: "uniform")
        #expect(script.group?.assignor == .uniform)
        _ = script.join("d", assignor: "range")
        #expect(script.group?.assignor == .range)
    }
}
