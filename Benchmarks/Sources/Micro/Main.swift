import KafkaWire

/// Times the parts that every record passes through, one by one, and prints them beside the design's figures (another
/// machine's: ratios travel, absolute figures do not).
@main
enum Main {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let asJSON = arguments.contains("--json")
        let filter = arguments.first { !$0.hasPrefix("--") } ?? ""
        let groups: [(String, () async throws -> [Measurement])] = [
            ("crc", Checksums.run), ("records", RecordBatches.run), ("messages", Messages.run),
            ("frames", Frames.run), ("producer", Producing.run), ("events", ChangeEvents.run),
        ]
        if !asJSON { print(row("what", "measured", "unit", "design")) }
        for (name, run) in groups where filter.isEmpty || name == filter {
            for one in try await run() {
                if asJSON {
                    print(#"{"name":"\#(one.name)","value":\#(one.value),"unit":"\#(one.unit)"}"#)
                } else {
                    print(row(one.name, format(one.value), one.unit, one.design))
                }
            }
        }
    }

    private static func row(_ name: String, _ value: String, _ unit: String, _ design: String) -> String {
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        let right = String(repeating: " ", count: max(0, 10 - value.count)) + value
        return "\(pad(name, 52))\(right) \(pad(unit, 16))\(design)"
    }

    /// Three significant digits.
    private static func format(_ value: Double) -> String {
        if value >= 100 { return String(Int(value.rounded())) }
        let scale: Double = value >= 10 ? 10 : 100
        return String((value * scale).rounded() / scale)
    }
}
