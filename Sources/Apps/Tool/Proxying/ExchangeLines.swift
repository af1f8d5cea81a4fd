import AppSupport
import JSONLines
import KafkaWire
import Screens

/// How an exchange is shown: a line, with the batches and the decoded fields under it where those are wanted.
package struct ExchangeLines: Sendable {
    /// How many levels of the messages' fields are shown; 0 shows none, and no batches.
    package var depth = 0
    /// Columns that a line may have; nil is as many as it needs.
    package var width: Int?
    /// Gives text a style.
    package var paint: @Sendable (String, Console.Style) -> String = { text, _ in text }

    /// A message may have a million fields; nobody reads so many.
    private static let rowLimit = 200

    package init() {}

    // MARK: - Text

    package func text(_ exchange: Exchange, _ summary: ExchangeSummary) -> [String] {
        let head = exchange.head
        let clock = Timestamp(microseconds: exchange.time).description.dropFirst(11).prefix(12)
        // A client's name comes from outside: it must not steer the terminal.
        let name = head.clientId.map { SafeText.line($0) + "@" } ?? ""
        let place = "#\(exchange.place.connection) \(name)\(exchange.place.client)"
        var parts = [
            paint(String(clock), .dim), place, paint("\(exchange.apiName) v\(head.version)", .cyan),
            "correlation \(head.correlationId)",
        ]
        switch exchange.ending {
        case .answered(let size):
            parts.append("\(ByteCount.text(head.size)) → \(ByteCount.text(size))")
            parts.append(Figures.duration(exchange.latency))
        case .silent: parts.append("\(ByteCount.text(head.size)), no answer asked for")
        case .unanswered(let reason):
            parts.append(ByteCount.text(head.size))
            parts.append(paint("unanswered: \(reason)", .red))
        case .abandoned:
            parts.append(ByteCount.text(head.size))
            parts.append("the client closed before the answer")
        case .pending: parts.append(ByteCount.text(head.size))
        }
        if !summary.errors.isEmpty {
            parts.append(paint(summary.errors.map(\.name).joined(separator: ", "), .red))
        }
        if !exchange.faults.isEmpty {
            parts.append(paint("fault: " + exchange.faults.map(\.text).joined(separator: ", "), .yellow))
        }
        var lines = wrapped(parts)
        guard depth > 0 else { return lines }
        for batch in summary.batches {
            lines += TextWidth.hanging("    " + SafeText.line(batch.text), width, indent: 6)
        }
        for (mark, explanation) in explanations(exchange) { lines += fields(mark, explanation) }
        return lines
    }

    /// Parts with two spaces between them; those for which there is no room go on under the place.
    private func wrapped(_ parts: [String]) -> [String] {
        let line = parts.joined(separator: "  ")
        guard let width, TextWidth.of(line) > width else { return [line] }
        var lines = [""]
        var columns = 0
        for part in parts {
            let size = TextWidth.of(part)
            if columns > 0, columns + 2 + size > width {
                lines.append("    " + part)
                columns = 4 + size
            } else {
                lines[lines.count - 1] += (columns == 0 ? "" : "  ") + part
                columns += (columns == 0 ? 0 : 2) + size
            }
        }
        return lines
    }

    private func explanations(_ exchange: Exchange) -> [(String, Explanation)] {
        var all: [(String, Explanation)] = []
        if let request = exchange.request { all.append(("→", Explanation(requestFrame: request))) }
        if let answer = exchange.answer, let api = API.of(exchange.head.api) {
            all.append(
                ("←", Explanation(responseFrame: answer, of: api.response, version: exchange.head.version)))
        }
        return all
    }

    /// The rows of a message's own fields, in so many levels. Batches stand elsewhere.
    private func rows(_ explanation: Explanation) -> (rows: [Explanation.Row], left: Int) {
        var rows: [Explanation.Row] = []
        var left = 0
        var base: Int?
        var skipped: Int?
        for row in explanation.rows {
            guard let start = base else {
                if row.name == "body" { base = row.depth + 1 }
                continue
            }
            if let limit = skipped {
                if row.depth > limit { continue }
                skipped = nil
            }
            if row.depth < start { break }
            // An element of an array is no level of its own.
            guard Self.level(row) <= depth else { continue }
            if row.name == "tagged fields", row.value == "none" || row.value.isEmpty { continue }
            if row.name == "records" { skipped = row.depth }
            if rows.count < Self.rowLimit { rows.append(row) } else { left += 1 }
        }
        return (rows, left)
    }

    /// How deep a row stands, by its path: 1 for a message's own fields and for the elements of an array there.
    private static func level(_ row: Explanation.Row) -> Int {
        let path = row.path.hasPrefix("body.") ? row.path.dropFirst(5) : row.path[...]
        return 1 + path.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: ".") ? 1 : 0) }
    }

    private func fields(_ mark: String, _ explanation: Explanation) -> [String] {
        let (rows, left) = rows(explanation)
        let base = rows.map(\.depth).min() ?? 0
        let columns = min(40, rows.map { ($0.depth - base) * 2 + TextWidth.of($0.name) }.max() ?? 0)
        var lines: [String] = []
        var index = rows.startIndex
        while index < rows.endIndex {
            let row = rows[index]
            index += 1
            // An element of plain fields is one line.
            let children = rows[index...].prefix { $0.depth > row.depth }
            if row.kind == .group, children.isEmpty { continue }
            let isPlain = children.allSatisfy { $0.depth == row.depth + 1 && $0.kind == .field }
            if row.kind == .group, row.name.hasPrefix("["), isPlain {
                let texts = children.map { child in
                    child.name + " " + SafeText.line(child.value) + (Self.isName(child.note) ? " (\(child.note))" : "")
                }
                let name = String(repeating: " ", count: (row.depth - base) * 2) + row.name
                lines.append("    \(mark) " + paint(name, .cyan) + " " + texts.joined(separator: ", "))
                index += children.count
                continue
            }
            let name = String(repeating: " ", count: (row.depth - base) * 2) + row.name
            let value = row.kind == .group ? "" : SafeText.line(row.value)
            // How a length is written is no matter here.
            let note = row.kind == .field && Self.isTelling(row) ? row.note : ""
            var line = "    \(mark) " + paint(TextWidth.padded(name, columns), .cyan) + "  " + value
            if !note.isEmpty { line += "  " + paint(note, .dim) }
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        if left > 0 { lines.append("    \(mark) … \(left) more fields") }
        if let failure = explanation.failure { lines.append("    \(mark) " + paint("\(failure)", .red)) }
        return lines.flatMap { TextWidth.hanging($0, width, indent: 8 + min(columns, 20)) }
    }

    /// Whether a note is one word, such as an API's or an error's name.
    private static func isName(_ note: String) -> Bool {
        !note.isEmpty && note != "NONE" && note.allSatisfy { $0.isLetter || $0 == "_" || $0.isNumber }
    }

    private static func isTelling(_ row: Explanation.Row) -> Bool {
        !row.note.hasPrefix("compact ") && !row.note.hasPrefix("string:") && !row.note.hasPrefix("array:")
            && !row.note.hasPrefix("bytes:")
    }

    // MARK: - JSON

    package func json(_ exchange: Exchange, _ summary: ExchangeSummary) -> String {
        let head = exchange.head
        var fields = [
            ("event", JSONText.string("exchange")), ("timestampMicroseconds", "\(exchange.time)"),
            ("connection", "\(exchange.place.connection)"), ("client", JSONText.string(exchange.place.client)),
            ("clientId", JSONText.string(head.clientId)), ("broker", JSONText.string(exchange.place.broker)),
            ("api", JSONText.string(exchange.apiName)), ("apiKey", "\(head.api.rawValue)"),
            ("version", "\(head.version)"), ("correlationId", "\(head.correlationId)"),
            ("requestBytes", "\(head.size)"),
        ]
        var size: Int?
        var reason: String?
        if case .answered(let bytes) = exchange.ending { size = bytes }
        if case .unanswered(let text) = exchange.ending { reason = text }
        fields += [
            ("responseBytes", size.map { "\($0)" } ?? "null"),
            (
                "milliseconds",
                size == nil ? "null" : Figures.fixed(Figures.seconds(exchange.latency) * 1000, decimals: 3)
            ),
            ("unanswered", JSONText.string(reason)),
            ("errors", JSONText.array(summary.errors.map { JSONText.string($0.name) })),
            ("faults", JSONText.array(exchange.faults.map(json))),
        ]
        if depth > 0 {
            fields.append(("batches", JSONText.array(summary.batches.map(\.json))))
            for (mark, explanation) in explanations(exchange) {
                fields.append((mark == "→" ? "request" : "response", json(explanation)))
            }
        }
        return JSONText.object(fields)
    }

    private func json(_ fault: Fault) -> String {
        var fields = [("fault", JSONText.string(fault.name))]
        if case .delay(let duration) = fault {
            fields.append(("milliseconds", Figures.fixed(Figures.seconds(duration) * 1000, decimals: 3)))
        }
        if case .error(let code) = fault { fields.append(("error", JSONText.string(code.name))) }
        return JSONText.object(fields)
    }

    private func json(_ explanation: Explanation) -> String {
        let fields = rows(explanation).rows.filter { $0.kind != .group }.map { row in
            let path = row.path.hasPrefix("body.") ? String(row.path.dropFirst(5)) : row.path
            return (path, JSONText.string(row.value))
        }
        return JSONText.object(fields)
    }
}
