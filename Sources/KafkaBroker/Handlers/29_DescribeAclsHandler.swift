import KafkaWire

/// DescribeAcls: the rules that a filter matches, by resource; SECURITY_DISABLED without an authorizer.
///
/// - Deviation: a filter with a number that Kafka does not know is INVALID_REQUEST; Kafka closes the connection at 0, and finds
///   nothing with others.
enum DescribeAclsHandler: RequestHandler {
    static let api = ServedAPI(DescribeAclsHandler.self)
    /// What all requests about access control are told where there is none.
    static let refusal = "No Authorizer is configured on the broker"

    static func handle(_ request: DescribeAclsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            DescribeAclsResponse.with {
                guard let acls = node.authorizer?.acls else {
                    $0.errorCode = .securityDisabled
                    $0.errorMessage = refusal
                    return
                }
                let filter = AclFilter(request)
                if let objection = filter.objection {
                    $0.errorCode = objection.code
                    $0.errorMessage = objection.message
                    return
                }
                $0.errorMessage = nil
                $0.resources = acls.matching(filter).map { ($0.pattern, $0) }.grouped().map { pattern, bindings in
                    .with {
                        $0.resourceType = pattern.resource.rawValue
                        $0.resourceName = "\(pattern.name)"
                        $0.patternType = pattern.kind.rawValue
                        $0.acls = bindings.map { binding in
                            .with {
                                $0.principal = "\(binding.principal)"
                                $0.host = "\(binding.host)"
                                $0.operation = binding.operation.rawValue
                                $0.permissionType = binding.permission.rawValue
                            }
                        }
                    }
                }
            })
    }
}

extension AclFilter {
    fileprivate init(_ request: DescribeAclsRequest) {
        self.init(
            resource: .init(rawValue: request.resourceTypeFilter), kind: .init(rawValue: request.patternTypeFilter),
            name: request.resourceNameFilter.map { ExactName($0) },
            principal: request.principalFilter.map { ExactName($0) }, host: request.hostFilter.map { ExactName($0) },
            operation: .init(rawValue: request.operation), permission: .init(rawValue: request.permissionType))
    }
}
