import Conformance
import TestSupport
import Testing

@testable import KafkaWire

/// Rows against bytes that were read by hand.
@Suite(.turn) struct ExplainedRowsTests {
    private func bytes(_ hex: String) throws -> Bytes { Bytes(try #require(Hex.decode(hex))) }

    /// Offset, bytes, path, value, and note of each row.
    private func text(_ explanation: Explanation) -> [String] {
        explanation.rows.map { row in
            let value = row.kind == .group ? row.type : row.kind == .unread ? "?" : row.value
            let parts = ["\(row.offset)", row.kind == .group ? "-" : "\(row.bytes)", row.path, value, row.note]
            return parts.filter { !$0.isEmpty }.joined(separator: " | ")
        }
    }

    @Test func aRequestFrame() throws {
        let frame = try bytes("00000015 0012 0003 00000007 0003 666f6f 00 02 6b 04 312e30 00")
        let explanation = Explanation(requestFrame: frame)
        #expect(explanation.title == "ApiVersionsRequest v3")
        #expect(explanation.failure == nil)
        #expect(
            text(explanation) == [
                "0 | 00000015 | size | 21 | bytes that follow",
                "4 | - | header | RequestHeader v2",
                "4 | 0012 | header.requestApiKey | 18 | ApiVersions",
                "6 | 0003 | header.requestApiVersion | 3",
                "8 | 00000007 | header.correlationId | 7",
                "12 | 0003666f6f | header.clientId | \"foo\" | string: length 3",
                "17 | 00 | header.tagged fields | none",
                "18 | - | body | ApiVersionsRequest v3",
                "18 | 026b | body.clientSoftwareName | \"k\" | compact string: length 1 + 1",
                "20 | 04312e30 | body.clientSoftwareVersion | \"1.0\" | compact string: length 3 + 1",
                "24 | 00 | body.tagged fields | none",
            ])
    }

    @Test func aResponseFrameOfAnOldVersion() throws {
        let frame = try bytes("00000010 00000007 0023 00000001 0012 0000 0004")
        let explanation = Explanation(responseFrame: frame, of: ApiVersionsResponse.self, version: 0)
        #expect(explanation.failure == nil)
        #expect(
            text(explanation) == [
                "0 | 00000010 | size | 16 | bytes that follow",
                "4 | - | header | ResponseHeader v0",
                "4 | 00000007 | header.correlationId | 7",
                "8 | - | body | ApiVersionsResponse v0",
                "8 | 0023 | body.errorCode | 35 | UNSUPPORTED_VERSION",
                "10 | 00000001 | body.apiKeys | 1 element | array: length 1",
                "14 | - | body.apiKeys[0] | ApiVersion",
                "14 | 0012 | body.apiKeys[0].apiKey | 18 | ApiVersions",
                "16 | 0000 | body.apiKeys[0].minVersion | 0",
                "18 | 0004 | body.apiKeys[0].maxVersion | 4",
            ])
    }

