import ChangeEvents
import TestSupport
import Testing

@testable import AgentRuntime

/// What an agent counts of the records that it has dealt with.
@Suite(.turn) struct AgentTallyTests {
    /// The age of a record whose time is the least of 64 bits ended both agents at every start.
    @Test(arguments: [.min, .min + 1, -(1 << 62), -1] as [Int64]) func aRecordWithoutATimeHasNoAge(time: Int64) {
        var tally = Tally()
        tally.recordAge(from: time, to: 1_767_225_600_000)
        #expect(tally.json(agent: "a", users: 0).contains("\"latency_p99_ms\":0"))
        tally.recordAge(from: 1_767_225_599_950, to: 1_767_225_600_000)
        #expect(tally.json(agent: "a", users: 0).contains("\"latency_p50_ms\":50"))
    }

    /// One from the future is as fresh as can be.
    @Test(arguments: [1_767_225_600_001, .max - 1, .max] as [Int64]) func aRecordFromTheFutureHasNoNegativeAge(
        time: Int64
    ) {
        var tally = Tally()
        tally.recordAge(from: time, to: 1_767_225_600_000)
        #expect(tally.json(agent: "a", users: 0).contains("\"latency_p99_ms\":0"))
    }

    @Test func theOldestTimeThatIsOneHasAnAge() {
        var tally = Tally()
        tally.recordAge(from: 0, to: .max)
        tally.recordAge(from: 0, to: 0)
        #expect(!tally.json(agent: "a", users: 0).contains("\"latency_p99_ms\":0"))
    }

    /// In the same order whatever came first.
    @Test func whatCannotBeReadIsCountedByItsReason() {
        var tally = Tally()
        for problem in [Malformed.Problem.unwrapped, .null(.amount), .unexpectedByte, .unwrapped, .badNumber] {
            tally.count(.malformed(Malformed(problem, at: 0)))
        }
        tally.count(.notATransaction(.heartbeat))
        let reasons = #""flaws":{"a row without op":2,"amount null":1,"no JSON object":2},"others":{"heartbeat":1}"#
        #expect(tally.json(agent: "a", users: 0).contains(reasons))
        #expect(
            tally.lines(agent: "a", users: 0, deadLetters: nil).contains(
                "  malformed or incomplete, skipped: 5 (2 a row without op, 1 amount null, 2 no JSON object)"))
    }
}
