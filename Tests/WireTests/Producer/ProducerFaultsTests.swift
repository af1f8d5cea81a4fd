import TestSupport
import Testing

@testable import KafkaWire

/// Which errors of a producer's look-ups can never pass: each code of each API.
@Suite(.turn) struct ProducerFaultsTests {
    private static let cases: [(name: String, codes: Set<ErrorCode>, final: [String])] = [
        (
            "Metadata", ProducerFaults.metadata,
            ["INVALID_TOPIC_EXCEPTION", "TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED"]
        ),
        (
            "InitProducerId", ProducerFaults.initProducerId,
            [
                "CLUSTER_AUTHORIZATION_FAILED", "UNSUPPORTED_VERSION", "INVALID_REQUEST", "INVALID_PRODUCER_EPOCH",
                "INVALID_TRANSACTION_TIMEOUT", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "PRODUCER_FENCED",
            ]
        ),
    ]

    /// Of any API: the client is not let in.
    private static let login = ["SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE"]

    @Test func allOtherCodesMayPass() {
        for (name, codes, final) in Self.cases {
            for code in ErrorCode.names.compactMap(ErrorCode.named) where code != .none {
                let isFinal = ProducerFaults.isFinal(.refused(code, "x"), codes)
                #expect(isFinal == (final + Self.login).contains(code.name), "\(name): \(code)")
            }
            // A code that a later Kafka may have.
            #expect(!ProducerFaults.isFinal(.refused(ErrorCode(rawValue: 999), "x"), codes))
        }
    }

    @Test(
        arguments: [
            (.connectionFailed, false), (.timedOut, false), (.unresolvedHost, false), (.closed, true),
            (.unsupportedVersion, true), (.malformedResponse, true),
        ] as [(KafkaError.Code, Bool)])
    func whatNoBrokerSaidSaysItOfItself(_ code: KafkaError.Code, _ isFinal: Bool) {
        #expect(ProducerFaults.isFinal(KafkaError(code, "x"), ProducerFaults.metadata) == isFinal)
    }
}

@Suite(.turn) struct TopicSearchesTests {
    private static let now = Instant(nanoseconds: 0)

    @Test func oneLookIsUnderWayHoweverManyWait() {
        var searches = TopicSearches()
        searches.begin("t")
        searches.begin("t")
        #expect(searches.wanted("t", now: Self.now) == .look)
        #expect(searches.wanted("t", now: Self.now) == .nothing)
        searches.end("t")
        #expect(searches.wanted("t", now: Self.now) == .nothing)
        searches.end("t")
        // Nobody waits: nothing is remembered.
        #expect(searches == TopicSearches())
    }

    @Test func whatWasInVainIsLookedForLaterAndLater() {
        var searches = TopicSearches()
        searches.begin("t")
        var now = Self.now
        for count in 1...3 {
            #expect(searches.wanted("t", now: now) == .look)
            searches.failed("t", KafkaError(.timedOut, "\(count)"), isFinal: false, now: now) { .seconds($0) }
            #expect(searches.error(of: "t")?.message == "\(count)")
            #expect(searches.finalError(of: "t") == nil)
            let later = now + .seconds(count)
            #expect(searches.wanted("t", now: now) == .wait(until: later))
            now = later
        }
    }

    @Test func whatCannotPassIsTheErrorOfAllWhoWaitAndOfNobodyLater() {
        var searches = TopicSearches()
        searches.begin("t")
        searches.begin("t")
        #expect(searches.wanted("t", now: Self.now) == .look)
        searches.failed("t", KafkaError(.closed, "x"), isFinal: true, now: Self.now) { .seconds($0) }
        #expect(searches.finalError(of: "t")?.message == "x")
        #expect(searches.wanted("t", now: Self.now + .seconds(9)) == .nothing)
        searches.end("t")
        #expect(searches.finalError(of: "t")?.message == "x")
        searches.end("t")
        searches.begin("t")
        #expect(searches.finalError(of: "t") == nil)
        #expect(searches.wanted("t", now: Self.now) == .look)
    }
}

@Suite(.turn) struct RefusalsTests {
    private static func batch(_ count: Int32, _ message: String?) -> ProducerBatch {
        let batch = ProducerBatch(TopicPartition("t", 0), created: Instant(nanoseconds: 0))
        batch.takeOver([UInt8](repeating: 0, count: 100), count: count)
        batch.complete(message.map { .failure(KafkaError(.timedOut, $0)) } ?? .success(7))
        return batch
    }

    @Test func theFirstIsToldWithTheCountOfRecordsAndOnce() {
        var refusals = Refusals()
        #expect(refusals.take() == nil)
        refusals.note(Self.batch(3, "no leader"))
        refusals.note(Self.batch(4, "too late"))
        #expect(refusals.take()?.message == "7 records did not arrive; the first one: no leader")
        #expect(refusals.take() == nil)
        refusals.note(Self.batch(1, "alone"))
        #expect(refusals.take()?.message == "alone")
    }

    @Test func whatSomebodyWasToldIsNotToldAgain() async {
        var refusals = Refusals()
        let told = Self.batch(3, "told")
        refusals.note(told)
        refusals.note(Self.batch(2, "untold"))
        await #expect(throws: KafkaError.self) { try await told.offset(of: 0) }
        // Who waits for the end of all has not asked how it went.
        let waited = Self.batch(5, "waited for")
        refusals.note(waited)
        await waited.settle()
        #expect(refusals.take()?.message == "7 records did not arrive; the first one: untold")
    }

    @Test func manyAreCountedInLittleMemory() {
        var refusals = Refusals()
        for number in 0..<5000 { refusals.note(Self.batch(1, "\(number)")) }
        #expect(refusals.take()?.message == "5000 records did not arrive; the first one: 0")
    }
}
