import Conformance
import JSONLines
import KafkaWire
import Screens
import TestSupport
import Testing

@testable import KW

/// `kw explain` as a user runs it.
@Suite(.turn) struct ExplainCommandTests {
    private let frame = "00000015 00120003 00000007 0003666f6f 00 026b 04312e30 00"

    @Test func aFrameInArguments() throws {
        let run = try Program.kw(["explain", frame])
        #expect(run.status == 0)
        #expect(run.error.isEmpty)
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 13)
        #expect(lines[0] == "ApiVersionsRequest v3")
        #expect(lines.last == "    24  00                   tagged fields          none")
        // What is piped is plain, whatever the terminal.
        #expect(!run.output.contains("\u{1B}"))
    }

    @Test func hexAndRawBytesFromFilesAndStandardInput() throws {
        let bytes = try #require(Hex.decode(frame))
        let text = try Program.file(Array(frame.utf8))
        let raw = try Program.file(bytes)
        defer {
            text.remove()
            raw.remove()
        }
        let expected = try Program.kw(["explain", frame]).output
        #expect(try Program.kw(["explain", "--file", text.path]).output == expected)
        #expect(try Program.kw(["explain", "-f", raw.path]).output == expected)
        #expect(try Program.kw(["explain", "--raw"], input: raw.path).output == expected)
        #expect(try Program.kw(["explain"], input: text.path).output == expected)
    }

    @Test func aBodyAndAResponse() throws {
        let body = try Program.kw(["explain", "--api", "metadata", "--version", "1", "ffffffff"])
        #expect(body.status == 0)
        #expect(body.output.hasPrefix("MetadataRequest v1\n"))
        let answer = "00000010 00000007 0023 00000001 0012 0000 0004"
        let response = try Program.kw(["explain", "--api", "18", "--version", "0", "--response", answer])
        #expect(response.status == 0)
        #expect(response.output.contains("UNSUPPORTED_VERSION"))
        #expect(response.output.contains("ResponseHeader v0"))
    }

    @Test func brokenBytesAreShownUpToTheBreak() throws {
        let run = try Program.kw(["explain", "--api", "Metadata", "--version", "1", "00000001 0005 62"])
        #expect(run.status == 1)
        #expect(run.output.contains("1 element"))
        #expect(
            run.error
                == "kw explain: MetadataRequest v1, field name, byte 4: a length of 5, but only 1 bytes are left\n")
    }

    @Test(arguments: [
        (["explain", "0g"], "holds \"g\", which is no hexadecimal digit"),
        (["explain", "012"], "half a byte"),
        (["explain", "--api", "Nothing", "--version", "1", "00"], "does not know the API Nothing"),
        (["explain", "--api", "Fetch", "--version", "99", "00"], "known are 4 to 18"),
        (["explain", "--api", "Fetch", "00"], "give --version, 4 to 18"),
        (["explain", "--response", "00"], "needs --api and --version"),
        (["explain", "--file", "/does/not/exist"], "cannot read /does/not/exist: No such file"),
        (["explain", "--file", "x", "00"], "not both"),
    ])
    func mistakesGetASentence(arguments: [String], sentence: String) throws {
        let run = try Program.kw(arguments)
        #expect(run.status != 0)
        #expect(run.output.isEmpty)
        #expect(run.error.contains(sentence))
    }

    @Test func secretsAreShownOnlyWhenAskedFor() throws {
        let arguments = ["explain", "--api", "SaslAuthenticate", "--version", "1", "--body", "00000004 74657374"]
        for form in [[], ["--json"]] {
            let hidden = try Program.kw(arguments + form)
            #expect(hidden.status == 0)
            #expect(hidden.output.contains("4 bytes, hidden"))
            #expect(!hidden.output.contains("74657374") && !hidden.output.contains("test"))
            let shown = try Program.kw(arguments + form + ["--show-secrets"])
            #expect(shown.output.contains("74657374") && shown.output.contains("test"))
            #expect(!shown.output.contains("hidden"))
        }
        // The break is in the secret: the rest of the bytes is its beginning.
        let broken = try Program.kw(arguments.dropLast() + ["00000009 74657374"])
        #expect(broken.status == 1)
        #expect(!broken.output.contains("7465"))
    }

    @Test func jsonHasEveryRow() throws {
        let run = try Program.kw(["explain", "--json", frame])
        let json = try #require(JSON(run.output))
        #expect(json["title"].text == "ApiVersionsRequest v3")
        #expect(json["bytes"].number == 25)
        #expect(json["failure"] == .null)
        let rows = json["rows"].elements
        #expect(rows.count == 11)
        #expect(rows.compactMap { $0["hex"].text }.joined() == Hex.encode(try #require(Hex.decode(frame))))
        #expect(rows[5]["path"].text == "header.clientId")
        #expect(rows[5]["value"].text == "\"foo\"")
        let broken = try #require(JSON(try Program.kw(["explain", "--json", "0000"]).output))
        #expect(broken["failure"]["message"].text?.isEmpty == false)
    }

    @Test(arguments: [40, 60, 80, 120, 200]) func linesFitTheTerminal(width: Int) throws {
        let vectors = FileContent.lines(try FileContent.bytes(Self.golden + "000-Produce.jsonl"))
        let vector = try #require(JSON(vectors[vectors.count / 3].text))
        let version = Int16(try #require(vector["version"].number))
        let explanation = Explanation(body: try #require(vector["hex"].hex), of: ProduceRequest.self, version: version)
        for line in ExplanationText(explanation, width: width, paint: { text, _ in text }).lines.dropFirst() {
            #expect(TextWidth.of(line) <= width, "\(line)")
        }
    }

    static let golden: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/") + "/Fixtures/golden/"
    }()
}
