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

    /// A number of some unit as microseconds, or nil when that does not fit.
    ///
    /// Without a schema the unit is told by magnitude: Debezium's default for `timestamp` columns is microseconds;
    /// 10^17 and more are nanoseconds (in microseconds that would be after the year 5138), and 10^11 to 10^14 are
    /// milliseconds (1973 to 5138; in microseconds that would be within the first three years of the epoch).
    static func time(_ number: Int64, _ form: TimeForm) -> EventTime? {
        let unit: TimeForm
        if form == .unspecified {
            switch number.magnitude {
            case 100_000_000_000_000_000...: unit = .nanoseconds
            case 100_000_000_000..<100_000_000_000_000: unit = .milliseconds
            default: unit = .microseconds
            }
        } else {
            unit = form
        }
        switch unit {
        case .milliseconds:
            let (product, overflow) = number.multipliedReportingOverflow(by: 1000)
            return overflow ? nil : EventTime(microseconds: product)
        case .nanoseconds:
            let rest = number % 1000  // rounded down, before the epoch too
            return EventTime(microseconds: number / 1000 - (rest < 0 ? 1 : 0))
        default:
            return EventTime(microseconds: number)
        }
    }
}
