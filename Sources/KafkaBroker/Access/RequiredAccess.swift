import KafkaWire

/// What an API asks of whoever sends it: the table from which requests are held against the rules. As Kafka's `KafkaApis`
/// and `ControllerApis` ask it.
struct RequiredAccess: Sendable {
    /// What becomes of what is not allowed.
    enum Denial: Sendable, Equatable {
        /// The request is refused as a whole, with the error of the resource's kind.
        case whole
        /// Each part is answered on its own, with that error.
        case part
        /// It is left out of the answer, which lists.
        case leftOut
    }

    /// Who sees to it.
    enum Place: Sendable, Equatable {
        /// The gate in front of all handlers.
        case gate
        /// The API's handler, since it depends on what the broker has, for the reason that stands at the top of the handler.
        case handler
    }

    /// One question.
    struct Question: Sendable {
        /// Any of these is enough.
        var operations: [AclOperation]
        var resource: AclResourceType
        /// Where in the request, or for what is left out in the answer, the resources' names are; empty for the cluster.
        var field = ""
        var denial = Denial.whole
        var place = Place.gate
        /// What on the cluster makes the question needless.
        var unless: AclOperation?
        var versions: ClosedRange<Int16> = 0 ... .max

        /// With whom that is so.
        fileprivate func seenTo(by place: Place) -> Question {
            var question = self
            question.place = place
            return question
        }

        fileprivate func from(_ versions: ClosedRange<Int16>) -> Question {
            var question = self
            question.versions = versions
            return question
        }

        fileprivate func unless(_ operation: AclOperation) -> Question {
            var question = self
            question.unless = operation
            return question
        }
    }

    /// In their order: the first that is denied as a whole is answered.
    var questions: [Question]

    /// What `api` asks; nil where nobody has said, so that nobody is served.
    static func of(_ api: APIKey) -> RequiredAccess? { table[api].map(RequiredAccess.init) }

    /// The APIs that are in the table.
    static var apis: Set<APIKey> { Set(table.keys) }

    // MARK: - The table

    private static func cluster(_ operations: AclOperation...) -> Question {
        Question(operations: operations, resource: .cluster)
    }
    private static func whole(_ operation: AclOperation, _ resource: AclResourceType, _ field: String) -> Question {
        Question(operations: [operation], resource: resource, field: field)
    }
    private static func each(_ operation: AclOperation, _ resource: AclResourceType, _ field: String) -> Question {
        Question(operations: [operation], resource: resource, field: field, denial: .part)
    }
    private static func listed(_ operation: AclOperation, _ resource: AclResourceType, _ field: String) -> Question {
        Question(operations: [operation], resource: resource, field: field, denial: .leftOut)
    }

    private static let table: [APIKey: [Question]] = records.merging(groups) { $1 }.merging(transactions) { $1 }
        .merging(topics) { $1 }.merging(administration) { $1 }

    private static let records: [APIKey: [Question]] = [
        // Only where there are records of a transaction; the idempotent ask for nothing more since KIP-679.
        .produce: [
            whole(.write, .transactionalId, "transactionalId"), each(.write, .topic, "topicData.name"),
        ],
        // Followers need CLUSTER_ACTION, and nothing of the topics.
        .fetch: [each(.read, .topic, "topics.topic").unless(.clusterAction).seenTo(by: .handler)],
        .listOffsets: [each(.describe, .topic, "topics.name")],
        .offsetForLeaderEpoch: [each(.describe, .topic, "topics.topic").unless(.clusterAction)],
        .deleteRecords: [each(.delete, .topic, "topics.name")],
        .describeProducers: [each(.read, .topic, "topics.name")],
    ]

    private static let groups: [APIKey: [Question]] = [
        .joinGroup: [whole(.read, .group, "groupId")],
        .syncGroup: [whole(.read, .group, "groupId")],
        .heartbeat: [whole(.read, .group, "groupId")],
        .leaveGroup: [whole(.read, .group, "groupId")],
        .offsetCommit: [whole(.read, .group, "groupId"), each(.read, .topic, "topics.name")],
        .offsetFetch: [
            whole(.describe, .group, "groupId").from(0...7),
            each(.describe, .group, "groups.groupId").from(8 ... .max),
            each(.describe, .topic, "topics.name").seenTo(by: .handler),
        ],
        .offsetDelete: [whole(.delete, .group, "groupId"), each(.read, .topic, "topics.name")],
        .findCoordinator: [
            whole(.describe, .group, "key").from(0...3), each(.describe, .group, "coordinatorKeys").from(4 ... .max),
        ],
        .describeGroups: [each(.describe, .group, "groups")],
        .deleteGroups: [each(.delete, .group, "groupsNames")],
        .listGroups: [listed(.describe, .group, "groups.groupId").unless(.describe)],
        .consumerGroupHeartbeat: [
            whole(.read, .group, "groupId"),
            whole(.describe, .topic, "subscribedTopicNames").seenTo(by: .handler),
        ],
        .consumerGroupDescribe: [
            each(.describe, .group, "groupIds"),
            each(.describe, .topic, "groups.members.assignment.topicPartitions.topicName").seenTo(by: .handler),
        ],
    ]

