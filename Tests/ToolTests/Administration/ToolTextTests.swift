import AppSupport
import Screens
import TestSupport
import Testing
import ToolKit

/// Tables, and text that cannot steer a terminal.
@Suite(.turn) struct ToolTextTests {
    @Test(
        arguments: [
            ("plain".utf8.map { $0 }, "plain"), (Array("größe 🎈 日本".utf8), "größe 🎈 日本"),
            ([0x61, 0xFF, 0x62], "a\\xffb"), ([0xC3], "\\xc3"), ([0xC3, 0x28], "\\xc3("),
            // Half a character at the end, an overlong form, a surrogate, and what lies beyond Unicode.
            ([0xE2, 0x82], "\\xe2\\x82"), ([0xC0, 0xAF], "\\xc0\\xaf"), ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"),
            ([0xF4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"),
            (Array("\u{1B}[31mred\u{1B}[0m".utf8), "\\x1b[31mred\\x1b[0m"),
            (Array("\u{1B}]0;title\u{7}".utf8), "\\x1b]0;title\\x07"),
            // C1 controls: CSI in one character steers as well as ESC [ does.
            (Array("\u{9B}31m".utf8), "\\u{9b}31m"), (Array("\u{85}\u{80}\u{9F}".utf8), "\\u{85}\\u{80}\\u{9f}"),
            ([0x9B, 0x33], "\\x9b3"), (Array("a\u{7F}\u{0}\r".utf8), "a\\x7f\\x00\\r"),
            // Marks that turn text around.
            (Array("a\u{202E}b\u{2066}c".utf8), "a\\u{202e}b\\u{2066}c"), (Array("a\nb\tc".utf8), "a\\nb\\tc"),
            ([], ""),
        ] as [([UInt8], String)]) func whatSteersIsShown(bytes: [UInt8], shown: String)
    {
        #expect(SafeText.line(bytes) == shown)
        let isControl: (Unicode.Scalar) -> Bool = { $0.properties.generalCategory == .control }
        #expect(!SafeText.line(bytes).unicodeScalars.contains(where: isControl))
    }

    @Test func textKeepsItsLines() {
        #expect(SafeText.text(Array("a\n\tb\r\n\u{1B}c".utf8)) == "a\n\tb\\r\n\\x1bc")
        #expect(SafeText.line("a\u{1B}b") == "a\\x1bb" && SafeText.line("äb") == "äb" && SafeText.line("ab") == "ab")
    }

    @Test func columnsAreAsWideAsTheyMustBe() {
        var table = TextTable([.wide("TOPIC"), .number("PARTITION"), .text("LEADER")])
        table.add(["orders", "0", "1"])
        table.add(["größe-日本", "12", "none"])
        #expect(
            table.lines(width: nil) == [
                "TOPIC       PARTITION  LEADER",
                "orders              0  1",
                "größe-日本         12  none",
            ])
        #expect(table.lines(width: nil, title: { "<\($0)>" })[0] == "<TOPIC       PARTITION  LEADER>")
    }

    /// `kw transactions describe` cut its one row to pieces at 100 columns.
    @Test func oneThingIsNamesAndValues() {
        var table = KafkaTable.tabbed(["TransactionalId", "State", "TopicPartitions"])
        table.rows = [["pay\u{1B}ments", "Ongoing", (0..<9).map { "orders-\($0)" }.joined(separator: ",")]]
        let lines = table.details(width: 60)
        #expect(lines[0] == "TransactionalId: pay\\x1bments" && lines[1] == "State:           Ongoing")
        #expect(lines.count > 3 && lines.allSatisfy { TextWidth.of($0) <= 60 })
        let shown = lines.dropFirst(2).map { $0.dropFirst(17) }.joined()
        #expect(shown == table.rows[0][2])
    }

    @Test func theWidestColumnGivesWay() {
        var table = TextTable([.wide("NAME"), .wide("VALUE"), .text("FROM")])
        table.add(["a.very.long.name.of.a.setting", "short", "default"])
        table.add(["b", "a value that is rather long too", "topic"])
        for width in [60, 50, 40, 30] {
            let lines = table.lines(width: width)
            #expect(lines.allSatisfy { TextWidth.of($0) <= width }, "\(width): \(lines)")
            #expect(lines[1].contains("…") || lines[2].contains("…"))
            #expect(lines[1].hasSuffix("default") && lines[2].hasSuffix("topic"))
        }
        // What may not be cut is not, also where there is no room at all.
        #expect(table.lines(width: 5).allSatisfy { TextWidth.of($0) <= 8 + 2 + 8 + 2 + 7 })
    }

    @Test func cellsCannotSteer() {
        var table = TextTable([.text("A")])
        table.add(["x\u{1B}[2Jy\nz"])
        #expect(table.lines(width: nil) == ["A", "x\\x1b[2Jy\\nz"])
    }
}
