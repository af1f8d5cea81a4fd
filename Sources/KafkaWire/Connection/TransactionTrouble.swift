/// What an error means for the transaction of the producer that throws it, and so what to do next.
public enum TransactionTrouble: Equatable, Sendable {
    /// The transaction cannot be committed any more. Abort it; the producer then begins the next one.
    case abortable
    /// Another producer with the same `transactional.id` has taken over, or the coordinator has ended a transaction that took
    /// longer than `transaction.timeout.ms`. This producer can only be closed.
    case fenced
    /// Transactions cannot go on for another reason. This producer can only be closed.
    case fatal
    /// Nobody has said in time whether the transaction is committed or aborted. The same call tells, once more; no other one is
    /// allowed before.
    case outcomeUnknown
}
