import TestSupport
import Testing

@testable import KafkaWire

/// What becomes of a batch: each code, for producers with and without idempotence.
@Suite(.turn) struct BatchVerdictTests {
    private static let plain = BatchVerdict.Policy(isIdempotent: false, maximumInFlight: 1)
    private static let idempotent = BatchVerdict.Policy(isIdempotent: true, maximumInFlight: 5)

    /// What is done, as a word.
    private static func words(_ verdict: BatchVerdict) -> String {
        func words(_ word: String, _ further: BatchVerdict.Further) -> String {
            word + (further.contains(.renumber) ? ", renumber" : "") + (further.contains(.lookUp) ? ", look up" : "")
        }
        return switch verdict {
        case .arrived(let offset): "arrived at \(offset)"
        case .again(_, let further): words("again", further)
        case .divided: "divided"
        case .lost(_, let further): words("lost", further)
        }
    }

    private static func verdict(
        _ code: ErrorCode, records: Int = 1, attempts: Int = 0, _ policy: BatchVerdict.Policy
    ) -> String {
        words(BatchVerdict(code, at: 7, records: records, .refused(code, "x"), attempts: attempts, policy))
    }

    @Test(
        arguments: [
            (.none, "arrived at 7", "arrived at 7"),
            (.duplicateSequenceNumber, "arrived at 7", "arrived at 7"),
            (.notLeaderOrFollower, "again, look up", "again, look up"),
            (.unknownTopicOrPartition, "again, look up", "again, look up"),
            (.notEnoughReplicas, "again", "again"),
            (.messageTooLarge, "lost", "lost, renumber"),
            (.topicAuthorizationFailed, "lost", "lost, renumber"),
            (.outOfOrderSequenceNumber, "lost", "again"),
            (.unknownProducerId, "lost", "again, renumber"),
            (.invalidProducerEpoch, "lost", "again, renumber"),
        ] as [(ErrorCode, String, String)])
    func aCodeMeans(_ code: ErrorCode, _ plain: String, _ idempotent: String) {
        #expect(Self.verdict(code, Self.plain) == plain)
        #expect(Self.verdict(code, Self.idempotent) == idempotent)
    }

    /// Divided for as long as there are two records, however often it was tried (KIP-126); a record by itself is lost.
    @Test(arguments: [(1, "lost, renumber"), (2, "divided"), (9000, "divided")] as [(Int, String)])
    func whatIsTooLargeIsDivided(_ records: Int, _ expected: String) {
        var policy = Self.idempotent
        policy.maximumRetries = 1
        for attempts in [0, 1, 9] {
            #expect(Self.verdict(.messageTooLarge, records: records, attempts: attempts, policy) == expected)
        }
    }

    /// All codes of Kafka 4.3 that are not in the table above: those whose exceptions Java calls retriable go again, the
    /// others are that batch's end and nobody else's (`Sender.canRetry`, `Errors`).
    @Test func everyOtherCodeIsAsKafkaMarksIt() {
        let special: Set<ErrorCode> = [
            .none, .duplicateSequenceNumber, .messageTooLarge, .outOfOrderSequenceNumber, .unknownProducerId,
            .invalidProducerEpoch,
        ]
        for code in ErrorCode.names.compactMap(ErrorCode.named) where !special.contains(code) {
            let again = "again" + (code.invalidatesMetadata ? ", look up" : "")
            #expect(Self.verdict(code, Self.plain) == (code.isRetriable ? again : "lost"), "\(code)")
        }
    }

    @Test func outOfOrderAgainIsABrokerThatHasLostWhatItKnew() {
        #expect(Self.verdict(.outOfOrderSequenceNumber, attempts: 1, Self.idempotent) == "again, renumber")
        var single = Self.idempotent
        single.maximumInFlight = 1
        #expect(Self.verdict(.outOfOrderSequenceNumber, single) == "again, renumber")
    }

    @Test func retriesAreCounted() {
        var policy = Self.plain
        policy.maximumRetries = 2
        let outcomes = (0...3).map { Self.verdict(.notEnoughReplicas, attempts: $0, policy) }
        #expect(outcomes == ["again", "again", "lost", "lost"])
    }

    @Test func whoIsNotReachedMayLeadNoLonger() {
        let error = KafkaError(.connectionFailed, "x", isRetriable: true)
        #expect(Self.words(BatchVerdict(error, attempts: 0, Self.plain)) == "again, look up")
        let hopeless = KafkaError(.invalidConfiguration, "x")
        #expect(Self.words(BatchVerdict(hopeless, attempts: 0, Self.idempotent)) == "lost, renumber")
    }
}
