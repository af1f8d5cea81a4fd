/// An exact decimal: `unscaled` times ten to the power of minus `scale`.
///
/// Money is never a binary fraction here: a JSON number such as `9.999999999E7` is taken as the decimal that is
/// written, not as the nearest double. Values are canonical, so that equal amounts are equal values: the scale is the
/// smallest one of 2 or more that holds the value, and at most 18.
public struct Amount: Equatable, Hashable, Sendable {
    /// The number without its decimal point.
    public let unscaled: Int64
    /// Digits after the decimal point, 2 to 18.
    public let scale: UInt8

    /// No money.
    public static let zero = Amount(cents: 0)

    /// The largest magnitude that `tenThousandths` gives, about 3.6 million million units of currency.
    public static let largestTenThousandths: Int64 = 1 << 55

    /// An amount of whole cents.
    public init(cents: Int64) {
        self.init(canonical: cents, scale: 2)
    }

    /// The canonical form of `unscaled` × 10^(−`scale`), or nil when that does not fit (more than 18 digits after the
    /// point, or more than an `Int64` of hundredths).
    public init?(unscaled: Int64, scale: Int) {
        if scale == 2 {
            self.init(canonical: unscaled, scale: 2)
            return
        }
        var value = unscaled
        var digits = value == 0 ? 2 : scale
        while digits > 2, value % 10 == 0 {
            value /= 10
            digits -= 1
        }
        while digits < 2 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = product
            digits += 1
        }
        guard digits <= 18 else { return nil }
        self.init(canonical: value, scale: UInt8(digits))
    }

    private init(canonical unscaled: Int64, scale: UInt8) {
        self.unscaled = unscaled
        self.scale = scale
    }

    /// The amount in units of 1/10000, the common scale on which amounts are summed and compared. Finer digits are
    /// rounded half away from zero; a magnitude above `largestTenThousandths` is given as that limit, so that sums
    /// of fifty amounts times three stay within an `Int64`.
    public var tenThousandths: Int64 {
        let limit = Self.largestTenThousandths
        var value = unscaled
        if scale <= 4 {
            for _ in scale..<4 {
                guard value.magnitude <= limit.magnitude else { break }
                value *= 10
            }
        } else {
            value = rounded(to: 4)
        }
        return min(max(value, -limit), limit)
    }

    /// The amount in hundredths; finer digits are rounded half away from zero.
    public var cents: Int64 { scale == 2 ? unscaled : rounded(to: 2) }

    /// Appends the amount with two decimals and no separators, as in `3684.14`, `-12.34`, `0.00`.
    public func append(to text: inout [UInt8]) {
        let hundredths = cents
        if hundredths < 0 { text.append(UInt8(ascii: "-")) }
        let magnitude = hundredths.magnitude
        DecimalText.append(magnitude / 100, to: &text)
        text.append(UInt8(ascii: "."))
        DecimalText.append(magnitude % 100, atLeast: 2, to: &text)
    }

    private func rounded(to digits: UInt8) -> Int64 {
        var divisor: UInt64 = 1
        for _ in digits..<scale { divisor *= 10 }  // the scale is at most 18: below 10^16
        let (quotient, remainder) = unscaled.magnitude.quotientAndRemainder(dividingBy: divisor)
        let magnitude = Int64(quotient + (remainder >= divisor - remainder ? 1 : 0))  // a tenth of 2^63 at most
        return unscaled < 0 ? -magnitude : magnitude
    }
}

extension Amount: CustomStringConvertible {
    /// The amount with two decimals, as `append(to:)` writes it.
    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

/// Integers as ASCII digits, appended to bytes: output lines are made without `String`s.
public enum DecimalText {
    /// Appends `number`, with zeros in front up to `atLeast` digits.
    public static func append(_ number: UInt64, atLeast: Int = 1, to text: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(20, atLeast)) { digits in
            var first = digits.count
            var rest = number
            repeat {
                let (tenth, digit) = rest.quotientAndRemainder(dividingBy: 10)
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
                rest = tenth
            } while rest > 0 || digits.count - first < atLeast
            text.append(contentsOf: UnsafeBufferPointer(rebasing: digits[first...]))
        }
    }

    /// The whole number that the text is, with an optional minus; nil for anything else and for what an `Int64` cannot hold.
    public static func number(_ text: UnsafeRawBufferPointer) -> Int64? { FieldText.integer(text) }

    /// Appends a signed number.
    public static func append(_ number: Int64, to text: inout [UInt8]) {
        if number < 0 { text.append(UInt8(ascii: "-")) }
        append(number.magnitude, to: &text)
    }
}
