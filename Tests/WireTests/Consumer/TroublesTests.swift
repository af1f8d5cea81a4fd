import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct TroublesTests {
    @Test func oneBrokerThatAnswersDoesNotMeanThatTheOthersDo() {
        var troubles = Troubles()
        #expect(troubles.begin(.broker(1), because: .connectionFailed) == .first)
        #expect(troubles.begin(.broker(1), because: .connectionFailed) == .none)
        #expect(troubles.begin(.broker(2), because: .connectionFailed) == .more)
        #expect(troubles.end(.broker(3)) == .none)
        #expect(troubles.end(.broker(1)) == .none)
        #expect(troubles.end(.broker(2)) == .recovered)
        #expect(troubles.end(.broker(2)) == .none)
        #expect(troubles.begin(.group, because: .connectionFailed) == .first)
    }

    @Test func otherPartitionsMeanOtherTroubles() {
        var troubles = Troubles()
        #expect(troubles.endFetching() == .none)
        _ = troubles.begin(.partition(TopicPartition("t", 0)), because: .connectionFailed)
        _ = troubles.begin(.group, because: .connectionFailed)
        #expect(troubles.endFetching() == .none)
        #expect(troubles.end(.group) == .recovered)
        _ = troubles.begin(.broker(1), because: .connectionFailed)
        #expect(troubles.endFetching() == .recovered)
    }

    /// That a password is wrong was not told, since the connection had been closed before.
    @Test func anotherReasonIsToldAndTwoThatTakeTurnsOnce() {
        var troubles = Troubles()
        #expect(troubles.begin(.broker(1), because: .connectionFailed) == .first)
        #expect(troubles.begin(.broker(1), because: .broker(.saslAuthenticationFailed)) == .other)
        #expect(troubles.begin(.broker(1), because: .connectionFailed) == .none)
        #expect(troubles.begin(.metadata, because: .connectionFailed) == .more)
        #expect(troubles.begin(.metadata, because: .timedOut) == .other)
        #expect(troubles.end(.broker(1)) == .none)
        #expect(troubles.begin(.broker(1), because: .connectionFailed) == .more)
    }
}
