import KafkaWire

/// DescribeAcls: SECURITY_DISABLED, as every broker without an authorizer answers.
enum DescribeAclsHandler: RequestHandler {
    static let api = ServedAPI(DescribeAclsHandler.self)
    /// What all requests about access control are told.
    static let refusal = "No Authorizer is configured on the broker"

    static func handle(_ request: DescribeAclsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            DescribeAclsResponse.with {
                $0.errorCode = .securityDisabled
                $0.errorMessage = refusal
            })
    }
}
