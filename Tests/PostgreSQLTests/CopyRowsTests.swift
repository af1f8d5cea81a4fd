// COPY's text format; the referee is PostgreSQL's own description of it, and the server itself in `ServerTests`.

import PostgreSQL
import TestSupport
import Testing

@Suite(.turn) struct CopyRowsTests {
    @Test func fieldsAreSeparatedByTabsAndRowsEndedByNewlines() {
        var rows = CopyRows()
        rows.field(1000)
        rows.field(hundredths: 500_000)
        rows.field("VISA")
        rows.null()
        rows.endRow()
        rows.field(-7)
        rows.endRow()
        #expect(rows.bytes == Array("1000\t5000.00\tVISA\t\\N\n-7\n".utf8))
        #expect(rows.count == 2)
    }

    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("a\tb", #"a\tb"#), ("a\nb", #"a\nb"#), ("a\rb", #"a\rb"#),
        ("a\r\nb", #"a\r\nb"#),
        (#"a\b"#, #"a\\b"#), (#"\N"#, #"\\N"#), (#"\."#, #"\\."#), ("Zürich €", "Zürich €"),
    ])
    func specialCharactersAreEscaped(text: String, wire: String) {
        var rows = CopyRows()
        rows.field(text)
        rows.endRow()
        #expect(rows.bytes == Array((wire + "\n").utf8))
    }

    @Test(arguments: [
        (0, "0.00"), (5, "0.05"), (99, "0.99"), (100, "1.00"), (497_017, "4970.17"), (-5, "-0.05"), (-2125, "-21.25"),
        (Int.min, "-92233720368547758.08"), (Int.max, "92233720368547758.07"),
    ])
    func hundredthsHaveTwoDecimals(number: Int, text: String) {
        var rows = CopyRows()
        rows.field(hundredths: number)
        #expect(rows.bytes == Array(text.utf8))
    }

    @Test(arguments: [0, 1, -1, 10, Int.max, Int.min])
    func numbersAreWrittenInFull(number: Int) {
        var rows = CopyRows()
        rows.field(number)
        #expect(rows.bytes == Array("\(number)".utf8))
    }

    @Test func removingKeepsNothing() {
        var rows = CopyRows()
        rows.field("left over")
        rows.removeAll()
        #expect(rows == CopyRows())
    }
}
