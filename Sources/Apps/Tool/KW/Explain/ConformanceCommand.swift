import AppSupport
import ArgumentParser
import Conformance
import JSONLines

/// `kw conformance FILE…`: golden vectors against this build.
struct ConformanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance",
        abstract: "Run files of golden vectors: bytes of which another implementation says what they mean.",
        discussion: """
            The form of each file is told from its lines: messages, record batches, group assignments (a JSON object \
            a line), or the murmur2 table. A message passes when it decodes to the values that its JSON says, encodes \
            back to the same bytes, is refused at every length that is too short, and neither traps nor hangs with any \
            bit flipped. What this build does not know counts as failed. Exits with 1 when a vector failed, with 2 \
            when a file could not be read.
            """)

    @Argument(help: "Files in the forms of Fixtures/golden/README.md; - is standard input.")
    var files: [String]

    @Option(help: ArgumentHelp("Show at most that many failures of each file.", valueName: "number"))
    var failures = 3

    func run() throws {
        let console = Console()
        var passed = 0
        var failed = 0
        var unreadable = 0
        for path in files {
            do {
                let file = try VectorFile(path: path)
                let report = file.run()
                lines(report, of: file).forEach(console.line)
                console.flush()
                passed += report.passed
                failed += report.failures.count
            } catch {
                console.note("kw conformance: \(error)")
                unreadable += 1
            }
        }
        console.line("\(passed) passed, \(failed) failed")
        console.flush()
        if unreadable > 0 { throw ExitCode(2) }
        if failed > 0 { throw ExitCode(1) }
    }

    private func lines(_ report: VectorFile.Report, of file: VectorFile) -> [String] {
        let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
        let kind =
            switch file.kind {
            case .messages(let api): "messages: \(api)"
            case .recordBatches: "record batches"
            case .assignors: "group assignments"
            case .murmur2: "murmur2"
            }
        let counts = "\(report.passed) passed, \(report.failures.count) failed"
        var lines = ["\(Self.padded(name, 36))  \(Self.padded(kind, 40))  \(counts)"]
        let shown = max(failures, 0)
        for (line, reason) in report.failures.prefix(shown) {
            lines.append("    line \(line): \(reason.count > 300 ? reason.prefix(300) + "…" : reason[...])")
        }
        let more = report.failures.count - shown
        if more > 0 && shown > 0 { lines.append("    and \(more) more") }
        return lines
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
