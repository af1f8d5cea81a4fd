import Captures
import JSONLines
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// Recorded frames as files, and how `kw explain` shows them.
@Suite(.turn) struct CaptureTests {
    static let request = "0000001500120003000000070003666f6f00026b04312e3000"
    static let answer = "0000001000000007002300000001001200000004"
    static let capture = """
        {"format":"kafkawire-capture","version":1,"note":"a \\"note\\""}
        {"time":0,"connection":1,"from":"client","hex":"\(request)"}

        {"time":12400,"connection":1,"from":"broker","hex":"\(answer)","later":{"field":[1]}}
        {"time":3210000,"connection":2,"from":"client","client":"127.0.0.1:4711","broker":"b:9092","partial":true,"hex":"1603"}
        """

    private func captured() throws -> Capture { try Capture(Array(Self.capture.utf8), name: "x") }

    @Test func aFileIsRead() throws {
        let capture = try captured()
        #expect(capture.note == "a \"note\"")
        #expect(
            capture.frames == [
                .init(time: 0, connection: 1, from: .client, bytes: Bytes(try #require(Hex.decode(Self.request)))),
                .init(time: 12400, connection: 1, from: .broker, bytes: Bytes(try #require(Hex.decode(Self.answer)))),
                .init(
                    time: 3_210_000, connection: 2, from: .client, bytes: [0x16, 3], isPartial: true,
                    client: "127.0.0.1:4711", broker: "b:9092"),
            ])
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let capture = try captured()
        let text = capture.lines.joined(separator: "\n") + "\n"
        #expect(Capture.isCapture(Array(text.utf8)))
        #expect(try Capture(Array(text.utf8), name: "x") == capture)
        let empty = Capture()
        #expect(empty.lines == ["{\"format\":\"kafkawire-capture\",\"version\":1}"])
        #expect(try Capture(Array(empty.lines[0].utf8), name: "x") == empty)
    }

    @Test func otherFilesAreNoCaptures() {
        for text in ["", "{", "00 01", "{\"format\":\"other\"}", "[1]", "\n" + Self.capture] {
            #expect(!Capture.isCapture(Array(text.utf8)))
        }
    }

    @Test(arguments: [
        ("{\"format\":\"kafkawire-capture\",\"version\":2}", "x, line 1: a capture of a version other than 1"),
        ("{\"format\":\"kafkawire-capture\"}", "x, line 1: a capture of a version other than 1"),
        ("{}", "x is no capture"),
    ]) func aHeadThatIsWrong(head: String, sentence: String) {
        let error = #expect(throws: FileError.self) { try Capture(Array(head.utf8), name: "x") }
        #expect(error?.description.hasPrefix(sentence) == true)
    }

    @Test(arguments: [
        ("12", "no JSON object"), ("{\"time\":", "no JSON object"),
        (#"{"time":-1,"connection":1,"from":"client","hex":"00000000"}"#, "\"time\" must be"),
        (#"{"time":1.5,"connection":1,"from":"client","hex":"00000000"}"#, "\"time\" must be"),
        (#"{"time":0,"from":"client","hex":"00000000"}"#, "\"connection\" must be"),
        (#"{"time":0,"connection":1,"from":"proxy","hex":"00000000"}"#, "\"from\" must be"),
        (#"{"time":0,"connection":1,"from":"client","hex":"0"}"#, "\"hex\" must be"),
        (#"{"time":0,"connection":1,"from":"client","hex":"00000001"}"#, "the 4 bytes are no whole frame"),
        (#"{"time":0,"connection":1,"from":"client","hex":"00000000","partial":1}"#, "\"partial\" must be"),
        (#"{"time":0,"connection":1,"from":"client","hex":"00000000","client":1}"#, "\"client\" must be"),
    ]) func aLineThatIsWrong(line: String, sentence: String) throws {
        let text = Self.capture + "\n" + line
        let error = #expect(throws: FileError.self) { try Capture(Array(text.utf8), name: "x") }
        #expect(error?.description.hasPrefix("x, line 6: \(sentence)") == true)
    }

    // MARK: - kw explain

    private func explained(_ arguments: [String], status: Int32 = 0) throws -> [String] {
        let file = try Program.file(Array(Self.capture.utf8))
        defer { file.remove() }
        let run = try Program.kw(["explain", "--file", file.path] + arguments)
        #expect(run.status == status)
        return run.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    @Test func aLinePerFrame() throws {
        #expect(
            try explained(["--list"]) == [
                "#1      0 µs  connection 1  → ApiVersions v3 request, correlation 7, 25 bytes",
                "#2   12.4 ms  connection 1  ← ApiVersions v3 response, correlation 7, 20 bytes",
                "#3    3.21 s  connection 2  → part of a request, cut off, 2 bytes",
            ])
    }

    @Test func eachFrameIsExplainedAsWhatItIs() throws {
        let lines = try explained(["--frames", "1-2"])
        #expect(lines[0].hasPrefix("#1"))
        #expect(lines[1] == "ApiVersionsRequest v3")
        #expect(lines.contains { $0.contains("ApiVersionsResponse v0") })
        #expect(!lines.contains { $0.contains("#3") })
        // The part is explained as far as it goes, and is a failure.
        #expect(try explained([], status: 1).contains { $0.contains("#3") })
    }

    @Test func excerpts() throws {
        let lines = try explained(["--frames", "2", "--only", "apiKeys[0]"])
        #expect(
            lines.dropFirst(2).map { $0.split(separator: " ").joined(separator: " ") } == [
                "offset bytes field value", "… 6 rows",
                "14 apiKeys[0]".replacing("apiKeys", with: "") + " ApiVersion 6 bytes",
                "14 0012 apiKey 18 ApiVersions", "16 0000 minVersion 0", "18 0004 maxVersion 4",
            ])
        let shallow = try explained(["--frames", "2", "--depth", "1"])
        #expect(shallow.count == 2 + 1 + 5)
        #expect(shallow.last?.hasSuffix("… 6 rows") == true)
        let late = try explained(["--frames", "2", "--from-offset", "17"])
        // The headings that the byte stands under, and what follows it.
        #expect(
            late.dropFirst(3).map { $0.split(separator: " ").joined(separator: " ") } == [
                "… 3 rows", "8 body ApiVersionsResponse v0 12 bytes; the broker answers in version 0", "… 2 rows",
                "14 [0] ApiVersion 6 bytes",
                "… 1 row",
                "16 0000 minVersion 0", "18 0004 maxVersion 4",
            ])
    }

    @Test func jsonHasALinePerFrame() throws {
        let lines = try explained(["--json"], status: 1).compactMap { JSON($0) }
        #expect(lines.count == 3)
        #expect(lines.map { $0["frame"].number } == [1, 2, 3])
        #expect(lines[1]["time"].number == 12400)
        #expect(lines[1]["from"].text == "broker")
        #expect(lines[1]["label"].text == "ApiVersions v3 response, correlation 7")
        #expect(lines[1]["rows"].elements.count == 10)
        #expect(lines[2]["failure"]["message"].text?.isEmpty == false)
        let listed = try explained(["--json", "--list"]).compactMap { JSON($0) }
        #expect(listed.map { $0["size"].number } == [25, 20, 2])
        #expect(listed.allSatisfy { $0["rows"] == .null })
    }

    @Test func framesBackToBack() throws {
        let two = try Program.kw(["explain", Self.request, Self.request])
        #expect(two.status == 0)
        #expect(two.output.hasPrefix("#1  byte 0  → ApiVersions v3 request, correlation 7, 25 bytes\n"))
        #expect(two.output.contains("\n#2  byte 25  → ApiVersions v3 request, correlation 7, 25 bytes\n"))
        let responses = try Program.kw(
            ["explain", "--response", "--api", "ApiVersions", "--version", "0", Self.answer, Self.answer])
        #expect(responses.status == 0)
        #expect(responses.output.contains("#2  byte 20  ← ApiVersionsResponse v0, 20 bytes"))
        let one = try Program.kw(["explain", "--list", Self.request])
        #expect(one.output == "#1  byte 0  → ApiVersions v3 request, correlation 7, 25 bytes\n")
        let broken = try Program.kw(["explain", "--list", Self.request, "0000ff"])
        #expect(broken.output.contains("#2  byte 25  → part of a request, 3 bytes"))
    }

    @Test(arguments: [
        (["--frames", "0"], "The value '0' is invalid"), (["--frames", "7-5"], "is invalid"),
        (["--frames", "9"], "none of those"), (["--api", "Fetch", "--version", "11"], "says itself"),
        (["--depth", "0"], "1 or more"),
    ]) func mistakesGetASentence(arguments: [String], sentence: String) throws {
        let file = try Program.file(Array(Self.capture.utf8))
        defer { file.remove() }
        let run = try Program.kw(["explain", "--file", file.path] + arguments)
        #expect(run.status != 0)
        #expect(run.output.isEmpty)
        #expect(run.error.contains(sentence))
    }
}
