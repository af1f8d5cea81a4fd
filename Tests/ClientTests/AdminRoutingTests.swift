import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// A call of ``KafkaAdmin`` that a table names.
struct AdminAction: Sendable, CustomTestStringConvertible {
    var api: APIKey
    var code: ErrorCode
    var testDescription: String { "\(api) \(code.name)" }
    var call: @Sendable (KafkaAdmin) async throws -> Void

    init(_ api: APIKey, _ code: ErrorCode, _ call: @escaping @Sendable (KafkaAdmin) async throws -> Void) {
        self.api = api
        self.code = code
        self.call = call
    }
}

private let part = TopicPartition("t", 0)

/// Which broker is asked, and what is tried again.
@Suite(.turn) struct AdminRoutingTests {
    @Test(arguments: [
        AdminAction(.createTopics, .notController) { _ = try await $0.createTopics([.init("n")]).get() },
        .init(.createTopics, .throttlingQuotaExceeded) { _ = try await $0.createTopics([.init("n")]).get() },
        .init(.deleteTopics, .notController) { _ = try await $0.deleteTopics(["t"]).get() },
        .init(.createPartitions, .notController) { _ = try await $0.addPartitions(["t": .init(total: 9)]).get() },
        .init(.deleteRecords, .notLeaderOrFollower) { _ = try await $0.deleteRecords(before: [part: .none]).get() },
        .init(.deleteRecords, .unknownTopicOrPartition) { _ = try await $0.deleteRecords(before: [part: .none]).get() },
        .init(.listOffsets, .notLeaderOrFollower) { _ = try await $0.listOffsets([part: .latest]).get() },
        .init(.listOffsets, .leaderNotAvailable) { _ = try await $0.endOffsets(of: "t") },
        .init(.listOffsets, .offsetNotAvailable) { _ = try await $0.endOffsets(of: "t") },
        .init(.describeProducers, .notLeaderOrFollower) { _ = try await $0.describeProducers(of: [part]).get() },
        .init(.offsetFetch, .notCoordinator) { _ = try await $0.committedOffsets(of: "g") },
        .init(.offsetFetch, .unstableOffsetCommit) { _ = try await $0.committedOffsets(of: "g") },
        .init(.offsetCommit, .coordinatorNotAvailable) {
            _ = try await $0.alterGroupOffsets(of: "g", [part: .init(offset: 1)]).get()
        },
        .init(.offsetDelete, .notCoordinator) { _ = try await $0.deleteGroupOffsets(of: "g", [part]).get() },
        .init(.deleteGroups, .coordinatorLoadInProgress) { _ = try await $0.deleteGroups(["g"]).get() },
        .init(.describeGroups, .notCoordinator) { _ = try await $0.describeGroups(["g"]).get() },
        .init(.consumerGroupDescribe, .notCoordinator) { _ = try await $0.describeGroups(["g"]).get() },
        .init(.findCoordinator, .coordinatorNotAvailable) { _ = try await $0.committedOffsets(of: "unasked") },
        .init(.listGroups, .coordinatorLoadInProgress) { _ = try await $0.listGroups().get() },
        .init(.listTransactions, .coordinatorLoadInProgress) { _ = try await $0.listTransactions().get() },
        .init(.initProducerId, .concurrentTransactions) { _ = try await $0.fenceProducers(["x"]).get() },
        .init(.initProducerId, .notCoordinator) { _ = try await $0.fenceProducers(["x"]).get() },
        .init(.electLeaders, .notController) { _ = try await $0.electLeaders() },
        .init(.alterPartitionReassignments, .notController) {
            _ = try await $0.alterPartitionReassignments([part: [1]]).get()
        },
        .init(.listPartitionReassignments, .notController) { _ = try await $0.listPartitionReassignments() },
        .init(.updateFeatures, .notController) { _ = try await $0.updateFeatures(["none": .init(level: 0)]).get() },
        .init(.incrementalAlterConfigs, .notController) {
            _ = try await $0.alterConfigs([.topic("t"): ["retention.ms": .set("9")]]).get()
        },
    ])
    func whatMayPassIsTriedAgain(action: AdminAction) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 2))
        let admin = try KafkaAdmin(.quick(broker))
        _ = try await admin.alterGroupOffsets(of: "g", [part: .init(offset: 0)]).get()
        let (api, code) = (action.api, action.code)
        let hook = broker.on(api, times: 1) { _ in .fail(code) }
        try await within { try await action.call(admin) }
        #expect(hook.uses == 1)
        await admin.close()
        await broker.stop()
    }

    @Test(arguments: [
        AdminAction(.createTopics, .clusterAuthorizationFailed) { _ = try await $0.createTopics([.init("n")]).get() },
        .init(.createTopics, .requestTimedOut) { _ = try await $0.createTopics([.init("n")]).get() },
        .init(.deleteTopics, .topicAuthorizationFailed) { _ = try await $0.deleteTopics(["t"]).get() },
        .init(.describeTopicPartitions, .topicAuthorizationFailed) { _ = try await $0.describeTopics(["t"]).get() },
        .init(.metadata, .topicAuthorizationFailed) { _ = try await $0.deleteRecords(before: [part: 1]).get() },
        .init(.deleteRecords, .policyViolation) { _ = try await $0.deleteRecords(before: [part: 1]).get() },
        .init(.listOffsets, .unsupportedForMessageFormat) { _ = try await $0.endOffsets(of: "t") },
        .init(.describeConfigs, .topicAuthorizationFailed) { _ = try await $0.describeConfigs([.topic("t")]).get() },
        .init(.describeCluster, .clusterAuthorizationFailed) { _ = try await $0.describeCluster() },
        .init(.describeQuorum, .clusterAuthorizationFailed) { _ = try await $0.describeMetadataQuorum() },
        .init(.describeGroups, .groupAuthorizationFailed) { _ = try await $0.describeGroups(["g"]).get() },
        .init(.findCoordinator, .groupAuthorizationFailed) { _ = try await $0.deleteGroups(["g"]).get() },
        .init(.offsetFetch, .groupAuthorizationFailed) { _ = try await $0.committedOffsets(of: "g") },
        .init(.listGroups, .clusterAuthorizationFailed) { _ = try await $0.listGroups().get() },
        .init(.initProducerId, .transactionalIdAuthorizationFailed) { _ = try await $0.fenceProducers(["x"]).get() },
        .init(.describeLogDirs, .clusterAuthorizationFailed) { _ = try await $0.describeLogDirs().get() },
        .init(.describeAcls, .securityDisabled) { _ = try await $0.describeAcls() },
        .init(.createAcls, .securityDisabled) {
            _ = try await $0.createAcls([.init(.allow, "User:a", .read, on: .topic, "t")]).get()
        },
        .init(.deleteAcls, .securityDisabled) { _ = try await $0.deleteAcls([.init()]).get() },
        .init(.unregisterBroker, .brokerIdNotRegistered) { try await $0.unregisterBroker(9) },
    ])
    func whatIsRefusedForGoodIsToldAtOnce(action: AdminAction) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let admin = try KafkaAdmin(.quick(broker))
        let (api, code) = (action.api, action.code)
        let hook = broker.on(api) { _ in .fail(code) }
        let error = await #expect(throws: KafkaError.self) { try await within { try await action.call(admin) } }
        #expect(error?.code == .broker(code))
        #expect(error?.message.contains(code.name) == true)
        #expect(hook.uses <= 2)
        await admin.close()
        await broker.stop()
    }

    @Test func leadersThatMoveAndNodesThatStopAreFollowed() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 6], brokers: 3)
        configuration.defaultReplicationFactor = 3
        let broker = try await KafkaBroker.start(configuration)
        let admin = try KafkaAdmin(.quick(broker))
        try await broker.produce(0..<60, to: "t")
        let before = try await admin.endOffsets(of: "t")
        for index in 0..<6 { try await broker.moveLeader(of: "t", partition: PartitionID(index: index), to: 3) }
        #expect(try await within { try await admin.endOffsets(of: "t") } == before)
        #expect(try await within { try await admin.deleteRecords(before: before).get() } == before)
        try await broker.stopNode(3)
        #expect(try await within { try await admin.earliestOffsets(of: "t") } == before)
        #expect(try await admin.describeTopics(["t"]).get()["t"]?.leaders.contains(3) == false)
        await admin.close()
        await broker.stop()
    }

    @Test func whoTakesOverIsFoundWhenControllersAndCoordinatorsStop() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1], brokers: 3)
        configuration.defaultReplicationFactor = 3
        let broker = try await KafkaBroker.start(configuration)
        let admin = try KafkaAdmin(.quick(broker))
        _ = try await admin.alterGroupOffsets(of: "g", [part: .init(offset: 1)]).get()
        let controller = try await admin.describeCluster().controller
        let coordinator = await broker.coordinator(ofGroup: "g")
        try await broker.stopNode(controller)
        _ = try await within { try await admin.createTopics([.init("n")]).get() }
        if coordinator != controller { try await broker.stopNode(coordinator) }
        let offsets = try await within { try await admin.committedOffsets(of: "g") }
        #expect(offsets[part]?.offset == 1)
        let group = try await within { try await admin.describeGroups(["g"]).get()["g"] }
        #expect(group != nil && ![controller, coordinator].contains(group?.coordinator))
        await admin.close()
        await broker.stop()
    }

    @Test func oneItemThatFailsDoesNotHoldUpTheOthers() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3], brokers: 3))
        let admin = try KafkaAdmin(.quick(broker))
        // Node 2 refuses for good, node 3 without end.
        broker.on(.listOffsets) { $0.node == 2 ? .fail(.topicAuthorizationFailed) : .pass }
        broker.on(.listOffsets) { $0.node == 3 ? .fail(.notLeaderOrFollower) : .pass }
        for index in 0..<3 {
            try await broker.moveLeader(of: "t", partition: PartitionID(index: index), to: BrokerID(Int32(index + 1)))
        }
        let partitions = (0..<3).map { TopicPartition("t", PartitionID(index: $0)) }
        let wanted = Dictionary(uniqueKeysWithValues: partitions.map { ($0, KafkaAdmin.OffsetSpec.latest) })
        let results = try await within { await admin.listOffsets(wanted) }
        #expect(try results[partitions[0]]?.get().offset == 0)
        #expect(results[partitions[1]]?.failure?.code == .broker(.topicAuthorizationFailed))
        #expect(results[partitions[2]]?.failure?.code == .timedOut)
        #expect(results[partitions[2]]?.failure?.message.contains("NOT_LEADER_OR_FOLLOWER") == true)

        broker.on(.listGroups) { $0.node == 2 ? .fail(.clusterAuthorizationFailed) : .pass }
        _ = try await admin.alterGroupOffsets(of: "g", [partitions[0]: .init(offset: 0)]).get()
        try await broker.moveCoordinator(ofGroup: "g", to: 1)
        let gathered = try await admin.listGroups()
        #expect(gathered.elements.map(\.id) == ["g"])
        #expect(gathered.failures.mapValues(\.code) == [2: .broker(.clusterAuthorizationFailed)])
        await admin.close()
        await broker.stop()
    }

    @Test func anEndIsPutToTryingAndToWaiting() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var configuration = ClientConfiguration.quick(broker)
        configuration.apiTimeout = .milliseconds(1500)
        let admin = try KafkaAdmin(configuration)
        let hook = broker.on(.createTopics) { _ in .fail(.notController) }
        let late = await admin.createTopics([.init("n")])["n"]?.failure
        #expect(late?.code == .timedOut && late?.topic == "n" && hook.uses > 1)
        #expect(late?.message.contains("NOT_CONTROLLER") == true)
        hook.remove()
        let drop = broker.on(.deleteTopics) { _ in .drop }
        let silent = try await within(.seconds(8)) { await admin.deleteTopics(["t"])["t"]?.failure }
        #expect(silent?.code == .timedOut)
        drop.remove()

        configuration.apiTimeout = .seconds(60)
        configuration.retryBackoff = .seconds(30)
        configuration.maximumRetryBackoff = .seconds(30)
        let patient = try KafkaAdmin(configuration)
        broker.on(.createTopics) { _ in .fail(.notController) }
        let task = Task { await patient.createTopics([.init("n")])["n"]?.failure }
        try await eventually { await broker.requestCounts[.createTopics, default: 0] > hook.uses }
        task.cancel()
        #expect(try await within(.seconds(8)) { await task.value }?.code == .cancelled)
        await patient.close()
        await admin.close()
        await broker.stop()
    }

    @Test func aBrokenConnectionIsMadeAnew() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let admin = try KafkaAdmin(.quick(broker))
        let hook = broker.on(.describeConfigs, times: 1) { _ in .disconnect }
        #expect(try await admin.describeConfigs([.topic("t")]).get().count == 1)
        #expect(hook.uses == 1)
        // The topic was created before the answer was lost: that is not hidden.
        broker.on(.createTopics, times: 1) { _ in .disconnectAfterwards }
        let error = await admin.createTopics([.init("n")])["n"]?.failure
        #expect(error?.code == .broker(.topicAlreadyExists))
        await broker.stop()
        let gone = await admin.describeConfigs([.topic("t")])[.topic("t")]?.failure
        #expect(gone?.code == .timedOut && gone?.message.contains("could not describe the configuration") == true)
        await admin.close()
        let closed = await admin.deleteTopics(["t"])["t"]?.failure
        #expect(closed?.code == .closed)
    }

    @Test func whatABrokerLeavesOutIsAnErrorAndWhatItAddsIsNot() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1, "u": 1]))
        let admin = try KafkaAdmin(.quick(broker))
        broker.on(.deleteTopics) { _ in
            .answer(
                DeleteTopicsResponse.with {
                    $0.responses = [.with { $0.name = "t" }, .with { $0.name = "other" }]
                })
        }
        let results = await admin.deleteTopics(["t", "u"])
        #expect(Set(results.keys) == ["t", "u"])
        #expect(results["t"]?.isFailure == false)
        #expect(results["u"]?.failure?.code == .malformedResponse)
        // A page that points to itself would never end.
        broker.on(.describeTopicPartitions) { _ in
            .answer(
                DescribeTopicPartitionsResponse.with {
                    $0.nextCursor = .with { $0.topicName = "t" }
                })
        }
        let paged = try await within { await admin.describeTopics(["t"]) }
        #expect(paged["t"]?.failure?.code == .malformedResponse)
        await admin.close()
        await broker.stop()
    }
}
