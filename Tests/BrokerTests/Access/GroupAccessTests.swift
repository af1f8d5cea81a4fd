import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What is answered where only a part of groups and transactions may be used or seen, and what may be done, as Kafka answers
/// it.
@Suite(.turn) struct GroupAccessTests {
    // MARK: - Groups

    @Test func groupsAreListedAsFarAsTheyMayBeDescribed() throws {
        let access = try AccessNode()
        _ = try access.populate()
        access.allow(.read, .group, "o")
        #expect(try access.ask(ListGroupsRequest()).groups.map(\.groupId) == ["o"])
        access.allow(.describe, .cluster)
        #expect(try access.ask(ListGroupsRequest()).groups.map(\.groupId) == ["g", "o"])
    }

    @Test func positionsAreFetchedAsFarAsTheirTopicsMayBeDescribed() throws {
        let access = try AccessNode()
        _ = try access.populate()
        access.allow(.describe, .group, "g")
        access.allow(.describe, .topic, "t")
        for version in Int16(8)...9 {
            let answer = try access.ask(
                OffsetFetchRequest.with {
                    $0.groups = ["o", "g"].map { group in
                        .with {
                            $0.groupId = group
                            $0.topics = nil
                        }
                    }
                }, version: version)
            #expect(answer.groups.map(\.errorCode) == [.groupAuthorizationFailed, .none])
            #expect(answer.groups[1].topics.map(\.name) == ["t"])
        }
        let all = try access.ask(
            OffsetFetchRequest.with {
                $0.groupId = "g"
                $0.topics = nil
            }, version: 7)
        #expect(all.topics.map(\.name) == ["t"])
        let named = try access.ask(
            OffsetFetchRequest.with {
                $0.groupId = "g"
                $0.topics = ["u", "t"].map { name in
                    .with {
                        $0.name = name
                        $0.partitionIndexes = [0]
                    }
                }
            }, version: 7)
        let told = named.topics.map { "\($0.name) \($0.partitions[0].committedOffset) \($0.partitions[0].errorCode)" }
        #expect(told == ["u -1 TOPIC_AUTHORIZATION_FAILED", "t 1 NONE"])
        let ids = ["u", "t"].compactMap { access.node.topics[$0]?.id }
        let byId = try access.ask(
            OffsetFetchRequest.with {
                $0.groups = [
                    .with {
                        $0.groupId = "g"
                        $0.topics = ids.map { id in
                            .with {
                                $0.topicId = id
                                $0.partitionIndexes = [0]
                            }
                        }
                    }
                ]
            }, version: 10)
        #expect(
            byId.groups[0].topics.map { $0.partitions[0].errorCode } == [.topicAuthorizationFailed, .none])
    }

    @Test func aCommitIsTakenForTheTopicsThatMayBeRead() throws {
        let access = try AccessNode()
        access.allow(.read, .group, "g")
        access.allow(.read, .topic, "u")
        let answer = try access.ask(
            OffsetCommitRequest.with {
                $0.groupId = "g"
                $0.generationIdOrMemberEpoch = -1
                $0.topics = ["t", "u", "x"].map { name in
                    .with {
                        $0.name = name
                        $0.partitions = [.with { $0.committedOffset = 7 }]
                    }
                }
            }, version: 8)
        #expect(
            answer.topics.map { "\($0.name) \($0.partitions[0].errorCode)" } == [
                "t TOPIC_AUTHORIZATION_FAILED", "u NONE", "x TOPIC_AUTHORIZATION_FAILED",
            ])
        #expect(access.node.groups.committed(.init("u", 0), group: "g")?.offset == 7)
        #expect(access.node.groups.committed(.init("t", 0), group: "g") == nil)
    }

    @Test func aMemberFindsAndIsShownTheTopicsThatMayBeDescribed() throws {
        let access = try AccessNode(topics: ["a1": 1, "a2": 1])
        access.allow(.read, .group, "c")
        access.allow(.read, .topic, "a1")
        func heartbeat(_ change: (inout ConsumerGroupHeartbeatRequest) -> Void) throws -> ConsumerGroupHeartbeatResponse
        {
            var request = ConsumerGroupHeartbeatRequest.with {
                $0.groupId = "c"
                $0.memberId = "m"
                $0.rebalanceTimeoutMs = 10_000
                $0.topicPartitions = []
            }
            change(&request)
            return try access.ask(request, version: 1)
        }
        let named = try heartbeat { $0.subscribedTopicNames = ["a1", "a2"] }
        #expect(named.errorCode == .topicAuthorizationFailed)
        #expect(access.node.groups.groups["c"] == nil)
        let joined = try heartbeat { $0.subscribedTopicRegex = "a.*" }
        #expect(joined.errorCode == .none)
        let topics = joined.assignment?.topicPartitions.map(\.topicId)
        let id = try #require(access.node.topics["a1"]).id
        #expect(topics == [id])
        // Who sees more sees the rest, and whoever may not see all topics of the members sees no members.
        let described = try access.ask(ConsumerGroupDescribeRequest.with { $0.groupIds = ["c"] })
        #expect(described.groups[0].errorCode == .none && described.groups[0].members.count == 1)
        access.allow(.describe, .group, "c", to: "User:bob")
        let refused = try access.ask(
            ConsumerGroupDescribeRequest.with { $0.groupIds = ["c"] }, as: KafkaPrincipal("bob"))
        #expect(refused.groups[0].errorCode == .topicAuthorizationFailed && refused.groups[0].members.isEmpty)
    }

    // MARK: - Transactions

    @Test func anIdempotentProducerNeedsToWriteSomewhere() throws {
        let request = InitProducerIdRequest.with {
            $0.transactionalId = nil
            $0.producerId = .none
            $0.producerEpoch = .none
        }
        let access = try AccessNode()
        #expect(try access.ask(request).errorCode == .clusterAuthorizationFailed)
        access.allow(.write, .topic, "x", kind: .prefixed)
        #expect(try access.ask(request).errorCode == .none)
        access.allow(.all, .topic, "x", .deny, kind: .prefixed)
        #expect(try access.ask(request).errorCode == .clusterAuthorizationFailed)
        access.allow(.idempotentWrite, .cluster)
        #expect(try access.ask(request).errorCode == .none)
    }

    @Test func nothingIsAddedToATransactionWhereATopicIsRefused() throws {
        let access = try AccessNode()
        let known = try access.populate()
        access.allow(.write, .transactionalId, "ty")
        access.allow(.write, .topic, "t")
        let answer = try access.ask(
            AddPartitionsToTxnRequest.with {
                $0.v3AndBelowTransactionalId = "ty"
                $0.v3AndBelowProducerId = ProducerID(known.producerId)
                $0.v3AndBelowProducerEpoch = ProducerEpoch(Int16(known.producerEpoch))
                $0.v3AndBelowTopics = ["t", "u"].map { name in
                    .with {
                        $0.name = name
                        $0.partitions = [0]
                    }
                }
            }, version: 3)
        #expect(
            answer.resultsByTopicV3AndBelow.map { $0.resultsByPartition[0].partitionErrorCode } == [
                .operationNotAttempted, .topicAuthorizationFailed,
            ])
        #expect(access.node.transactions.transactions["ty"]?.partitions == [.init("u", 0)])
    }

    @Test func aTransactionIsDescribedWithoutTopicsThatMayNotBeSeen() throws {
        let access = try AccessNode()
        _ = try access.populate()
        access.allow(.describe, .transactionalId, "ty")
        let request = DescribeTransactionsRequest.with { $0.transactionalIds = ["other", "ty"] }
        let hidden = try access.ask(request)
        #expect(hidden.transactionStates.map(\.errorCode) == [.transactionalIdAuthorizationFailed, .none])
        #expect(hidden.transactionStates[1].topics.isEmpty)
        access.allow(.read, .topic, "u")
        #expect(try access.ask(request).transactionStates[1].topics.map(\.topic) == ["u"])
    }

    // MARK: - What may be done

    @Test func authorizedOperationsAreToldWhereTheyAreAskedFor() throws {
        let access = try AccessNode()
        _ = try access.populate()
        let cluster = DescribeClusterRequest.with { $0.includeClusterAuthorizedOperations = true }
        #expect(try access.ask(cluster).clusterAuthorizedOperations == 0)
        #expect(try access.ask(DescribeClusterRequest()).clusterAuthorizedOperations == .min)
        access.allow(.describe, .cluster)
        access.allow(.create, .cluster)
        #expect(try access.ask(cluster).clusterAuthorizedOperations == 1 << 8 | 1 << 5)
        let old = MetadataRequest.with { $0.includeClusterAuthorizedOperations = true }
        #expect(try access.ask(old, version: 8).clusterAuthorizedOperations == 1 << 8 | 1 << 5)
        access.allow(.read, .group, "g")
        let group = DescribeGroupsRequest.with {
            $0.groups = ["g"]
            $0.includeAuthorizedOperations = true
        }
        #expect(try access.ask(group).groups[0].authorizedOperations == 1 << 3 | 1 << 8)
        #expect(
            try access.ask(DescribeGroupsRequest.with { $0.groups = ["g"] }).groups[0].authorizedOperations == .min)
        // A super user, and everybody without an authorizer: what there is.
        let all: Int32 = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
        #expect(try access.ask(cluster, as: AccessNode.root).clusterAuthorizedOperations == all)
        let off = try AccessNode { $0.authorization = .off }
        #expect(try off.ask(cluster).clusterAuthorizedOperations == all)
        _ = try off.populate()
        #expect(try off.ask(group).groups[0].authorizedOperations == 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11)
    }
}
