import KafkaWire

/// CreateAcls: SECURITY_DISABLED for each, as every broker without an authorizer answers.
enum CreateAclsHandler: RequestHandler {
    static let api = ServedAPI(CreateAclsHandler.self)

    static func handle(_ request: CreateAclsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            CreateAclsResponse.with {
                $0.results = request.creations.map { _ in
                    .with {
                        $0.errorCode = .securityDisabled
                        $0.errorMessage = DescribeAclsHandler.refusal
                    }
                }
            })
    }
}
