import ArgumentParser
import Foundation
import JSONLines
import KafkaSimulation
import TestSupport
import Testing

@testable import KW

/// `kw simulate` as a program; what it shows of a history that fails is in `TimelineTests`.
@Suite(.turn(minutes: 10)) struct SimulateCommandTests {
    private static let short = ["simulate", "--scenario", "calm", "--minutes", "1", "--seed", "5"]

    @Test func historiesAreCountedAndHaveOneDigest() async throws {
        var digests: Set<String> = []
        for jobs in ["1", "2"] {
            let outcome = try await Running.kw(
                Self.short + ["--histories", "2", "--records", "10", "--jobs", jobs, "--verify", "--json"])
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
            let json = try #require(JSON(outcome.output))
            #expect(json["histories"].number == 2 && json["failed"].number == 0 && json["firstSeed"].number == 5)
            #expect(json["acknowledged"].number == json["sent"].number && json["refused"].number == 0)
            digests.insert(json["digest"].text ?? "")
        }
        #expect(digests.count == 1)
    }

    @Test func aCaptureIsWhatExplainOpens() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("kw-simulate-\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        let outcome = try await Running.kw(Self.short + ["--records", "3", "--members", "1", "--capture", file])
        #expect(outcome.status == 0 && outcome.output.contains("All is as it should be."), "\(outcome.error)")
        let explained = try await Running.kw(["explain", "--list", "--file", file])
        #expect(explained.status == 0, "\(explained.error)")
        for api in ["ApiVersions", "Metadata", "Produce", "Fetch", "JoinGroup"] {
            #expect(explained.output.contains(api), "\(api)")
        }
        // A recording is a new file.
        let again = try await Running.kw(Self.short + ["--records", "3", "--capture", file])
        #expect(again.status == 1 && again.error.contains("remove it or name another"))
    }

    @Test(arguments: [
        ("--histories 0", "--histories is 1 to"), ("--minutes 0", "--minutes is 1 to"), ("--jobs 0", "--jobs is 1 to"),
        ("--records 0", "--records is 1 to"), ("--until 0", "--until has to be longer than 0"),
        ("--scenario calmer", "calm"), ("--faults 0", "--faults"),
    ])
    func whatCannotBeIsRefused(options: String, sentence: String) async throws {
        let outcome = try await Running.kw(["simulate"] + options.split(separator: " ").map(String.init))
        #expect(outcome.status == 64 && outcome.error.contains(sentence), "\(outcome.error)")
    }

    /// What is left of a plan is told as options, which give it again.
    @Test(arguments: NamedScenario.allCases) func aPartOfAPlanIsRepeatedByItsCommand(scenario: NamedScenario) throws {
        for seed in 0..<20 as Range<UInt64> {
            let plan = scenario.plan(seed: seed)
            var part = plan
            part.faults = plan.faults.enumerated().filter { ($0.offset &+ Int(seed)) % 3 == 0 }.map(\.element)
            (part.records, part.members, part.duration) = (1, 1, .milliseconds(61_500))
            let words = PlanExtract(of: part, from: plan).options.flatMap { ["--\($0.name)", $0.value] }
            let command = try SimulateCommand.parse(words)
            #expect(command.part.extract(of: plan).applied(to: plan) == part, "\(words)")
        }
    }
}
