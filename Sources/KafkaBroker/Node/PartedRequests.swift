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
    static func cluster(_ operation: AclOperation? = nil) -> PartResource {
        .init(resource: .cluster, name: AclResourceType.clusterName, operation: operation)
    }

    func operations(_ question: RequiredAccess.Question) -> [AclOperation] {
        operation.map { [$0] } ?? question.operations
    }
}

/// Where a request has its parts and the answer has theirs, and what a part and its answer have in common. A value.
struct PartLayout<Request: FailableRequest, Part, Answer, Key: Hashable> {
    var parts: WritableKeyPath<Request, [Part]>
    var key: KeyPath<Part, Key>
    var answers: WritableKeyPath<Request.Response, [Answer]>
    var answerKey: KeyPath<Answer, Key>
    /// What parts are about, where their key is a name.
    var resource: AclResourceType
    /// Whether the handler refuses parts that are named twice; they are not asked about.
    var refusesRepetitions = false
    /// Says a refusal in words, in answers that have a place for them.
    var explain: ((inout Answer, AclResourceType) -> Void)?
}

/// A request of parts that are about a resource each, and are answered one by one.
protocol PartedRequest: FailableRequest {
    associatedtype Part
    associatedtype Answer
    associatedtype Key: Hashable

    static var layout: PartLayout<Self, Part, Answer, Key> { get }
    /// What a part is about; nil where it is not known, such as a topic's id that nobody has: the handler says so.
    func resource(of part: Part, _ context: RequestContext, _ node: BrokerNode) -> PartResource?
}

extension PartedRequest where Key == String {
    func resource(of part: Part, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        PartResource(resource: Self.layout.resource, name: part[keyPath: Self.layout.key])
    }
}

extension BrokerNode {
    /// A topic that a request names by its name, or from `version` on by its id.
    func named(_ topic: NamedTopic, byIdFrom version: Int16, _ context: RequestContext) -> PartResource? {
        guard context.version >= version else { return .topic(topic.name) }
        return topics[topic.id].map { .topic($0.name) }
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
