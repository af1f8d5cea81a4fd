import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KW

/// `kw conformance` as a user runs it.
@Suite(.turn) struct ConformanceCommandTests {
    private let golden = ExplainCommandTests.golden

    @Test func everyFormIsToldFromItsLines() throws {
        let names = ["012-Heartbeat.jsonl", "embedded.jsonl", "murmur2.tsv", "assignors.jsonl"]
        let run = try Program.kw(["conformance"] + names.map { golden + $0 })
        #expect(run.status == 0)
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[0].hasSuffix("40 passed, 0 failed"))
        #expect(lines[2].hasSuffix("60 passed, 0 failed"))
        #expect(lines.last == "284 passed, 0 failed")
    }

    @Test func aWrongVectorFailsWithItsLineAndItsDifference() throws {
        let good = #"{"api":"Heartbeat","key":12,"kind":"response","version":0,"hex":"0000","json":{"errorCode":0}}"#
        let bad = good.replacing("\"errorCode\":0", with: "\"errorCode\":7")
        let unknown = good.replacing("12", with: "999").replacing("Heartbeat", with: "Future")
        let file = try Program.file(Array([good, bad, "", unknown, "no JSON"].joined(separator: "\n").utf8))
        defer { file.remove() }
        let run = try Program.kw(["conformance", file.path])
        #expect(run.status == 1)
        #expect(run.output.contains("line 2: HeartbeatResponse v0, errorCode: int(0) is not int(7)"))
        #expect(run.output.contains("line 4: Future (key 999) is not known to this build"))
        #expect(run.output.contains("line 5: the line is not JSON"))
        #expect(run.output.hasSuffix("\n1 passed, 3 failed\n"))
    }

    @Test func whatCannotBeReadIsOneError() throws {
        let empty = try Program.file([])
        let text = try Program.file(Array("hello\n".utf8))
        defer {
            empty.remove()
            text.remove()
        }
        for path in ["/does/not/exist", empty.path, text.path, "/tmp"] {
            let run = try Program.kw(["conformance", path])
            #expect(run.status == 2)
            #expect(run.error.hasPrefix("kw conformance: "))
            #expect(run.error.split(separator: "\n").count == 1)
        }
    }

    /// A referee that never fails anything is none: each kind of mistake must be seen.
    @Test func mistakesAreSeen() throws {
        let vector = #"{"api":"Heartbeat","key":12,"kind":"response","version":0,"hex":"0000","json":{"errorCode":0}}"#
        func failure(_ from: String, _ to: String) -> String? {
            JSON(vector.replacing(from, with: to)).flatMap(MessageVector.failure)
        }
        #expect(failure("", "") == nil)
        #expect(failure("\"0000\"", "\"00\"") != nil)
        #expect(failure("\"0000\"", "\"000000\"") != nil)
        #expect(failure("\"0000\"", "\"0001\"") != nil)
        #expect(failure("{\"errorCode\":0}", "{}") != nil)
        #expect(failure("{\"errorCode\":0}", "{\"errorCode\":0,\"more\":1}") != nil)
        #expect(failure("\"version\":0", "\"version\":77") != nil)
        #expect(failure("\"json\"", "\"alsoDecodes\":\"0002\",\"json\"") != nil)
        #expect(failure("\"version\":0", "\"version\":0,\"headerVersion\":1") != nil)
    }

    @Test func jsonIsReadStrictly() {
        #expect(
            JSON(#"{"a":[1,-2.5e1,"\u00e9\ud83d\ude00\n",true,null]}"#)?["a"].elements == [
                .int(1), .double(-25), .string("é😀\n"), .bool(true), .null,
            ])
        for text in ["", "{", "[1,]", "{\"a\"}", "\"\\ud83d\"", "tru", "1 2", "\"\u{1}\"", "nan"] {
            #expect(JSON(text) == nil, "\(text)")
        }
        #expect(JSON(String(repeating: "[", count: 5000)) == nil)
    }
}
