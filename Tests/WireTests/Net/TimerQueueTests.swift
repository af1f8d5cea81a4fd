import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct TimerQueueTests {
    private final class Fired: Sendable {
        let names = Locked<[Int]>([])
        func action(_ name: Int) -> @Sendable () -> Void { { self.names.withLock { $0.append(name) } } }
    }

    private static func at(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

    @Test func timersFireInTheOrderOfTheirDeadlinesThenOfTheirSetting() {
        var queue = TimerQueue()
        let fired = Fired()
        for (name, deadline) in [(1, 30), (2, 10), (3, 20), (4, 10), (5, 40)] as [(Int, Int64)] {
            _ = queue.insert(Self.at(deadline), fired.action(name))
        }
        while let action = queue.takeDue(Self.at(30)) { action() }
        #expect(fired.names.withLock { $0 } == [2, 4, 3, 1])
        while let action = queue.takeDue(Self.at(39)) { action() }
        #expect(fired.names.withLock { $0.count } == 4)
        while let action = queue.takeDue(Self.at(40)) { action() }
        #expect(fired.names.withLock { $0.last } == 5)
        #expect(queue.millisecondsToNext(Self.at(40)) == -1)
    }

    @Test func cancelledTimersDoNotFire() {
        var queue = TimerQueue()
        let fired = Fired()
        var timers: [TimerID] = []
        for name in 0..<1000 { timers.append(queue.insert(Self.at(Int64(name * 7919 % 1000)), fired.action(name))) }
        for name in 0..<1000 where name % 10 != 0 { queue.remove(timers[name]) }
        queue.remove(timers[1])
        while let action = queue.takeDue(Self.at(1000)) { action() }
        let names = fired.names.withLock { $0 }
        #expect(names.count == 100)
        #expect(names.allSatisfy { $0 % 10 == 0 })
        let deadlines = names.map { $0 * 7919 % 1000 }
        #expect(deadlines == deadlines.sorted())
    }

    /// What is set for now while others fire is the next turn's: a turn has an end.
    @Test func whatIsSetMeanwhileWaits() {
        var queue = TimerQueue()
        let fired = Fired()
        for name in [1, 2] { _ = queue.insert(Self.at(10), fired.action(name)) }
        let next = queue.next
        queue.takeDue(Self.at(10), setBefore: next)?()
        _ = queue.insert(Self.at(0), fired.action(3))
        while let action = queue.takeDue(Self.at(10), setBefore: next) { action() }
        #expect(fired.names.withLock { $0 } == [1])
        while let action = queue.takeDue(Self.at(10), setBefore: queue.next) { action() }
        #expect(fired.names.withLock { $0 } == [1, 3, 2])
    }

    @Test func theWaitIsRoundedUp() {
        var queue = TimerQueue()
        _ = queue.insert(Self.at(1_000_001)) {}
        #expect(queue.millisecondsToNext(Self.at(0)) == 2)
        #expect(queue.millisecondsToNext(Self.at(1)) == 1)
        #expect(queue.millisecondsToNext(Self.at(1_000_000)) == 1)
        #expect(queue.millisecondsToNext(Self.at(1_000_001)) == 0)
        #expect(queue.millisecondsToNext(Self.at(9_000_000)) == 0)
        _ = queue.takeDue(Self.at(9_000_000))
        _ = queue.insert(Self.at(.max)) {}
        #expect(queue.millisecondsToNext(Self.at(-5)) == .max)
    }

    @Test func instantsClampInsteadOfOverflowing() {
        #expect(Self.at(5) + .seconds(Int64.max) == Self.at(.max))
        #expect(Self.at(5) + .nanoseconds(7) == Self.at(12))
        #expect(Self.at(12) - Self.at(5) == .nanoseconds(7))
    }
}
