import AppSupport

/// Moments and durations as Kafka's tools read them from a command line.
enum JavaTime {
    /// The text is none, in a sentence.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// Milliseconds since 1970 of `2026-01-07T22:15:29.594`, which is UTC, or with a zone: `Z`, `+01:00`, `-0800`, `+01`.
    ///
    /// Kafka wants the milliseconds, and reads `.5` as 5 of them. Here they may be left out, and are three digits
    /// otherwise.
    static func milliseconds(_ text: String) throws(Malformed) -> Int64 {
        let malformed = Malformed(
            description: "'\(text)' is no moment; write it as in 2026-01-07T22:15:29.594 (UTC), or with a zone as in "
                + "2026-01-07T22:15:29.594+01:00")
        var reader = Reader(text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T"), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"), let second = reader.number(2)
        else { throw malformed }
        var millisecond: Int64 = 0
        if reader.take(".") {
            guard let given = reader.number(3) else { throw malformed }
            millisecond = given
        }
        guard let days = CalendarDay.since1970(year: year, month: month, day: day), hour < 24, minute < 60, second < 60,
            let zone = reader.zone(), reader.isAtEnd
        else { throw malformed }
        let minutes = (days * 24 + hour) * 60 + minute - zone
        return (minutes * 60 + second) * 1000 + millisecond
    }

    /// Milliseconds of an ISO 8601 duration as Java's `Duration.parse` reads it: `P1DT2H3M4.5S`, in any case, with a sign
    /// in front of the whole or of any part. Parts of a millisecond are dropped.
    static func duration(_ text: String) throws(Malformed) -> Int64 {
        let malformed = Malformed(
            description: "'\(text)' is no duration; write it as PnDTnHnMnS, as in PT10M or P1DT12H")
        var reader = Reader(text.uppercased())
        let sign: Int64 = reader.take("-") ? -1 : 1
        if sign > 0 { _ = reader.take("+") }
        guard reader.take("P"), !reader.isAtEnd else { throw malformed }
        var total: Int64 = 0
        var isTime = false
        var units: [(name: Character, milliseconds: Int64)] = [("D", 86_400_000)]
        while !reader.isAtEnd {
            if !isTime, reader.take("T") {
                isTime = true
                units = [("H", 3_600_000), ("M", 60_000), ("S", 1000)]
                guard !reader.isAtEnd else { throw malformed }
            }
            guard let (thousandths, isWhole) = reader.decimal() else { throw malformed }
            // Each unit once, in their order; only seconds have decimals.
            guard let index = units.firstIndex(where: { reader.take($0.name) }) else { throw malformed }
            let unit = units[index]
            units.removeSubrange(...index)
            guard isWhole || unit.name == "S" else { throw malformed }
            let (product, overflow) = (unit.milliseconds / 1000).multipliedReportingOverflow(by: thousandths)
            let (sum, overflows) = total.addingReportingOverflow(product)
            guard !overflow, !overflows else { throw malformed }
            total = sum
        }
        guard total > .min else { throw malformed }
        return sign * total
    }

    /// Reads a text from its beginning.
    private struct Reader {
        private var rest: Substring

        init(_ text: String) { rest = text[...] }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func take(_ character: Character) -> Bool {
            guard rest.first == character else { return false }
            rest.removeFirst()
            return true
        }

        /// A number of exactly so many digits.
        mutating func number(_ digits: Int) -> Int64? {
            let found = rest.prefix { $0.isASCII && $0.isNumber }.prefix(digits)
            guard found.count == digits else { return nil }
            rest.removeFirst(digits)
            return Int64(found)
        }

        /// A zone in minutes east of UTC; nothing is UTC.
        mutating func zone() -> Int64? {
            if isAtEnd || take("Z") { return 0 }
            let sign: Int64
            if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
            guard let hours = number(2), hours < 24 else { return nil }
            if isAtEnd { return sign * hours * 60 }
            _ = take(":")
            guard let minutes = number(2), minutes < 60 else { return nil }
            return sign * (hours * 60 + minutes)
        }

        /// A number with a sign and decimals, in thousandths.
        mutating func decimal() -> (thousandths: Int64, isWhole: Bool)? {
            let sign: Int64 = take("-") ? -1 : 1
            if sign > 0 { _ = take("+") }
            let whole = rest.prefix { $0.isASCII && $0.isNumber }
            rest.removeFirst(whole.count)
            guard let number = Int64(whole), number <= Int64.max / 1_000_000 else { return nil }
            guard rest.first == "." || rest.first == "," else { return (sign * number * 1000, true) }
            rest.removeFirst()
            let fraction = rest.prefix { $0.isASCII && $0.isNumber }
            rest.removeFirst(fraction.count)
            guard fraction.count <= 9 else { return nil }
            let thousandths = Int64((fraction + "000").prefix(3)) ?? 0
            return (sign * (number * 1000 + thousandths), false)
        }
    }
}
