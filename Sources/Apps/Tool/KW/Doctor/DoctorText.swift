import AppSupport
import KafkaWire
import Screens

/// A report as text: a line for each step as it ends, then the findings in sentences, each with what to change.
struct DoctorText: Sendable {
    /// Colours, where they are wanted.
    let paint: @Sendable (String, Console.Style) -> String
    /// Columns of the terminal; nil for lines of 96 columns.
    let width: Int?
    /// Whether to show also what is as it should be.
    let isVerbose: Bool

    private var columns: Int { max(40, min(width ?? 96, 120)) }

    /// What a step asks, for the line that shows progress.
    static func question(_ stage: DiagnosisReport.Stage) -> String {
        switch stage {
        case .names: "looking host names up"
        case .connections: "connecting"
        case .security: "agreeing on TLS"
        case .protocol: "asking what speaks there"
        case .brokers: "visiting each broker under the address that it advertises"
        case .release: "comparing versions"
        case .topics: "looking at leaders and replicas"
        case .groups: "watching groups"
        case .permissions: "asking what is allowed"
        case .clocks: "comparing clocks"
        }
    }

    /// A step's line: a sign, its name, what came of it, and how long it took.
    func lines(_ step: DiagnosisReport.Step) -> [String] {
        let name = TextWidth.padded(step.stage.rawValue, 12)
        let time = step.isSkipped ? "" : Self.time(step.duration)
        let sign = step.isSkipped ? paint("-", .dim) : sign(step.severity)
        let room = columns - 4 - 12 - 9
        let summary = SafeText.line(step.summary)
        let cut = TextWidth.of(summary) > room ? TextWidth.cut(summary, room - 1) + "…" : summary
        if step.isSkipped {
            return [
                paint("  -", .dim) + " " + paint(name + "not looked at: " + TextWidth.cut(summary, room - 15), .dim)
            ]
        }
        return [
            "  \(sign) \(name)\(TextWidth.padded(cut, room))\(paint(TextWidth.padded(time, 8, toTheRight: true), .dim))"
        ]
    }

    /// What stands behind the steps: the findings, and a last sentence.
    func summary(_ report: DiagnosisReport) -> [String] {
        var lines: [String] = []
        for finding in report.findings where isVerbose || finding.severity > .ok {
            lines.append("")
            lines += paragraphs(finding)
        }
        lines.append("")
        lines.append(verdict(report))
        return lines
    }

    private func paragraphs(_ finding: DiagnosisFinding) -> [String] {
        let style = Self.style(finding.severity)
        let code = paint(finding.code.rawValue, .bold)
        let head = "\(sign(finding.severity)) \(code)  \(paint(SafeText.line("\(finding.place)"), style))"
        let message = TextWidth.wrapped(SafeText.line(finding.message), columns - 2).map { "  " + $0 }
        let advice = finding.advice.map { advice in
            TextWidth.wrapped("→ " + SafeText.line(advice), columns - 4).enumerated().map { place, line in
                place == 0 ? "  " + paint("→", .cyan) + line.dropFirst() : "    " + line
            }
        }
        return [head] + message + (advice ?? [])
    }

    private func verdict(_ report: DiagnosisReport) -> String {
        let (problems, warnings) = (report.problems.count, report.warnings.count)
        let time = "in \(Self.time(report.duration))"
        func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
        if problems > 0 {
            let also = warnings > 0 ? ", \(count(warnings, "warning"))" : ""
            return paint("\(count(problems, "problem"))\(also), found \(time).", .red)
        }
        if warnings > 0 {
            return paint("Nothing stands in the way; \(count(warnings, "warning")), found \(time).", .yellow)
        }
        return paint("Nothing stands in the way; looked \(time).", .green)
    }

    private func sign(_ severity: DiagnosisFinding.Severity) -> String {
        switch severity {
        case .ok: paint("✓", .green)
        case .warning: paint("!", .yellow)
        case .problem: paint("✗", .red)
        }
    }

    private static func style(_ severity: DiagnosisFinding.Severity) -> Console.Style {
        switch severity {
        case .ok: .green
        case .warning: .yellow
        case .problem: .red
        }
    }

    static func time(_ duration: Duration) -> String {
        let milliseconds = duration / .milliseconds(1)
        if milliseconds >= 9_950 { return "\(Int(milliseconds / 1000)) s" }
        if milliseconds >= 1000 { return "\(Int(milliseconds / 1000)).\(Int(milliseconds / 100) % 10) s" }
        if milliseconds >= 10 { return "\(Int(milliseconds)) ms" }
        return "\(Int(milliseconds)).\(Int(milliseconds * 10) % 10) ms"
    }
}
