import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct TroublesTests {
    @Test func oneBrokerThatAnswersDoesNotMeanThatTheOthersDo() {
        var troubles = Troubles()
        #expect(troubles.begin(.broker(1)) == .first)
        #expect(troubles.begin(.broker(1)) == .none)
        #expect(troubles.begin(.broker(2)) == .more)
        #expect(troubles.end(.broker(3)) == .none)
        #expect(troubles.end(.broker(1)) == .none)
        #expect(troubles.end(.broker(2)) == .recovered)
        #expect(troubles.end(.broker(2)) == .none)
        #expect(troubles.begin(.group) == .first)
    }

    @Test func otherPartitionsMeanOtherTroubles() {
        var troubles = Troubles()
        #expect(troubles.endFetching() == .none)
        _ = troubles.begin(.partition(TopicPartition("t", 0)))
        _ = troubles.begin(.group)
        #expect(troubles.endFetching() == .none)
        #expect(troubles.end(.group) == .recovered)
        _ = troubles.begin(.broker(1))
        #expect(troubles.endFetching() == .recovered)
    }
}
