import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What tools ask of groups, through real sockets.
@Suite(.serialized, .turn) struct GroupAdministrationTests {
    /// A group with one member that reads topic `t`, and with positions in `t` and `u`; an empty one beside it.
    private func start() async throws -> (broker: KafkaBroker, client: TestClient, member: String) {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2, "u": 1])
        configuration.initialRebalanceDelay = .zero
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        for group in ["g", "simple"] {
            let commit = OffsetCommitRequest.with {
                $0.groupId = group
                $0.topics = ["t", "u"].map { name in
                    .with {
                        $0.name = name
                        $0.partitions = [.with { $0.committedOffset = 5 }]
                    }
                }
            }
            _ = try client.call(commit, version: 8)
        }
        let subscription = ConsumerProtocolSubscription.with { $0.topics = ["t"] }
        let joined = try client.call(
            JoinGroupRequest.with {
                $0.groupId = "g"
                $0.sessionTimeoutMs = 60_000
                $0.protocolType = "consumer"
                $0.protocols = [
                    .with {
                        $0.name = "range"
                        $0.metadata = Bytes((try? subscription.encodeVersioned(version: 1)) ?? [])
                    }
                ]
            }, version: 3)
        #expect(joined.errorCode == .none)
        let synced = try client.call(
            SyncGroupRequest.with {
                $0.groupId = "g"
                $0.memberId = joined.memberId
                $0.generationId = joined.generationId
                $0.assignments = [
                    .with {
                        $0.memberId = joined.memberId
                        $0.assignment = [1, 2, 3]
                    }
                ]
            }, version: 3)
        #expect(synced.errorCode == .none)
        return (broker, client, joined.memberId)
    }

    @Test func everyVersionListsAndDescribes() async throws {
        let (broker, client, member) = try await start()
        for version in Int16(0)...5 {
            let all = try client.call(ListGroupsRequest(), version: version).groups
            #expect(all.map(\.groupId) == ["g", "simple"], "v\(version)")
            #expect(all.map(\.protocolType) == ["consumer", ""])
            if version >= 4 { #expect(all.map(\.groupState) == ["Stable", "Empty"]) }
            if version >= 5 { #expect(all.map(\.groupType) == ["Classic", "Classic"]) }
        }
        let filters: [([String], [String], [String])] = [
            (["stable"], [], ["g"]), (["Empty", "Stable"], ["classic"], ["g", "simple"]), (["Dead"], [], []),
            ([], ["Consumer"], []), ([], ["consumer", "Classic"], ["g", "simple"]), (["no such"], [], []),
        ]
        for (states, types, wanted) in filters {
            let request = ListGroupsRequest.with {
                $0.statesFilter = states
                $0.typesFilter = types
            }
            #expect(try client.call(request).groups.map(\.groupId) == wanted, "\(states) \(types)")
        }
        for version in Int16(0)...6 {
            let request = DescribeGroupsRequest.with {
                $0.groups = ["g", "simple", "missing", ""]
                $0.includeAuthorizedOperations = version >= 3
            }
            let groups = try client.call(request, version: version).groups
            let unknown = version >= 6 ? ErrorCode.groupIdNotFound : .none
            #expect(groups.map(\.errorCode) == [.none, .none, unknown, unknown], "v\(version)")
            #expect(groups.map(\.groupState) == ["Stable", "Empty", "Dead", "Dead"])
            #expect(groups[0].protocolType == "consumer" && groups[0].protocolData == "range")
            let found = try #require(groups[0].members.first)
            #expect(found.memberId == member && found.clientId == "test" && found.clientHost == "/127.0.0.1")
            #expect(found.memberAssignment == [1, 2, 3])
            #expect(try ConsumerProtocolSubscription.decodeVersioned(found.memberMetadata).topics == ["t"])
            #expect(groups[0].authorizedOperations == (version >= 3 ? 0b1101_0100_1000 : .min))
        }
        for version in Int16(0)...1 {
            let groups = try client.call(
                ConsumerGroupDescribeRequest.with { $0.groupIds = ["g", "missing", ""] }, version: version
            ).groups
            #expect(groups.map(\.errorCode) == [.groupIdNotFound, .groupIdNotFound, .invalidGroupId])
            #expect(groups[0].errorMessage != groups[1].errorMessage)
        }
        await broker.stop()
    }

    @Test(arguments: Int16(0)...2) func groupsWithoutMembersAreDeleted(version: Int16) async throws {
        let (broker, client, member) = try await start()
        let request = DeleteGroupsRequest.with { $0.groupsNames = ["g", "simple", "missing", "", "g"] }
        let answer = try client.call(request, version: version).results
        #expect(answer.map(\.groupId) == ["g", "simple", "missing", ""])
        #expect(answer.map(\.errorCode) == [.nonEmptyGroup, .none, .groupIdNotFound, .groupIdNotFound])
        #expect(await broker.groups.map(\.id) == ["g"])
        _ = try client.call(
            LeaveGroupRequest.with {
                $0.groupId = "g"
                $0.memberId = member
            }, version: 2)
        let again = DeleteGroupsRequest.with { $0.groupsNames = ["g"] }
        #expect(try client.call(again, version: version).results.map(\.errorCode) == [.none])
        #expect(await broker.groups.isEmpty)
        await broker.stop()
    }

    @Test func positionsThatNobodyReadsAreDeleted() async throws {
        let (broker, client, _) = try await start()
        func delete(_ group: String) throws -> OffsetDeleteResponse {
            try client.call(
                OffsetDeleteRequest.with {
                    $0.groupId = group
                    $0.topics = ["t", "u", "v"].map { name in
                        .with {
                            $0.name = name
                            $0.partitions = [.with { $0.partitionIndex = 0 }, .with { $0.partitionIndex = 1 }]
                        }
                    }
                })
        }
        #expect(try delete("missing").errorCode == .groupIdNotFound)
        #expect(try delete("").errorCode == .invalidGroupId)
        let busy = try delete("g")
        #expect(busy.errorCode == .none)
        #expect(
            busy.topics.map { $0.partitions.map(\.errorCode) } == [
                [.groupSubscribedToTopic, .groupSubscribedToTopic], [.none, .unknownTopicOrPartition],
                [.unknownTopicOrPartition, .unknownTopicOrPartition],
            ])
        #expect(await broker.group("g")?.committed.map(\.topic) == ["t"])
        #expect(try delete("simple").topics.first?.partitions.map(\.errorCode) == [ErrorCode.none, .none])
        #expect(await broker.group("simple")?.committed.isEmpty == true)
        await broker.stop()
    }

    @Test func ofAGroupThatReadsNoTopicsNothingIsDeleted() async throws {
        let (broker, client, _) = try await start()
        let joined = try client.call(
            JoinGroupRequest.with {
                $0.groupId = "workers"
                $0.sessionTimeoutMs = 60_000
                $0.protocolType = "connect"
                $0.protocols = [.with { $0.name = "sessioned" }]
            }, version: 3)
        #expect(joined.errorCode == .none)
        let answer = try client.call(OffsetDeleteRequest.with { $0.groupId = "workers" })
        #expect(answer.errorCode == .nonEmptyGroup)
        await broker.stop()
    }

    /// A group under the newer protocol with one member that reads topic `t`, and with positions in `t` and `u`.
    @Test func groupsOfBothKindsAreToldApart() async throws {
        let (broker, client, _) = try await start()
        for feature in try client.call(
            ApiVersionsRequest.with {
                $0.clientSoftwareName = "test"
                $0.clientSoftwareVersion = "1"
            }
        ).finalizedFeatures where feature.name == "group.version" { #expect(feature.maxVersionLevel == 1) }
        // Positions without members first: the group is a classic one until somebody joins.
        _ = try client.call(
            OffsetCommitRequest.with {
                $0.groupId = "k"
                $0.topics = ["t", "u"].map { name in
                    .with {
                        $0.name = name
                        $0.partitions = [.with { $0.committedOffset = 5 }]
                    }
                }
            }, version: 8)
        let joined = try client.call(
            ConsumerGroupHeartbeatRequest.with {
                $0.groupId = "k"
                $0.memberId = "m"
                $0.rackId = "east"
                $0.rebalanceTimeoutMs = 1000
                $0.subscribedTopicNames = ["t"]
                $0.topicPartitions = []
            })
        #expect(joined.errorCode == .none && joined.assignment?.topicPartitions.map(\.partitions) == [[0, 1]])

        for version in Int16(0)...5 {
            let all = try client.call(ListGroupsRequest(), version: version).groups
            #expect(all.map(\.groupId) == ["g", "k", "simple"])
            #expect(all[1].protocolType == "consumer")
            if version >= 4 { #expect(all[1].groupState == "Stable") }
            if version >= 5 { #expect(all.map(\.groupType) == ["Classic", "Consumer", "Classic"]) }
        }
        let consumers = try client.call(ListGroupsRequest.with { $0.typesFilter = ["consumer"] }).groups
        #expect(consumers.map(\.groupId) == ["k"])
        for version in Int16(0)...1 {
            let group = try #require(
                try client.call(
                    ConsumerGroupDescribeRequest.with {
                        $0.groupIds = ["k", "k"]
                        $0.includeAuthorizedOperations = true
                    }, version: version
                ).groups.first)
            #expect(group.groupState == "Stable" && group.assignorName == "uniform")
            #expect(group.groupEpoch == 2 && group.assignmentEpoch == 2 && group.authorizedOperations != .min)
            let member = try #require(group.members.first)
            #expect(member.memberId == "m" && member.rackId == "east" && member.memberEpoch == 2)
            #expect(member.clientId == "test" && member.clientHost == "/127.0.0.1")
            #expect(member.subscribedTopicNames == ["t"] && member.subscribedTopicRegex == nil)
            #expect(member.assignment.topicPartitions.map(\.topicName) == ["t"])
            #expect(member.targetAssignment == member.assignment)
            #expect(member.memberType == (version >= 1 ? 1 : -1))
        }
        for version in Int16(5)...6 {
            let group = try #require(
                try client.call(DescribeGroupsRequest.with { $0.groups = ["k"] }, version: version).groups.first)
            #expect(group.groupState == "Dead" && group.errorCode == (version >= 6 ? .groupIdNotFound : .none))
        }
        let inside = try #require(await broker.group("k"))
        #expect(inside.kind == .consumer && inside.generation == 2 && inside.assignmentEpoch == 2)
        #expect(inside.members.first?.partitions == [.init("t", 0), .init("t", 1)])
        #expect(inside.members.first?.target == inside.members.first?.partitions && inside.members.first?.epoch == 2)

        // Positions: fetched as a member, deleted where nobody reads.
        func fetch(_ epoch: Int32) throws -> OffsetFetchResponse.OffsetFetchResponseGroup? {
            try client.call(
                OffsetFetchRequest.with {
                    $0.groups = [
                        .with {
                            $0.groupId = "k"
                            $0.memberId = "m"
                            $0.memberEpoch = epoch
                            $0.topics = nil
                        }
                    ]
                }, version: 9
            ).groups.first
        }
        #expect(try fetch(2)?.topics.map(\.name) == ["t", "u"])
        #expect(try fetch(1)?.errorCode == .staleMemberEpoch)
        let deleted = try client.call(
            OffsetDeleteRequest.with {
                $0.groupId = "k"
                $0.topics = ["t", "u"].map { name in
                    .with {
                        $0.name = name
                        $0.partitions = [.with { $0.partitionIndex = 0 }]
                    }
                }
            })
        #expect(deleted.topics.map { $0.partitions.map(\.errorCode) } == [[.groupSubscribedToTopic], [.none]])
        let delete = DeleteGroupsRequest.with { $0.groupsNames = ["k"] }
        #expect(try client.call(delete).results.map(\.errorCode) == [.nonEmptyGroup])

        // The classic protocol's requests do not know its members, but an administrator removes them.
        let beat = HeartbeatRequest.with {
            $0.groupId = "k"
            $0.memberId = "m"
            $0.generationId = 2
        }
        #expect(try client.call(beat).errorCode == .unknownMemberId)
        let left = try client.call(
            LeaveGroupRequest.with {
                $0.groupId = "k"
                $0.members = [.with { $0.memberId = "m" }, .with { $0.memberId = "n" }]
            })
        #expect(left.members.map(\.errorCode) == [.none, .unknownMemberId])
        #expect(try client.call(delete).results.map(\.errorCode) == [.none])
        await broker.stop()
    }
}
