import AppSupport
import ChangeEvents

/// A number of a rule that can be set, by an option of its name or in a file of rules.
public struct RuleNumber<Numbers: Sendable>: Sendable {
    /// Its name, as in the file: `factor`.
    public let name: String
    /// What it may be, in words.
    let form: String
    /// As it is written.
    let text: @Sendable (Numbers) -> String
    /// Sets it; false where the text is none that it may be.
    let set: @Sendable (inout Numbers, String) -> Bool

    /// A number that is written and read so.
    public init(
        _ name: String, form: String, text: @escaping @Sendable (Numbers) -> String,
        set: @escaping @Sendable (inout Numbers, String) -> Bool
    ) {
        self.name = name
        self.form = form
        self.text = text
        self.set = set
    }

    /// A whole number of that range.
    public static func whole<Whole: FixedWidthInteger & Sendable>(
        _ name: String, _ range: ClosedRange<Whole>, _ place: WritableKeyPath<Numbers, Whole> & Sendable
    ) -> RuleNumber {
        RuleNumber(name, form: "a whole number, \(range.lowerBound) to \(range.upperBound)") {
            "\($0[keyPath: place])"
        } set: { numbers, text in
            guard let number = Whole(text), range.contains(number) else { return false }
            numbers[keyPath: place] = number
            return true
        }
    }

    /// An amount of money, 0 to a thousand million, with two decimals at most.
    public static func amount(_ name: String, _ place: WritableKeyPath<Numbers, Amount> & Sendable) -> RuleNumber {
        RuleNumber(name, form: "an amount such as 500 or 99.95, 0 to 1000000000") {
            "\($0[keyPath: place])"
        } set: { numbers, text in
            guard let cents = cents(text) else { return false }
            numbers[keyPath: place] = Amount(cents: cents)
            return true
        }
    }

    private static func cents(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let first = parts.first,
            first.utf8.count <= 10, let whole = Int64(first)
        else { return nil }
        let decimals = parts.count > 1 ? parts[1] : ""
        guard decimals.utf8.count <= 2, let fraction = Int64((decimals + "00").prefix(2)) else { return nil }
        let cents = whole &* 100 &+ fraction
        return cents <= 1_000_000_000_00 ? cents : nil
    }

    /// A time in microseconds, up to 30 days.
    public static func span(
        _ name: String, from least: Duration = .seconds(1), _ place: WritableKeyPath<Numbers, Int64> & Sendable
    ) -> RuleNumber {
        RuleNumber(name, form: "a time such as 60s or 10m, \(TimeSpan(least)) to 30d") {
            "\(TimeSpan(.microseconds($0[keyPath: place])))"
        } set: { numbers, text in
            guard let span = TimeSpan(text), span.duration >= least, span.duration <= .seconds(30 * 86_400) else {
                return false
            }
            let (seconds, attoseconds) = span.duration.components
            numbers[keyPath: place] = seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000
            return true
        }
    }
}

/// The numbers of a rule that has none.
public struct NoNumbers: Equatable, Sendable {
    /// None.
    public init() {}
}
