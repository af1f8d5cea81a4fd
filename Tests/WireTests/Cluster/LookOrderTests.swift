import TestSupport
import Testing

@testable import KafkaWire

/// Whom to ask what any broker can answer.
@Suite(.turn) struct LookOrderTests {
    private static let start = Instant(nanoseconds: 0)
    private static let names = (0..<3).map { BrokerAddress(host: "h", port: 9092 + UInt16($0)) }

    private static func order(
        _ order: LookOrder, _ loads: [Int?], about question: String = "q", now: Instant = start
    ) -> [Int] {
        let candidates = zip(names, loads).map { LookOrder.Candidate(address: $0, load: $1) }
        return order.order(candidates, about: question, now: now).compactMap { names.firstIndex(of: $0) }
    }

    @Test(
        arguments: [
            ([nil, nil, nil], [0, 1, 2]), ([nil, 0, nil], [1, 0, 2]), ([2, 0, 1], [1, 2, 0]),
            ([9, nil, 4], [1, 2, 0]),
        ] as [([Int?], [Int])])
    func whoHasLeastToDoComesFirst(_ loads: [Int?], _ expected: [Int]) {
        #expect(Self.order(LookOrder(), loads) == expected)
    }

    /// One node that was silent took the client with it: the next look went to the same one.
    @Test func whoHasFailedLatelyComesLast() {
        var order = LookOrder()
        order.failed(Self.names[0], now: Self.start)
        #expect(Self.order(order, [0, nil, nil]) == [1, 2, 0])
        #expect(Self.order(order, [0, nil, nil], now: Self.start + .seconds(11)) == [0, 1, 2])
        order.worked(Self.names[0])
        #expect(Self.order(order, [0, nil, nil]) == [0, 1, 2])
    }

    /// Looks stayed with a broker that was cut off, and went on telling of leaders that were none any more.
    @Test func whoWasAskedTheSameAMomentAgoComesBehindTheOthers() {
        var order = LookOrder()
        order.asks(Self.names[0], about: "q", now: Self.start)
        #expect(Self.order(order, [0, nil, nil], now: Self.start + .seconds(1)) == [1, 2, 0])
        #expect(Self.order(order, [0, nil, nil], about: "other", now: Self.start + .seconds(1)) == [0, 1, 2])
        #expect(Self.order(order, [0, nil, nil], now: Self.start + .seconds(3)) == [0, 1, 2])
        // Better one that was of no help than one that does not answer.
        order.failed(Self.names[1], now: Self.start)
        #expect(Self.order(order, [0, nil, nil], now: Self.start + .seconds(1)) == [2, 0, 1])
    }
}
