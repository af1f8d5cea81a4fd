import JSONLines
import KafkaWire

/// A report as one JSON document.
enum DoctorJSON {
    static func text(_ report: DiagnosisReport, servers: [String]) -> String {
        JSONText.object([
            ("bootstrapServers", JSONText.array(servers.map { JSONText.string($0) })),
            ("severity", JSONText.string(name(report.severity))),
            ("problems", "\(report.problems.count)"),
            ("warnings", "\(report.warnings.count)"),
            ("clusterId", JSONText.string(report.clusterId)),
            ("release", JSONText.string(report.release)),
            ("durationMs", milliseconds(report.duration)),
            ("steps", JSONText.array(report.steps.map(step))),
        ])
    }

    private static func step(_ step: DiagnosisReport.Step) -> String {
        JSONText.object([
            ("step", JSONText.string(step.stage.rawValue)),
            ("skipped", step.isSkipped ? "true" : "false"),
            ("severity", step.isSkipped ? "null" : JSONText.string(name(step.severity))),
            ("summary", JSONText.string(step.summary)),
            ("durationMs", milliseconds(step.duration)),
            ("findings", JSONText.array(step.findings.map(finding))),
        ])
    }

    private static func finding(_ finding: DiagnosisFinding) -> String {
        JSONText.object([
            ("severity", JSONText.string(name(finding.severity))),
            ("code", JSONText.string(finding.code.rawValue)),
            ("place", place(finding.place)),
            ("message", JSONText.string(finding.message)),
            ("advice", JSONText.string(finding.advice)),
        ])
    }

    private static func place(_ place: DiagnosisFinding.Place) -> String {
        func object(_ kind: String, _ name: String?, _ more: [(String, String)] = []) -> String {
            JSONText.object([("kind", JSONText.string(kind)), ("name", JSONText.string(name))] + more)
        }
        return switch place {
        case .client: object("client", nil)
        case .cluster: object("cluster", nil)
        case .host(let name): object("host", name)
        case .topic(let name): object("topic", name)
        case .group(let id): object("group", id)
        case .broker(let id, let address):
            object("broker", address, [("id", "\(id)")])
        }
    }

    private static func name(_ severity: DiagnosisFinding.Severity) -> String {
        switch severity {
        case .ok: "ok"
        case .warning: "warning"
        case .problem: "problem"
        }
    }

    /// With one decimal place.
    private static func milliseconds(_ duration: Duration) -> String {
        let tenths = Int(duration / .microseconds(100))
        return "\(tenths / 10).\(tenths % 10)"
    }
}
