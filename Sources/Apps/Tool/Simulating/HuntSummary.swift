import AppSupport
import JSONLines
import KafkaSimulation

/// What came of a hunt, for people and for programs.
package struct HuntSummary: Sendable {
    package var scenario: String
    package var firstSeed: UInt64
    package var report: Hunt.Report
    /// How long it took, by the clock on the wall.
    package var time: Duration
    /// What performs that seed once more, as it is typed.
    package var command: @Sendable (UInt64) -> String

    package init(
        scenario: String, firstSeed: UInt64, report: Hunt.Report, time: Duration,
        command: @escaping @Sendable (UInt64) -> String
    ) {
        (self.scenario, self.firstSeed, self.report, self.time) = (scenario, firstSeed, report, time)
        self.command = command
    }

    /// How many seeds are named of those that broke one rule.
    private static let namedSeeds = 5

    // MARK: - For people

    /// The lines, without their ends.
    package var lines: [String] {
        let tally = report.tally
        guard tally.histories > 0 else { return ["No history was performed."] }
        let hours = Figures.seconds(tally.elapsed) / 3600
        var lines = [
            "\(Figures.grouped(tally.histories)) \(tally.histories == 1 ? "history" : "histories") of \(scenario), \(seeds): "
                + "\(Figures.duration(tally.elapsed)) in \(Figures.duration(time)); "
                + "\(Self.rate(Double(tally.histories), time)) histories and \(Self.rate(hours, time)) hours a second.",
            "\(Figures.counted(tally.faults, "fault")); \(Figures.counted(tally.sent, "record")) sent, "
                + "\(Figures.grouped(tally.acknowledged)) acknowledged, \(Figures.grouped(tally.refused)) not; "
                + "\(Figures.grouped(tally.received)) received; \(Figures.counted(tally.rebalances, "assignment")). "
                + "Digest \(report.digest).",
        ]
        guard !report.findings.isEmpty else { return lines + ["All is as it should be."] }
        let count = report.findings.count
        lines.append(
            count == 1 ? "One is not as it should be:" : "\(Figures.grouped(count)) are not as they should be:")
        for breach in breaches {
            let those = report.findings.filter { $0.breaches.contains(breach) }
            let named = those.prefix(Self.namedSeeds).map { "\($0.seed)" }.joined(separator: ", ")
            let more = those.count - Self.namedSeeds
            lines.append(
                "  \(breach): seed\(those.count == 1 ? "" : "s") \(named)\(more > 0 ? ", and \(more) more" : "")")
        }
        return lines
    }

    /// What a person sees while it goes on.
    package static func progress(_ tally: Tally, of count: Int, failed: Int, after time: Duration) -> String {
        let hours = Figures.seconds(tally.elapsed) / 3600
        return "\(Figures.grouped(tally.histories)) of \(Figures.grouped(count)) histories, "
            + "\(rate(Double(tally.histories), time)) and \(rate(hours, time)) hours a second"
            + (failed > 0 ? ", \(Figures.grouped(failed)) failed" : "")
    }

    private static func rate(_ count: Double, _ time: Duration) -> String {
        let seconds = Figures.seconds(time)
        return seconds > 0 ? Figures.fixed(count / seconds, decimals: 2) : "–"
    }

    private var seeds: String {
        let last = firstSeed &+ UInt64(clamping: report.tally.histories - 1)
        guard report.isWhole else { return "seeds from \(firstSeed)" }
        return last == firstSeed ? "seed \(firstSeed)" : "seeds \(firstSeed) to \(last)"
    }

    private var breaches: [String] { Set(report.findings.flatMap(\.breaches)).sorted() }

    // MARK: - For programs

    /// One document.
    ///
    /// - Parameter further: Fields that are not of the hunt itself; their values are JSON.
    package func json(_ further: [(String, String)] = []) -> String {
        let tally = report.tally
        let fields: [(String, String)] =
            [
                ("scenario", JSONText.string(scenario)), ("firstSeed", "\(firstSeed)"),
                ("histories", "\(tally.histories)"), ("failed", "\(report.findings.count)"),
                ("virtualSeconds", Figures.fixed(Figures.seconds(tally.elapsed), decimals: 3)),
                ("seconds", Figures.fixed(Figures.seconds(time), decimals: 3)),
                ("digest", JSONText.string(report.digest)),
            ] + tally.fields.map { ($0.name, "\($0.count)") }
        let findings = report.findings.map { finding in
            JSONText.object([
                ("seed", "\(finding.seed)"), ("digest", JSONText.string(finding.digest)),
                ("breaches", JSONText.array(finding.breaches.map { JSONText.string($0) })),
                ("complaints", JSONText.array(finding.complaints.map { JSONText.string($0) })),
                ("command", JSONText.string(command(finding.seed))),
            ])
        }
        return JSONText.object(fields + [("findings", JSONText.array(findings))] + further)
    }
}
