/// What an API asks of whoever sends it, in Kafka's words: so a refusal says which permission is missing. The broker has
/// the whole table, by which it refuses; a test holds this one against it.
package enum RequiredOperation {
    /// What a permission is about.
    package enum Resource: String, Sendable, CaseIterable {
        case topic
        case group
        case cluster
        case transactionalId = "transactional id"

        /// Of which of them a code speaks; nil for what is no refusal for want of a permission.
        package init?(_ code: ErrorCode) {
            switch code {
            case .topicAuthorizationFailed: self = .topic
            case .groupAuthorizationFailed: self = .group
            case .clusterAuthorizationFailed: self = .cluster
            case .transactionalIdAuthorizationFailed: self = .transactionalId
            default: return nil
            }
        }
    }

    /// The operation that a request needs on a kind of resource; nil where it needs none there.
    package static func of(_ api: APIKey, on resource: Resource) -> String? { table[resource]?[api] }

    /// The APIs that need something of a kind of resource.
    package static func apis(on resource: Resource) -> Set<APIKey> { Set((table[resource] ?? [:]).keys) }

    /// What to do about a refusal: the operation, the resource as far as it is known, and who can help. Nil for a code
    /// of something else.
    static func advice(_ code: ErrorCode, api: APIKey?, of topic: String?, _ other: String? = nil) -> String? {
        guard let resource = Resource(code) else { return nil }
        let named: String? =
            switch resource {
            case .topic: topic
            case .group, .transactionalId: other
            case .cluster: nil
            }
        let name = named.map { " \($0)" } ?? ""
        if api == .initProducerId, resource == .cluster {
            return "it takes WRITE on any topic, or IDEMPOTENT_WRITE on the cluster, which an administrator has to "
                + "grant (ACL)"
        }
        guard let api, let operation = of(api, on: resource) else {
            return "an administrator has to grant the permission on the \(resource.rawValue)\(name) (ACL)"
        }
        return "\(sentence(operation, resource))\(name), which an administrator has to grant (ACL)"
    }

    private static func sentence(_ operation: String, _ resource: Resource) -> String {
        "it takes \(operation) on the \(resource.rawValue)"
    }

    /// What a client is for: it needs more than the request that was refused.
    enum Use: Sendable {
        case consuming
        case producing

        /// What it needs of a kind of resource, which brings DESCRIBE with it; nil where nothing is known of it.
        fileprivate func operation(on resource: Resource) -> String? {
            switch (self, resource) {
            case (.consuming, .topic), (.consuming, .group), (.producing, .group): "READ"
            case (.producing, .topic), (.producing, .transactionalId): "WRITE"
            case (.consuming, .transactionalId), (_, .cluster): nil
            }
        }
    }

    /// A refusal's sentence for who uses the client so: whoever grants the DESCRIBE that one request wanted would see the next
    /// one refused.
    static func sentence(_ message: String, for use: Use, _ code: ErrorCode) -> String {
        guard let resource = Resource(code), let operation = use.operation(on: resource) else { return message }
        return message.replacing(sentence("DESCRIBE", resource), with: sentence(operation, resource))
    }

    private static let table: [Resource: [APIKey: String]] = [
        .topic: [
            .produce: "WRITE", .fetch: "READ", .listOffsets: "DESCRIBE", .offsetForLeaderEpoch: "DESCRIBE",
            .deleteRecords: "DELETE", .describeProducers: "READ", .offsetCommit: "READ", .offsetFetch: "DESCRIBE",
            .offsetDelete: "READ", .consumerGroupHeartbeat: "DESCRIBE", .consumerGroupDescribe: "DESCRIBE",
            .addPartitionsToTxn: "WRITE", .txnOffsetCommit: "READ", .metadata: "DESCRIBE",
            .describeTopicPartitions: "DESCRIBE", .createTopics: "CREATE", .createPartitions: "ALTER",
            .deleteTopics: "DELETE", .describeConfigs: "DESCRIBE_CONFIGS", .alterConfigs: "ALTER_CONFIGS",
            .incrementalAlterConfigs: "ALTER_CONFIGS",
        ],
        .group: [
            .joinGroup: "READ", .syncGroup: "READ", .heartbeat: "READ", .leaveGroup: "READ", .offsetCommit: "READ",
            .offsetFetch: "DESCRIBE", .offsetDelete: "DELETE", .findCoordinator: "DESCRIBE",
            .describeGroups: "DESCRIBE", .deleteGroups: "DELETE", .consumerGroupHeartbeat: "READ",
            .consumerGroupDescribe: "DESCRIBE", .addOffsetsToTxn: "READ", .txnOffsetCommit: "READ",
            // Of groups' configs (KIP-1142, KIP-848).
            .describeConfigs: "DESCRIBE_CONFIGS", .incrementalAlterConfigs: "ALTER_CONFIGS",
            .alterConfigs: "ALTER_CONFIGS",
        ],
        .transactionalId: [
            .produce: "WRITE", .initProducerId: "WRITE", .addPartitionsToTxn: "WRITE", .addOffsetsToTxn: "WRITE",
            .endTxn: "WRITE", .txnOffsetCommit: "WRITE", .describeTransactions: "DESCRIBE",
            .findCoordinator: "DESCRIBE",
        ],
        .cluster: [
            .initProducerId: "IDEMPOTENT_WRITE", .describeAcls: "DESCRIBE", .createAcls: "ALTER",
            .deleteAcls: "ALTER", .alterReplicaLogDirs: "ALTER", .describeLogDirs: "DESCRIBE", .electLeaders: "ALTER",
            .alterPartitionReassignments: "ALTER", .listPartitionReassignments: "DESCRIBE",
            .describeClientQuotas: "DESCRIBE_CONFIGS", .alterClientQuotas: "ALTER_CONFIGS",
            .describeUserScramCredentials: "DESCRIBE", .alterUserScramCredentials: "ALTER",
            .describeQuorum: "DESCRIBE", .updateFeatures: "ALTER", .unregisterBroker: "ALTER",
            .listConfigResources: "DESCRIBE_CONFIGS", .writeTxnMarkers: "ALTER",
            // Of brokers, their loggers, and clients' metrics.
            .describeConfigs: "DESCRIBE_CONFIGS", .alterConfigs: "ALTER_CONFIGS",
            .incrementalAlterConfigs: "ALTER_CONFIGS", .createTopics: "CREATE", .deleteTopics: "DELETE",
            .listGroups: "DESCRIBE", .fetch: "CLUSTER_ACTION", .offsetForLeaderEpoch: "CLUSTER_ACTION",
            .addPartitionsToTxn: "CLUSTER_ACTION",
        ],
    ]
}
