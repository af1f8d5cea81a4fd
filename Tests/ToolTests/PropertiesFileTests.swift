import AppSupport
import TestSupport
import Testing

/// Java's properties files. What each text comes to was checked with `java.util.Properties` of Java 17.
@Suite(.turn) struct PropertiesFileTests {
    private struct Row: CustomTestStringConvertible {
        var text: String
        var pairs: [String]

        init(_ text: String, _ pairs: [String]) {
            self.text = text
            self.pairs = pairs
        }

        var testDescription: String { text }
    }

    private static let rows = [
        Row("", []),
        Row("\n  \n\t\n", []),
        Row("a=b", ["a", "b"]),
        Row("a = b \n", ["a", "b "]),
        Row("a:b=c", ["a", "b=c"]),
        Row("a b c", ["a", "b c"]),
        Row("a   =   b", ["a", "b"]),
        Row("a\t:\u{C}b", ["a", "b"]),
        Row("a", ["a", ""]),
        Row("a=", ["a", ""]),
        Row("# a=b\n  ! c=d\ne=f # not a comment", ["e", "f # not a comment"]),
        Row("a=1\r\nb=2\rc=3", ["a", "1", "b", "2", "c", "3"]),
        Row("a=1,\\\n    2,\\\r\n\t3", ["a", "1,2,3"]),
        Row("a=1\\\\\nb=2", ["a", "1\\", "b", "2"]),
        Row("a=1\\\n# 2", ["a", "1# 2"]),
        Row("# c\\\na=1", ["a", "1"]),
        Row("a=1\\", ["a", "1"]),
        Row("a\\ b\\=c\\:d=e", ["a b=c:d", "e"]),
        Row("a=\\t\\n\\r\\f\\q\\\"", ["a", "\t\n\r\u{C}q\""]),
        Row("a=\\u00e4\\uD83D\\uDE00\\u0041", ["a", "ä😀A"]),
        Row("ä=ö", ["ä", "ö"]),
        Row("a=1\na=2", ["a", "1", "a", "2"]),
    ]

    @Test(arguments: rows.indices) func textsAreReadAsJavaReadsThem(index: Int) throws {
        let row = Self.rows[index]
        let file = try PropertiesFile(Array(row.text.utf8), path: "x")
        #expect(file.entries.flatMap { [$0.name, $0.value] } == row.pairs, "\(row.text)")
    }

    @Test func whatIsNoUTF8IsLatin1() throws {
        let bytes: [UInt8] = Array("a=".utf8) + [0xE4]
        #expect(try PropertiesFile(bytes, path: "x").values == ["a": "ä"])
        #expect(try PropertiesFile([0xEF, 0xBB, 0xBF] + Array("a=1".utf8), path: "x").values == ["a": "1"])
    }

    @Test func entriesKnowTheirLines() throws {
        let file = try PropertiesFile(Array("# 1\na=1\\\n2\n\nb=3\na=4".utf8), path: "x")
        #expect(file.entries.map(\.line) == [2, 5, 6])
        #expect(file.values == ["a": "4", "b": "3"])
        #expect(file.line(of: "a") == 6)
        #expect(file.line(of: "c") == nil)
    }

    @Test(arguments: [
        ("a=1\nb=\\u12x4", "conf/x, line 2: \\u takes four hexadecimal digits"),
        ("a=\\u12", "conf/x, line 1: \\u takes four hexadecimal digits"),
        ("\n\n = 3", "conf/x, line 3: a value without a name"), ("a=\\uD83Dx", "half a character"),
        ("a=\\uDE00", "half a character"), ("a=\\uD83D\\u0041", "no surrogate pair"),
        ("C=C:\\users", "write \\\\u for a backslash"),
    ]) func whatIsWrongIsSaidWithItsLine(text: String, part: String) throws {
        let failure = #expect(throws: PropertiesFile.Failure.self) {
            try PropertiesFile(Array(text.utf8), path: "conf/x")
        }
        let description = "\(try #require(failure))"
        #expect(description.contains(part), "\(description)")
    }

    /// What stands on the line may be a password: nothing of it is told.
    @Test(arguments: ["p=C:\\users-hunter2", "p=\\uhunter2", "p=\\uD83Dhunter2", "p=\\uD83D\\u0041", "\\uhunter2=x"])
    func nothingOfTheLineIsTold(text: String) throws {
        let failure = #expect(throws: PropertiesFile.Failure.self) {
            try PropertiesFile(Array(text.utf8), path: "x")
        }
        let description = "\(try #require(failure))"
        for piece in ["user", "sers", "hunt", "D83D", "0041"] {
            #expect(!description.contains(piece), "\(description)")
        }
    }

    @Test(arguments: ["", "plain", " in front", "a=b:c#d!", "C:\\x", "ä😀", "tab\tand\nline", "end "])
    func whatIsWrittenIsReadAgain(value: String) throws {
        #expect(try PropertiesFile(Array(PropertiesFile.line("a.b", value).utf8), path: "x").values == ["a.b": value])
    }

    @Test func anyBytesAreReadOrRefused() {
        var random = SeededRandom(seed: 17)
        let letters = Array("\\u=: \n\r#!ab0\t\u{C}".utf8) + [0xC3, 0xA4, 0xFF]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                letters.randomElement(using: &random) ?? 0
            }
            guard let file = try? PropertiesFile(bytes, path: "x") else { continue }
            #expect(file.entries.allSatisfy { !$0.name.isEmpty && $0.line >= 1 })
        }
    }
}
