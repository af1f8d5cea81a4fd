import TestSupport
import Testing

@testable import KafkaWire

/// What a connection waits for, as a table of events and actions.
@Suite(.turn) struct ConnectionStateTests {
    private static let soon = Instant(nanoseconds: 1000)
    private static let late = Instant(nanoseconds: 2000)

    private static func frame(_ correlationId: UInt8) -> Bytes { Bytes([0, 0, 0, correlationId, 7]) }

    @Test func answersComeInTheOrderOfTheRequests() {
        var state = ConnectionState()
        #expect(state.send(10, deadline: Self.late) == 1)
        #expect(state.send(11, deadline: Self.soon) == 2)
        #expect(state.inFlight == 2)
        #expect(state.nextDeadline == Self.soon)
        #expect(state.received(Self.frame(1)) == [.deliver(10, Self.frame(1))])
        #expect(state.received(Self.frame(2)) == [.deliver(11, Self.frame(2))])
        #expect(state.inFlight == 0)
        #expect(state.nextDeadline == nil)
    }

    @Test func anAnswerOutOfOrderClosesAndFailsEverything() {
        var state = ConnectionState()
        _ = state.send(10, deadline: Self.soon)
        _ = state.send(11, deadline: Self.soon)
        let reason = ConnectionState.Reason.unexpectedAnswer(correlationId: 2, awaited: 1)
        #expect(state.received(Self.frame(2)) == [.fail(10, reason), .fail(11, reason), .close(reason)])
        #expect(state.closeReason == reason)
        #expect(state.send(12, deadline: Self.soon) == nil)
    }

    @Test func anAnswerToNothingCloses() {
        var state = ConnectionState()
        let reason = ConnectionState.Reason.unexpectedAnswer(correlationId: 9, awaited: nil)
        #expect(state.received(Self.frame(9)) == [.close(reason)])
    }

    @Test func aFrameWithoutACorrelationIdCloses() {
        var state = ConnectionState()
        guard case .close(.wire) = state.received(Bytes([0, 1])).last else {
            Issue.record("a frame of two bytes was taken")
            return
        }
    }

    @Test func timeIsUpAtTheEarliestDeadlineAndNotBefore() {
        var state = ConnectionState()
        _ = state.send(10, deadline: Self.late)
        _ = state.send(11, deadline: Self.soon)
        #expect(state.tick(now: Instant(nanoseconds: 999)).isEmpty)
        #expect(state.tick(now: Self.soon) == [.fail(10, .timedOut), .fail(11, .timedOut), .close(.timedOut)])
        #expect(state.tick(now: Self.late).isEmpty)
        #expect(state.close(.closed).isEmpty)
    }

    /// A broker that throttles answers later, as it has said: that is no time-out.
    @Test func whatWaitsWhileTheOtherSideHoldsBackGetsThatMuchMoreTime() {
        var state = ConnectionState()
        _ = state.send(10, deadline: Self.soon)
        _ = state.send(11, deadline: Self.soon)
        _ = state.received(Self.frame(1))
        state.hold(for: .nanoseconds(500))
        #expect(state.nextDeadline == Instant(nanoseconds: 1500))
        _ = state.send(12, deadline: Self.late)
        #expect(state.tick(now: Self.soon).isEmpty)
        #expect(
            state.tick(now: Instant(nanoseconds: 1500)) == [
                .fail(11, .timedOut), .fail(12, .timedOut), .close(.timedOut),
            ])
    }

    @Test func oneWayRequestsTakeANumberAndWaitForNothing() {
        var state = ConnectionState()
        #expect(state.sendOneWay() == 1)
        #expect(state.inFlight == 0)
        #expect(state.send(10, deadline: Self.soon) == 2)
        #expect(state.received(Self.frame(2)) == [.deliver(10, Self.frame(2))])
    }

    /// `connections.max.idle.ms`: what waits for an answer is in use, and its deadline counts.
    @Test func aConnectionWithoutUseIsClosedAsIdle() {
        var state = ConnectionState(idleLimit: .nanoseconds(5000))
        #expect(state.nextDeadline == nil, "it is not open yet")
        state.used(now: Instant(nanoseconds: 100))
        #expect(state.nextDeadline == Instant(nanoseconds: 5100))
        _ = state.send(10, deadline: Self.late)
        #expect(state.nextDeadline == Self.late)
        _ = state.received(Self.frame(1))
        state.used(now: Instant(nanoseconds: 1500))
        #expect(state.tick(now: Instant(nanoseconds: 6499)).isEmpty)
        #expect(state.tick(now: Instant(nanoseconds: 6500)) == [.close(.idle)])
        #expect(state.closeReason == .idle && state.nextDeadline == nil)
    }

    @Test func aLongWaitIsNoIdleness() {
        var state = ConnectionState(idleLimit: .nanoseconds(500))
        state.used(now: Instant(nanoseconds: 100))
        _ = state.send(10, deadline: Self.late)
        #expect(state.tick(now: Self.soon).isEmpty)
        #expect(state.tick(now: Self.late) == [.fail(10, .timedOut), .close(.timedOut)])
    }

    @Test func withoutALimitNothingIsIdle() {
        var state = ConnectionState()
        state.used(now: Self.soon)
        #expect(state.nextDeadline == nil)
        #expect(state.tick(now: Instant(nanoseconds: .max)).isEmpty)
    }
}
