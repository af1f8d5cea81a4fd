import TestSupport
import Testing

@testable import KafkaWire

/// Brokers that say that they are not what the cluster takes them for.
@Suite(.turn) struct ContradictionsTests {
    private static let (a, b) = (BrokerAddress(host: "a", port: 9092), BrokerAddress(host: "b", port: 9092))

    /// Who speaks at which milliseconds, and when connections are opened anew.
    @Test(
        arguments: [
            ([(a, 0)], []),
            ([(a, 0), (a, 1000), (a, 1999)], []),
            ([(a, 0), (a, 1000), (a, 2000)], [2000]),
            // It begins anew then, and each broker has a streak of its own.
            ([(a, 0), (a, 2000), (a, 2100), (a, 4000), (a, 4100)], [2000, 4100]),
            ([(a, 0), (b, 1000), (b, 2500), (a, 2600)], [2600]),
            // A leader moves now and then.
            ([(a, 0), (a, 10_000), (a, 20_000)], []),
            ([(a, 0), (a, 9999)], [9999]),
        ] as [([(BrokerAddress, Int)], [Int])])
    func whereItGoesOnConnectionsAreOpenedAnew(said: [(BrokerAddress, Int)], opened: [Int]) {
        var contradictions = Contradictions()
        let start = Instant(nanoseconds: 1_000_000_000)
        #expect(
            said.filter { contradictions.said(by: $0.0, now: start + .milliseconds($0.1)) }.map(\.1) == opened)
    }

    /// Addresses come and go, and a client lives for months.
    @Test func whatIsOldIsForgotten() {
        var contradictions = Contradictions()
        let start = Instant(nanoseconds: 1_000_000_000)
        for port in 1...100 { _ = contradictions.said(by: BrokerAddress(host: "h", port: UInt16(port)), now: start) }
        _ = contradictions.said(by: Self.a, now: start + .seconds(60))
        var alone = Contradictions()
        _ = alone.said(by: Self.a, now: start + .seconds(60))
        #expect(contradictions == alone)
    }
}
