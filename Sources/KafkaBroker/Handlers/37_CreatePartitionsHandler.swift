import KafkaWire

/// CreatePartitions: adds partitions to topics, or says why they could not be added (`validateOnly`). Partitions never
/// become fewer. New ones have as many replicas as the first has, where no assignment says otherwise. They are counted for
/// `controller_mutation_rate` (KIP-599), also with `validateOnly`; from v3 on what is beyond is refused
/// (THROTTLING_QUOTA_EXCEEDED).
enum CreatePartitionsHandler: RequestHandler {
    static let api = ServedAPI(CreatePartitionsHandler.self)

    private typealias Asked = CreatePartitionsRequest.CreatePartitionsTopic

    static func handle(_ request: CreatePartitionsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var named: [String: Int] = [:]
        for topic in request.topics { named[topic.name, default: 0] += 1 }
        var answered: Set<String> = []
        var charge = MutationCharge(context, strictFrom: 3)
        return .answer(
            CreatePartitionsResponse.with {
                $0.results = request.topics.filter { answered.insert($0.name).inserted }.map { asked in
                    .with {
                        $0.name = asked.name
                        do throws(TopicRegistry.Refusal) {
                            if named[asked.name, default: 0] > 1 {
                                throw TopicRegistry.Refusal(code: .invalidRequest, message: "Duplicate topic name.")
                            }
                            try add(asked, request.validateOnly, node, &charge)
                        } catch {
                            $0.errorCode = error.code
                            $0.errorMessage = error.message
                        }
                    }
                }
                $0.throttleTimeMs = charge.throttle(node.time.now())
            })
    }

    private static func add(
        _ asked: Asked, _ validateOnly: Bool, _ node: BrokerNode, _ charge: inout MutationCharge
    ) throws(TopicRegistry.Refusal) {
        func refuse(_ code: ErrorCode, _ message: String) -> TopicRegistry.Refusal {
            .init(code: code, message: message)
        }
        guard let topic = node.topics[asked.name] else {
            throw refuse(.unknownTopicOrPartition, "This server does not host this topic-partition.")
        }
        let count = topic.partitions.count
        let further = Int(asked.count) - count
        if further == 0 { throw refuse(.invalidPartitions, "Topic already has \(count) partition(s).") }
        if further < 0 {
            throw refuse(
                .invalidPartitions,
                "The topic \(asked.name) currently has \(count) partition(s); \(asked.count) would not be an increase.")
        }
        if let assignments = asked.assignments {
            guard assignments.count == further else {
                throw refuse(
                    .invalidReplicaAssignment,
                    "Attempted to add \(further) additional partition(s), but \(assignments.count) assignment(s) were "
                        + "specified.")
            }
            for assignment in assignments {
                if let objection = node.objection(toReplicas: assignment.brokerIds) {
                    throw refuse(.invalidReplicaAssignment, objection)
                }
            }
        }
        if let refusal = node.topics.objection(toFurther: further) { throw refusal }
        guard node.allows(further, &charge) else { throw .throttled }
        if !validateOnly {
            node.addPartitions(further, to: topic, assignment: asked.assignments?.map(\.brokerIds))
        }
    }
}
