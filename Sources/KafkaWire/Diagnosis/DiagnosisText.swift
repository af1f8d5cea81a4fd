/// How findings put numbers and lists into words.
enum DiagnosisText {
    /// Such as `120 ms`, `3.0 s`, `5 min`, `2 h`.
    static func time(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if seconds >= 7200 { return "\(seconds / 3600) h" }
        if seconds >= 120 { return "\(seconds / 60) min" }
        if seconds >= 10 { return "\(seconds) s" }
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        if milliseconds >= 1000 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" }
        if milliseconds >= 10 { return "\(milliseconds) ms" }
        let tenths = attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) ms"
    }

    /// Such as `12 days`, `5 h`; of seconds.
    static func span(_ seconds: Int64) -> String {
        let seconds = max(0, seconds)
        return seconds >= 2 * 86_400 ? "\(seconds / 86_400) days" : time(.seconds(seconds))
    }

    /// Such as `a`, `a and b`, `a, b and c`; more than `limit` end in how many more there are.
    static func list(_ items: [String], limit: Int = 8) -> String {
        if items.count > limit {
            return items.prefix(limit).joined(separator: ", ") + " and \(items.count - limit) more"
        }
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " and " + last
    }

    /// Such as `partition 3`, `partitions 0 and 2`.
    static func partitions(_ ids: [PartitionID]) -> String {
        (ids.count == 1 ? "partition " : "partitions ") + list(ids.sorted().map { "\($0)" })
    }

    /// Such as `1 broker`, `3 brokers`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
    static func count(_ number: Int64, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
