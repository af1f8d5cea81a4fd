import KafkaWire

/// RenewDelegationToken (KIP-48): lets a token live longer, but never beyond its latest time. Its owner may, and its renewers.
enum RenewDelegationTokenHandler: RequestHandler {
    static let api = ServedAPI(RenewDelegationTokenHandler.self)

    static func handle(_ request: RenewDelegationTokenRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        var response = RenewDelegationTokenResponse()
        do throws(DelegationTokens.Refusal) {
            response.expiryTimestampMs = try node.renewToken(
                request.hmac.copy(), period: request.renewPeriodMs.rawValue, context)
        } catch {
            response.errorCode = error.code
            if error.code == .delegationTokenRequestNotAllowed { response.expiryTimestampMs = -1 }
        }
        return .answer(response)
    }
}
