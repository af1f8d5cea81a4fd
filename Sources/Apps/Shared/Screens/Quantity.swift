import AppSupport

/// Numbers as the view shows them: short, and of the same width however large they are.
package enum Quantity {
    /// A count, with commas up to seven digits: `12,345`, `123.4 M`.
    package static func count(_ number: Int64) -> String {
        number.magnitude < 10_000_000
            ? Figures.grouped(number) : scaled(Double(number), 1000, ["", " k", " M", " G", " T", " P", " E"])
    }

    package static func count(_ number: Int64?) -> String { number.map { count($0) } ?? "–" }

    /// A count and what is counted: `1 member`, `1,234 topics`.
    package static func counted(_ number: Int, _ noun: String) -> String {
        "\(count(Int64(number))) \(noun)\(number == 1 ? "" : "s")"
    }

    /// Records per second: `0`, `0.4`, `12.5`, `1,234`, `1.2 M`.
    package static func rate(_ rate: Double) -> String {
        guard rate.isFinite else { return "–" }
        switch rate.magnitude {
        case ..<0.05: return "0"
        case ..<100: return trimmed(Figures.fixed(rate, decimals: 1))
        default: return count(Int64(exactly: rate.rounded()) ?? .max)
        }
    }

    package static func rate(_ rate: Double?) -> String { rate.map { Self.rate($0) } ?? "–" }

    /// Bytes, in powers of 1024: `512 B`, `1.5 KB`, `3.2 GB`.
    package static func bytes(_ number: Double) -> String {
        scaled(number, 1024, [" B", " KB", " MB", " GB", " TB", " PB", " EB"])
    }

    package static func bytes(_ number: Int64?) -> String { number.map { bytes(Double($0)) } ?? "–" }

    /// Bytes per second.
    package static func byteRate(_ rate: Double?) -> String { rate.map { bytes(max(0, $0)) } ?? "–" }

    /// A length of time in at most two units: `4 s`, `2 min 10 s`, `3 h 5 min`, `12 d`.
    package static func span(_ span: Duration) -> String {
        let seconds = span.inSeconds
        if seconds < 1 { return seconds < 0.05 ? "0 s" : Figures.fixed(seconds, decimals: 1) + " s" }
        let whole = Int64(min(seconds.rounded(), 1e12))
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return joined(whole / 60, "min", whole % 60, "s")
        case ..<86_400: return joined(whole / 3600, "h", whole / 60 % 60, "min")
        case ..<864_000: return joined(whole / 86_400, "d", whole / 3600 % 24, "h")
        default: return "\(Figures.grouped(whole / 86_400)) d"
        }
    }

    /// Values as bars, the newest at the right, at most `width` of them; the highest value has the highest bar. Spaces stand
    /// where there is no value yet.
    package static func sparkline(_ values: [Double], width: Int) -> String {
        let shown = values.suffix(max(0, width))
        let highest = shown.max() ?? 0
        var line = String(repeating: " ", count: max(0, width - shown.count))
        for value in shown {
            guard highest > 0, value > 0 else {
                line.unicodeScalars.append(bars[0])
                continue
            }
            let level = Int((value / highest * Double(bars.count - 1)).rounded())
            line.unicodeScalars.append(bars[min(max(level, 0), bars.count - 1)])
        }
        return line
    }

    /// A value as a bar that lies, as long as its part of `largest` is of `width` columns; what is more than nothing is seen.
    package static func bar(_ value: Double, of largest: Double, width: Int) -> String {
        guard value > 0, largest > 0, width > 0 else { return "" }
        let eighths = min(max(1, Int((min(value / largest, 1) * Double(min(width, 1000) * 8)).rounded())), width * 8)
        var bar = String(repeating: "█", count: eighths / 8)
        if eighths % 8 > 0 { bar.unicodeScalars.append(parts[eighths % 8 - 1]) }
        return bar
    }

    private static let parts: [Unicode.Scalar] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    private static let bars: [Unicode.Scalar] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    private static func joined(_ large: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large) \(unit)" : "\(large) \(unit) \(small) \(smallUnit)"
    }

    private static func scaled(_ number: Double, _ base: Double, _ units: [String]) -> String {
        var number = number
        var unit = 0
        while number.magnitude >= base - 0.5, unit < units.count - 1 {
            number /= base
            unit += 1
        }
        let decimals = unit == 0 || number.magnitude >= 99.95 ? 0 : 1
        return Figures.fixed(number, decimals: decimals) + units[unit]
    }

    private static func trimmed(_ text: String) -> String { text.hasSuffix(".0") ? String(text.dropLast(2)) : text }
}
