/// Values in words: instants, texts and bytes as they can be shown to a person.
enum Meaning {
    /// Milliseconds since 1970 as a date and a time in UTC; nil for -1 and for what no clock shows.
    static func instant(_ milliseconds: Int64) -> String? {
        guard milliseconds >= 0, milliseconds < 253_402_300_800_000 else { return nil }
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        // Days to year, month and day, counted in eras of 400 years that begin on 1 March.
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60)
        // Written digit by digit: every record has a timestamp.
        return String(unsafeUninitializedCapacity: 27) { buffer in
            var count = 0
            func digits(_ number: Int64, _ width: Int, _ end: Unicode.Scalar) {
                var rest = number
                for place in stride(from: count + width - 1, through: count, by: -1) {
                    buffer[place] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                    rest /= 10
                }
                buffer[count + width] = UInt8(truncatingIfNeeded: end.value)
                count += width + 1
            }
            digits(year, 4, "-")
            digits(month, 2, "-")
            digits(day, 2, " ")
            digits(hours, 2, ":")
            digits(minutes, 2, ":")
            digits(seconds, 2, ".")
            digits(rest % 1000, 3, " ")
            for letter in "UTC".utf8 {
                buffer[count] = letter
                count += 1
            }
            return count
        }
    }

    /// `text` between quotation marks, with what would disturb a terminal escaped.
    static func quoted(_ text: String) -> String {
        if isPlain(text.utf8) { return "\"" + text + "\"" }
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\" + String(scalar)
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default:
                out += isPrintable(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return out + "\""
    }

    /// Bytes as text where they are printable, else their number: the digits stand in the row's bytes.
    static func preview(_ bytes: Bytes) -> String {
        guard bytes.count > 0 else { return "empty" }
        let text = bytes.withUnsafeBytes { String(validating: $0.bindMemory(to: UInt8.self), as: UTF8.self) }
        if let text, isPlain(text.utf8) { return "\"" + text + "\"" }
        if let text, text.unicodeScalars.allSatisfy(isPrintable) { return quoted(text) }
        return self.bytes(bytes.count)
    }

    /// `1 byte`, `12 bytes`, `1,000,000 bytes`.
    static func bytes(_ count: Int) -> String { count == 1 ? "1 byte" : "\(grouped(count)) bytes" }

    /// `1 byte is left`, `12 bytes are left`; in a sentence that spoke of bytes already, `2 are left`.
    static func areLeft(_ count: Int, named: Bool = false) -> String {
        if count == 0 { return named ? "no bytes are left" : "none is left" }
        return "\(named ? bytes(count) : grouped(count)) \(count == 1 ? "is" : "are") left"
    }

    /// The number with commas between thousands, from five digits on.
    static func grouped(_ number: Int) -> String {
        guard number.magnitude >= 10_000 else { return "\(number)" }
        var text = ""
        let digits = String(number.magnitude)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return number < 0 ? "-" + text : text
    }

    /// Whether all of it is ASCII that needs no second look, as nearly all text is.
    private static func isPlain(_ text: String.UTF8View) -> Bool {
        text.allSatisfy { (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
