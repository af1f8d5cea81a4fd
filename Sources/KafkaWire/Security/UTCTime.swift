/// A moment as day and time in UTC, from the civil calendar's arithmetic (Howard Hinnant, "chrono-compatible low-level
/// date algorithms").
struct UTCTime {
    private let date: String
    private let time: String

    /// The moment so many milliseconds after 1970 began; years before 1 and after 9999 are told as those.
    init(milliseconds: Int64) { self.init(seconds: max(milliseconds, -62_135_596_800_000) / 1000) }

    /// The moment so many seconds after 1970 began; years before 0 and after 9999 are told as those.
    init(seconds: Int64) {
        let seconds = min(max(seconds, -62_167_219_200), 253_402_300_799)
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        // Years that begin in March have their odd day at the end; 146,097 days are 400 years.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let day = shifted - era * 146_097
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let ofYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let calendar = month < 10 ? month + 3 : month - 9
        date =
            padded(year + era * 400 + (calendar <= 2 ? 1 : 0), 4) + padded(calendar, 2)
            + padded(ofYear - (153 * month + 2) / 5 + 1, 2)
        time = padded(rest / 3600, 2) + padded(rest / 60 % 60, 2) + padded(rest % 60, 2)
    }

    /// `20150830`
    var basicDate: String { date }
    /// `20150830T123600Z`
    var basic: String { "\(date)T\(time)Z" }
    /// `2015-08-30 12:36:00 UTC`
    var text: String {
        let date = Array(date)
        let time = Array(time)
        return String(date[..<4]) + "-" + String(date[4..<6]) + "-" + String(date[6...]) + " " + String(time[..<2])
            + ":"
            + String(time[2..<4]) + ":" + String(time[4...]) + " UTC"
    }
}
