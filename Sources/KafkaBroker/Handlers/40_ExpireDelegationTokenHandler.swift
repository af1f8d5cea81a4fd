import KafkaWire

/// ExpireDelegationToken (KIP-48): ends a token, at once or later. Its owner may, and its renewers.
enum ExpireDelegationTokenHandler: RequestHandler {
    static let api = ServedAPI(ExpireDelegationTokenHandler.self)

    static func handle(_ request: ExpireDelegationTokenRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        var response = ExpireDelegationTokenResponse()
        do throws(DelegationTokens.Refusal) {
            response.expiryTimestampMs = try node.expireToken(
                request.hmac.copy(), period: request.expiryTimePeriodMs.rawValue, context)
        } catch {
            response.errorCode = error.code
            if error.code == .delegationTokenRequestNotAllowed { response.expiryTimestampMs = -1 }
        }
        return .answer(response)
    }
}
