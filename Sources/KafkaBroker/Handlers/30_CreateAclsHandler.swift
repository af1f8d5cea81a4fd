import KafkaWire

/// CreateAcls: rules about who may do what, each for itself; SECURITY_DISABLED without an authorizer.
///
/// - A rule that is there already is created again without an error, as in Kafka.
/// - Rules are checked as Kafka's controller does, with its errors. Deviation: a number that Kafka does not know, 0 too, is
///   INVALID_REQUEST for its rule alone, where Kafka closes the connection at 0; and there is a bound (POLICY_VIOLATION).
enum CreateAclsHandler: RequestHandler {
    static let api = ServedAPI(CreateAclsHandler.self)

    static func handle(_ request: CreateAclsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        node.each(of: request.creations) { asked, budget, node -> CreateAclsResponse.AclCreationResult in
            budget.spend(3)
            return .with {
                do throws(AclRefusal) {
                    guard node.authorizer != nil else {
                        throw AclRefusal(.securityDisabled, DescribeAclsHandler.refusal)
                    }
                    try node.addAcl(AclBinding(asked))
                    $0.errorMessage = nil
                } catch {
                    $0.errorCode = error.code
                    $0.errorMessage = error.message
                }
            }
        } finish: { answers in
            CreateAclsResponse.with { $0.results = answers }
        }
    }
}

extension AclBinding {
    fileprivate init(_ asked: CreateAclsRequest.AclCreation) {
        self.init(
            pattern: .init(
                resource: .init(rawValue: asked.resourceType), kind: .init(rawValue: asked.resourcePatternType),
                name: .init(asked.resourceName)),
            principal: .init(asked.principal), host: .init(asked.host), operation: .init(rawValue: asked.operation),
            permission: .init(rawValue: asked.permissionType))
    }
}
