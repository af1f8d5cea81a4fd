import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// What is said of broken bytes: where, what was expected, what stands there, and what they may be instead.
@Suite(.turn) struct BreakageTests {
    private func bytes(_ hex: String) throws -> Bytes { Bytes(try #require(Hex.decode(hex))) }

    @Test(arguments: [
        (
            "Metadata", 1, "00000002 0001 61 0005 62", "topics[1].name", "string: 2 bytes of length, then the text",
            "length 5 where 1 byte is left"
        ),
        (
            "Metadata", 1, "0000", "topics", "[]MetadataRequestTopic: 4 bytes of count, then the elements",
            "needs 4 bytes, 2 are left"
        ),
        (
            "Metadata", 1, "000f4240 000000000000000000000000", "topics",
            "[]MetadataRequestTopic: 4 bytes of count, then the elements", "length 1,000,000 where 12 bytes are left"
        ),
        (
            "Metadata", 0, "ffffffff", "topics", "[]MetadataRequestTopic: 4 bytes of count, then the elements",
            "null, which this version does not allow"
        ),
        (
            "Metadata", 0, "fffffffb", "topics", "[]MetadataRequestTopic: 4 bytes of count, then the elements",
            "length -5, less than any length may be"
        ),
        ("Metadata", 1, "ffffffff 0000", "left over", "", "2 bytes behind the end"),
        ("Heartbeat", 4, "0267 0000", "generationId", "int32: 4 bytes", "needs 4 bytes, 2 are left"),
        (
            "Heartbeat", 4, "ff", "groupId", "compact string: a varint of length + 1, then the text",
            "needs 2 bytes, 1 is left"
        ),
    ])
    func aBreak(api: String, version: Int16, hex: String, path: String, expected: String, found: String) throws {
        let body = try bytes(hex)
        let explanation = Explanation(body: body, of: try #require(API.named(api)).request, version: version)
        let broken = try #require(explanation.breakage)
        #expect(broken.row.path == path)
        #expect(broken.expected == expected)
        #expect(broken.found == found)
        #expect(broken.message == "\(api)Request v\(version)")
        #expect(broken.row.kind == .unread)
        ExplanationTests.expectCoverage(explanation, body)
    }

    /// The rows before the break are those of the whole message, whatever the length.
    @Test(arguments: ["Produce", "Fetch", "JoinGroup", "ApiVersions", "DescribeConfigs"])
    func everyPrefixIsExplainedUpToTheBreak(api: String) throws {
        let known = try #require(API.named(api))
        let file = String("00\(known.key.rawValue)".suffix(3)) + "-\(api).jsonl"
        let vectors = try Fixture.json("golden/\(file)").filter { 60..<600 ~= $0["hex"].text?.count ?? 0 }
        for vector in [vectors.first, vectors.last].compactMap({ $0 }) {
            let (type, version, bytes) = try GoldenMessageTests.parts(vector)
            let whole = Explanation(body: bytes, of: type, version: version).rows
            for length in 0..<bytes.count {
                let explanation = Explanation(body: bytes[0..<length], of: type, version: version)
                let broken = try #require(explanation.breakage)
                #expect(broken.row.offset <= length)
                #expect(!broken.found.isEmpty)
                ExplanationTests.expectCoverage(explanation, bytes[0..<length])
                let before = explanation.rows.prefix { $0.kind != .unread && !$0.isUnpacked }
                for (row, other) in zip(before, whole) where row.kind == .field {
                    // What a batch says of itself hangs on all of it, and a length may be followed by less.
                    guard row.name != "crc", row.name != "records" else { break }
                    #expect(row.path == other.path)
                    #expect(row.value == other.value || row.path.contains("records["), "\(row.path)")
                }
            }
        }
    }

    /// Nothing traps on bytes that are wrong, whatever is asked of the explanation.
    @Test(arguments: [0, 1, 11, 15, 18, 32, 40]) func flippedBitsInFrames(key: Int16) throws {
        let api = try #require(API.of(APIKey(rawValue: key)))
        let file = String("00\(key)".suffix(3)) + "-\(api.name).jsonl"
        let vectors = try Fixture.json("golden/\(file)").filter { 20..<400 ~= $0["hex"].text?.count ?? 0 }
        for vector in vectors.prefix(12) {
            let (type, version, body) = try GoldenMessageTests.parts(vector)
            let isRequest = vector["kind"].text == "request"
            let tags: [UInt8] = type.flexible.contains(version) ? [0] : []
            let request: [UInt8] = [0, UInt8(key), 0, UInt8(version), 0, 0, 0, 7, 0, 1, 0x63] + tags
            let asked = [0, 0, 0, UInt8(request.count)] + request
            let head = isRequest ? request : [0, 0, 0, 7] + tags
            let size = UInt16(head.count + body.count)
            var frame = [0, 0, UInt8(size >> 8), UInt8(truncatingIfNeeded: size)] + head + body.copy()
            for bit in stride(from: 0, to: frame.count * 8, by: 5) {
                frame[bit / 8] ^= 1 << UInt8(bit % 8)
                var conversation = Conversation()
                if !isRequest { _ = conversation.read(Bytes(asked), from: .client) }
                let explanation = conversation.read(Bytes(frame), from: isRequest ? .client : .broker).explanation()
                ExplanationTests.expectCoverage(explanation, Bytes(frame))
                #expect((explanation.breakage == nil) == (explanation.failure == nil))
                _ = explanation.rows.flatMap(\.bits)
                frame[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    @Test(arguments: [
        ("160301020001000001fc0303", "this looks like a TLS ClientHello: the client speaks TLS"),
        ("160303007a02000076", "this looks like a TLS ServerHello: the port speaks TLS"),
        ("15030300020246", "this looks like a TLS alert: the port speaks TLS"),
        ("474554202f20485454502f312e31", "this looks like an HTTP request: its sender does not speak Kafka's protocol"),
        ("485454502f312e3120343030", "this looks like an HTTP response: this is not a port of Kafka's protocol"),
        ("5353482d322e302d4f70656e", "this looks like SSH's greeting: this is not a port of Kafka's protocol"),
        ("68656c6c6f0a", "this looks like text: \"hell\" in place of a size"),
    ])
    func otherProtocolsAreNamed(hex: String, note: String) throws {
        let foreign = try bytes(hex)
        for explanation in [
            Explanation(requestFrame: foreign),
            Explanation(responseFrame: foreign, of: MetadataResponse.self, version: 1),
        ] {
            #expect(explanation.rows.map(\.note) == [note])
            #expect(explanation.failure != nil)
            #expect(explanation.breakage?.found == "what looks like " + note.dropFirst("this looks like ".count))
            ExplanationTests.expectCoverage(explanation, foreign)
        }
    }

    @Test func whatTheBytesMayBeInstead() throws {
        // A MetadataRequest v4 has a flag behind its topics that v1 has not.
        let body = try bytes("ffffffff 01")
        #expect(
            Explanation(body: body, of: MetadataRequest.self, version: 1).breakage?.hint
                == "the body would be whole in version 4, 5, 6, 7 of MetadataRequest")
        let response = Bytes(try HeartbeatResponse().encode(version: 1))
        #expect(
            Explanation(body: response, of: HeartbeatRequest.self, version: 1).breakage?.hint
                == "the body would be a whole HeartbeatResponse v1")
        let frame = Bytes(try Frame.request(MetadataRequest(), version: 1, correlationId: 7, clientId: "c"))
        let unframed = frame[4..<frame.count]
        #expect(
            Explanation(requestFrame: unframed).breakage?.hint
                == "without a size in front they would be a whole MetadataRequest v1")
        #expect(Explanation(requestFrame: frame).breakage == nil)
    }

    @Test func aBatchThatIsCutOffHasTheFieldsThatAreThere() throws {
        let vector = try #require(try Fixture.json("golden/record-batches.jsonl").first)
        let batch = try #require(vector["hex"].hex)
        let whole = Explanation(records: batch).rows.filter { $0.kind == .field }
        for length in [17, 20, 23, 40, 61, 80] {
            let part = Explanation(records: batch[0..<length])
            let rows = part.rows.filter { $0.kind == .field }
            for (row, other) in zip(rows, whole) {
                #expect(row.path == other.path)
                #expect(row.value == other.value)
            }
            #expect(rows.count == [17: 4, 20: 4, 23: 6, 40: 8, 61: 13, 80: 13][length])
            #expect(part.rows.last?.note == "a batch that is cut off: \(length) bytes of \(batch.count)")
            ExplanationTests.expectCoverage(part, batch[0..<length])
        }
    }

    @Test func aBrokenRecordNamesItsField() throws {
        let vector = try #require(try Fixture.json("golden/record-batches.jsonl").first)
        var bytes = try #require(vector["hex"].hex).copy()
        // The length of the first record's key, at byte 65.
        bytes[65] = 0x7E
        let explanation = Explanation(records: Bytes(bytes))
        let row = try #require(explanation.rows.first { $0.kind == .unread })
        #expect(row.path == "[0][0].key")
        #expect(row.note == "length 63 where 12 bytes are left")
        ExplanationTests.expectCoverage(explanation, Bytes(bytes))
    }
}