    @Test func taggedFieldsKnownAndUnknown() throws {
        let fixed = "ffffffff 000001f4 00000001 03200000 00 00000000 ffffffff 01 01 01"
        let body = try bytes(fixed + "02 00 03 036331 05 02 abcd")
        let explanation = Explanation(body: body, of: FetchRequest.self, version: 12)
        #expect(explanation.failure == nil)
        #expect(
            text(explanation) == [
                "0 | ffffffff | replicaId | -1 | a client",
                "4 | 000001f4 | maxWaitMs | 500",
                "8 | 00000001 | minBytes | 1",
                "12 | 03200000 | maxBytes | 52428800",
                "16 | 00 | isolationLevel | 0 | read_uncommitted",
                "17 | 00000000 | sessionId | 0 | no session",
                "21 | ffffffff | sessionEpoch | -1 | no session, or its end",
                "25 | 01 | topics | 0 elements | compact array: length 0 + 1",
                "26 | 01 | forgottenTopicsData | 0 elements | compact array: length 0 + 1",
                "27 | 01 | rackId | \"\" | compact string: length 0 + 1",
                "28 | 02 | tagged fields | 2",
                "29 | 0003 | tag | tag 0 | size 3",
                "31 | 036331 | clusterId | \"c1\" | compact string: length 2 + 1",
                "34 | 0502 | tag | tag 5 | size 2",
                "36 | abcd | unknown tag 5 | 2 bytes | tag 5 unknown, 2 bytes, skipped",
            ])
    }

    @Test func nullIsMarked() throws {
        let explanation = Explanation(body: try bytes("00 01 00 00"), of: MetadataRequest.self, version: 12)
        #expect(
            text(explanation) == [
                "0 | 00 | topics | null | compact array: length 0 = null",
                "1 | 01 | allowAutoTopicCreation | true",
                "2 | 00 | includeTopicAuthorizedOperations | false",
                "3 | 00 | tagged fields | none",
            ])
    }

    @Test func theBreakSaysWhatWasExpected() throws {
        let explanation = Explanation(body: try bytes("ffffffff 0000"), of: MetadataRequest.self, version: 1)
        #expect(
            text(explanation) == [
                "0 | ffffffff | topics | null | array: length -1 = null",
                "4 | 0000 | left over | ? | 2 bytes behind the end",
            ])
        let short = Explanation(body: try bytes("00000002 0001 61 0005 62"), of: MetadataRequest.self, version: 1)
        #expect(
            text(short) == [
                "0 | 00000002 | topics | 2 elements | array: length 2",
                "4 | - | topics[0] | MetadataRequestTopic",
                "4 | 000161 | topics[0].name | \"a\" | string: length 1",
                "7 | - | topics[1] | MetadataRequestTopic",
                "7 | 000562 | topics[1].name | ? | length 5 where 1 byte is left",
            ])
        #expect(
            short.failure?.description
                == "MetadataRequest v1, field name, byte 7: a length of 5, but only 1 bytes are left")
    }

    @Test func aSubscriptionInsideJoinGroup() throws {
        let request = JoinGroupRequest.with {
            $0.groupId = "g"
            $0.protocolType = "consumer"
            $0.protocols = [.with { $0.metadata = Bytes(EmbeddedTests.subscription) }]
        }
        let body = Bytes(try request.encode(version: 0))
        let explanation = Explanation(body: body, of: JoinGroupRequest.self, version: 0)
        #expect(explanation.failure == nil)
        ExplanationTests.expectCoverage(explanation, body)
        #expect(
            text(explanation).suffix(6) == [
                "25 | 00000010 | protocols[0].metadata | 16 bytes | bytes: length 16",
                "29 | 0000 | protocols[0].metadata.version | 0 | of ConsumerProtocolSubscription",
                "31 | 00000002 | protocols[0].metadata.topics | 2 elements | array: length 2",
                "35 | 000161 | protocols[0].metadata.topics[0] | \"a\" | string: length 1",
                "38 | 000162 | protocols[0].metadata.topics[1] | \"b\" | string: length 1",
                "41 | ffffffff | protocols[0].metadata.userData | null | bytes: length -1 = null",
            ])
    }

    @Test func aRefusedNegotiationIsReadAsVersion0() throws {
        let frame = try bytes("00000010 00000007 0023 00000001 0012 0000 0004")
        let explanation = Explanation(responseFrame: frame, of: ApiVersionsResponse.self, version: 4)
        #expect(explanation.failure == nil)
        #expect(explanation.rows.first { $0.path == "body" }?.type == "ApiVersionsResponse v0")
        // The mock of librdkafka answers in no version at all.
        let mock = try bytes("00000012 00000007 0023 01 0012 0000 0002 00000000")
        let broken = Explanation(responseFrame: mock, of: ApiVersionsResponse.self, version: 3)
        #expect(broken.failure != nil)
        ExplanationTests.expectCoverage(broken, mock)
    }

    @Test func brokenFrames() throws {
        let frame = try bytes("00000015 0012 0003 00000007 0003 666f6f 00 02 6b 04 312e30 00")
        for length in 0..<frame.count {
            let explanation = Explanation(requestFrame: frame[0..<length])
            #expect(explanation.failure != nil)
            ExplanationTests.expectCoverage(explanation, frame[0..<length])
        }
        let longer = Bytes(frame.copy() + [1, 2])
        #expect(Explanation(requestFrame: longer).failure?.reason == .trailing(2))
        ExplanationTests.expectCoverage(Explanation(requestFrame: longer), longer)
        let unknown = try bytes("0000000a 03e7 0003 00000007 ffff")
        let explanation = Explanation(requestFrame: unknown)
        #expect(explanation.failure?.field == "requestApiKey")
        ExplanationTests.expectCoverage(explanation, unknown)
        let negative = Explanation(requestFrame: try bytes("ffffffff 00"))
        #expect(negative.failure?.field == "size")
    }

    @Test func moments() {
        #expect(Meaning.instant(0) == "1970-01-01 00:00:00.000 UTC")
        #expect(Meaning.instant(1_700_000_000_123) == "2023-11-14 22:13:20.123 UTC")
        #expect(Meaning.instant(951_782_400_000) == "2000-02-29 00:00:00.000 UTC")
        #expect(Meaning.instant(-1) == nil)
        #expect(Meaning.instant(.max) == nil)
    }

    @Test func textThatWouldDisturbATerminalIsEscaped() {
        #expect(Meaning.quoted("a\"\u{1B}[31m\n") == "\"a\\\"\\u{1b}[31m\\n\"")
        #expect(Meaning.preview(Bytes([0x1B, 0x5B])) == "2 bytes")
        #expect(Meaning.preview(Bytes([])) == "empty")
    }
}
