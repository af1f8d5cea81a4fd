/// A day of the Gregorian calendar, counted.
public enum CalendarDay {
    /// Days from 1970-01-01 to that day, before it below 0; nil where the calendar has no such day. Years from 1 to 9999.
    public static func since1970(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard (1...9999).contains(year), (1...12).contains(month), (1...length(month, year)).contains(day) else {
            return nil
        }
        // Counted from 1 March, so that leap days come last.
        let years = month > 2 ? year : year - 1
        let months = (month + 9) % 12
        return years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 719_469
    }

    private static func length(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
