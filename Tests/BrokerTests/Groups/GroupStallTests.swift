import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Requests about groups that name much, or the same again and again: through real sockets, with an innocent client beside
/// them.
@Suite(.serialized, .turn) struct GroupStallTests {
    private static func committing(_ group: String, _ partitions: [(PartitionID, String)], topic: String = "t")
        -> OffsetCommitRequest
    {
        .with {
            $0.groupId = group
            $0.generationIdOrMemberEpoch = -1
            $0.topics = [
                .with {
                    $0.name = topic
                    $0.partitions = partitions.enumerated().map { index, asked in
                        .with {
                            $0.partitionIndex = asked.0
                            $0.committedOffset = Offset(Int64(index))
                            $0.committedMetadata = asked.1
                        }
                    }
                }
            ]
        }
    }

    /// What each request is answered with is no longer than what it names once, and nobody waits for it meanwhile. A
    /// bound that a debug build keeps on a busy machine: what this is about took seconds in a release build.
    @Test func whatIsNamedAgainAndAgainIsOne() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 250, "innocent": 1]))
        let client = try TestClient(port: broker.port)
        let text = String(repeating: "m", count: 4000)
        _ = try client.call(Self.committing("g", (0..<250).map { (PartitionID(Int32($0)), text) }), version: 8)
        let innocent = InnocentClient(port: broker.port)

        // A group 50 times, with everything and with a partition of it 1,000 times: the first mention counts.
        let all = try client.call(
            OffsetFetchRequest.with {
                $0.groups = (0..<50).map { _ in
                    .with {
                        $0.groupId = "g"
                        $0.topics = nil
                    }
                }
            }, version: 8)
        #expect(all.groups.count == 1 && all.groups.first?.topics.first?.partitions.count == 250)
        for version in Int16(1)...9 {
            let names = (0..<1000).map { PartitionID(Int32($0 % 2)) }
            let answer = try client.call(
                OffsetFetchRequest.with {
                    if version < 8 {
                        $0.groupId = "g"
                        $0.topics = (0..<3).map { _ in
                            .with {
                                $0.name = "t"
                                $0.partitionIndexes = names
                            }
                        }
                    } else {
                        $0.groups = [
                            .with {
                                $0.groupId = "g"
                                $0.memberEpoch = -1
                                $0.topics = (0..<3).map { _ in
                                    .with {
                                        $0.name = "t"
                                        $0.partitionIndexes = names
                                    }
                                }
                            }
                        ]
                    }
                }, version: version)
            let counts =
                version < 8
                ? answer.topics.map(\.partitions.count)
                : answer.groups.first?.topics.map(\.partitions.count) ?? []
            #expect(counts == [2], "v\(version)")
        }
        // A partition 100,000 times: the last one counts, as in Kafka.
        let commit = try client.call(
            Self.committing("h", (0..<100_000).map { _ in (7, "") }), version: 8)
        #expect(commit.topics.map(\.partitions.count) == [1])
        #expect(await broker.group("h")?.committed.map(\.offset) == [99_999])
        let deleted = try client.call(
            OffsetDeleteRequest.with {
                $0.groupId = "h"
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = (0..<10_000).map { _ in .with { $0.partitionIndex = 7 } }
                    }
                ]
            })
        #expect(deleted.topics.map(\.partitions.count) == [1])
        let keys = try client.call(
            FindCoordinatorRequest.with { $0.coordinatorKeys = (0..<100_000).map { "k\($0 % 3)" } })
        #expect(keys.coordinators.map(\.key) == ["k0", "k1", "k2"])
        let described = try client.call(
            DescribeGroupsRequest.with { $0.groups = [String](repeating: "g", count: 10_000) })
        #expect(described.groups.count == 1)
        let listed = try client.call(
            ListGroupsRequest.with { $0.statesFilter = (0..<100_000).map { $0 % 2 == 0 ? "Empty" : "state\($0)" } })
        #expect(listed.groups.map(\.groupId) == ["g", "h"])
        let left = try client.call(
            LeaveGroupRequest.with {
                $0.groupId = "g"
                $0.members = (0..<100_000).map { index in .with { $0.memberId = "m\(index % 5)" } }
            })
        #expect(left.members.map(\.errorCode) == [ErrorCode](repeating: .unknownMemberId, count: 5))
        let gone = try client.call(
            DeleteGroupsRequest.with { $0.groupsNames = [String](repeating: "h", count: 10_000) })
        #expect(gone.results.map(\.errorCode) == [.none])

        let worst = try #require(innocent.worst())
        #expect(worst < .seconds(3), "\(worst)")
        await broker.stop()
    }

    @Test func aJoinWithThirtyThousandStrategiesHoldsNobodyUp() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let innocent = InnocentClient(port: broker.port)
        let client = try TestClient(port: broker.port)
        func join(_ count: Int) throws -> ErrorCode {
            let answer = try client.call(
                JoinGroupRequest.with {
                    $0.groupId = "g"
                    $0.protocolType = "consumer"
                    $0.sessionTimeoutMs = 30_000
                    $0.rebalanceTimeoutMs = 30_000
                    $0.protocols = (0..<count).map { index in .with { $0.name = "p\(index)" } }
                }, version: 2)
            return answer.errorCode
        }
        #expect(try join(30_000) == .inconsistentGroupProtocol)
        #expect(try join(1000) == .none)
        let worst = try #require(innocent.worst())
        #expect(worst < .seconds(3), "\(worst)")
        await broker.stop()
    }

    /// Somebody who goes away while a JoinGroup waits takes an id along that nobody knows: the others need not wait.
    @Test func aMemberThatNobodyKnowsGoesWithItsConnection() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var join = JoinGroupRequest.with {
            $0.groupId = "g"
            $0.protocolType = "consumer"
            $0.sessionTimeoutMs = 600_000
            $0.rebalanceTimeoutMs = 600_000
            $0.protocols = [.with { $0.name = "range" }]
        }
        let first = try TestClient(port: broker.port)
        let member = try first.call(join, version: 2)
        do {
            let ghost = try TestClient(port: broker.port)
            try ghost.send(join, version: 2)
            try await eventually { await broker.group("g")?.members.count == 2 }
        }
        try await eventually { await broker.group("g")?.members.count == 1 }
        join.memberId = member.memberId
        let again = try first.call(join, version: 2)
        #expect(again.errorCode == .none && again.members.count == 1)
        await broker.stop()
    }

    /// Kafka lets the empty name commit, fetch, be described and deleted, and nothing else.
    @Test func theEmptyNameIsAGroupOfItsOwn() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        for version in Int16(2)...9 {
            let commit = try client.call(Self.committing("", [(0, "x")]), version: version)
            #expect(commit.topics.first?.partitions.map(\.errorCode) == [ErrorCode.none], "v\(version)")
        }
        let fetched = try client.call(
            OffsetFetchRequest.with {
                $0.groups = [
                    .with {
                        $0.groupId = ""
                        $0.memberEpoch = -1
                        $0.topics = nil
                    }
                ]
            }, version: 9)
        #expect(fetched.groups.first?.topics.first?.partitions.first?.metadata == "x")
        #expect(try client.call(ListGroupsRequest()).groups.map(\.groupId) == [""])
        #expect(try client.call(DescribeGroupsRequest.with { $0.groups = [""] }).groups.first?.groupState == "Empty")
        let join = JoinGroupRequest.with {
            $0.protocolType = "consumer"
            $0.sessionTimeoutMs = 30_000
            $0.protocols = [.with { $0.name = "range" }]
        }
        #expect(try client.call(join).errorCode == .invalidGroupId)
        #expect(try client.call(SyncGroupRequest()).errorCode == .invalidGroupId)
        #expect(try client.call(HeartbeatRequest()).errorCode == .invalidGroupId)
        #expect(try client.call(LeaveGroupRequest()).errorCode == .invalidGroupId)
        #expect(try client.call(OffsetDeleteRequest()).errorCode == .invalidGroupId)
        let gone = try client.call(DeleteGroupsRequest.with { $0.groupsNames = [""] })
        #expect(gone.results.map(\.errorCode) == [.none])
        await broker.stop()
    }

    /// Writing the positions anew took one turn, however many there were. What is committed between the parts is kept.
    @Test func theLogOfPositionsIsWrittenAnewInParts() async throws {
        let folder = TemporaryFolder()
        var configuration = KafkaBroker.Configuration(topics: ["t": 50])
        configuration.dataDirectory = folder.path
        var broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let text = String(repeating: "m", count: 400)
        func commit(_ group: Int, _ offset: Int64) throws {
            _ = try client.call(
                OffsetCommitRequest.with {
                    $0.groupId = "g\(group)"
                    $0.generationIdOrMemberEpoch = -1
                    $0.topics = [
                        .with {
                            $0.name = "t"
                            $0.partitions = (0..<50).map { index in
                                .with {
                                    $0.partitionIndex = PartitionID(index: index)
                                    $0.committedOffset = Offset(offset)
                                    $0.committedMetadata = text
                                }
                            }
                        }
                    ]
                }, version: 8)
        }
        // 100 groups are two and a half parts; five commits of each are more than the log may have.
        for round in Int64(0)..<5 { for group in 0..<100 { try commit(group, round) } }
        for group in 0..<100 where group % 3 == 0 { try commit(group, 9) }
        let gone = try client.call(DeleteGroupsRequest.with { $0.groupsNames = ["g1"] })
        #expect(gone.results.map(\.errorCode) == [.none])
        func check() async {
            let groups = await broker.groups
            #expect(groups.count == 99)
            for group in groups {
                let number = Int(group.id.dropFirst()) ?? -1
                #expect(group.committed.count == 50, "\(group.id)")
                #expect(group.committed.allSatisfy { $0.offset == (number % 3 == 0 ? 9 : 4) }, "\(group.id)")
            }
        }
        await check()
        await broker.stop()
        let size = folder.names(in: "__consumer_offsets-0").reduce(0) {
            $0 + folder.bytes(of: "__consumer_offsets-0/" + $1).count
        }
        #expect(size > 0 && size < 12 << 20)
        broker = try await KafkaBroker.start(configuration)
        await check()
        await broker.stop()
    }
}
