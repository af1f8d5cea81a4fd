import KafkaWire

/// Metadata: the nodes that run, the topics, and who leads their partitions.
///
/// - A partition none of whose replicas runs has no leader (LEADER_NOT_AVAILABLE); replicas on nodes that are stopped are
///   offline. The controller is the first node that runs; any node takes what Kafka's controller decides.
/// - Creates unknown topics where broker and client allow it; they can be written to at once (Kafka answers
///   LEADER_NOT_AVAILABLE the first time). More than 10,000 partitions at once are not created, as in Kafka, and never
///   one that has the name of the broker's own logs.
/// - Their partitions are counted for `controller_mutation_rate` (KIP-599), as in Kafka, whose brokers ask the controller in
///   the client's name: what is beyond is UNKNOWN_TOPIC_OR_PARTITION, and the client, which asks again, is not held back.
/// - A topic that is asked for more than once is answered once, as in Kafka.
/// - By topic id from v12 on.
/// - Of all topics, those that may not be described are left out; one that is named answers TOPIC_AUTHORIZATION_FAILED, whether
///   it is there or not, and an id does so without the name. To have a topic created takes CREATE on it or on the cluster.
enum MetadataHandler: RequestHandler {
    static let api = ServedAPI(MetadataHandler.self)

    static func handle(_ request: MetadataRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var response = MetadataResponse()
        response.brokers = node.cluster.runningNodes(at: context.listener).map { member in
            .with {
                $0.nodeId = member.id
                $0.host = member.host
                $0.port = Int32(member.port)
                $0.rack = member.rack
            }
        }
        response.clusterId = node.clusterId
        response.controllerId = node.cluster.controller
        if request.includeClusterAuthorizedOperations {
            response.clusterAuthorizedOperations = node.authorizedClusterOperations(context)
        }
        // Before v1 there was no null, and the empty list meant all topics.
        let asked = context.version == 0 && request.topics?.isEmpty == true ? nil : request.topics
        if let asked = asked.map(distinct) {
            let unknown = asked.count {
                $0.topicId == .zero
                    && $0.name.map { node.topics[$0] == nil && Self.mayCreate($0, context, node) } == true
            }
            let (count, isBeyond) = unknown.multipliedReportingOverflow(by: node.configuration.defaultPartitions)
            let mayCreate =
                request.allowAutoTopicCreation && node.configuration.autoCreateTopics && !isBeyond
                && count <= mostPartitionsAtOnce
            // Metadata cannot say THROTTLING_QUOTA_EXCEEDED; the CreateTopics that Kafka makes of it can.
            var charge = MutationCharge(context, strictFrom: 0)
            return node.each(of: asked) { asked, budget, node in
                let answer = describe(asked, request, context, node, mayCreate: mayCreate, &charge)
                budget.spend(1 + answer.partitions.count)
                return answer
            } finish: { answers in
                response.topics = answers
                return response
            }
        }
        return node.each(of: node.topics.sorted.map(\.name)) { name, budget, node -> TopicAnswer? in
            guard node.allows(.describe, on: .topic, name, context) else {
                budget.spend(1)
                return nil
            }
            let answer = node.topics[name].map { describe($0, request, context, node) }
            budget.spend(1 + (answer?.partitions.count ?? 0))
            return answer
        } finish: { answers in
            response.topics = answers.compactMap { $0 }
            return response
        }
    }

    /// How many partitions one request may create (Kafka's `MAX_PARTITIONS_PER_BATCH`).
    private static let mostPartitionsAtOnce = 10_000

    /// Every topic once, in the order in which they were asked for.
    private static func distinct(_ asked: [MetadataRequest.MetadataRequestTopic])
        -> [MetadataRequest.MetadataRequestTopic]
    {
        var names: Set<String?> = []
        var ids: Set<TopicID> = []
        return asked.filter {
            $0.topicId == .zero ? names.insert($0.name).inserted : ids.insert($0.topicId).inserted
        }
    }

    private typealias TopicAnswer = MetadataResponse.MetadataResponseTopic

    private static func describe(
        _ asked: MetadataRequest.MetadataRequestTopic, _ request: MetadataRequest, _ context: RequestContext,
        _ node: BrokerNode, mayCreate: Bool, _ charge: inout MutationCharge
    ) -> TopicAnswer {
        func refuse(_ code: ErrorCode) -> TopicAnswer {
            .with {
                $0.errorCode = code
                // Kafka answers an unknown id with a null name, over which the Java client's consumer (4.3) stumbles in the
                // middle of its answers: it asks with an empty one, and gets that back.
                $0.name = asked.name ?? (context.version < 12 ? "" : nil)
                $0.topicId = asked.topicId
                $0.isInternal = TopicRules.isInternal(asked.name ?? "")
            }
        }
        guard let name = asked.name, asked.topicId == .zero else {
            // The Java client names a topic by its id and leaves the name empty, not null; with an id, no name counts.
            guard context.version >= 12 else { return refuse(.invalidRequest) }
            guard let topic = node.topics[asked.topicId] else { return refuse(.unknownTopicId) }
            guard node.allows(.describe, on: .topic, topic.name, context) else {
                return refuse(.topicAuthorizationFailed)
            }
            return describe(topic, request, context, node)
        }
        guard node.allows(.describe, on: .topic, name, context) else {
            var answer = refuse(.topicAuthorizationFailed)
            answer.isInternal = false
            return answer
        }
        if let topic = node.topics[name] { return describe(topic, request, context, node) }
        if request.allowAutoTopicCreation, node.configuration.autoCreateTopics,
            !Self.mayCreate(name, context, node)
        {
            return refuse(.topicAuthorizationFailed)
        }
        guard TopicRules.objection(toName: name) == nil else { return refuse(.invalidTopicException) }
        guard mayCreate, TopicRules.reservation(of: name) == nil else { return refuse(.unknownTopicOrPartition) }
        let count = Int32(clamping: node.configuration.defaultPartitions)
        do throws(TopicRegistry.Refusal) {
            if let refusal = node.topics.objection(name: name, partitions: count, configs: [:]) { throw refusal }
            guard node.allows(Int(count), &charge) else { return refuse(.unknownTopicOrPartition) }
            let topic = try node.createTopic(name, partitions: count)
            return describe(topic, request, context, node)
        } catch {
            return refuse(error.code)
        }
    }

    /// Whether the client may have a topic created by asking for it.
    private static func mayCreate(_ name: String, _ context: RequestContext, _ node: BrokerNode) -> Bool {
        node.allowsOnCluster(.create, context) || node.allows(.create, on: .topic, name, context)
    }

    private static func describe(
        _ topic: Topic, _ request: MetadataRequest, _ context: RequestContext, _ node: BrokerNode
    ) -> TopicAnswer {
        .with {
            $0.name = topic.name
            $0.topicId = topic.id
            $0.isInternal = TopicRules.isInternal(topic.name)
            if request.includeTopicAuthorizedOperations {
                $0.topicAuthorizedOperations = node.authorizedOperations(on: .topic, topic.name, context)
            }
            $0.partitions = topic.partitions.map { partition in
                .with {
                    let leadership = partition.leadership
                    if leadership.leader == .none { $0.errorCode = .leaderNotAvailable }
                    $0.partitionIndex = partition.index
                    $0.leaderId = leadership.leader
                    $0.leaderEpoch = leadership.epoch
                    $0.replicaNodes = leadership.replicas
                    $0.isrNodes = leadership.inSync
                    $0.offlineReplicas = leadership.replicas.filter { !node.cluster.isRunning($0) }
                }
            }
        }
    }
}
