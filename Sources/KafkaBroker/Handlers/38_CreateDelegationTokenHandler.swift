import KafkaWire

/// CreateDelegationToken (KIP-48, KIP-373): a token for the client, or for another principal. Who has logged in with a token,
/// or not at all, is refused. Unlike in Kafka, tokens are bounded (POLICY_VIOLATION).
enum CreateDelegationTokenHandler: RequestHandler {
    static let api = ServedAPI(CreateDelegationTokenHandler.self)

    static func handle(_ request: CreateDelegationTokenRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        var owner: KafkaPrincipal?
        if let name = request.ownerPrincipalName, !name.isEmpty {
            owner = KafkaPrincipal(type: request.ownerPrincipalType ?? "", name)
        }
        var response = CreateDelegationTokenResponse()
        func tell(_ owner: KafkaPrincipal) {
            response.principalType = owner.type
            response.principalName = owner.name
            guard context.version >= 3 else { return }
            response.tokenRequesterPrincipalType = context.principal.type
            response.tokenRequesterPrincipalName = context.principal.name
        }
        do throws(DelegationTokens.Refusal) {
            let (token, code) = try node.createToken(
                owner: owner,
                renewers: request.renewers.map { KafkaPrincipal(type: $0.principalType, $0.principalName) },
                lifetime: request.maxLifetimeMs.rawValue, context)
            tell(token.owner)
            response.issueTimestampMs = token.issued
            response.expiryTimestampMs = token.expiry
            response.maxTimestampMs = token.latest
            response.tokenId = token.id
            response.hmac = Bytes(code)
        } catch {
            tell(owner ?? context.principal)
            response.errorCode = error.code
            // Kafka's brokers say -1, and its controller, which alone knows whether there are tokens, nothing.
            if error.code != .delegationTokenAuthDisabled {
                response.issueTimestampMs = -1
                response.expiryTimestampMs = -1
                response.maxTimestampMs = -1
            }
        }
        return .answer(response)
    }
}
