import KafkaWire

/// DeleteAcls: deletes the rules that filters match, and tells them; SECURITY_DISABLED without an authorizer.
///
/// - A rule that two filters match is told with both: what is deleted goes when all filters have been looked at.
/// - Deviation: one request deletes rules with as many mentions as there can be rules; further filters are answered
///   POLICY_VIOLATION. Kafka deletes 10,000 at once.
enum DeleteAclsHandler: RequestHandler {
    static let api = ServedAPI(DeleteAclsHandler.self)

    private typealias Answer = DeleteAclsResponse.DeleteAclsFilterResult

    static func handle(_ request: DeleteAclsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var found: [AclBinding] = []
        return node.each(of: request.filters) { asked, budget, node -> Answer in
            .with {
                do throws(AclRefusal) {
                    guard let acls = node.authorizer?.acls else {
                        throw AclRefusal(.securityDisabled, DescribeAclsHandler.refusal)
                    }
                    let filter = AclFilter(asked)
                    if let objection = filter.objection { throw objection }
                    guard found.count < Acls.countLimit else {
                        throw AclRefusal(
                            .policyViolation, "one request deletes at most \(Acls.countLimit) ACLs; ask once more")
                    }
                    budget.spend(2 + acls.cost(of: filter) >> 2)
                    let matching = acls.matching(filter)
                    found += matching
                    $0.errorMessage = nil
                    $0.matchingAcls = matching.map(told)
                } catch {
                    $0.errorCode = error.code
                    $0.errorMessage = error.message
                }
            }
        } finish: { answers in
            node.removeAcls(found)
            return DeleteAclsResponse.with { $0.filterResults = answers }
        }
    }

    private static func told(_ binding: AclBinding) -> Answer.DeleteAclsMatchingAcl {
        .with {
            $0.errorMessage = nil
            $0.resourceType = binding.pattern.resource.rawValue
            $0.resourceName = "\(binding.pattern.name)"
            $0.patternType = binding.pattern.kind.rawValue
            $0.principal = "\(binding.principal)"
            $0.host = "\(binding.host)"
            $0.operation = binding.operation.rawValue
            $0.permissionType = binding.permission.rawValue
        }
    }
}

extension AclFilter {
    fileprivate init(_ asked: DeleteAclsRequest.DeleteAclsFilter) {
        self.init(
            resource: .init(rawValue: asked.resourceTypeFilter), kind: .init(rawValue: asked.patternTypeFilter),
            name: asked.resourceNameFilter.map { ExactName($0) },
            principal: asked.principalFilter.map { ExactName($0) }, host: asked.hostFilter.map { ExactName($0) },
            operation: .init(rawValue: asked.operation), permission: .init(rawValue: asked.permissionType))
    }
}
