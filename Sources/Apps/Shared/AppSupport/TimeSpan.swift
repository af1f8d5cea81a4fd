// Durations on the command line: `500ms`, `60s`, `10m`, `1h30m`.

import ArgumentParser

/// A length of time as an option takes it and shows it in its help.
///
/// Numbers with units, added up: `us`, `ms`, `s`, `m`, `h`, `d`; decimals are allowed (`1.5s`), a sign is not, and a
/// bare number only when it is 0, since `--interval 60` leaves open sixty of what.
public struct TimeSpan: Sendable, Equatable {
    /// The length of time; never negative.
    public let duration: Duration

    /// Wraps a duration, for an option's default.
    public init(_ duration: Duration) {
        self.duration = duration
    }

    /// Reads a text; nil when it is not one as described above, or longer than about 290 years.
    public init?(_ text: String) {
        var rest = Substring(text)
        var nanoseconds: Int64 = 0
        if text == "0" {
            self.init(.zero)
            return
        }
        repeat {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let scale = TimeSpan.units[String(unit)], let part = TimeSpan.scaled(number, by: scale) else {
                return nil
            }
            let (sum, overflow) = nanoseconds.addingReportingOverflow(part)
            if overflow { return nil }
            nanoseconds = sum
        } while !rest.isEmpty
        self.init(.nanoseconds(nanoseconds))
    }

    /// Each unit in nanoseconds.
    private static let units: [String: Int64] = [
        "us": 1000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
        "d": 86_400_000_000_000,
    ]

    /// `12.5` times a unit, exactly; nil on anything but digits with at most one point, and on overflow.
    private static func scaled(_ number: Substring, by scale: Int64) -> Int64? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, let whole = Int64(first) else { return nil }
        var (total, overflow) = whole.multipliedReportingOverflow(by: scale)
        if overflow { return nil }
        guard parts.count == 2, let decimals = parts.last else { return total }
        if decimals.isEmpty { return nil }
        var place = scale
        for character in decimals {
            guard let digit = character.wholeNumberValue else { return nil }
            place /= 10
            (total, overflow) = total.addingReportingOverflow(place * Int64(digit))
            if overflow { return nil }
        }
        return total
    }
}

extension TimeSpan: CustomStringConvertible {
    /// The text that reads back as the same span: `1h30m`, `500ms`.
    public var description: String {
        let (seconds, attoseconds) = duration.components
        if seconds == 0, attoseconds == 0 { return "0s" }
        let micros = attoseconds / 1_000_000_000_000
        let parts = [
            (seconds / 86400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"),
            (micros / 1000, "ms"), (micros % 1000, "us"),
        ]
        return parts.filter { $0.0 != 0 }.map { "\($0.0)\($0.1)" }.joined()
    }

    /// In words, for the lines that programs print: `10 minutes`, `90 seconds`, `1 hour 30 minutes`.
    public var words: String {
        let names = ["d": "day", "h": "hour", "m": "minute", "s": "second", "ms": "millisecond", "us": "microsecond"]
        var rest = Substring(description)
        var words: [String] = []
        while !rest.isEmpty {
            let number = rest.prefix { $0.isNumber }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let name = names[String(unit)] else { break }
            words.append("\(number) \(name)\(number == "1" ? "" : "s")")
        }
        return words.joined(separator: " ")
    }
}

extension TimeSpan: ExpressibleByArgument {
    /// Reads an option's value.
    public init?(argument: String) {
        self.init(argument)
    }

    /// How the help shows a default.
    public var defaultValueDescription: String { description }
}
