import TestSupport
import Testing

@testable import KafkaWire

/// What each error code of a transactional producer's requests means: every code of Kafka 4.3 in every API, as the handlers of
/// Java's `TransactionManager` have it.
@Suite(.turn) struct TransactionFaultsTests {
    typealias Verdict = TransactionFaults.Verdict

    /// For each API the codes that are neither retriable (those are asked again) nor left to its last branch, which is said
    /// by `others`.
    private static let cases: [(api: APIKey, others: Verdict, codes: [String: Verdict])] = [
        (
            .initProducerId, .fatal,
            [
                "COORDINATOR_NOT_AVAILABLE": .lookUp, "NOT_COORDINATOR": .lookUp,
                "TRANSACTIONAL_ID_AUTHORIZATION_FAILED": .abortable, "CLUSTER_AUTHORIZATION_FAILED": .abortable,
                "INVALID_PRODUCER_EPOCH": .fenced, "PRODUCER_FENCED": .fenced, "TRANSACTION_ABORTABLE": .abortable,
            ]
        ),
        (
            .addPartitionsToTxn, .abortable,
            [
                "COORDINATOR_NOT_AVAILABLE": .lookUp, "NOT_COORDINATOR": .lookUp, "INVALID_PRODUCER_EPOCH": .fenced,
                "PRODUCER_FENCED": .fenced, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED": .fatal,
                "INVALID_TXN_STATE": .fatal,
                "UNKNOWN_PRODUCER_ID": .unmapped, "INVALID_PRODUCER_ID_MAPPING": .unmapped,
            ]
        ),
        (
            .addOffsetsToTxn, .fatal,
            [
                "COORDINATOR_NOT_AVAILABLE": .lookUp, "NOT_COORDINATOR": .lookUp, "INVALID_PRODUCER_EPOCH": .fenced,
                "PRODUCER_FENCED": .fenced, "UNKNOWN_PRODUCER_ID": .unmapped, "INVALID_PRODUCER_ID_MAPPING": .unmapped,
                "GROUP_AUTHORIZATION_FAILED": .abortable, "TRANSACTION_ABORTABLE": .abortable,
            ]
        ),
        (
            .txnOffsetCommit, .fatal,
            [
                "COORDINATOR_NOT_AVAILABLE": .lookUp, "NOT_COORDINATOR": .lookUp, "REQUEST_TIMED_OUT": .lookUp,
                "GROUP_AUTHORIZATION_FAILED": .abortable, "FENCED_INSTANCE_ID": .abortable,
                "TRANSACTION_ABORTABLE": .abortable, "UNKNOWN_MEMBER_ID": .abortable, "ILLEGAL_GENERATION": .abortable,
                "INVALID_PRODUCER_EPOCH": .fenced, "PRODUCER_FENCED": .fenced,
            ]
        ),
        (
            .endTxn, .fatal,
            [
                "COORDINATOR_NOT_AVAILABLE": .lookUp, "NOT_COORDINATOR": .lookUp, "INVALID_PRODUCER_EPOCH": .fenced,
                "PRODUCER_FENCED": .fenced, "UNKNOWN_PRODUCER_ID": .unmapped, "INVALID_PRODUCER_ID_MAPPING": .unmapped,
                "TRANSACTION_ABORTABLE": .abortable,
            ]
        ),
        (.findCoordinator, .fatal, ["GROUP_AUTHORIZATION_FAILED": .abortable, "TRANSACTION_ABORTABLE": .abortable]),
        (
            .produce, .abortable,
            [
                "CLUSTER_AUTHORIZATION_FAILED": .fatal, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED": .fatal,
                "PRODUCER_FENCED": .fenced, "UNSUPPORTED_VERSION": .fatal, "INVALID_PRODUCER_ID_MAPPING": .fatal,
            ]
        ),
    ]

    @Test func everyCodeIsAsJavaHasIt() {
        for (api, others, codes) in Self.cases {
            for code in ErrorCode.names.compactMap(ErrorCode.named) where code != .none {
                let isPassing = code.isRetriable && api != .produce
                let expected = codes[code.name] ?? (isPassing ? .again : others)
                #expect(TransactionFaults.verdict(on: code, of: api) == expected, "\(api): \(code.name)")
            }
            // A code that a later Kafka may have.
            #expect(TransactionFaults.verdict(on: ErrorCode(rawValue: 999), of: api) == others)
        }
    }

    @Test(
        arguments: [
            (.timedOut, .endTxn, .lookUp), (.connectionFailed, .addOffsetsToTxn, .lookUp), (.closed, .endTxn, .fatal),
            (.unsupportedVersion, .txnOffsetCommit, .fatal), (.malformedResponse, .endTxn, .fatal),
            (.timedOut, .produce, .abortable), (.malformedResponse, .produce, .abortable),
            (.unsupportedVersion, .produce, .fatal),
        ] as [(KafkaError.Code, APIKey, Verdict)])
    func whatNoBrokerSaidIsJudgedToo(_ code: KafkaError.Code, _ api: APIKey, _ expected: Verdict) {
        #expect(TransactionFaults.verdict(on: KafkaError(code, "x"), of: api) == expected)
    }

    /// Looking for a coordinator is a part of asking it.
    @Test func theSearchForACoordinatorHasATableOfItsOwn() {
        let error = KafkaError.refused(.groupAuthorizationFailed, "x", api: .findCoordinator)
        #expect(TransactionFaults.verdict(on: error, of: .endTxn) == .abortable)
        #expect(TransactionFaults.verdict(on: .refused(.notCoordinator, "x", api: .endTxn), of: .endTxn) == .lookUp)
    }

    // MARK: - Answers of several parts

    @Test(
        arguments: [
            ("NONE NONE", nil), ("NOT_COORDINATOR NONE", "NOT_COORDINATOR"),
            ("OPERATION_NOT_ATTEMPTED TOPIC_AUTHORIZATION_FAILED", "TOPIC_AUTHORIZATION_FAILED"),
            ("OPERATION_NOT_ATTEMPTED UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_OR_PARTITION"),
            ("CONCURRENT_TRANSACTIONS PRODUCER_FENCED", "PRODUCER_FENCED"),
            ("OPERATION_NOT_ATTEMPTED OPERATION_NOT_ATTEMPTED", "OPERATION_NOT_ATTEMPTED"),
        ] as [(String, String?)])
    func ofSeveralRefusalsTheOneCountsThatCanNeverPass(_ codes: String, _ expected: String?) throws {
        let codes = try codes.split(separator: " ").map { try #require(ErrorCode.named(String($0))) }
        let answer = CoordinatorAnswer(
            .success(Cluster.Answer(response: 7, version: 3, broker: "b:1")), of: .addPartitionsToTxn, "could not",
            on: "id",
            codes: { _ in codes.enumerated().map { ($0.element, TopicPartition("t", PartitionID(index: $0.offset))) } })
        switch answer {
        case .done(let response, let version):
            #expect(expected == nil && response == 7 && version == 3)
        case .refused(let error, let verdict):
            let code = try #require(error.code.broker)
            #expect(code.name == expected)
            #expect(error.partition?.index == codes.firstIndex(of: code) && error.broker == "b:1")
            #expect(verdict == TransactionFaults.verdict(on: code, of: .addPartitionsToTxn))
        }
    }
}
