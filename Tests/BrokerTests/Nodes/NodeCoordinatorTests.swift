import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Which node coordinates a group or a transaction.
@Suite(.serialized, .turn) struct NodeCoordinatorTests: NodeSuite {
    @Test func coordinatorsAreFoundMovedAndAskedAlone() async throws {
        let broker = try await start()
        func find(_ key: String, _ type: Int8) async throws -> BrokerID {
            let answer = try await client(broker, 1).call(
                FindCoordinatorRequest.with {
                    $0.keyType = type
                    $0.coordinatorKeys = [key]
                })
            return try #require(answer.coordinators.first).nodeId
        }
        #expect(try await find("g", 0) == broker.coordinator(ofGroup: "g"))
        #expect(try await find("x", 1) == broker.coordinator(ofTransaction: "x"))
        for node in [BrokerID(1), 2, 3] {
            try await broker.moveCoordinator(ofGroup: "g", to: node)
            try await broker.moveCoordinator(ofTransaction: "x", to: node)
            #expect(try await find("g", 0) == node)
            #expect(try await find("x", 1) == node)
            for other in [BrokerID(1), 2, 3] {
                let client = try await client(broker, other)
                let wanted: ErrorCode = other == node ? .none : .notCoordinator
                let commit = try client.call(
                    OffsetCommitRequest.with {
                        $0.groupId = "g"
                        $0.topics = [
                            .with {
                                $0.name = "t"; $0.partitions = [.with { $0.committedOffset = 5 }]
                            }
                        ]
                    }, version: 9)
                #expect(commit.topics.first?.partitions.first?.errorCode == wanted)
                for version in [Int16(1), 7, 9] {
                    let fetched = try client.call(
                        OffsetFetchRequest.with {
                            if version >= 8 {
                                $0.groups = [
                                    .with {
                                        $0.groupId = "g"
                                        $0.topics = [
                                            .with {
                                                $0.name = "t"; $0.partitionIndexes = [0]
                                            }
                                        ]
                                    }
                                ]
                            } else {
                                $0.groupId = "g"
                                $0.topics = [
                                    .with {
                                        $0.name = "t"; $0.partitionIndexes = [0]
                                    }
                                ]
                            }
                        }, version: version)
                    switch version {
                    case 1: #expect(fetched.topics.first?.partitions.first?.errorCode == wanted)
                    case 7: #expect(fetched.errorCode == wanted)
                    default: #expect(fetched.groups.first?.errorCode == wanted)
                    }
                }
                let initialized = try client.call(
                    InitProducerIdRequest.with {
                        $0.transactionalId = "x"
                        $0.transactionTimeoutMs = 1000
                    }, version: 4)
                #expect(initialized.errorCode == wanted)
                // A producer without a transactional id may ask anybody.
                let plain = try client.call(InitProducerIdRequest.with { $0.transactionalId = nil }, version: 4)
                #expect(plain.errorCode == .none)
                // Groups and transactions are listed where they are coordinated.
                #expect(try client.call(ListGroupsRequest()).groups.map(\.groupId) == (other == node ? ["g"] : []))
                #expect(
                    try client.call(ListTransactionsRequest()).transactionStates.map(\.transactionalId)
                        == (other == node ? ["x"] : []))
            }
        }
        await broker.stop()
    }

    @Test func aRequestAboutSeveralGroupsIsParted() async throws {
        let broker = try await start()
        try await broker.moveCoordinator(ofGroup: "here", to: 1)
        try await broker.moveCoordinator(ofGroup: "there", to: 2)
        let client = try await client(broker, 1)
        let described = try client.call(DescribeGroupsRequest.with { $0.groups = ["there", "here"] }, version: 5)
        #expect(described.groups.map(\.groupId) == ["here", "there"])
        #expect(described.groups.map(\.errorCode) == [.none, .notCoordinator])
        let deleted = try client.call(DeleteGroupsRequest.with { $0.groupsNames = ["here", "there"] })
        #expect(deleted.results.map(\.errorCode) == [.groupIdNotFound, .notCoordinator])
        let none = try client.call(DescribeGroupsRequest(), version: 5)
        #expect(none.groups.isEmpty)
        await broker.stop()
    }
}
