import Foundation
import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// A seed gives one run: twice here, and in another process, where dictionaries and sets have another order. A hundred short
/// plans, in which little is sent and much goes wrong; the digest is over every frame with its time, every record of a log
/// and every number drawn.
@Suite(.turn(minutes: 10)) struct DeterminismTests {
    private static let seeds: Range<UInt64> = 1000..<1100

    /// Twelve seconds of a drawn plan, with as many faults as in five minutes.
    private static func plan(_ seed: UInt64) -> ScenarioPlan {
        var plan = ScenarioPlan.drawn(seed: seed, faults: 8, duration: .seconds(12))
        plan.records = 12
        // Faults may last longer than the plan: they end with it.
        return plan
    }

    private static func digests() throws -> [String] {
        try seeds.map { seed in "\(seed) \(try ScenarioRun.perform(plan(seed)).digest)" }
    }

    @Test func aHundredSeedsGiveTheSameRunsTwiceAndInAnotherProcess() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("kafkawire-digests-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        let command =
            "KAFKAWIRE_DIGESTS=\(file) '\(CommandLine.arguments[0])' --testing-library swift-testing "
            + "--filter 'SimulationTests.DeterminismTests/digestsForAnotherProcess' >/dev/null 2>&1"
        // The other process is at it meanwhile.
        async let status = runShell(command)
        let first = try Self.digests()
        let second = try Self.digests()
        #expect(first == second)
        #expect(try await status == 0)
        let theirs = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(theirs == first)
        // All of them are different runs.
        #expect(Set(first.map { $0.split(separator: " ")[1] }).count == Self.seeds.count)
    }

    /// What the other process does; in this one nothing.
    @Test func digestsForAnotherProcess() throws {
        guard let file = ProcessInfo.processInfo.environment["KAFKAWIRE_DIGESTS"] else { return }
        try Self.digests().joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    }
}
