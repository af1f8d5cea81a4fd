/// What came of a request to a coordinator: what was asked for, or an error and what to do about it. A value.
enum CoordinatorAnswer<Response: Sendable>: Sendable {
    case done(Response, version: Int16)
    case refused(KafkaError, TransactionFaults.Verdict)

    /// The outcome of one request; `codes` are what its answer says of its parts. The worst of them counts.
    init(
        _ outcome: Result<Cluster.Answer<Response>, KafkaError>, of api: APIKey, _ what: String, on resource: String?,
        codes: (Response) -> [(code: ErrorCode, part: TopicPartition?)]
    ) {
        switch outcome {
        case .failure(let error):
            self = .refused(error.told(for: .producing), TransactionFaults.verdict(on: error, of: api))
        case .success(let answer):
            let refusals = codes(answer.response).filter { $0.code != .none }
                .map { (code: $0.code, part: $0.part, verdict: TransactionFaults.verdict(on: $0.code, of: api)) }
            let worst = refusals.max { Self.weight($0.verdict, $0.code) < Self.weight($1.verdict, $1.code) }
            guard let worst else {
                self = .done(answer.response, version: answer.version)
                return
            }
            let error = KafkaError.refused(
                worst.code, worst.part.map { "\(what) (\($0))" } ?? what, by: answer.broker, api: api,
                topic: worst.part?.topic, partition: worst.part?.partition,
                of: worst.code == .transactionalIdAuthorizationFailed ? resource : nil)
            self = .refused(error, worst.verdict)
        }
    }

    /// What can never pass counts before what may; of partitions that were passed over since another one was refused, that
    /// other one.
    private static func weight(_ verdict: TransactionFaults.Verdict, _ code: ErrorCode) -> Int {
        switch verdict {
        case .fenced: 6
        case .fatal: 5
        case .unmapped: 4
        case .abortable: code == .operationNotAttempted ? 0 : 3
        case .lookUp: 2
        case .again: 1
        }
    }
}
