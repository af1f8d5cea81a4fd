// Numbers as summaries show them. Without Foundation's formatters: these need no locale, and link nothing.

/// Formats numbers for people.
public enum Figures {
    /// The number with commas between thousands: `1,234,567`.
    public static func grouped(_ number: some BinaryInteger) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// A number and what is counted: `1 record`, `1,234 records`.
    public static func counted(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// The number with exactly so many decimals (0 to 9), rounded: `21.50`. What is too large for that, or no number,
    /// is given as Swift writes it.
    public static func fixed(_ number: Double, decimals: Int) -> String {
        let decimals = min(max(decimals, 0), 9)
        var power: Int64 = 1
        for _ in 0..<decimals { power *= 10 }
        guard let scaled = Int64(exactly: (number.magnitude * Double(power)).rounded()) else { return "\(number)" }
        let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: power)
        let sign = number < 0 && scaled != 0 ? "-" : ""
        if decimals == 0 { return "\(sign)\(whole)" }
        let digits = String(fraction)
        return "\(sign)\(whole)." + String(repeating: "0", count: decimals - digits.count) + digits
    }

    /// How many things per second that was: `12,345`; a dash when no time passed.
    public static func rate(_ count: some BinaryInteger, in duration: Duration) -> String {
        let seconds = self.seconds(duration)
        guard seconds > 0, let rate = Int64(exactly: (Double(count) / seconds).rounded()) else { return "–" }
        return grouped(rate)
    }

    /// A duration in the unit in which it is easiest to read: `850 µs`, `12.5 ms`, `3.25 s`, `10 min`, `1 h 5 min`.
    public static func duration(_ duration: Duration) -> String {
        let seconds = self.seconds(duration)
        switch seconds.magnitude {
        case ..<0.001: return trimmed(seconds * 1_000_000, decimals: 0) + " µs"
        case ..<1: return trimmed(seconds * 1000, decimals: 1) + " ms"
        case ..<60: return trimmed(seconds, decimals: 2) + " s"
        default: return long(duration.components.seconds)
        }
    }

    /// A duration as seconds with a fraction.
    public static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    private static func long(_ seconds: Int64) -> String {
        let total = seconds.magnitude
        let parts = [(total / 3600, "h"), (total / 60 % 60, "min"), (total % 60, "s")]
        // From an hour on, seconds say nothing any more.
        let shown = total >= 3600 ? parts.prefix(2) : parts.suffix(2)
        let text = shown.filter { $0.0 > 0 }.map { "\(grouped($0.0)) \($0.1)" }.joined(separator: " ")
        return seconds < 0 ? "-" + text : text
    }

    private static func trimmed(_ number: Double, decimals: Int) -> String {
        var text = fixed(number, decimals: decimals)
        guard text.contains(".") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
