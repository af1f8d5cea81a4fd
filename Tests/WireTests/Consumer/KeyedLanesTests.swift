import TestSupport
import Testing

@testable import KafkaWire

/// Which of many may be worked on at once.
@Suite(.turn) struct KeyedLanesTests {
    typealias Lanes = KeyedLanes<String, Int>

    private static func all(_ lanes: inout Lanes) -> [Lanes.Begun] {
        var found: [Lanes.Begun] = []
        while let begun = lanes.begin() { found.append(begun) }
        return found
    }

    @Test func oneOfALaneAtATimeInItsOrder() {
        var lanes = Lanes(maximum: 10)
        for (item, lane) in [(1, "a"), (2, "a"), (3, "b"), (4, "a")] { lanes.add(item, to: lane) }
        let first = Self.all(&lanes)
        #expect(first.map(\.item) == [1, 3])
        #expect(lanes.waiting == 2 && lanes.inHand == 2)
        lanes.finish(first[1])
        #expect(Self.all(&lanes).isEmpty)
        lanes.finish(first[0])
        let second = Self.all(&lanes)
        #expect(second.map(\.item) == [2])
        // What comes to a lane that is free begins at once.
        lanes.add(5, to: "b")
        #expect(Self.all(&lanes).map(\.item) == [5])
        lanes.finish(second[0])
        #expect(Self.all(&lanes).map(\.item) == [4])
    }

    @Test func atMostSoManyAtOnce() {
        var lanes = Lanes(maximum: 2)
        for item in 0..<5 { lanes.add(item, to: nil) }
        let first = Self.all(&lanes)
        #expect(first.map(\.item) == [0, 1] && lanes.waiting == 3)
        lanes.finish(first[0])
        #expect(Self.all(&lanes).map(\.item) == [2])
        #expect(Lanes(maximum: 0).maximum == 1)
    }

    @Test func whatIsDroppedBlocksNobody() {
        var lanes = Lanes(maximum: 1)
        for (item, lane) in [(1, "a"), (2, "a"), (3, "a"), (4, "b"), (5, "b")] { lanes.add(item, to: lane) }
        let first = Self.all(&lanes)
        #expect(first.map(\.item) == [1])
        lanes.drop { $0 == 2 || $0 == 4 }
        #expect(lanes.waiting == 2)
        lanes.finish(first[0])
        var order: [Int] = []
        while let begun = lanes.begin() {
            order.append(begun.item)
            lanes.finish(begun)
        }
        #expect(order.sorted() == [3, 5])
        #expect(lanes.waiting == 0 && lanes.inHand == 0)
    }

    /// Whatever is finished when, a lane keeps its order, and all comes.
    @Test func everyLaneKeepsItsOrder() {
        for seed in 0..<50 as Range<UInt64> {
            var random = RandomSource(seed: seed)
            var lanes = Lanes(maximum: 3)
            var seen: [String: [Int]] = [:]
            var inHand: [Lanes.Begun] = []
            var next = 0
            while next < 60 || !inHand.isEmpty {
                if next < 60, random.next() % 2 == 0 {
                    lanes.add(next, to: next % 5 == 0 ? nil : "\(random.next() % 4)")
                    next += 1
                }
                while let begun = lanes.begin() {
                    if let lane = begun.lane {
                        #expect(!inHand.contains { $0.lane == lane })
                        seen[lane, default: []].append(begun.item)
                    }
                    inHand.append(begun)
                }
                #expect(inHand.count <= 3)
                if !inHand.isEmpty { lanes.finish(inHand.remove(at: Int(random.next() % UInt64(inHand.count)))) }
            }
            #expect(lanes.waiting == 0 && lanes.inHand == 0)
            for items in seen.values { #expect(items == items.sorted()) }
        }
    }
}
