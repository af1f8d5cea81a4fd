import JSONLines
import KafkaSimulation
import TestSupport
import Testing

@testable import Simulating

/// What came of a hunt, as it is told.
@Suite(.turn) struct HuntSummaryTests {
    private static func summary(_ change: (inout Hunt.Report) -> Void = { _ in }) -> HuntSummary {
        var report = Hunt.Report()
        report.tally.histories = 200
        report.tally.elapsed = .seconds(60_900)
        (report.tally.faults, report.tally.sent, report.tally.acknowledged, report.tally.refused) = (
            2400, 41_000, 40_990, 10
        )
        (report.tally.received, report.tally.rebalances) = (41_020, 912)
        for index in 0..<200 { report.digests[index] = "\(index)" }
        change(&report)
        return HuntSummary(scenario: "everything", firstSeed: 4711, report: report, time: .seconds(40)) {
            "kw simulate --seed \($0)"
        }
    }

    private static func finding(_ seed: UInt64, _ breach: String) -> Hunt.Finding {
        Hunt.Finding(seed: seed, digest: "d", breaches: [breach], complaints: ["\(breach): x"])
    }

    @Test func whatIsAsItShouldBeTakesThreeLines() {
        let summary = Self.summary()
        #expect(
            summary.lines == [
                "200 histories of everything, seeds 4711 to 4910: 16 h 55 min in 40 s; 5.00 histories and 0.42 hours a second.",
                "2,400 faults; 41,000 records sent, 40,990 acknowledged, 10 not; 41,020 received; 912 assignments. "
                    + "Digest \(summary.report.digest).",
                "All is as it should be.",
            ])
    }

    @Test func whatIsNotIsToldByWhatIsBroken() {
        let summary = Self.summary { report in
            report.findings = (0..<7).map { Self.finding(4711 + $0, "each record is there once") }
            report.findings.append(Self.finding(4800, "no call outlives its time"))
        }
        #expect(
            summary.lines.suffix(3) == [
                "8 are not as they should be:",
                "  each record is there once: seeds 4711, 4712, 4713, 4714, 4715, and 2 more",
                "  no call outlives its time: seed 4800",
            ])
    }

    @Test func nothingWasPerformed() {
        #expect(Self.summary { $0 = Hunt.Report() }.lines == ["No history was performed."])
    }

    @Test func programsAreToldTheSame() throws {
        let summary = Self.summary { $0.findings = [Self.finding(4800, "no call outlives its time")] }
        let json = try #require(JSON(summary.json([("more", "1")])))
        #expect(json["scenario"].text == "everything" && json["firstSeed"].number == 4711)
        #expect(json["histories"].number == 200 && json["failed"].number == 1 && json["more"].number == 1)
        #expect(json["sent"].number == 41_000 && json["digest"].text == summary.report.digest)
        let finding = try #require(json["findings"].elements.first)
        #expect(finding["seed"].number == 4800 && finding["command"].text == "kw simulate --seed 4800")
        #expect(finding["complaints"] == .array([.string("no call outlives its time: x")]))
    }

    /// Whichever was ready first.
    @Test func theDigestOfAllIsInTheOrderOfTheirSeeds() {
        let report = Self.summary().report
        var other = Hunt.Report()
        for index in (0..<200).reversed() { other.digests[index] = "\(index)" }
        #expect(report.digest == other.digest)
        other.digests[7] = "8"
        #expect(report.digest != other.digest)
    }
}
