/// A span of time as ISO 8601 writes it, in the form that Java's `Duration.parse` takes: days, hours, minutes and seconds,
/// such as `PT1H`, `P2DT12H` or `PT0.5S`. Years, months and weeks, of which nobody knows how long they are, are refused.
enum ISODuration {
    /// The span; nil where the text is none, or beyond what 64 bits of seconds hold.
    static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        let isNegative = takeSign(&rest)
        guard take(&rest, "P") else { return nil }
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        var hasPart = false
        if let days = number(&rest, before: "D") {
            guard add(days, 86_400, to: &seconds) else { return nil }
            hasPart = true
        }
        if take(&rest, "T") {
            hasPart = false
            for (unit, length) in [("H", 3600), ("M", 60)] as [(Character, Int64)] {
                guard let count = number(&rest, before: unit) else { continue }
                guard add(count, length, to: &seconds) else { return nil }
                hasPart = true
            }
            if !rest.isEmpty {
                guard let (whole, fraction) = secondsAndNanoseconds(&rest), add(whole, 1, to: &seconds) else {
                    return nil
                }
                nanoseconds = fraction
                hasPart = true
            }
        }
        guard hasPart, rest.isEmpty else { return nil }
        let span = Duration.seconds(seconds) + .nanoseconds(nanoseconds)
        return isNegative ? .zero - span : span
    }

    private static func add(_ count: Int64, _ length: Int64, to seconds: inout Int64) -> Bool {
        let (product, over) = count.multipliedReportingOverflow(by: length)
        let (sum, beyond) = seconds.addingReportingOverflow(product)
        seconds = sum
        // One step from the end is left, so that the fraction and the sign have room.
        return !over && !beyond && sum > .min + 1 && sum < .max
    }

    /// `-` is true; `+` and nothing are false.
    private static func takeSign(_ rest: inout Substring) -> Bool {
        guard let first = rest.first, first == "-" || first == "+" else { return false }
        rest.removeFirst()
        return first == "-"
    }

    private static func take(_ rest: inout Substring, _ letter: Character) -> Bool {
        guard let first = rest.first, first == letter || String(first).uppercased() == String(letter) else {
            return false
        }
        rest.removeFirst()
        return true
    }

    private static func digits(_ rest: inout Substring) -> Substring {
        let found = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(found.count)
        return found
    }

    /// A whole number and its unit; nothing is taken where they do not stand there.
    private static func number(_ rest: inout Substring, before unit: Character) -> Int64? {
        var ahead = rest
        let isNegative = takeSign(&ahead)
        let found = digits(&ahead)
        guard let number = Int64((isNegative ? "-" : "") + found), take(&ahead, unit) else { return nil }
        rest = ahead
        return number
    }

    private static func secondsAndNanoseconds(_ rest: inout Substring) -> (Int64, Int64)? {
        let isNegative = takeSign(&rest)
        let found = digits(&rest)
        guard let whole = Int64((isNegative ? "-" : "") + found) else { return nil }
        var fraction: Int64 = 0
        if take(&rest, ".") || take(&rest, ",") {
            let places = digits(&rest)
            guard places.count <= 9 else { return nil }
            fraction = Int64(places + String(repeating: "0", count: 9 - places.count)) ?? 0
        }
        guard take(&rest, "S") else { return nil }
        return (whole, isNegative ? -fraction : fraction)
    }
}
