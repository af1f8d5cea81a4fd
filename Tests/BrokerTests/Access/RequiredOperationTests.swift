import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What a client says that a refusal is for want of, held against the table by which the broker refuses.
@Suite(.turn) struct RequiredOperationTests {
    private static let resources: [RequiredOperation.Resource: AclResourceType] = [
        .topic: .topic, .group: .group, .cluster: .cluster, .transactionalId: .transactionalId,
    ]

    /// What the broker's table asks in other words: by the kind of what is named, or in place of the question.
    private static let elsewhere: [RequiredOperation.Resource: Set<APIKey>] = [
        .transactionalId: [.findCoordinator],
        .group: [.describeConfigs, .alterConfigs, .incrementalAlterConfigs],
        .cluster: [
            .describeConfigs, .alterConfigs, .incrementalAlterConfigs, .createTopics, .deleteTopics, .listGroups,
            .fetch,
            .offsetForLeaderEpoch,
        ],
    ]

    @Test(arguments: RequiredOperation.Resource.allCases) func theClientSaysWhatTheBrokerAsks(
        resource: RequiredOperation.Resource
    ) throws {
        let kind = try #require(Self.resources[resource])
        for api in RequiredOperation.apis(on: resource).sorted() {
            let asked = (RequiredAccess.of(api)?.questions ?? []).filter { $0.resource == kind }
            let operations = asked.flatMap(\.operations).map(\.description)
            let told = try #require(RequiredOperation.of(api, on: resource))
            if asked.isEmpty, Self.elsewhere[resource]?.contains(api) == true { continue }
            #expect(operations.contains(told), "\(api) on \(resource): \(told) is not among \(operations)")
        }
        for api in RequiredAccess.apis.sorted() {
            let asked = (RequiredAccess.of(api)?.questions ?? []).filter {
                $0.resource == kind && $0.denial != .leftOut
            }
            guard !asked.isEmpty, api != .addPartitionsToTxn || resource != .cluster else { continue }
            #expect(RequiredOperation.of(api, on: resource) != nil, "\(api) on \(resource)")
        }
    }
}
