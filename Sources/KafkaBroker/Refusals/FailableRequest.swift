import KafkaWire

/// A request whose answer can say that nothing of it was done.
///
/// Kafka has a place for errors in each answer, and each has it elsewhere: at the top, with each topic or partition that
/// was asked for, or both. A client looks where it expects the code, so the answer has the form of the request.
protocol FailableRequest: WireRequest {
    /// The answer with `code` in every place where it carries errors of what was asked for.
    func failed(_ code: ErrorCode, version: Int16) -> Response
}

/// An answer with an error code at the top.
protocol TopLevelError: WireMessage {
    init()
    var errorCode: ErrorCode { get set }
}

extension FailableRequest where Response: TopLevelError {
    func failed(_ code: ErrorCode, version: Int16) -> Response {
        var response = Response()
        response.errorCode = code
        return response
    }
}

extension HeartbeatResponse: TopLevelError {}
extension ApiVersionsResponse: TopLevelError {}
extension InitProducerIdResponse: TopLevelError {}
extension AddOffsetsToTxnResponse: TopLevelError {}
extension EndTxnResponse: TopLevelError {}
extension DescribeClusterResponse: TopLevelError {}
extension ListGroupsResponse: TopLevelError {}
extension ListTransactionsResponse: TopLevelError {}
extension DescribeAclsResponse: TopLevelError {}
extension DescribeUserScramCredentialsResponse: TopLevelError {}
extension UnregisterBrokerResponse: TopLevelError {}
extension ListPartitionReassignmentsResponse: TopLevelError {}
extension ListConfigResourcesResponse: TopLevelError {}
extension ConsumerGroupHeartbeatResponse: TopLevelError {}
extension SaslHandshakeResponse: TopLevelError {}
extension SaslAuthenticateResponse: TopLevelError {}
extension GetTelemetrySubscriptionsResponse: TopLevelError {}
extension PushTelemetryResponse: TopLevelError {}
extension RenewDelegationTokenResponse: TopLevelError {}
extension ExpireDelegationTokenResponse: TopLevelError {}
extension DescribeDelegationTokenResponse: TopLevelError {}

extension HeartbeatRequest: FailableRequest {}
extension ApiVersionsRequest: FailableRequest {}
extension InitProducerIdRequest: FailableRequest {}
extension AddOffsetsToTxnRequest: FailableRequest {}
extension EndTxnRequest: FailableRequest {}
extension DescribeClusterRequest: FailableRequest {}
extension ListGroupsRequest: FailableRequest {}
extension ListTransactionsRequest: FailableRequest {}
extension DescribeAclsRequest: FailableRequest {}
extension DescribeUserScramCredentialsRequest: FailableRequest {}
extension UnregisterBrokerRequest: FailableRequest {}
extension ListPartitionReassignmentsRequest: FailableRequest {}
extension ListConfigResourcesRequest: FailableRequest {}
extension ConsumerGroupHeartbeatRequest: FailableRequest {}
extension SaslHandshakeRequest: FailableRequest {}
extension SaslAuthenticateRequest: FailableRequest {}
extension GetTelemetrySubscriptionsRequest: FailableRequest {}
extension PushTelemetryRequest: FailableRequest {}
extension RenewDelegationTokenRequest: FailableRequest {}
extension ExpireDelegationTokenRequest: FailableRequest {}
extension DescribeDelegationTokenRequest: FailableRequest {}
