/// A moment in microseconds since 1970-01-01T00:00:00Z, the unit in which Debezium writes `timestamp` columns.
///
/// A PostgreSQL `timestamp` has no zone; Debezium takes it as UTC, and so does this type.
public struct EventTime: Equatable, Comparable, Hashable, Sendable {
    /// Microseconds since the epoch.
    public var microseconds: Int64

    /// A moment by its microseconds since the epoch.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Whether one moment is before another.
    public static func < (left: EventTime, right: EventTime) -> Bool { left.microseconds < right.microseconds }

    /// Appends the moment as ISO 8601 in UTC with six decimals: `2026-11-21T06:26:00.123456Z`.
    public func appendISO8601(to text: inout [UInt8]) {
        let perDay: Int64 = 86_400_000_000
        var day = microseconds / perDay
        var rest = microseconds % perDay
        if rest < 0 {
            day -= 1
            rest += perDay
        }
        let date = CivilDate(daysSinceEpoch: day)
        if date.year < 0 { text.append(UInt8(ascii: "-")) }
        DecimalText.append(date.year.magnitude, atLeast: 4, to: &text)
        let (time, fraction) = rest.quotientAndRemainder(dividingBy: 1_000_000)
        let parts: [(UInt8, Int64)] = [
            (UInt8(ascii: "-"), date.month), (UInt8(ascii: "-"), date.day), (UInt8(ascii: "T"), time / 3600),
            (UInt8(ascii: ":"), time / 60 % 60), (UInt8(ascii: ":"), time % 60),
        ]
        for (separator, number) in parts {
            text.append(separator)
            DecimalText.append(number.magnitude, atLeast: 2, to: &text)
        }
        text.append(UInt8(ascii: "."))
        DecimalText.append(fraction.magnitude, atLeast: 6, to: &text)
        text.append(UInt8(ascii: "Z"))
    }
}

extension TimeReading {
    /// Reads `2026-11-21T06:26:00`, with optional decimals (beyond six they are dropped) and an optional zone
    /// (`Z`, `+02`, `+02:00`, `+0200`; none means UTC): the form of Debezium's `ZonedTimestamp` and `IsoTimestamp`. Years of more
    /// than four digits, and those before year 0, have a sign. A space may stand for the `T`. Without a time it is a day
    /// (`IsoDate`). Dates that do not exist have a wrong form.
    init(iso8601 text: UnsafeRawBufferPointer) { self = Self.read(text) }

    private static func read(_ text: UnsafeRawBufferPointer) -> TimeReading {
        var reader = DigitReader(text: text)
        guard let year = reader.year(), reader.skip("-"), let month = reader.number(2), reader.skip("-"),
            let day = reader.number(2)
        else {
            let isInfinite = text.elementsEqual("infinity".utf8) || text.elementsEqual("-infinity".utf8)
            return isInfinite ? .outOfRange : .wrongForm
        }
        let date = CivilDate(year: year, month: month, day: day)
        guard (1...12).contains(month), day >= 1, CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date else {
            return .wrongForm
        }
        guard reader.skip("T") || reader.skip(" ") else {
            return reader.zoneSeconds() != nil && reader.isAtEnd ? .day : .wrongForm
        }
        guard let hour = reader.number(2), reader.skip(":"), let minute = reader.number(2), reader.skip(":"),
            let second = reader.number(2), hour < 24, minute < 60, second <= 60
        else { return .wrongForm }
        var fraction: Int64 = 0
        if reader.skip(".") {
            guard let value = reader.microsecondFraction() else { return .wrongForm }
            fraction = value
        }
        guard let zoneSeconds = reader.zoneSeconds(), reader.isAtEnd else { return .wrongForm }
        // Years of nine digits at most: below 3.2 × 10^16 in seconds.
        let seconds = ((date.daysSinceEpoch * 24 + hour) * 60 + minute) * 60 + second - zoneSeconds
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (microseconds, overflowToo) = product.addingReportingOverflow(fraction)
        return overflow || overflowToo ? .outOfRange : TimeReading(microseconds: microseconds)
    }
}

/// A date of the proleptic Gregorian calendar.
private struct CivilDate: Equatable {
    var year: Int64
    var month: Int64
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Counts in years that begin in March, so that the leap day is a year's last: the months' lengths then follow
    /// the line 30.6 × month.
    init(daysSinceEpoch days: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSinceEpoch: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Reads fixed-width numbers and separators.
private struct DigitReader {
    let text: UnsafeRawBufferPointer
    var position = 0

    init(text: UnsafeRawBufferPointer) { self.text = text }

    var isAtEnd: Bool { position == text.count }

    mutating func digit() -> Int64? {
        guard position < text.count, case let value = text[position] &- UInt8(ascii: "0"), value < 10 else {
            return nil
        }
        position += 1
        return Int64(value)
    }

    mutating func number(_ width: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<width {
            guard let next = digit() else { return nil }
            value = value * 10 + next
        }
        return value
    }

    /// Four digits; with a sign in front up to nine.
    mutating func year() -> Int64? {
        let isNegative = skip("-")
        guard isNegative || skip("+") else { return number(4) }
        guard var year = number(4) else { return nil }
        var digits = 4
        while digits < 9, let next = digit() {
            year = year * 10 + next
            digits += 1
        }
        return isNegative ? -year : year
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func microsecondFraction() -> Int64? {
        guard let first = digit() else { return nil }
        var value = first
        var digits = 1
        while let next = digit() {
            guard digits < 6 else { continue }
            value = value * 10 + next
            digits += 1
        }
        while digits < 6 {
            value *= 10
            digits += 1
        }
        return value
    }

    mutating func zoneSeconds() -> Int64? {
        if isAtEnd || skip("Z") { return 0 }
        let isAhead = skip("+")
        guard isAhead || skip("-"), let hours = number(2) else { return nil }
        var minutes: Int64 = 0
        if !isAtEnd {
            _ = skip(":")
            guard let value = number(2) else { return nil }
            minutes = value
        }
        guard hours < 24, minutes < 60 else { return nil }
        return (isAhead ? 1 : -1) * (hours * 3600 + minutes * 60)
    }
}
