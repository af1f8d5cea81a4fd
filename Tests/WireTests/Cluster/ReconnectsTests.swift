import TestSupport
import Testing

@testable import KafkaWire

/// When a broker that failed may be connected to again.
@Suite(.turn) struct ReconnectsTests {
    private static let a = BrokerAddress(host: "a", port: 1)
    private static let b = BrokerAddress(host: "b", port: 2)
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private static func fresh(_ change: (inout ConnectionOptions) -> Void = { _ in }) -> Reconnects {
        var options = ConnectionOptions()
        change(&options)
        return Reconnects(options, setUp: .seconds(10), seed: 7)
    }

    private static func isAbout(_ duration: Duration, _ milliseconds: Int) -> Bool {
        (.milliseconds(milliseconds * 8 / 10) ... .milliseconds(milliseconds * 12 / 10)).contains(duration)
    }

    /// Each try is counted there, and may lock the user out.
    @Test func whoIsNotLetInWaitsForTheLongestPauseAtOnce() {
        var reconnects = Self.fresh()
        reconnects.refused(Self.a, now: Self.start)
        #expect(reconnects.end(of: Self.a, now: Self.start) == Self.start + .seconds(1))
        reconnects.worked(Self.a)
        #expect(reconnects.end(of: Self.a, now: Self.start) == nil)
    }

    /// Java's: 50 ms, doubled up to a second, shaken by a fifth, and never longer than the longest.
    @Test func pausesGrowUpToTheLongest() {
        var reconnects = Self.fresh()
        var now = Self.start
        for wanted in [50, 100, 200, 400, 800, 1000, 1000, 1000] {
            reconnects.failed(Self.a, now: now)
            guard let end = reconnects.end(of: Self.a, now: now) else {
                Issue.record("there is no pause of \(wanted) ms")
                return
            }
            #expect(Self.isAbout(end - now, wanted) && end - now <= .seconds(1), "\(end - now), not \(wanted) ms")
            #expect(reconnects.end(of: Self.b, now: now) == nil, "it is this broker's alone")
            #expect(reconnects.end(of: Self.a, now: end) == nil)
            now = end
        }
        reconnects.worked(Self.a)
        reconnects.failed(Self.a, now: now)
        #expect(Self.isAbout((reconnects.end(of: Self.a, now: now) ?? now) - now, 50), "it begins anew")
    }

    /// A broker that stops breaks its four connections at once.
    @Test func whatFailsWithinAPauseIsTheSameFailure() {
        var reconnects = Self.fresh()
        for _ in 0..<4 { reconnects.broke(Self.a, now: Self.start) }
        let first = reconnects.end(of: Self.a, now: Self.start)
        #expect(Self.isAbout((first ?? Self.start) - Self.start, 50))
        reconnects.failed(Self.a, now: Self.start + .milliseconds(10))
        #expect(reconnects.end(of: Self.a, now: Self.start) == first)
    }

    /// KIP-601: 10 s, doubled up to 30, for as long as no connection comes to be.
    @Test func theTimeForSettingUpGrowsWithAttemptsAndNotWithWhatBreaks() {
        var reconnects = Self.fresh()
        #expect(reconnects.setUpTime(for: Self.a) == .seconds(10))
        reconnects.broke(Self.a, now: Self.start)
        #expect(reconnects.setUpTime(for: Self.a) == .seconds(10))
        reconnects.failed(Self.a, now: Self.start)
        #expect(Self.isAbout(reconnects.setUpTime(for: Self.a), 20_000))
        #expect(reconnects.setUpTime(for: Self.b) == .seconds(10))
        for second in 1..<10 { reconnects.failed(Self.a, now: Self.start + .seconds(second)) }
        let longest = reconnects.setUpTime(for: Self.a)
        #expect(longest > .seconds(23) && longest <= .seconds(30))
        reconnects.worked(Self.a)
        #expect(reconnects.setUpTime(for: Self.a) == .seconds(10))
    }

    /// Settings may have it the other way round.
    @Test func theLongestIsNotShorterThanTheFirst() {
        var reconnects = Self.fresh {
            $0.maximumReconnectBackoff = .zero
            $0.maximumConnectTimeout = .seconds(1)
        }
        for _ in 0..<5 { reconnects.failed(Self.a, now: Self.start) }
        #expect(Self.isAbout((reconnects.end(of: Self.a, now: Self.start) ?? Self.start) - Self.start, 50))
        #expect(reconnects.setUpTime(for: Self.a) >= .seconds(8) && reconnects.setUpTime(for: Self.a) <= .seconds(10))
    }

    @Test func theLongestDurationsDoNotTrap() {
        var reconnects = Self.fresh {
            $0.reconnectBackoff = .milliseconds(Int64.max)
            $0.maximumReconnectBackoff = .milliseconds(Int64.max)
            $0.maximumConnectTimeout = .milliseconds(Int64.max)
        }
        for _ in 0..<40 { reconnects.failed(Self.a, now: Self.start) }
        #expect(reconnects.end(of: Self.a, now: Self.start) != nil)
        #expect(reconnects.setUpTime(for: Self.a) > .seconds(10))
    }

    /// Addresses come and go, and a client lives for months.
    @Test func brokersOfWhichNobodyHasHeardAreForgotten() {
        var reconnects = Self.fresh()
        for port in 1...100 { reconnects.failed(BrokerAddress(host: "h", port: UInt16(port)), now: Self.start) }
        let later = Self.start + .seconds(3600)
        reconnects.failed(Self.a, now: later)
        var alone = Self.fresh()
        alone.failed(Self.a, now: later)
        #expect(reconnects == alone)
    }
}