    private static let transactions: [APIKey: [Question]] = [
        // Without a transactional id: IDEMPOTENT_WRITE on the cluster, or WRITE on any topic.
        .initProducerId: [
            whole(.write, .transactionalId, "transactionalId"), cluster(.idempotentWrite).seenTo(by: .handler),
        ],
        .addPartitionsToTxn: [
            cluster(.clusterAction).from(4 ... .max),
            whole(.write, .transactionalId, "v3AndBelowTransactionalId").from(0...3),
            each(.write, .topic, "v3AndBelowTopics.name").from(0...3).seenTo(by: .handler),
        ],
        .addOffsetsToTxn: [whole(.write, .transactionalId, "transactionalId"), whole(.read, .group, "groupId")],
        .endTxn: [whole(.write, .transactionalId, "transactionalId")],
        .txnOffsetCommit: [
            whole(.write, .transactionalId, "transactionalId"), whole(.read, .group, "groupId"),
            each(.read, .topic, "topics.name"),
        ],
        .writeTxnMarkers: [cluster(.alter, .clusterAction)],
        .describeTransactions: [
            each(.describe, .transactionalId, "transactionalIds"),
            listed(.describe, .topic, "transactionStates.topics.topic").seenTo(by: .handler),
        ],
        .listTransactions: [listed(.describe, .transactionalId, "transactionStates.transactionalId")],
    ]

    private static let topics: [APIKey: [Question]] = [
        // Of all topics, those that may not be seen are left out. Whoever makes one be created needs CREATE.
        .metadata: [
            each(.describe, .topic, "topics.name").seenTo(by: .handler),
            each(.create, .topic, "topics.name").unless(.create).seenTo(by: .handler),
        ],
        .describeTopicPartitions: [each(.describe, .topic, "topics.name").seenTo(by: .handler)],
        .createTopics: [
            each(.create, .topic, "topics.name").unless(.create),
            // Without it, the answer does not tell what became of the settings.
            each(.describeConfigs, .topic, "topics.name").seenTo(by: .handler),
        ],
        .createPartitions: [each(.alter, .topic, "topics.name")],
        // Whoever may not describe a topic is not told whether an id or a name is one.
        .deleteTopics: [each(.delete, .topic, "topics.name").unless(.delete).seenTo(by: .handler)],
        // Resources of brokers and metrics are asked of the cluster, those of topics and groups of these.
        .describeConfigs: [each(.describeConfigs, .topic, "resources.resourceName")],
        .alterConfigs: [each(.alterConfigs, .topic, "resources.resourceName")],
        .incrementalAlterConfigs: [each(.alterConfigs, .topic, "resources.resourceName")],
        .listConfigResources: [cluster(.describeConfigs)],
    ]

    private static let administration: [APIKey: [Question]] = [
        .apiVersions: [], .saslHandshake: [], .saslAuthenticate: [], .getTelemetrySubscriptions: [],
        .pushTelemetry: [],
        // What of the answer may be seen by whom may describe the cluster: what may be done.
        .describeCluster: [],
        .describeAcls: [cluster(.describe)],
        .createAcls: [cluster(.alter)],
        .deleteAcls: [cluster(.alter)],
        .alterReplicaLogDirs: [cluster(.alter)],
        .describeLogDirs: [cluster(.describe)],
        .electLeaders: [cluster(.alter)],
        .alterPartitionReassignments: [cluster(.alter)],
        .listPartitionReassignments: [cluster(.describe)],
        .describeClientQuotas: [cluster(.describeConfigs)],
        .alterClientQuotas: [cluster(.alterConfigs)],
        .describeUserScramCredentials: [cluster(.describe)],
        .alterUserScramCredentials: [cluster(.alter)],
        .describeQuorum: [cluster(.describe)],
        .updateFeatures: [cluster(.alter)],
        .unregisterBroker: [cluster(.alter)],
        // Everybody for themselves. For others: CREATE_TOKENS and DESCRIBE_TOKENS on the owner, DESCRIBE on a token.
        .createDelegationToken: [
            whole(.createTokens, .user, "ownerPrincipalName").from(3 ... .max).seenTo(by: .handler)
        ],
        .renewDelegationToken: [], .expireDelegationToken: [],
        .describeDelegationToken: [
            listed(.describe, .delegationToken, "tokens.tokenId").seenTo(by: .handler)
        ],
    ]
}
