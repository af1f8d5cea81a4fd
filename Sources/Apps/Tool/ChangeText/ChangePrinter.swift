import AppSupport
import JSONLines
import KafkaWire
import Screens

/// Change events as lines that people read, or as JSON: what `kw consume --debezium` prints.
///
/// ```
/// orders 0:42  2026-01-07 22:15:29.594  UPDATE public.transactions  id=7
///     amount  4970.17 → 12.00
/// ```
///
/// Whatever a record holds, it becomes lines: one that is no change event is shown with the reason. The printer learns
/// from each event what columns are, for those events of the topic that come without a schema.
package struct ChangePrinter: Sendable {
    /// How lines look.
    package struct Options: Sendable {
        /// Columns of the terminal, beyond which lines are continued on the next; nil: lines have any length.
        package var width: Int?
        /// Whether a line tells where an event comes from: time of commit, position, transaction.
        package var isVerbose = false
        /// A moment, given in milliseconds since 1970, as text.
        package var time: @Sendable (Int64) -> String = ChangePrinter.localTime
        /// Text in a colour, where there are colours.
        package var paint: @Sendable (String, Console.Style) -> String = { text, _ in text }

        package init() {}
    }

    private let options: Options
    private var memory = ChangeMemory()
    /// Tables of which was said that their updates come without the old row.
    private var hintedTables: Set<String> = []

    package init(_ options: Options = Options()) { self.options = options }

    /// The moment in local time, with milliseconds: `2026-01-07 22:15:29.594`. A record without a time has -1.
    package static let localTime: @Sendable (Int64) -> String = { milliseconds in
        let (microseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
        if overflow || milliseconds == -1 { return "-" }
        let text = "\(Timestamp(microseconds: microseconds))"
        return text.hasSuffix("1970") ? text : String(text.dropLast(3))
    }

    // MARK: - Lines

    /// The lines of a record. None has a line feed or a control character that was not painted.
    package mutating func lines(
        topic: String, partition: PartitionID, offset: Offset, timestamp: Int64, key: Bytes?, value: Bytes?,
        headers: [RecordHeader] = []
    ) -> [String] {
        let event = memory.read(topic: topic, key: key, value: value, headers: headers)
        let place = "\(SafeText.line(topic)) \(partition):\(offset)"
        let start = "\(options.paint(place, .dim))  \(options.time(timestamp))  "
        return [start + title(event)] + rest(event).flatMap { wrapped($0) }
    }

    /// What happened to what: `UPDATE public.transactions  id=7`.
    private func title(_ event: ChangeRecord) -> String {
        let (word, style) = Self.word(event)
        var parts = [options.paint(word, style)]
        switch event.content {
        case .change(let change): if let table = change.table { parts[0] += " " + SafeText.line(table) }
        case .transaction(let transaction): parts.append(transaction.title)
        case .tombstone, .heartbeat, .malformed: break
        }
        if let key = event.key, !isTold(event) { parts.append(ValueText.key(key)) }
        return parts.joined(separator: "  ")
    }

    /// A transaction's key is its id, which the line has.
    private func isTold(_ event: ChangeRecord) -> Bool { if case .transaction = event.content { true } else { false } }

    private static func word(_ event: ChangeRecord) -> (String, Console.Style) {
        switch event.content {
        case .change(let change):
            switch change.operation {
            case .create: ("INSERT", .green)
            case .read: ("SNAPSHOT", .cyan)
            case .update: ("UPDATE", .yellow)
            case .delete: ("DELETE", .red)
            case .truncate: ("TRUNCATE", .red)
            case .message: ("MESSAGE", .cyan)
            }
        case .tombstone: ("TOMBSTONE", .dim)
        case .transaction(let transaction): (SafeText.line(transaction.status), .cyan)
        case .heartbeat: ("HEARTBEAT", .dim)
        case .malformed: ("MALFORMED", .red)
        }
    }

    /// A line below the title: words that stay whole where they can, and from which column the line goes on below.
    private struct Line {
        var words: [String]
        var indent = 4
        var style: Console.Style?

        init(_ words: [String], indent: Int = 4, style: Console.Style? = nil) {
            self.words = words
            self.indent = indent
            self.style = style
        }

        init(_ text: String, indent: Int = 4, style: Console.Style? = nil) {
            self.init([text], indent: indent, style: style)
        }
    }

    private mutating func rest(_ event: ChangeRecord) -> [Line] {
        var lines: [Line] = []
        switch event.content {
        case .change(let change):
            lines = rows(change)
            if let old = event.oldKey { lines.append(Line("its key was \(ValueText.key(old))", style: .dim)) }
            if let new = event.newKey { lines.append(Line("its key is now \(ValueText.key(new))", style: .dim)) }
            if options.isVerbose { lines.append(Line(origin(change), style: .dim)) }
        case .transaction(let transaction):
            if !transaction.tables.isEmpty { lines.append(Line(transaction.tables)) }
        case .malformed(let reason, let content):
            lines.append(Line(SafeText.line(reason), style: .red))
            if let content { lines.append(Line("value  \(content)")) }
        case .tombstone, .heartbeat: break
        }
        return lines
    }

    private mutating func rows(_ change: Change) -> [Line] {
        switch change.operation {
        case .truncate: return []
        case .message: return change.message.map { [Line(ValueText.pairs($0))] } ?? []
        case .update where change.before != nil && change.after != nil:
            let changes = change.changed.flatMap { ValueText.changes($0.name, $0.before, $0.after) }
            if changes.isEmpty { return [Line("no column has changed", style: .dim)] }
            let width = min(changes.map { TextWidth.of($0.name) }.max() ?? 0, 32)
            return changes.map {
                Line("\(TextWidth.padded($0.name, width))  \($0.from) → \($0.to)", indent: width + 6)
            }
        default:
            var lines: [Line] = []
            if let row = change.after ?? change.before { lines.append(Line(ValueText.pairs(row))) }
            if change.operation == .update, hintedTables.insert(change.table ?? "").inserted {
                lines.append(
                    Line(
                        "the event has no old row; ALTER TABLE … REPLICA IDENTITY FULL makes PostgreSQL log it",
                        style: .dim))
            }
            return lines
        }
    }

    /// Where an event comes from, as far as it says.
    private func origin(_ change: Change) -> [String] {
        var parts: [String] = []
        if let time = change.time { parts.append("committed \(options.time(time))") }
        if let lsn = change.source["lsn"]?.number { parts.append("lsn \(ValueText.lsn(lsn))") }
        if let id = change.source["txId"]?.number { parts.append("transaction \(id)") }
        if let order = change.transaction?["total_order"]?.number { parts.append("event \(order) of it") }
        if let snapshot = change.source["snapshot"]?.text, snapshot != "false" {
            parts.append("snapshot \(SafeText.line(snapshot))")
        }
        if let name = change.source["name"]?.text { parts.append("connector \(SafeText.line(name))") }
        return parts
    }

    /// The line, with its continuation where it is longer than the terminal is wide.
    private func wrapped(_ line: Line) -> [String] {
        var lines = ["    "]
        // A continuation that has no room is none.
        let indent = min(line.indent, (options.width ?? .max) / 2)
        for (index, word) in line.words.enumerated() {
            let longer = lines[lines.count - 1] + (index == 0 ? "" : "  ") + word
            guard let width = options.width, TextWidth.of(longer) > width else {
                lines[lines.count - 1] = longer
                continue
            }
            if index > 0 { lines.append(String(repeating: " ", count: indent)) }
            let parts = TextWidth.hanging(lines.removeLast() + word, width, indent: indent + 2)
            lines += parts
        }
        return lines.map { text in line.style.map { options.paint(text, $0) } ?? text }
    }

    // MARK: - JSON

    /// The record as one JSON object on one line: `op` is `create`, `read`, `update`, `delete`, `truncate`, `message`,
    /// `tombstone`, `begin`, `end`, `heartbeat`, or `malformed` with an `error`.
    package mutating func json(
        topic: String, partition: PartitionID, offset: Offset, timestamp: Int64, key: Bytes?, value: Bytes?,
        headers: [RecordHeader] = []
    ) -> String {
        let event = memory.read(topic: topic, key: key, value: value, headers: headers)
        var fields = [
            ("topic", JSONText.string(topic)), ("partition", "\(partition)"), ("offset", "\(offset)"),
            ("timestamp", "\(timestamp)"),
        ]
        func add(_ name: String, _ value: Document?) { fields.append((name, value?.compact ?? "null")) }
        switch event.content {
        case .change(let change):
            fields.append(("op", JSONText.string("\(change.operation)")))
            fields.append(("table", JSONText.string(change.table)))
            fields.append(("ts", change.time.map { "\($0)" } ?? "null"))
            add("key", event.key)
            if let old = event.oldKey { add("oldKey", old) }
            if let new = event.newKey { add("newKey", new) }
            add("before", change.before)
            add("after", change.after)
            fields.append(
                (
                    "changed",
                    JSONText.array(
                        change.changed.map {
                            JSONText.object([
                                ("column", JSONText.string($0.name)), ("from", $0.before?.compact ?? "null"),
                                ("to", $0.after?.compact ?? "null"),
                            ])
                        })
                ))
            if let message = change.message { add("message", message) }
            add("source", change.source)
            add("transaction", change.transaction)
        case .tombstone:
            fields.append(("op", "\"tombstone\""))
            add("key", event.key)
        case .transaction(let transaction):
            fields.append(("op", JSONText.string(transaction.status.lowercased())))
            fields.append(("transaction", JSONText.string(transaction.id)))
            add("events", transaction.count.map { .number("\($0)") })
            add("tables", transaction.collections)
        case .heartbeat(let time):
            fields.append(("op", "\"heartbeat\""))
            fields.append(("ts", "\(time)"))
            add("key", event.key)
        case .malformed(let reason, _):
            fields.append(("op", "\"malformed\""))
            fields.append(("error", JSONText.string(reason)))
            add("key", event.key)
            fields.append(("value", JSONText.string(value.map { ValueText.shown($0) })))
        }
        return JSONText.object(fields)
    }
}
