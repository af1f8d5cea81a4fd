import JSONLines
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// `kw explain --schema`, `--diff` and `--apis` as a user runs them. The facts are those of Kafka's definitions.
@Suite(.turn) struct SchemaCommandTests {
    private func lines(_ arguments: [String]) throws -> [String] {
        let run = try Program.kw(["explain"] + arguments)
        #expect(run.status == 0)
        #expect(run.error.isEmpty)
        return run.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    @Test func theFieldsOfAllVersions() throws {
        let lines = try lines(["--schema", "heartbeat"])
        #expect(
            lines == [
                "Heartbeat  API 12  versions 0-4", "",
                "HeartbeatRequest  flexible 4+  RequestHeader v1, flexible v2",
                "  groupId          string  v0+",
                "  generationId     int32   v0+",
                "  memberId         string  v0+",
                "  groupInstanceId  string  v3+  nullable 3+  default null", "",
                "HeartbeatResponse  flexible 4+  ResponseHeader v0, flexible v1",
                "  throttleTimeMs  int32  v1+  ignorable",
                "  errorCode       int16  v0+",
            ])
    }

    @Test func theFieldsOfAVersionAsTheyAreEncoded() throws {
        #expect(
            try lines(["--schema", "12", "--version", "4"]) == [
                "Heartbeat  API 12  versions 0-4", "", "HeartbeatRequest v4  flexible  RequestHeader v2",
                "  groupId          compact string",
                "  generationId     int32",
                "  memberId         compact string",
                "  groupInstanceId  compact string  nullable  default null",
                "  tagged fields    uvarint", "", "HeartbeatResponse v4  flexible  ResponseHeader v1",
                "  throttleTimeMs  int32    ignorable",
                "  errorCode       int16",
                "  tagged fields   uvarint",
            ])
        let old = try lines(["--schema", "Heartbeat", "--version", "0"])
        #expect(old.contains("HeartbeatResponse v0  not flexible  ResponseHeader v0"))
        #expect(!old.contains { $0.contains("groupInstanceId") || $0.contains("throttleTimeMs") })
        let fetch = try lines(["--schema", "Fetch", "--version", "12"])
        #expect(fetch.contains { $0.hasPrefix("    clusterId ") && $0.contains("nullable  tag 0") })
        let secret = try lines(["--schema", "SaslAuthenticate"])
        #expect(secret.contains("  authBytes  bytes  v0+  secret"))
    }

    @Test func whatChanges() throws {
        #expect(
            try lines(["--diff", "Heartbeat", "2", "3"]) == [
                "Heartbeat v2 → v3", "", "HeartbeatRequest", "  + groupInstanceId: string, nullable, default null", "",
                "HeartbeatResponse", "  the same on the wire; what its fields mean may have changed all the same",
            ])
        let back = try lines(["--diff", "Heartbeat", "4", "3"])
        #expect(back.contains("  ~ RequestHeader v2 → v1"))
        #expect(back.contains { $0.contains("no longer flexible") })
    }

    @Test func forPrograms() throws {
        let schema = try #require(JSON(try lines(["--schema", "Fetch", "--version", "12", "--json"]).joined()))
        #expect(schema["key"].number == 1)
        #expect(schema["request"]["headerVersion"].number == 2)
        let fields = schema["request"]["fields"].elements
        let topic = try #require(fields.first { $0["path"].text == "topics[].topic" })
        #expect(topic["encoding"].text == "compact string")
        #expect(topic["versions"].text == "0-12")
        #expect(fields.last?["tag"].number == 0)
        let diff = try #require(JSON(try lines(["--diff", "Fetch", "11", "12", "--json"]).joined()))
        #expect(diff["request"]["headerVersions"].elements == [.int(1), .int(2)])
        #expect(
            diff["request"]["added"].elements.compactMap { $0["path"].text } == [
                "topics[].partitions[].lastFetchedEpoch", "clusterId",
            ])
        let apis = try lines(["--apis", "--json"]).compactMap { JSON($0) }
        #expect(apis.count == API.all.count)
        #expect(try lines(["--apis"]).count == API.all.count + 1)
        #expect(try lines(["--apis"])[2] == "  1  Fetch                         4-18      12+")
    }

    @Test(arguments: [
        (["--schema", "fetsh"], "did you mean Fetch?"), (["--schema", "Nothing"], "--apis lists"),
        (["--diff", "Metdata", "1", "2"], "did you mean Metadata?"), (["--diff", "Fetch", "11"], "two versions"),
        (["--diff", "Fetch", "11", "99"], "known are 4 to 18"), (["--schema", "Fetch", "--version", "1"], "4 to 18"),
        (["--schema", "Fetch", "--apis"], "one of"), (["--apis", "00"], "take no bytes"),
        (["--api", "Offset", "--version", "1", "00"], "ListOffsets or OffsetFetch or OffsetCommit"),
    ]) func mistakesGetASentence(arguments: [String], sentence: String) throws {
        let run = try Program.kw(["explain"] + arguments)
        #expect(run.status != 0)
        #expect(run.output.isEmpty)
        #expect(run.error.contains(sentence), "\(run.error)")
    }

    @Test(arguments: [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("fetch", "fecth", 2), ("flaw", "lawn", 2)])
    func distances(a: String, b: String, distance: Int) {
        #expect(NearestNames.distance(Array(a.utf8), Array(b.utf8)) == distance)
        #expect(NearestNames.distance(Array(b.utf8), Array(a.utf8)) == distance)
    }
}
