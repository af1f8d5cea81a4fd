import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct ProducerIdentityTests {
    private static let now = Instant(nanoseconds: 0)
    private static let error = KafkaError(.timedOut, "x", isRetriable: true)

    @Test func oneIsAskedForAtATime() throws {
        var identity = ProducerIdentity()
        #expect(identity.current == nil)
        #expect(identity.wanted(now: Self.now) == .ask)
        #expect(identity.wanted(now: Self.now) == .nothing)
        try identity.given(.init(id: 7, epoch: 0), by: "b")
        #expect(identity.current == .init(id: 7, epoch: 0))
    }

    /// Under another id, what is late of the one before would be taken behind what was sent after it: a simulated history of
    /// a producer that was cut off for longer than its records had time (seed 2005) had it so.
    @Test func theNextIdentityIsTheNextEpochWhileThereIsOne() throws {
        var identity = ProducerIdentity()
        try identity.given(.init(id: 7, epoch: 32_765), by: "b")
        #expect(identity.wanted(now: Self.now) == .given)
        #expect(identity.current == .init(id: 7, epoch: 32_766))
        #expect(identity.wanted(now: Self.now) == .given)
        #expect(identity.current == .init(id: 7, epoch: 32_767))
        #expect(identity.wanted(now: Self.now) == .ask)
    }

    @Test func whatWasInVainIsAskedForLaterAndLaterAndToldOnce() throws {
        var identity = ProducerIdentity()
        var now = Self.now
        for count in 1...3 {
            #expect(identity.wanted(now: now) == .ask)
            let isNews = identity.failed(Self.error, now: now) { .seconds($0) }
            #expect(isNews == (count == 1))
            let later = now + .seconds(count)
            #expect(identity.wanted(now: now) == .wait(until: later))
            now = later
        }
        #expect(identity.error == Self.error)
        #expect(identity.wanted(now: now) == .ask)
        try identity.given(.init(id: 7, epoch: 32_767), by: "b")
        #expect(identity.error == nil)
        #expect(identity.failed(Self.error, now: now) { .seconds($0) } == true)
        #expect(identity.wanted(now: now) == .wait(until: now + .seconds(1)))
    }

    /// Batches that are numbered anew under the same id would be taken for repetitions.
    @Test(arguments: [(7, 0), (-1, 0)] as [(ProducerID, ProducerEpoch)])
    func theSameAgainIsNone(_ id: ProducerID, _ epoch: ProducerEpoch) throws {
        var identity = ProducerIdentity()
        try identity.given(.init(id: 7, epoch: 0), by: "b")
        let error = #expect(throws: KafkaError.self) { try identity.given(.init(id: id, epoch: epoch), by: "b") }
        #expect(error?.isRetriable == true)
        #expect(identity.current?.id == 7)
        // The same id under another epoch is another identity, as a transactional one gets.
        try identity.given(.init(id: 7, epoch: 1), by: "b")
        #expect(identity.current?.epoch == 1)
    }
}

@Suite(.turn) struct ProducerPaceTests {
    private static let start = Instant(nanoseconds: 0)

    private static func pace() -> ProducerPace {
        ProducerPace(limit: 2, maximumAge: .seconds(300), now: start) { .seconds($0) }
    }

    private static func look(_ pace: inout ProducerPace, _ second: Int) -> Instant? {
        pace.look(now: start + .seconds(second) + .milliseconds(1)) { .seconds($0) }
    }

    @Test func aBrokerHasSoManyRequestsAtATime() {
        var pace = Self.pace()
        pace.sent(to: 1)
        #expect(pace.isFree(1))
        pace.sent(to: 1)
        #expect(!pace.isFree(1))
        #expect(pace.isFree(2))
        pace.answered(by: 1)
        #expect(pace.isFree(1))
    }

    @Test func leadersAreLookedForLaterAndLaterUntilABatchArrives() {
        var pace = Self.pace()
        let later = Self.start + .seconds(1) + .milliseconds(1)
        #expect(Self.look(&pace, 0) == later)
        #expect(Self.look(&pace, 1) == nil)
        #expect(Self.look(&pace, 2) == later + .seconds(2) + .milliseconds(1))
        #expect(Self.look(&pace, 4) == nil)
        #expect(Self.look(&pace, 6) != nil)
        #expect(Self.look(&pace, 8) == nil)
        pace.worked()
        #expect(Self.look(&pace, 13) == nil)
        #expect(Self.look(&pace, 15) == nil)
    }

    @Test func whatIsKnownOfTopicsGetsOld() {
        var pace = Self.pace()
        #expect(!pace.isOld(now: Self.start + .seconds(300)))
        #expect(pace.isOld(now: Self.start + .seconds(301)))
        #expect(Self.look(&pace, 301) == nil)
        #expect(!pace.isOld(now: Self.start + .seconds(302)))
    }
}
