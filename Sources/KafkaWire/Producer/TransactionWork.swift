/// What a transactional producer has under way. A value.
struct TransactionWork: Sendable {
    /// A call that is carried out, whether anybody waits for it or not.
    struct Operation: Equatable, Sendable {
        enum Kind: String, Sendable {
            case initialise = "initTransactions()"
            case commit = "commitTransaction()"
            case abort = "abortTransaction()"
        }

        let kind: Kind
        let number: Int
        var result: Result<Void, KafkaError>?
        /// Whether somebody was told of the result: before, only the same call is allowed.
        var isTold = false

        static func == (a: Self, b: Self) -> Bool { a.number == b.number }
    }

    var state: TransactionState
    private(set) var operation: Operation?
    /// Whether partitions are being added.
    var isAdding = false
    /// How many calls of sendOffsets are not over.
    var offsetsUnderWay = 0
    /// Why the last request to a coordinator was in vain.
    var lastError: KafkaError?

    init(_ state: TransactionState) { self.state = state }

    /// The operation of that kind that is under way, or whose end was not told yet. Throws where there is one of another kind.
    func pending(_ kind: Operation.Kind) throws(KafkaError) -> Operation? {
        guard let operation, operation.result == nil || !operation.isTold else { return nil }
        if operation.kind == kind { return operation }
        throw KafkaError(
            .invalidTransactionState,
            "what came of \(operation.kind.rawValue) under transactional.id \(state.id) is not known yet; call it again first",
            setting: "transactional.id")
    }

    mutating func begin(_ kind: Operation.Kind) -> Operation {
        let next = Operation(kind: kind, number: (operation?.number ?? 0) &+ 1)
        operation = next
        return next
    }

    mutating func finish(_ begun: Operation, _ result: Result<Void, KafkaError>) {
        if operation == begun { operation?.result = result }
    }

    /// What has come of it; nil while that is not known.
    mutating func takeResult(of begun: Operation) -> Result<Void, KafkaError>? {
        guard let operation, operation == begun else { return .success(()) }
        guard let result = operation.result else { return nil }
        self.operation?.isTold = true
        return result
    }
}
