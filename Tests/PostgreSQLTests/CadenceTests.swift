// Slots, paces and waits, told what time it is.

import AppSupport
import PostgreSQL
import TestSupport
import Testing

@Suite(.turn) struct CadenceTests {
    private let start = ContinuousClock.now

    @Test(arguments: [
        // last slot, now, next slot, slots skipped; in seconds from the start, at an interval of 60
        (0.0, 0.3, 60, 0), (0, 59.999, 60, 0), (60, 61, 120, 0), (0, 60, 120, 1), (0, 185, 240, 3), (120, 90, 180, 0),
        (0, -5, 60, 0),
    ])
    func slotsNeitherDriftNorBurst(last: Double, now: Double, next: Int, skipped: Int) {
        let cadence = Cadence(start: start, interval: .seconds(60))
        let due = cadence.next(after: start + .seconds(last), now: start + .seconds(now))
        #expect(due.slot == start + .seconds(next))
        #expect(due.skipped == skipped)
    }

    @Test func aThousandSlotsWithWorkInBetweenAreWhereTheyBelong() {
        let cadence = Cadence(start: start, interval: .milliseconds(7))
        var slot = start
        for _ in 0..<1000 { slot = cadence.next(after: slot, now: slot + .microseconds(6900)).slot }
        #expect(slot == start + .seconds(7))
    }

    @Test func extremeIntervalsDoNotTrap() {
        let rare = Cadence(start: start, interval: .seconds(9_000_000_000))
        #expect(rare.next(after: start, now: start).slot == start + .seconds(9_000_000_000))
        #expect(Cadence(start: start, interval: .zero).interval == .microseconds(1))
    }

    @Test func aPaceWaitsWhenEarlyAndDoesNotCatchUpWhenVeryLate() {
        var pace = Pace(rate: 1000, start: start)
        #expect(pace.wait(after: 500, now: start) == .milliseconds(500))
        #expect(pace.wait(after: 500, now: start + .milliseconds(900)) == .milliseconds(100))
        // Late by less than a second: made up. By more (an outage): forgotten.
        #expect(pace.wait(after: 100, now: start + .milliseconds(1500)) == .zero)
        #expect(pace.wait(after: 100, now: start + .seconds(60)) == .zero)
        #expect(pace.wait(after: 500, now: start + .seconds(60)) == .milliseconds(500))
    }

    @Test func waitsGrowAndStayBounded() {
        var least = Backoff()
        var most = Backoff()
        let low = (0..<12).map { _ in least.next(jitter: 0) }
        let high = (0..<12).map { _ in most.next(jitter: 1) }
        #expect(high.prefix(3) == [.milliseconds(250), .milliseconds(500), .seconds(1)])
        #expect(zip(low, high).allSatisfy { $0 * 2 == $1 })
        #expect(high.last == Backoff.longest)
        #expect(high == high.sorted())
    }
}
