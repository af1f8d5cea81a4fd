import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Times the parts that every record and every message pass through, and says whether they keep the committed limits.
///
///     micro [--json] [--check] [--thresholds <file>] [<group>]
///
/// With `--check` it ends with 1 where a row is over its limit, and with 2 where a limit has no row.
@main
enum Main {
    static func main() async throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let path = option("--thresholds", &arguments) ?? defaultThresholds
        let asJSON = flag("--json", &arguments)
        let isChecking = flag("--check", &arguments)
        let filter = arguments.first ?? ""
        let thresholds = try Thresholds(path: path)
        let groups: [(String, () async throws -> [Measurement])] = [
            ("crc", Checksums.run), ("records", RecordBatches.run), ("messages", Messages.run),
            ("explain", Explaining.run), ("codecs", Codecs.run), ("frames", Frames.run), ("producer", Producing.run),
            ("events", ChangeEvents.run),
        ]
        guard filter.isEmpty || groups.contains(where: { $0.0 == filter }) else {
            note("no such group: \(filter); there are \(groups.map(\.0).joined(separator: ", "))")
            exit(64)
        }
        let table = Table(thresholds, asJSON: asJSON)
        var over: [String] = []
        var seen: Set<String> = []
        for (name, run) in groups where filter.isEmpty || name == filter {
            for one in try await run() {
                seen.insert(one.name)
                table.row(one)
                if let limit = thresholds.limits[one.name], one.value > limit.most {
                    over.append("\(one.name): \(Table.format(one.value)), at most \(limit.most) (\(limit.source))")
                }
            }
        }
        guard isChecking else { return }
        for line in over { note("over its limit: \(line)") }
        let missing = filter.isEmpty ? thresholds.limits.keys.filter { !seen.contains($0) }.sorted() : []
        for name in missing { note("a limit without a row: \(name)") }
        exit(!over.isEmpty ? 1 : !missing.isEmpty ? 2 : 0)
    }

    /// Beside the package's sources, where it was built.
    private static var defaultThresholds: String {
        #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 } + "/thresholds.tsv"
    }

    private static func flag(_ name: String, _ arguments: inout [String]) -> Bool {
        defer { arguments.removeAll { $0 == name } }
        return arguments.contains(name)
    }

    private static func option(_ name: String, _ arguments: inout [String]) -> String? {
        guard let at = arguments.firstIndex(of: name), at + 1 < arguments.count else { return nil }
        defer { arguments.removeSubrange(at...at + 1) }
        return arguments[at + 1]
    }

    private static func note(_ text: String) {
        let line = Array("micro: \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}

/// The figures as lines for people or as JSON for machines.
struct Table {
    private let thresholds: Thresholds
    private let asJSON: Bool

    init(_ thresholds: Thresholds, asJSON: Bool) {
        self.thresholds = thresholds
        self.asJSON = asJSON
        if !asJSON { line("what", "measured", "limit", "", "unit", "where the limit is from, or the design's figure") }
    }

    func row(_ one: Measurement) {
        let limit = thresholds.limits[one.name]
        let isOver = limit.map { one.value > $0.most } ?? false
        if asJSON {
            let judged = limit.map { #","limit":\#($0.most),"ok":\#(!isOver)"# } ?? ""
            print(#"{"name":"\#(one.name)","value":\#(one.value),"unit":"\#(one.unit)"\#(judged)}"#)
        } else {
            line(
                one.name, Self.format(one.value), limit.map { Self.format($0.most) } ?? "",
                limit == nil ? "" : isOver ? "OVER" : "ok", one.unit,
                limit?.source ?? (one.design.isEmpty ? "" : "design: \(one.design)"))
        }
    }

    private func line(
        _ name: String, _ value: String, _ limit: String, _ verdict: String, _ unit: String, _ source: String
    ) {
        func spaces(_ width: Int, _ text: String) -> String {
            String(repeating: " ", count: max(0, width - text.count))
        }
        let figures = [value, limit].map { spaces(9, $0) + $0 }.joined(separator: " ")
        print(
            "\(name)\(spaces(66, name))\(figures)  \(verdict)\(spaces(5, verdict))\(unit)\(spaces(17, unit)) \(source)")
    }

    /// Three significant digits.
    static func format(_ value: Double) -> String {
        if value >= 100 || value == value.rounded() { return String(Int(value.rounded())) }
        let scale: Double = value >= 10 ? 10 : 100
        return String((value * scale).rounded() / scale)
    }
}
