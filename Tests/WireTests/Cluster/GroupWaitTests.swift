import TestSupport
import Testing

@testable import KafkaWire

/// When a member that waits at its coordinator gives that up.
@Suite(.turn) struct GroupWaitTests {
    private struct Look {
        var isAnswering: Bool
        var named: BrokerID?
        var end: GroupWait.End?
        /// When to look again, in milliseconds from this look.
        var next: Int64 = 2000
    }

    private func check(_ looks: [Look], _ what: String) {
        var now = Instant(nanoseconds: 0)
        var wait = GroupWait(at: 1, requestTimeout: .seconds(10), now: now)
        #expect(wait.nextLook == now + .seconds(2), "\(what)")
        for (index, look) in looks.enumerated() {
            now = wait.nextLook
            #expect(
                wait.saw(isAnswering: look.isAnswering, named: look.named, now: now) == look.end,
                "\(what), look \(index)")
            if look.end == nil { #expect(wait.nextLook == now + .milliseconds(look.next), "\(what), look \(index)") }
        }
    }

    /// A rebalance may take minutes: a coordinator that answers is waited at, whoever else is silent.
    @Test func aSlowRebalanceIsWaitedFor() {
        check((0..<100).map { _ in Look(isAnswering: true, named: 1) }, "named")
        check((0..<100).map { _ in Look(isAnswering: true, named: nil) }, "nobody says")
    }

    @Test func oneSignIsNone() {
        check(
            [
                Look(isAnswering: false, named: 1, next: 500), Look(isAnswering: true, named: 1),
                Look(isAnswering: true, named: 2, next: 500), Look(isAnswering: true, named: 1),
                Look(isAnswering: false, named: nil, next: 500), Look(isAnswering: true, named: nil),
            ], "in turn")
    }

    @Test func twoSignsAreOne() {
        check(
            [Look(isAnswering: false, named: nil, next: 500), Look(isAnswering: false, named: nil, end: .silent)],
            "cut off")
        check(
            [Look(isAnswering: false, named: 1, next: 500), Look(isAnswering: false, named: 1, end: .silent)],
            "gone, and nobody has noticed")
        check([Look(isAnswering: false, named: 2, end: .elsewhere(2))], "gone, and followed")
        check(
            [Look(isAnswering: true, named: 2, next: 500), Look(isAnswering: true, named: 3, end: .elsewhere(3))],
            "moved")
        check(
            [Look(isAnswering: true, named: 2, next: 500), Look(isAnswering: false, named: nil, end: .silent)],
            "moved, then silent")
    }
}
