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
        func isWanted(_ transaction: Transaction) -> Bool {
            if !request.stateFilters.isEmpty, !request.stateFilters.contains(transaction.state.rawValue) {
                return false
            }
            if !request.producerIdFilters.isEmpty, !request.producerIdFilters.contains(transaction.producer.id) {
                return false
            }
            if request.durationFilter >= 0 {
                guard transaction.state == .ongoing, let start = transaction.startedAt,
                    context.now - start > request.durationFilter.duration
                else { return false }
            }
            return pattern?.matches(transaction.id) ?? true
        }
        return .answer(
            ListTransactionsResponse.with {
                $0.unknownStateFilters = request.stateFilters.filter { !stateNames.contains($0) }
                $0.transactionStates = node.transactions.transactions.values.filter(isWanted)
                    .sorted { $0.id < $1.id }
                    .map { transaction in
                        .with {
                            $0.transactionalId = transaction.id
                            $0.producerId = transaction.producer.id
                            $0.transactionState = transaction.state.rawValue
                        }
                    }
            })
    }
}
