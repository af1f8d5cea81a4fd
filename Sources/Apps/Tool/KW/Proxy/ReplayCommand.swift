import AppSupport
import ArgumentParser
import Captures
import JSONLines
import KafkaWire
import Proxying
import Screens
import ToolKit

/// `kw replay`: sends the requests of a capture again, and compares the answers.
struct ReplayCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Send the requests of a capture again, and compare the answers with the recorded ones.",
        discussion: """
            Requests go out as they were recorded, byte for byte, in their order on as many connections, and with the \
            recorded pauses. A connection goes to the broker of the cluster that has the recorded address, else to the \
            first of --bootstrap-server. Requests that authenticate are left out. Ids in requests that another run \
            makes up anew (of members, producers, fetch sessions, topics) are sent as recorded.

            Fields that must differ are told apart: \(Self.kinds.joined(separator: ", ")). --ignore names the kinds, \
            or single fields, that may differ (default: all of these kinds).

            kw replay session.jsonl -b localhost:9092 --speed max --strict
            kw replay session.jsonl --list
            """)
    static let kinds = AnswerComparison.Kind.allCases.map(\.rawValue)

    @Argument(help: ArgumentHelp("A capture, as kw proxy --record writes it.", valueName: "file"))
    var file: String

    @OptionGroup var cluster: ClusterOptions

    @Option(help: ArgumentHelp("How many times as fast as it was recorded, or max.", valueName: "number"))
    var speed = "1"

    @Option(
        help: ArgumentHelp(
            "What may differ: kinds, names of fields, or none; with commas between them.", valueName: "names"))
    var ignore: [String] = []

    @Option(help: "How long an answer may take.")
    var timeout = TimeSpan(.seconds(30))

    @Flag(help: "Only show what would be sent.")
    var list = false

    @Flag(help: "Show all fields that differ, also those that may.")
    var verbose = false

    @Flag(help: "End with status 1 when an answer differs or is missing.")
    var strict = false

    @Flag(help: "JSON for programs: an object for each request, on a line each.")
    var json = false

    func validate() throws {
        _ = try pace()
    }

    func perform(_ tool: Tool) async throws {
        let content = try FileContent.bytes(file)
        let plan = ReplayPlan(try Capture(content, name: file))
        if list {
            json ? tool.console.line(plan.json) : plan.lines.map { SafeText.line($0) }.forEach(tool.console.line)
            return plan.remarks.forEach(tool.complain)
        }
        guard !plan.steps.isEmpty else { throw ToolFailure("\(file) holds no whole request") }
        plan.remarks.forEach(tool.complain)
        let targets = try await targets(plan, Capture(content, name: file), tool)
        var replayer = Replayer(plan)
        replayer.speed = try pace()
        replayer.timeout = timeout.duration
        (replayer.ignored, replayer.ignoredFields) = ignored()
        let report = ReplayReport(tool: tool, isJSON: json, isVerbose: verbose)
        do throws(NetError) {
            try await replayer.run(target: { targets[$0] ?? HostPort(host: "localhost", port: 9092) }) { step, result in
                report.add(step, result)
            }
        } catch { throw ToolFailure("\(error); is a broker running there?") }
        if report.total(), strict { throw ExitCode(1) }
    }

    private func pace() throws -> Replayer.Speed {
        if speed == "max" { return .maximum }
        guard let factor = Double(speed), factor > 0, factor.isFinite else {
            throw ValidationError("--speed: \"\(speed)\" is neither max nor a number above 0")
        }
        return .times(factor)
    }

    private func ignored() -> (Set<AnswerComparison.Kind>, Set<String>) {
        let names = ignore.flatMap { $0.split(separator: ",").map(String.init) }
        guard !names.isEmpty else { return (Set(AnswerComparison.Kind.allCases), []) }
        let kinds = names.compactMap { AnswerComparison.Kind(rawValue: $0) }
        return (Set(kinds), Set(names).subtracting(Self.kinds).subtracting(["none"]))
    }

    /// To which broker each connection of the capture goes.
    private func targets(_ plan: ReplayPlan, _ capture: Capture, _ tool: Tool) async throws -> [Int: HostPort] {
        let settings = try cluster.settings()
        let servers = try cluster.bootstrap(settings).map {
            try ProxyCommand.address($0, "--bootstrap-server")
        }
        let admin = try await tool.admin(cluster)
        let known = try? await admin.send(MetadataRequest.with { $0.topics = [] }, to: .any)
        await admin.close()
        let brokers = Set((known?.response.brokers ?? []).map { "\($0.host):\($0.port)" })
        var targets: [Int: HostPort] = [:]
        for frame in capture.frames {
            guard targets[frame.connection] == nil || frame.broker != nil else { continue }
            let recorded = frame.broker.flatMap { brokers.contains($0) ? HostPort($0) : nil }
            targets[frame.connection] = recorded ?? targets[frame.connection] ?? servers[0]
        }
        return targets
    }
}

