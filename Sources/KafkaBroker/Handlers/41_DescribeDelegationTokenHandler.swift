import KafkaWire

/// DescribeDelegationToken (KIP-48): the tokens that concern the named principals, or all, as far as the client may see them:
/// those of its own, and what ACLs allow. They stand in the order of their ids.
enum DescribeDelegationTokenHandler: RequestHandler {
    static let api = ServedAPI(DescribeDelegationTokenHandler.self)

    private typealias Described = DescribeDelegationTokenResponse.DescribedDelegationToken

    static func handle(_ request: DescribeDelegationTokenRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        let owners = request.owners.map { owners in
            Set(owners.map { KafkaPrincipal(type: $0.principalType, $0.principalName).exactName })
        }
        let ids: [String]
        do throws(DelegationTokens.Refusal) {
            ids = try node.delegationTokens.ids(by: context.tokenCaller)
        } catch {
            return .answer(request.failed(error.code, version: context.version))
        }
        return node.each(of: owners?.isEmpty == true ? [] : ids) { id, budget, node -> Described? in
            budget.spend(3)
            guard let (token, code) = node.delegationTokens[id],
                DelegationTokens.isVisible(
                    token, to: context.tokenCaller, owners: owners, isAllowed: { node.isAllowed($0, context) })
            else { return nil }
            budget.spend(token.renewers.count)
            return described(token, code, context.version)
        } finish: { tokens in
            DescribeDelegationTokenResponse.with { $0.tokens = tokens.compactMap { $0 } }
        }
    }

    private static func described(_ token: DelegationTokens.Token, _ code: [UInt8], _ version: Int16) -> Described {
        .with {
            $0.principalType = token.owner.type
            $0.principalName = token.owner.name
            if version >= 3 {
                $0.tokenRequesterPrincipalType = token.requester.type
                $0.tokenRequesterPrincipalName = token.requester.name
            }
            $0.issueTimestamp = token.issued
            $0.expiryTimestamp = token.expiry
            $0.maxTimestamp = token.latest
            $0.tokenId = token.id
            $0.hmac = Bytes(code)
            $0.renewers = token.renewers.map { renewer in
                .with {
                    $0.principalType = renewer.type
                    $0.principalName = renewer.name
                }
            }
        }
    }
}
