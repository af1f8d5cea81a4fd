import ChangeEvents

/// Moments, dates and times of day as ISO 8601 writes them, in the precision that they have.
enum TimeText {
    /// What stands for PostgreSQL's `infinity` and `-infinity`, whatever the unit.
    private static let infinities: [Int64: String] = [
        9_223_372_036_825_200_000: "infinity", -9_223_372_036_832_400_000: "-infinity",
    ]

    /// `2026-11-21T06:26:00.123456Z`.
    static func timestamp(_ value: Int64, _ unit: ValueForm.Unit) -> String {
        if let infinity = infinities[value] { return infinity }
        let second = floored(value, unit.perSecond)
        let (microseconds, overflow) = second.quotient.multipliedReportingOverflow(by: 1_000_000)
        // Beyond the year 294246 of a database that has no such years.
        if overflow { return "\(value)" }
        return whole(microseconds).dropLast(".000000Z".count) + "." + fraction(second.remainder, unit) + "Z"
    }

    /// `2026-11-21`, from days since 1970.
    static func date(_ days: Int64) -> String {
        let (microseconds, overflow) = days.multipliedReportingOverflow(by: 86_400_000_000)
        return overflow ? "\(days)" : String(whole(microseconds).prefix { $0 != "T" })
    }

    /// `06:26:00.123456`. PostgreSQL has a 24:00:00 as well.
    static func timeOfDay(_ value: Int64, _ unit: ValueForm.Unit) -> String {
        let (seconds, rest) = value.quotientAndRemainder(dividingBy: unit.perSecond)
        guard value >= 0, seconds <= 86_400 else { return "\(value)" }
        return clock(seconds) + "." + fraction(rest, unit)
    }

    /// `26:00:01.500000`, of any length.
    static func duration(_ value: Int64, _ unit: ValueForm.Unit) -> String {
        let (seconds, rest) = value.magnitude.quotientAndRemainder(dividingBy: UInt64(unit.perSecond))
        return (value < 0 ? "-" : "") + clock(Int64(seconds)) + "." + fraction(Int64(rest), unit)
    }

    private static func clock(_ seconds: Int64) -> String {
        [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(separator: ":")
    }

    private static func fraction(_ value: Int64, _ unit: ValueForm.Unit) -> String { padded(value, unit.digits) }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Rounded down, so that the remainder counts upwards before 1970 as well.
    private static func floored(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func whole(_ microseconds: Int64) -> String {
        var text: [UInt8] = []
        EventTime(microseconds: microseconds).appendISO8601(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