/// What `kw replay` prints.
final class ReplayReport: Sendable {
    private let tool: Tool
    private let isJSON: Bool
    private let isVerbose: Bool
    private let counts = Locked<[String: Int]>([:])

    init(tool: Tool, isJSON: Bool, isVerbose: Bool) {
        self.tool = tool
        self.isJSON = isJSON
        self.isVerbose = isVerbose
    }

    func add(_ step: ReplayPlan.Step, _ result: Replayer.Result) {
        let (verdict, words) = Self.verdict(result)
        counts.withLock { $0[verdict, default: 0] += 1 }
        var differences: [AnswerComparison.Difference] = []
        if case .compared(let comparison) = result { differences = comparison.differences }
        let name = ReplayPlan.name(step.head)
        if isJSON {
            tool.console.line(
                JSONText.object([
                    ("frame", "\(step.frame)"), ("connection", "\(step.connection)"), ("api", JSONText.string(name)),
                    ("version", "\(step.head.version)"), ("correlationId", "\(step.head.correlationId)"),
                    ("result", JSONText.string(verdict)), ("words", JSONText.string(words)),
                    (
                        "differences",
                        JSONText.array(
                            differences.map {
                                JSONText.object([
                                    ("path", JSONText.string($0.path)), ("recorded", JSONText.string($0.recorded)),
                                    ("now", JSONText.string($0.now)), ("kind", JSONText.string($0.kind?.rawValue)),
                                ])
                            })
                    ),
                ]))
        } else {
            let style: Console.Style =
                verdict == "same" ? .green : ["silent", "skipped"].contains(verdict) ? .dim : .red
            tool.console.line(
                "#\(step.frame)  connection \(step.connection)  \(name) v\(step.head.version)  correlation"
                    + " \(step.head.correlationId)  " + tool.console.paint(words, style))
            for difference in differences where isVerbose || difference.kind == nil {
                let kind = difference.kind.map { "  (\($0.rawValue))" } ?? ""
                let line = "    \(difference.path): recorded \(difference.recorded), now \(difference.now)\(kind)"
                TextWidth.hanging(SafeText.line(line), tool.width, indent: 6).forEach(tool.console.line)
            }
        }
        tool.console.flush()
    }

    private static func verdict(_ result: Replayer.Result) -> (String, String) {
        switch result {
        case .compared(let comparison):
            if let trouble = comparison.trouble { return ("different", "different: \(trouble)") }
            let counted = comparison.differences.filter { $0.kind == nil }.count
            let others = Set(comparison.differences.compactMap { $0.kind?.rawValue }).sorted().joined(separator: ", ")
            let note = others.isEmpty ? "" : ", but for \(others)"
            if counted == 0 { return ("same", "same" + note) }
            return ("different", "different in \(counted) field\(counted == 1 ? "" : "s")" + note)
        case .answered(let bytes): return ("unrecorded", "answered with \(bytes.count) bytes; no answer was recorded")
        case .silent: return ("silent", "wants no answer")
        case .failed(let reason): return ("failed", "no answer: \(reason)")
        case .skipped(let reason): return ("skipped", "left out: \(reason)")
        }
    }

    /// Prints the counts; true where an answer differs or is missing.
    func total() -> Bool {
        let counts = counts.withLock { $0 }
        let names = ["same", "different", "failed", "unrecorded", "silent", "skipped"]
        if isJSON {
            let fields = names.map { ($0, "\(counts[$0] ?? 0)") }
            tool.console.line(JSONText.object([("event", JSONText.string("totals"))] + fields))
        } else {
            let parts = names.compactMap { name in counts[name].map { "\(Figures.grouped($0)) \(name)" } }
            tool.console.line("\(tool.name): " + parts.joined(separator: ", "))
        }
        return counts["different"] != nil || counts["failed"] != nil
    }
}
