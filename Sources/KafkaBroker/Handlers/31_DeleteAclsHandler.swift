import KafkaWire

/// DeleteAcls: SECURITY_DISABLED for each filter, as every broker without an authorizer answers.
enum DeleteAclsHandler: RequestHandler {
    static let api = ServedAPI(DeleteAclsHandler.self)

    static func handle(_ request: DeleteAclsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            DeleteAclsResponse.with {
                $0.filterResults = request.filters.map { _ in
                    .with {
                        $0.errorCode = .securityDisabled
                        $0.errorMessage = DescribeAclsHandler.refusal
                    }
                }
            })
    }
}
