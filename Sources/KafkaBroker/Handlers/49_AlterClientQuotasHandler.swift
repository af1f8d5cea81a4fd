import KafkaWire

/// AlterClientQuotas (KIP-546): checks and keeps quotas, to which clients are held from then on; see ``QuotaLedger``.
enum AlterClientQuotasHandler: RequestHandler {
    static let api = ServedAPI(AlterClientQuotasHandler.self)

    static func handle(_ request: AlterClientQuotasRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        node.each(of: request.entries) { asked, budget, node -> AlterClientQuotasResponse.EntryData in
            budget.spend(3 + asked.ops.count)
            return .with {
                $0.errorMessage = nil
                $0.entity = asked.entity.map { part in
                    .with {
                        $0.entityType = part.entityType
                        $0.entityName = part.entityName
                    }
                }
                do throws(ClientQuotas.Refusal) {
                    try node.alterQuotas(
                        asked.entity.map { ($0.entityType, $0.entityName) },
                        asked.ops.map { .init(key: $0.key, value: $0.remove ? nil : $0.value) },
                        validateOnly: request.validateOnly)
                } catch {
                    $0.errorCode = error.code
                    $0.errorMessage = error.message
                }
            }
        } finish: { answers in
            AlterClientQuotasResponse.with { $0.entries = answers }
        }
    }
}
