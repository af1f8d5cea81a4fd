import Conformance
import JSONLines
import KafkaWire
import Screens
import TestSupport
import Testing

@testable import KW

/// How explanations look: their columns, and what a terminal's width does to them.
@Suite(.turn) struct ExplanationTextTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("注文", 4), ("한국어", 6), ("\u{1112}\u{1161}\u{11AB}", 2),
        ("ｶﾅ", 2), ("Ａ", 2), ("🎉", 2), ("❤️", 2), ("🇩🇪", 2), ("→…", 2),
    ])
    func columns(text: String, width: Int) { #expect(TextWidth.of(text) == width) }

    @Test func textIsWrappedAtSpaces() {
        #expect(TextWidth.wrapped("short", 10) == ["short"])
        #expect(TextWidth.wrapped("one two three", 8) == ["one two", "three"])
        #expect(TextWidth.wrapped("abcdefghij", 4) == ["abcd", "efgh", "ij"])
        #expect(TextWidth.wrapped("注文データ", 4) == ["注文", "デー", "タ"])
        #expect(TextWidth.wrapped("注文", 3) == ["注", "文"])
        #expect(TextWidth.wrapped("abcdefghij", 4, limit: 2) == ["abcd", "efg…"])
        #expect(TextWidth.wrapped("", 4) == [""])
        #expect(TextWidth.hanging("one two three", 9, indent: 2) == ["one two", "  three"])
        #expect(TextWidth.hanging("one two three", nil, indent: 2) == ["one two three"])
    }

    private func plain(_ text: String, _ style: Any) -> String { text }

    private static let widths = [40, 60, 80, 120, 200]

    /// Names that a topic may not have, but a frame can.
    private static let names = [
        "注文データベースの変更イベントのトピック", "orders 🎉👍🏽 한국어 a rather long name of many words in a row",
        "evil\u{1B}[31m\u{7}\u{202E}",
        String(repeating: "x", count: 500),
    ]

    @Test(arguments: widths) func noLineIsWiderThanTheTerminal(width: Int) throws {
        let request = MetadataRequest.with { $0.topics = Self.names.map { name in .with { $0.name = name } } }
        let body = Bytes(try request.encode(version: 1))
        let batch = try #require(
            JSON(FileContent.lines(try FileContent.bytes(ExplainCommandTests.golden + "record-batches.jsonl"))[0].text))
        for explanation in [
            Explanation(body: body, of: MetadataRequest.self, version: 1),
            Explanation(body: body[0..<body.count - 9], of: MetadataRequest.self, version: 1),
            Explanation(records: try #require(batch["hex"].hex)),
            Explanation(requestFrame: Bytes(utf8: "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")),
        ] {
            let text = ExplanationText(explanation, width: width, showsBits: true) { text, _ in text }
            for line in text.lines {
                #expect(TextWidth.of(line) <= width, "\(line)")
                #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0.value != 0x202E })
                #expect(line.last != " ")
            }
        }
    }

    /// What is wrapped is all there: only values of many lines are cut short.
    @Test(arguments: widths) func nothingIsLost(width: Int) throws {
        let vectors = FileContent.lines(try FileContent.bytes(ExplainCommandTests.golden + "001-Fetch.jsonl"))
        let vector = try #require(JSON(vectors[vectors.count / 2].text))
        let version = Int16(try #require(vector["version"].number))
        let api = try #require(API.named("Fetch"))
        let type: any WireMessage.Type = vector["kind"].text == "request" ? api.request : api.response
        let explanation = Explanation(body: try #require(vector["hex"].hex), of: type, version: version)
        let text = ExplanationText(explanation, width: width) { text, _ in text }.lines.joined()
        let letters = text.filter { $0 != " " }
        for row in explanation.rows where row.value.count < width {
            #expect(letters.contains(row.name.filter { $0 != " " }))
            #expect(letters.contains(row.note.filter { $0 != " " }), "\(row.note)")
        }
    }

    @Test func theBreakIsShown() {
        let explanation = Explanation(body: [0, 0, 0, 1, 0, 5, 0x62], of: MetadataRequest.self, version: 1)
        let text = ExplanationText(explanation, width: nil) { text, _ in text }
        #expect(
            text.lines.suffix(4) == [
                "broken at byte 4: topics[0].name, in MetadataRequest v1",
                "  expected  string: 2 bytes of length, then the text",
                "  found     length 5 where 1 byte is left",
                "  there     00 05 62                                         ..b",
            ])
        // What may be part of a secret is not.
        let secret = Explanation(body: [0, 0, 0, 9, 0x62], of: SaslAuthenticateRequest.self, version: 1)
        let hidden = ExplanationText(secret, width: nil) { text, _ in text }.lines
        #expect(hidden.last == "  there     5 bytes, hidden")
        #expect(!hidden.contains { $0.contains("62") })
    }

    @Test func bitsStandUnderTheirRow() throws {
        let run = try Program.kw([
            "explain", "--api", "Heartbeat", "--version", "4", "--bits", "0267 00000001 01 00 00",
        ])
        #expect(run.status == 0)
        let lines = run.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(lines[2] == "0 0267 groupId \"g\" compact string: length 1 + 1")
        #expect(lines[3] == "02 → 0|0000010 → 0000010 = 2 → length 1")
        #expect(lines.last == "00 → 0|0000000 → 0000000 = 0")
        let json = try #require(
            JSON(
                try Program.kw(
                    ["explain", "--api", "Heartbeat", "--version", "4", "--bits", "--json", "0267 00000001 01 00 00"]
                ).output))
        let bits = json["rows"].elements[0]["bits"].elements[0]
        #expect(bits["form"].text == "compact length")
        #expect(bits["value"].number == 1)
        #expect(bits["split"].elements == [.string("0|0000010")])
    }

    @Test func jsonSaysWhatBroke() throws {
        let run = try Program.kw(["explain", "--api", "Metadata", "--version", "1", "--json", "00000001 0005 62"])
        let failure = try #require(JSON(run.output))["failure"]
        #expect(failure["path"].text == "topics[0].name")
        #expect(failure["found"].text == "length 5 where 1 byte is left")
        #expect(failure["offset"].number == 4)
    }
}
