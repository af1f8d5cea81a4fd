import TestSupport
import Testing

@testable import KafkaWire

/// When a client that is told nothing begins with its bootstrap servers anew (KIP-1102).
@Suite(.turn) struct MetadataAttemptsTests {
    private static let start = Instant(nanoseconds: 1_000_000_000)

    /// At which of these seconds of asking the client begins anew.
    private static func begins(_ attempts: inout MetadataAttempts, asking seconds: [Int]) -> [Int] {
        seconds.filter { attempts.asks(now: start + .seconds($0)) }
    }

    @Test func aClientThatIsToldNothingForLongBeginsAnew() {
        var attempts = MetadataAttempts(.rebootstrap(after: .seconds(300)))
        #expect(attempts.isRecovering)
        // The first attempt is none in vain, and behind each beginning it is counted anew.
        #expect(Self.begins(&attempts, asking: [0, 300, 301, 302, 601, 602]) == [301, 602])
    }

    @Test func anAnswerEndsTheCount() {
        var attempts = MetadataAttempts(.rebootstrap(after: .seconds(300)))
        #expect(Self.begins(&attempts, asking: [0]) == [])
        attempts.worked()
        // Nobody has asked for an hour.
        #expect(Self.begins(&attempts, asking: [3600, 3700, 3900, 3901]) == [3901])
    }

    @Test func withoutTheStrategyItNeverDoes() {
        var attempts = MetadataAttempts(.none)
        #expect(!attempts.isRecovering)
        #expect(Self.begins(&attempts, asking: (0..<48).map { 3600 * $0 }) == [])
    }

    @Test func theLongestTriggerDoesNotTrap() {
        var attempts = MetadataAttempts(.rebootstrap(after: .milliseconds(Int64.max)))
        #expect(Self.begins(&attempts, asking: [0, .max]) == [])
    }
}
