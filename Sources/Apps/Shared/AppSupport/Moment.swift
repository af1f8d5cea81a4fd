/// A point in time on the command line, as milliseconds since 1970.
package struct Moment: Sendable, Equatable {
    /// Milliseconds since 1970-01-01 00:00 UTC.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Reads `2026-01-07T22:00:00Z`, with fractions and zones such as `+01:00`; without a zone it is UTC, as in Kafka's
    /// tools. The time may be left out or end early, a space may stand for the T. Else `@1767823200000` (milliseconds
    /// since 1970), or a span that ended now, as `15m` for a quarter of an hour ago.
    package init?(_ text: String, now: Int64) {
        if text.hasPrefix("@") {
            guard let number = Int64(text.dropFirst()), number >= 0 else { return nil }
            self.init(milliseconds: number)
        } else if let span = TimeSpan(text), text != "0" {
            let (seconds, attoseconds) = span.duration.components
            let (back, overflow) = seconds.multipliedReportingOverflow(by: 1000)
            guard !overflow, back <= now else { return nil }
            self.init(milliseconds: now - back - attoseconds / 1_000_000_000_000_000)
        } else {
            guard let read = Self.read(text) else { return nil }
            self.init(milliseconds: read)
        }
    }

    private static func read(_ text: String) -> Int64? {
        var rest = text[...]
        func number(_ digits: Int, _ range: ClosedRange<Int64>) -> Int64? {
            let part = rest.prefix(digits)
            guard part.count == digits, part.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Int64(part),
                range.contains(value)
            else { return nil }
            rest = rest.dropFirst(digits)
            return value
        }
        func skip(_ characters: String) -> Bool {
            guard let first = rest.first, characters.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4, 1970...9999), skip("-"), let month = number(2, 1...12), skip("-"),
            let day = number(2, 1...31), let days = CalendarDay.since1970(year: year, month: month, day: day)
        else { return nil }
        var seconds = days * 86_400
        var milliseconds: Int64 = 0
        if skip("Tt ") {
            guard let hour = number(2, 0...23), skip(":"), let minute = number(2, 0...59) else { return nil }
            seconds += hour * 3600 + minute * 60
            if skip(":") {
                guard let second = number(2, 0...59) else { return nil }
                seconds += second
                if skip(".,") {
                    let digits = rest.prefix { $0.isASCII && $0.isNumber }
                    guard !digits.isEmpty else { return nil }
                    milliseconds = Int64(String((digits + "00").prefix(3))) ?? 0
                    rest = rest.dropFirst(digits.count)
                }
            }
        }
        if let sign = rest.first, sign == "+" || sign == "-" {
            rest = rest.dropFirst()
            guard let hours = number(2, 0...18) else { return nil }
            _ = skip(":")
            guard let minutes = rest.isEmpty ? 0 : number(2, 0...59) else { return nil }
            seconds += (hours * 3600 + minutes * 60) * (sign == "+" ? -1 : 1)
        } else {
            _ = skip("Zz")
        }
        return rest.isEmpty ? seconds * 1000 + milliseconds : nil
    }
}
