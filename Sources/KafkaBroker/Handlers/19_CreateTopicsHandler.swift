import KafkaWire

/// CreateTopics: creates topics, or says why they could not be created (`validateOnly`).
///
/// - Names, numbers of partitions, replication factors, manual assignments and names of settings are checked as Kafka
///   does, with its error codes.
/// - Settings are checked against ``TopicConfigs``, which says what takes effect, and all are given back as they then
///   are in force.
/// - The replication factor can be the number of nodes that run at most; -1 is `default.replication.factor`. Assignments
///   name nodes that are registered; on nodes that are stopped the partition is offline.
/// - Partitions are counted for `controller_mutation_rate` (KIP-599), also with `validateOnly`; from v6 on what is beyond is
///   refused (THROTTLING_QUOTA_EXCEEDED).
/// - Who may not describe a new topic's settings is not told them, nor its size.
enum CreateTopicsHandler: RequestHandler {
    static let api = ServedAPI(CreateTopicsHandler.self)

    private typealias Asked = CreateTopicsRequest.CreatableTopic
    private typealias Answer = CreateTopicsResponse.CreatableTopicResult

    static func handle(_ request: CreateTopicsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var named: [String: Int] = [:]
        for topic in request.topics { named[topic.name, default: 0] += 1 }
        var names: Set<String> = []
        let asked = request.topics.filter { names.insert($0.name).inserted }
        var answered = 0
        var charge = MutationCharge(context, strictFrom: 6)
        return node.each(of: asked) { topic, budget, node in
            answered += 1
            if answered > node.topics.partitionLimit {
                // Answers are long, and with `validateOnly` nothing else would bound their number.
                return refuse(topic, .init(code: .policyViolation, message: "too many topics in one request"))
            }
            if named[topic.name, default: 0] > 1 {
                return refuse(topic, .init(code: .invalidRequest, message: "Duplicate topic name."))
            }
            var answer = create(topic, request.validateOnly, node, &charge)
            let created = max(0, Int(answer.numPartitions))
            if answer.errorCode == .none, !node.allows(.describeConfigs, on: .topic, topic.name, context) {
                answer.topicConfigErrorCode = .topicAuthorizationFailed
                answer.numPartitions = -1
                answer.replicationFactor = -1
                answer.configs = []
            }
            budget.spend(
                50 + topic.assignments.count + created * (request.validateOnly ? 0 : 2))
            return answer
        } finish: { answers in
            CreateTopicsResponse.with {
                $0.throttleTimeMs = charge.throttle(node.time.now())
                $0.topics = answers
            }
        }
    }

    private static func create(
        _ asked: Asked, _ validateOnly: Bool, _ node: BrokerNode, _ charge: inout MutationCharge
    ) -> Answer {
        do throws(TopicRegistry.Refusal) {
            if let refusal = node.topics.objection(toName: asked.name) { throw refusal }
            let partitions = try partitions(asked, node)
            let assignment = asked.assignments.sorted { $0.partitionIndex < $1.partitionIndex }.map(\.brokerIds)
            let replication =
                asked.replicationFactor == -1
                ? min(node.configuration.replicationFactor, node.cluster.running.count) : Int(asked.replicationFactor)
            let configs = try configs(asked)
            if let refusal = node.topics.objection(name: asked.name, partitions: partitions, configs: configs) {
                throw refusal
            }
            guard node.allows(Int(partitions), &charge) else { throw TopicRegistry.Refusal.throttled }
            var id = TopicID.zero
            if !validateOnly {
                id =
                    try node.createTopic(
                        asked.name, partitions: partitions, configs: configs, replication: replication,
                        assignment: assignment.isEmpty ? nil : assignment
                    ).id
            }
            return .with {
                $0.name = asked.name
                $0.topicId = id
                $0.errorMessage = nil
                $0.numPartitions = partitions
                $0.replicationFactor = Int16(clamping: assignment.first?.count ?? replication)
                $0.configs = node.configs.describe(topic: configs).map { config in
                    .with {
                        $0.name = config.name
                        $0.value = config.value
                        $0.readOnly = config.isReadOnly
                        $0.configSource = config.source.rawValue
                        $0.isSensitive = config.isSensitive
                    }
                }
            }
        } catch {
            return refuse(asked, error)
        }
    }

    /// The settings that are asked for; of those that are named twice, the last.
    private static func configs(_ asked: Asked) throws(TopicRegistry.Refusal) -> [String: String] {
        var configs: [String: String] = [:]
        for config in asked.configs {
            guard let value = config.value else {
                throw TopicRegistry.Refusal(
                    code: .invalidConfig, message: "Null value not supported for topic configs: \(config.name)")
            }
            configs[config.name] = value
        }
        return configs
    }

    /// The number of partitions, where numbers or a manual assignment are in order.
    private static func partitions(_ asked: Asked, _ node: BrokerNode) throws(TopicRegistry.Refusal) -> Int32 {
        func refuse(_ code: ErrorCode, _ message: String) throws(TopicRegistry.Refusal) -> Never {
            throw TopicRegistry.Refusal(code: code, message: message)
        }
        guard asked.assignments.isEmpty else {
            if asked.numPartitions != -1 {
                try refuse(
                    .invalidRequest,
                    "A manual partition assignment was specified, but numPartitions was not set to -1.")
            }
            if asked.replicationFactor != -1 {
                try refuse(
                    .invalidRequest,
                    "A manual partition assignment was specified, but replication factor was not set to -1.")
            }
            let indexes = asked.assignments.map(\.partitionIndex).sorted()
            guard indexes == (0..<indexes.count).map({ PartitionID(index: $0) }) else {
                try refuse(
                    .invalidReplicaAssignment, "partitions should be a consecutive 0-based integer sequence")
            }
            for assignment in asked.assignments {
                guard let objection = node.objection(toReplicas: assignment.brokerIds) else { continue }
                try refuse(.invalidReplicaAssignment, objection)
            }
            let counts = Set(asked.assignments.map(\.brokerIds.count))
            guard counts.count == 1 else {
                try refuse(
                    .invalidReplicaAssignment,
                    "The manual partition assignment has partitions with different numbers of replicas.")
            }
            return Int32(indexes.count)
        }
        if asked.replicationFactor == 0 || asked.replicationFactor < -1 {
            try refuse(
                .invalidReplicationFactor, "Replication factor must be larger than 0, or -1 to use the default value.")
        }
        if let objection = node.objection(toReplicationFactor: Int(asked.replicationFactor)) {
            try refuse(.invalidReplicationFactor, objection)
        }
        return asked.numPartitions == -1 ? Int32(clamping: node.configuration.defaultPartitions) : asked.numPartitions
    }

    private static func refuse(_ asked: Asked, _ refusal: TopicRegistry.Refusal) -> Answer {
        .with {
            $0.name = asked.name
            $0.errorCode = refusal.code
            $0.errorMessage = refusal.message
        }
    }
}
