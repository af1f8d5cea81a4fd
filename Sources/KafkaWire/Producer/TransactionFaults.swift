/// What the error codes of a transactional producer's requests mean, as Java's client has it (`TransactionManager`, the
/// handler of each request; for Produce `Sender.failBatch` and `TransactionManager.maybeTransitionToErrorState`).
///
/// A code without a line of its own is asked again where Kafka calls it retriable; what is left is as ``others`` says.
enum TransactionFaults {
    /// What to do.
    enum Verdict: Equatable, Sendable {
        /// The same request again, after a pause.
        case again
        /// The same request again, to the coordinator that there is by then.
        case lookUp
        /// The transaction has to be aborted.
        case abortable
        /// The coordinator does not know the producer any more: to be aborted where it can give the producer a new epoch
        /// (KIP-360), and else the end.
        case unmapped
        /// Another producer has taken over.
        case fenced
        /// The end.
        case fatal
    }

    private static let coordinated: [ErrorCode: Verdict] = [
        .coordinatorNotAvailable: .lookUp, .notCoordinator: .lookUp, .producerFenced: .fenced,
        // What coordinators before Kafka 2.7 said for PRODUCER_FENCED (KIP-588).
        .invalidProducerEpoch: .fenced, .transactionAbortable: .abortable,
    ]

    private static func with(_ further: [ErrorCode: Verdict]) -> [ErrorCode: Verdict] {
        coordinated.merging(further) { $1 }
    }

    static let table: [APIKey: [ErrorCode: Verdict]] = [
        // TransactionManager.InitProducerIdHandler. Of permissions that are missing the next call may tell otherwise.
        .initProducerId: with([
            .transactionalIdAuthorizationFailed: .abortable, .clusterAuthorizationFailed: .abortable,
        ]),
        // TransactionManager.AddPartitionsToTxnHandler
        .addPartitionsToTxn: with([
            .transactionalIdAuthorizationFailed: .fatal, .invalidTxnState: .fatal,
            .topicAuthorizationFailed: .abortable,
            .operationNotAttempted: .abortable, .unknownProducerId: .unmapped, .invalidProducerIdMapping: .unmapped,
        ]),
        // TransactionManager.AddOffsetsToTxnHandler
        .addOffsetsToTxn: with([
            .transactionalIdAuthorizationFailed: .fatal, .invalidTxnState: .fatal,
            .groupAuthorizationFailed: .abortable,
            .unknownProducerId: .unmapped, .invalidProducerIdMapping: .unmapped,
        ]),
        // TransactionManager.TxnOffsetCommitHandler
        .txnOffsetCommit: with([
            .requestTimedOut: .lookUp, .groupAuthorizationFailed: .abortable, .fencedInstanceId: .abortable,
            .unknownMemberId: .abortable, .illegalGeneration: .abortable,
            .transactionalIdAuthorizationFailed: .fatal, .unsupportedForMessageFormat: .fatal,
        ]),
        // TransactionManager.EndTxnHandler
        .endTxn: with([
            .transactionalIdAuthorizationFailed: .fatal, .invalidTxnState: .fatal, .unknownProducerId: .unmapped,
            .invalidProducerIdMapping: .unmapped,
        ]),
        // TransactionManager.FindCoordinatorHandler
        .findCoordinator: [
            .transactionalIdAuthorizationFailed: .fatal, .groupAuthorizationFailed: .abortable,
            .transactionAbortable: .abortable,
        ],
        // Sender.completeBatch. What may pass was tried for as long as there was time. INVALID_PRODUCER_EPOCH may be a batch
        // from before the epoch was raised (KIP-588): the abort tells whether somebody has taken over.
        .produce: [
            .clusterAuthorizationFailed: .fatal, .transactionalIdAuthorizationFailed: .fatal,
            .producerFenced: .fenced, .unsupportedVersion: .fatal, .invalidProducerIdMapping: .fatal,
        ],
    ]

    /// What is left: each handler's last branch.
    private static let others: [APIKey: Verdict] = [.produce: .abortable, .addPartitionsToTxn: .abortable]

    static func verdict(on code: ErrorCode, of api: APIKey) -> Verdict {
        if let known = table[api]?[code] { return known }
        if api != .produce, code.isRetriable { return .again }
        return others[api] ?? .fatal
    }

    /// What an error means that came of a request of `api`, or of looking for its coordinator.
    static func verdict(on error: KafkaError, of api: APIKey) -> Verdict {
        if let code = error.code.broker {
            return verdict(on: code, of: error.api.flatMap { table[$0] == nil ? nil : $0 } ?? api)
        }
        switch error.code {
        case .unsupportedVersion, .closed: return .fatal
        default:
            if api == .produce { return .abortable }
            return error.isRetriable ? .lookUp : .fatal
        }
    }
}
