import KafkaWire

// Requests whose parts are held against the rules one by one, for the gate.

/// An answer with a place for the error in words at its top.
protocol ExplainedResponse: WireMessage {
    var errorMessage: String? { get set }
}

/// What a part of a request is about.
struct PartResource {
    var resource: AclResourceType
    var name: String
    /// What is asked instead of what the table says.
    var operation: AclOperation?

    static func topic(_ name: String) -> PartResource { .init(resource: .topic, name: name) }
    static func group(_ name: String) -> PartResource { .init(resource: .group, name: name) }
    static func transactionalId(_ name: String) -> PartResource { .init(resource: .transactionalId, name: name) }
    static func cluster(_ operation: AclOperation? = nil) -> PartResource {
        .init(resource: .cluster, name: AclResourceType.clusterName, operation: operation)
    }

    func operations(_ question: RequiredAccess.Question) -> [AclOperation] {
        operation.map { [$0] } ?? question.operations
    }
}

/// A request of parts that are about a resource each, and are answered one by one.
protocol PartedRequest: FailableRequest {
    associatedtype Part
    associatedtype Answer
    /// What a part and its answer have in common.
    associatedtype Key: Hashable

    var parts: [Part] { get set }
    static func answers(of response: Response) -> [Answer]
    static func set(_ answers: [Answer], in response: inout Response)
    static func key(of part: Part) -> Key
    static func key(of answer: Answer) -> Key
    /// What a part is about; nil where it is not known, such as a topic's id that nobody has: the handler says so.
    func resource(of part: Part, _ context: RequestContext, _ node: BrokerNode) -> PartResource?
    /// Whether the handler refuses parts that are named twice; they are not asked about.
    static var refusesRepetitions: Bool { get }
    /// The answer that a part is refused with, in words where it has a place for them.
    static func explained(_ answer: Answer, _ resource: AclResourceType) -> Answer
}

extension PartedRequest {
    static var refusesRepetitions: Bool { false }
    static func explained(_ answer: Answer, _ resource: AclResourceType) -> Answer { answer }
}

extension BrokerNode {
    /// A topic that a request names by its name, or from `version` on by its id.
    func named(_ name: String, _ id: TopicID, byIdFrom version: Int16, _ context: RequestContext)
        -> PartResource?
    {
        guard context.version >= version else { return .topic(name) }
        return topics[id].map { .topic($0.name) }
    }
}

// MARK: - Answers in words

extension DescribeAclsResponse: ExplainedResponse {}
extension DescribeClientQuotasResponse: ExplainedResponse {}
extension DescribeUserScramCredentialsResponse: ExplainedResponse {}
extension ListPartitionReassignmentsResponse: ExplainedResponse {}
extension AlterPartitionReassignmentsResponse: ExplainedResponse {}
extension UpdateFeaturesResponse: ExplainedResponse {}
extension UnregisterBrokerResponse: ExplainedResponse {}
extension DescribeQuorumResponse: ExplainedResponse {}
