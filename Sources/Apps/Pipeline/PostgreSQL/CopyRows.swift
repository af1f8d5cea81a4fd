// Rows in COPY's text format (PostgreSQL's documentation, COPY, "Text Format").

/// A buffer of rows for `COPY … FROM STDIN`: fields separated by tabs, rows ended by newlines, `\N` for NULL, and
/// backslashes before what would be taken for one of these.
public struct CopyRows: Sendable, Equatable {
    /// The rows as they go over the wire.
    public private(set) var bytes: [UInt8] = []
    /// How many rows were ended.
    public private(set) var count = 0
    private var isAtRowStart = true

    /// No rows; room for `capacity` bytes.
    public init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// Appends a text; a text with a NUL byte is refused by the server, as everywhere in PostgreSQL.
    public mutating func field(_ text: String) {
        separate()
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
            case UInt8(ascii: "\t"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\r"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
            default: bytes.append(byte)
            }
        }
    }

    /// Appends NULL.
    public mutating func null() {
        separate()
        bytes += [UInt8(ascii: "\\"), UInt8(ascii: "N")]
    }

    /// Appends a whole number.
    public mutating func field(_ number: Int) {
        separate()
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        digits(number.magnitude, atLeast: 1)
    }

    /// Appends a number of hundredths as a decimal with two digits after the point: 2125 is `21.25`.
    public mutating func field(hundredths: Int) {
        separate()
        if hundredths < 0 { bytes.append(UInt8(ascii: "-")) }
        let (whole, fraction) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
        digits(whole, atLeast: 1)
        bytes.append(UInt8(ascii: "."))
        digits(fraction, atLeast: 2)
    }

    /// Ends the row.
    public mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        count += 1
        isAtRowStart = true
    }

    /// Forgets the rows and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
        isAtRowStart = true
    }

    private mutating func separate() {
        if !isAtRowStart { bytes.append(UInt8(ascii: "\t")) }
        isAtRowStart = false
    }

    private mutating func digits(_ number: UInt, atLeast width: Int) {
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0 || bytes.count - start < width
        bytes[start...].reverse()
    }
}
