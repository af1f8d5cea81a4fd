/// Integers and times from the text of a field.
enum FieldText {
    /// A decimal integer with an optional minus; nil for anything else and for what an `Int64` cannot hold.
    @inline(__always)
    static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
        var at = 0
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative { at = 1 }
        guard at < text.count else { return nil }
        guard text.count - at <= 18 else { return wideInteger(text, from: at, isNegative: isNegative) }
        var value: Int64 = 0
        while at < text.count {
            let digit = text[at] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int64(digit)  // eighteen digits at most
            at += 1
        }
        return isNegative ? -value : value
    }

    @inline(never)
    private static func wideInteger(_ text: UnsafeRawBufferPointer, from: Int, isNegative: Bool) -> Int64? {
        var value: Int64 = 0
        for byte in text[from...] {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowToo) =
                isNegative
                ? product.subtractingReportingOverflow(Int64(digit)) : product.addingReportingOverflow(Int64(digit))
            guard !overflow, !overflowToo else { return nil }
            value = sum
        }
        return value
    }

    /// A number of some unit as a time.
    ///
    /// Without a schema the unit is told by magnitude: Debezium's default for `timestamp` columns is microseconds;
    /// 10^17 and more are nanoseconds (in microseconds that would be after the year 5138), and 10^11 to 10^14 are
    /// milliseconds (1973 to 5138; in microseconds that would be within the first three years of the epoch). Below 10^6 they are the
    /// days of a `date`.
    static func time(_ number: Int64, _ form: TimeForm) -> TimeReading {
        switch form == .unspecified ? unit(of: number) : form {
        case .milliseconds:
            let (product, overflow) = number.multipliedReportingOverflow(by: 1000)
            return overflow ? .outOfRange : TimeReading(microseconds: product)
        case .nanoseconds:
            if number == .max || number == .min { return .outOfRange }
            let rest = number % 1000  // rounded down, before the epoch too
            return TimeReading(microseconds: number / 1000 - (rest < 0 ? 1 : 0))
        case .days: return .day
        default: return TimeReading(microseconds: number)
        }
    }

    private static func unit(of number: Int64) -> TimeForm {
        switch number.magnitude {
        case 100_000_000_000_000..<9_000_000_000_000_000: .microseconds
        case 100_000_000_000..<100_000_000_000_000: .milliseconds
        case 1_000_000..<100_000_000_000: .microseconds
        case 0..<1_000_000: .days
        default: unitOfFarTime(number.magnitude)
        }
    }

    /// The year 2255 and later; but also a timestamp `infinity` in any of the units.
    @inline(never)
    private static func unitOfFarTime(_ magnitude: UInt64) -> TimeForm {
        let infinity = TimeReading.infinities
        if infinity.contains(magnitude) { return .microseconds }
        if infinity.contains(where: { $0 / 1000 == magnitude }) { return .milliseconds }
        return magnitude >= 100_000_000_000_000_000 ? .nanoseconds : .microseconds
    }
}

/// Outcome of reading a time.
enum TimeReading: Equatable {
    case moment(EventTime)
    /// A date alone.
    case day
    /// No moment that can be compared: PostgreSQL's `infinity`, or a year that microseconds do not reach.
    case outOfRange
    case wrongForm

    /// What Debezium writes in microseconds for PostgreSQL's `infinity` and `-infinity`; in milliseconds a thousandth of it,
    /// in nanoseconds the ends of 64 bits.
    static let infinities: [UInt64] = [9_223_372_036_825_200_000, 9_223_372_036_832_400_000]

    /// The last half minute that 64 bits hold is given up for the infinities.
    @inline(__always)
    init(microseconds: Int64) {
        self =
            microseconds.magnitude < 9_223_372_036_825_200_000
            ? .moment(EventTime(microseconds: microseconds)) : .outOfRange
    }
}
