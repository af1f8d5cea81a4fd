import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Offsets that are committed in transactions, and what administrators see of transactions, through real sockets.
@Suite(.serialized, .turn) struct TransactionalOffsetTests {
    /// The position and the error of partition 0, in a version that knows stable ones.
    private func position(_ client: TestClient, stable: Bool, version: Int16) throws -> (Offset?, ErrorCode?) {
        var request = OffsetFetchRequest()
        request.requireStable = stable
        if version < 8 {
            request.groupId = "g"
            request.topics = [
                .with {
                    $0.name = "t"
                    $0.partitionIndexes = [0]
                }
            ]
            let found = try client.call(request, version: version).topics.first?.partitions.first
            return (found?.committedOffset, found?.errorCode)
        }
        request.groups = [
            .with {
                $0.groupId = "g"; $0.topics = nil
            }
        ]
        let found = try client.call(request, version: version).groups.first?.topics.first?.partitions.first
        return (found?.committedOffset, found?.errorCode)
    }

    @Test(arguments: [false, true]) func offsetsHoldOnceTheTransactionIsCommitted(isVersion2: Bool) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: isVersion2)
        for version in Int16(0)...4 {
            let code: ErrorCode = version < 4 ? .invalidTxnState : .transactionAbortable
            #expect(try writer.commitOffset(1, group: "g", version: version) == code)
        }
        func commit(_ offset: Offset) throws -> ErrorCode {
            if !isVersion2 { #expect(try writer.addOffsets(group: "g") == .none) }
            return try writer.commitOffset(offset, group: "g")
        }
        #expect(try commit(5) == .none)
        #expect(try writer.end(commit: true) == .none)
        #expect(await broker.group("g")?.committed.map(\.offset) == [5])
        #expect(try commit(9) == .none)
        for version in [7, 8, 9] as [Int16] {
            #expect(try position(writer.client, stable: true, version: version) == (-1, .unstableOffsetCommit))
            #expect(try position(writer.client, stable: false, version: version) == (5, ErrorCode.none))
        }
        #expect(try writer.end(commit: false) == .none)
        #expect(try position(writer.client, stable: true, version: 9) == (5, ErrorCode.none))

        // A commit outside of the transaction that comes later stays.
        #expect(try commit(20) == .none)
        _ = try writer.client.call(
            OffsetCommitRequest.with {
                $0.groupId = "g"
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = [.with { $0.committedOffset = 30 }]
                    }
                ]
            }, version: 9)
        #expect(try writer.end(commit: true) == .none)
        #expect(try position(writer.client, stable: true, version: 9) == (30, ErrorCode.none))
        #expect(try writer.commitOffset(1, group: "", version: 5) == .invalidGroupId)
        #expect(try writer.commitOffset(1, group: "g", topic: "nowhere", version: 5) == .unknownTopicOrPartition)
        await broker.stop()
    }

    /// KIP-447: what a member commits in a transaction is held against the group's generation.
    @Test func membersAreChecked() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.initialRebalanceDelay = .zero
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let joined = try client.call(
            JoinGroupRequest.with {
                $0.groupId = "g"
                $0.sessionTimeoutMs = 60_000
                $0.rebalanceTimeoutMs = 60_000
                $0.protocolType = "consumer"
                $0.protocols = [.with { $0.name = "range" }]
            }, version: 3)
        #expect(joined.errorCode == .none)
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: true)
        let table: [(Int32, String, String, ErrorCode)] = [
            (joined.generationId, joined.memberId, "g", .none), (-1, "", "g", .none),
            (joined.generationId + 1, joined.memberId, "g", .illegalGeneration),
            (joined.generationId, "stranger", "g", .unknownMemberId), (1, "m", "unknown", .illegalGeneration),
            (-1, "", "simple", .none),
        ]
        for (generation, member, group, code) in table {
            let found = try writer.commitOffset(1, group: group) {
                $0.generationId = generation
                $0.memberId = member
            }
            #expect(found == code, "\(generation) \(member) \(group)")
        }
        let instance = try writer.commitOffset(1, group: "g") {
            $0.generationId = joined.generationId
            $0.memberId = joined.memberId
            $0.groupInstanceId = "nobody"
        }
        #expect(instance == .unknownMemberId)
        await broker.stop()
    }

    @Test func transactionsAreDescribedAndListed() async throws {
        let clock = TestClock()
        var configuration = KafkaBroker.Configuration(topics: ["t": 3, "a": 1])
        configuration.now = { clock.now }
        configuration.timestamp = { 1_700_000_000_000 }
        let broker = try await KafkaBroker.start(configuration)
        let idle = try TransactionalClient(port: broker.port, id: "idle", isVersion2: true)
        let busy = try TransactionalClient(port: broker.port, id: "busy-1", isVersion2: true)
        for (topic, partition) in [("t", 2), ("a", 0), ("t", 1)] as [(String, PartitionID)] {
            #expect(try busy.write(["v"], to: topic, partition) == .none)
        }
        #expect(try busy.commitOffset(1, group: "billing") == .none)
        clock.advance(.seconds(5))
        let shown = await broker.transactions
        #expect(shown.map(\.id) == ["busy-1", "idle"] && shown.map(\.state) == ["Ongoing", "Empty"])
        #expect(shown.map(\.groups) == [["billing"], []])
        #expect(shown[0].partitions.map(\.description) == ["a-0", "t-1", "t-2"])
        #expect(shown[0].producerId == busy.producer.id && shown[0].producerEpoch == 0)
        #expect(await broker.topics.first { $0.name == "t" }?.partitions.map(\.lastStableOffset) == [0, 0, 0])
        let states = try idle.client.call(
            DescribeTransactionsRequest.with { $0.transactionalIds = ["busy-1", "idle", "nobody", ""] }
        ).transactionStates
        #expect(states.map(\.errorCode) == [.none, .none, .transactionalIdNotFound, .invalidRequest])
        #expect(states.map(\.transactionState) == ["Ongoing", "Empty", "", ""])
        #expect(states[0].producerId == busy.producer.id && states[0].transactionTimeoutMs == 60_000)
        #expect(states[0].transactionStartTimeMs == 1_699_999_995_000 && states[1].transactionStartTimeMs == -1)
        // Java's "billing".hashCode() is -109829509.
        #expect(states[0].topics.map(\.topic) == ["__consumer_offsets", "a", "t"])
        #expect(states[0].topics.map(\.partitions) == [[9], [0], [1, 2]])

        func list(_ configure: (inout ListTransactionsRequest) -> Void, version: Int16 = 2) throws -> [String] {
            let answer = try idle.client.call(ListTransactionsRequest.with(configure), version: version)
            guard answer.errorCode == .none else { return [answer.errorCode.name] }
            return answer.transactionStates.map(\.transactionalId) + answer.unknownStateFilters.map { "?" + $0 }
        }
        for version in Int16(0)...2 { #expect(try list({ _ in }, version: version) == ["busy-1", "idle"]) }
        #expect(try list { $0.stateFilters = ["Ongoing", "Dead"] } == ["busy-1"])
        #expect(try list { $0.stateFilters = ["Sleeping"] } == ["?Sleeping"])
        #expect(try list { $0.producerIdFilters = [idle.producer.id, 4711] } == ["idle"])
        #expect(try list { $0.durationFilter = 4999 } == ["busy-1"])
        #expect(try list { $0.durationFilter = 5000 } == [])
        #expect(try list { $0.transactionalIdPattern = "busy-\\d+" } == ["busy-1"])
        #expect(try list { $0.transactionalIdPattern = "busy" } == [])
        for pattern in ["(", "[", "a{99999999999999999999}", String(repeating: "x", count: 1001)] {
            #expect(try list { $0.transactionalIdPattern = pattern } == ["INVALID_REGULAR_EXPRESSION"], "\(pattern)")
        }
        await broker.stop()
    }

    @Test func anAdministratorEndsAHangingTransaction() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2])
        configuration.timestamp = { 1_700_000_000_000 }
        let broker = try await KafkaBroker.start(configuration)
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: false)
        let client = try TestClient(port: broker.port)
        #expect(try writer.write(["a", "b"]) == .none)
        func producers(_ partition: PartitionID) throws -> DescribeProducersResponse.TopicResponse.PartitionResponse? {
            let request = DescribeProducersRequest.with {
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitionIndexes = [partition]
                    }
                ]
            }
            return try client.call(request).topics.first?.partitions.first
        }
        let found = try #require(try producers(0)?.activeProducers.first)
        #expect(found.producerId == writer.producer.id && found.producerEpoch == 0 && found.lastSequence == 1)
        #expect(found.currentTxnStartOffset == 0 && found.coordinatorEpoch == -1 && found.lastTimestamp == 1001)
        #expect(try producers(1)?.activeProducers == [])
        #expect(try producers(9)?.errorCode == .unknownTopicOrPartition)

        func mark(_ partition: PartitionID, epoch: ProducerEpoch, version: Int16 = 1, transactions: Int8 = 0) throws
            -> ErrorCode?
        {
            let request = WriteTxnMarkersRequest.with {
                $0.markers = [
                    .with {
                        $0.producerId = writer.producer.id
                        $0.producerEpoch = epoch
                        $0.transactionVersion = transactions
                        $0.topics = [
                            .with {
                                $0.name = "t"
                                $0.partitionIndexes = [partition]
                            }
                        ]
                    }
                ]
            }
            return try client.call(request, version: version).markers.first?.topics.first?.partitions.first?.errorCode
        }
        #expect(try mark(0, epoch: -1) == .invalidProducerEpoch)
        #expect(try mark(7, epoch: 0) == .unknownTopicOrPartition)
        #expect(try mark(0, epoch: 0, version: 2, transactions: 2) == .invalidProducerEpoch)
        #expect(try mark(0, epoch: 0) == ErrorCode.none)
        let ended = try #require(try producers(0)?.activeProducers.first)
        #expect(ended.currentTxnStartOffset == -1 && ended.coordinatorEpoch == 0)
        #expect(ended.lastTimestamp == 1_700_000_000_000)
        #expect(try client.fetch("t", offset: 0).lastStableOffset == 3)
        await broker.stop()
    }
}
