import KafkaWire

/// DescribeClientQuotas (KIP-546): the quotas that were set with AlterClientQuotas.
enum DescribeClientQuotasHandler: RequestHandler {
    static let api = ServedAPI(DescribeClientQuotasHandler.self)

    static func handle(_ request: DescribeClientQuotasRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        var response = DescribeClientQuotasResponse()
        response.errorMessage = nil
        do throws(ClientQuotas.Refusal) {
            let filter = try ClientQuotas.filter(request.components)
            response.entries = node.quotas.matching(filter, strict: request.strict).map { found in
                .with {
                    $0.entity = found.entity.sorted { $0.key < $1.key }.map { kind, name in
                        .with {
                            $0.entityType = kind
                            $0.entityName = name
                        }
                    }
                    $0.values = found.values.sorted { $0.key < $1.key }.map { key, value in
                        .with {
                            $0.key = key
                            $0.value = value
                        }
                    }
                }
            }
        } catch {
            response.errorCode = error.code
            response.errorMessage = error.message
            response.entries = nil
        }
        return .answer(response)
    }
}
