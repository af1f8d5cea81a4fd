import KafkaWire

/// ListTransactions: the transactional ids that the coordinator knows, filtered by state, producer, duration (v1, KIP-994)
/// and a pattern of the id (v2, KIP-1152).
///
/// - States that Kafka does not have are told as unknown, and filter everything out where there are no others.
/// - The duration counts from the beginning of the transaction that goes on; other ids have none and are left out.
/// - Deviation: the pattern is read by ``NamePattern``, which knows the usual part of what RE2/J does; the rest is answered
///   INVALID_REGULAR_EXPRESSION.
enum ListTransactionsHandler: RequestHandler {
    static let api = ServedAPI(ListTransactionsHandler.self)

    /// The states that a filter may name; the last two are over before anybody could see them.
    private static let stateNames = Set(Transaction.State.allCases.map(\.rawValue) + ["Dead", "PrepareEpochFence"])

    static func handle(_ request: ListTransactionsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var pattern: NamePattern?
        if let text = request.transactionalIdPattern, !text.isEmpty {
            do throws(NamePattern.Malformed) { pattern = try NamePattern(text) } catch {
                return .answer(ListTransactionsResponse.with { $0.errorCode = .invalidRegularExpression })
            }
        }
        let states = Set(request.stateFilters)
        let producers = Set(request.producerIdFilters)
        let matching = pattern
        func isWanted(_ transaction: Transaction, _ budget: inout WorkBudget) -> Bool {
            if !states.isEmpty, !states.contains(transaction.state.rawValue) { return false }
            if !producers.isEmpty, !producers.contains(transaction.producer.id) { return false }
            if request.durationFilter >= 0 {
                guard transaction.state == .ongoing, let start = transaction.startedAt,
                    context.now - start > request.durationFilter.duration
                else { return false }
            }
            guard let matching else { return true }
            budget.spend(matching.cost(of: transaction.id))
            return matching.matches(transaction.id)
        }
        typealias Listed = ListTransactionsResponse.TransactionState
        return node.each(of: Array(node.transactions.transactions.keys)) { id, budget, node -> Listed? in
            budget.spend(1)
            guard let transaction = node.transactions.transactions[id], isWanted(transaction, &budget) else {
                return nil
            }
            return .with {
                $0.transactionalId = transaction.id
                $0.producerId = transaction.producer.id
                $0.transactionState = transaction.state.rawValue
            }
        } finish: { answers in
            ListTransactionsResponse.with {
                $0.unknownStateFilters = request.stateFilters.filter { !stateNames.contains($0) }.once()
                $0.transactionStates = answers.compactMap { $0 }.sorted { $0.transactionalId < $1.transactionalId }
            }
        }
    }
}
