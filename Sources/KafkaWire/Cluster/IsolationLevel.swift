/// Which records of transactions count (`isolation.level`, KIP-98). The marks that end transactions are shown either way
/// to nobody.
public enum IsolationLevel: Int8, Sendable {
    /// All records, also those of transactions that are open or were aborted.
    case readUncommitted = 0
    /// Those of committed transactions, and those outside of any, up to the first record of a transaction that is still
    /// open (the last stable offset).
    case readCommitted = 1
}
