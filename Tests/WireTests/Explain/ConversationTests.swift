import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// Frames of a connection, each explained as what it is.
@Suite(.turn) struct ConversationTests {
    private static func request<R: WireRequest>(_ request: R, _ version: Int16, _ correlation: Int32) throws -> Bytes {
        Bytes(try Frame.request(request, version: version, correlationId: correlation, clientId: "c"))
    }

    private static func response<R: WireMessage>(_ response: R, _ version: Int16, _ correlation: Int32) throws -> Bytes
    {
        Bytes(try Frame.response(response, version: version, correlationId: correlation))
    }

    /// A frame around a body that the Java client wrote.
    private static func frame(_ head: [UInt8], _ body: Bytes) -> Bytes {
        let size = UInt32(head.count + body.count)
        return Bytes([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } + head + body.copy())
    }

    /// Every API and version of the Java client's vectors: a request and the response that answers it, explained to
    /// the end.
    @Test(arguments: GoldenMessageTests.files) func everyResponseFindsItsRequest(file: String) throws {
        let vectors = try Fixture.json("golden/\(file)")
        var conversation = Conversation()
        var correlation: UInt8 = 0
        var pairs = 0
        for vector in vectors where vector["kind"].text == "request" {
            let (type, version, body) = try GoldenMessageTests.parts(vector)
            let answer = vectors.first {
                $0["kind"].text == "response" && $0["version"].number == Int64(version)
            }
            guard let answer else { continue }
            correlation &+= 1
            pairs += 1
            let key = UInt8(type.api.rawValue)
            let head: [UInt8] = [0, key, 0, UInt8(version), 0, 0, 0, correlation, 0xFF, 0xFF]
            let requestHead = vector["headerVersion"].number == 2 ? head + [0] : head
            let asked = conversation.read(Self.frame(requestHead, body), from: .client)
            let call = Conversation.Call(key: type.api.rawValue, version: version)
            #expect(asked.content == .request(call, correlation: Int32(correlation)))
            #expect(asked.explanation().failure == nil)
            let tags: [UInt8] = answer["headerVersion"].number == 1 ? [0] : []
            let (answerType, _, answerBody) = try GoldenMessageTests.parts(answer)
            let answered = conversation.read(Self.frame([0, 0, 0, correlation] + tags, answerBody), from: .broker)
            #expect(answered.content == .response(to: call, correlation: Int32(correlation)))
            let explanation = answered.explanation()
            #expect(explanation.failure == nil)
            #expect(explanation.title == "\(answerType.wireName) v\(version)")
            ExplanationTests.expectCoverage(explanation, answered.bytes)
        }
        #expect(pairs > 0)
    }

    @Test func answersOutOfOrderAndOfSeveralConnections() throws {
        var conversation = Conversation()
        _ = conversation.read(try Self.request(MetadataRequest(), 1, 7), from: .client, connection: 1)
        _ = conversation.read(try Self.request(ListGroupsRequest(), 0, 8), from: .client, connection: 1)
        _ = conversation.read(try Self.request(ApiVersionsRequest(), 3, 7), from: .client, connection: 2)
        let labels = [
            conversation.read(try Self.response(ListGroupsResponse(), 0, 8), from: .broker, connection: 1),
            conversation.read(try Self.response(ApiVersionsResponse(), 3, 7), from: .broker, connection: 2),
            conversation.read(try Self.response(MetadataResponse(), 1, 7), from: .broker, connection: 1),
            conversation.read(try Self.response(MetadataResponse(), 1, 7), from: .broker, connection: 1),
        ].map(\.label)
        #expect(
            labels == [
                "ListGroups v0 response, correlation 8", "ApiVersions v3 response, correlation 7",
                "Metadata v1 response, correlation 7", "response to a request that was not seen, correlation 7",
            ])
    }

    @Test func aResponseWithoutItsRequestIsAHeaderAndUnreadBytes() throws {
        var conversation = Conversation()
        let bytes = try Self.response(MetadataResponse(), 1, 7)
        let frame = conversation.read(bytes, from: .broker)
        #expect(frame.content == .unmatchedResponse(correlation: 7))
        let explanation = frame.explanation()
        #expect(explanation.failure == nil)
        #expect(explanation.rows.map(\.path) == ["size", "header", "header.correlationId", "body"])
        #expect(explanation.rows.last?.kind == .unread)
        #expect(explanation.rows.last?.note.hasPrefix("what it answers was not seen") == true)
        // It may be the answer to a token's creation.
        #expect(explanation.rows.last?.isSecret == true)
        #expect(frame.explanation(showsSecrets: true).rows.last?.isSecret == false)
        ExplanationTests.expectCoverage(explanation, bytes)
    }

    @Test func anUnknownAPIHasItsHeaderExplained() throws {
        var conversation = Conversation()
        let request = Bytes([0, 0, 0, 12, 3, 0xE7, 0, 5, 0, 0, 0, 9, 0xFF, 0xFF, 1, 2])
        let asked = conversation.read(request, from: .client)
        #expect(asked.label == "API 999 v5 request, correlation 9")
        let rows = asked.explanation().rows
        #expect(rows.last?.kind == .unread)
        #expect(rows.last?.note == "this build does not know API 999")
        ExplanationTests.expectCoverage(asked.explanation(), request)
        let response = Bytes([0, 0, 0, 6, 0, 0, 0, 9, 1, 2])
        let answered = conversation.read(response, from: .broker)
        #expect(answered.label == "API 999 v5 response, correlation 9")
        #expect(answered.explanation().rows.last?.note.contains("API 999") == true)
        #expect(answered.explanation().failure == nil)
        ExplanationTests.expectCoverage(answered.explanation(), response)
    }

    @Test func aVersionThatIsNotKnownLeavesTheBodyUnread() throws {
        var conversation = Conversation()
        let request = Bytes([0, 0, 0, 13, 0, 3, 0, 99, 0, 0, 0, 9, 0xFF, 0xFF, 0, 1, 2])
        let asked = conversation.read(request, from: .client)
        #expect(asked.label == "Metadata v99 request, correlation 9")
        #expect(asked.explanation().failure != nil)
        #expect(asked.explanation().rows.last { $0.kind == .unread }?.path == "body.body")
        ExplanationTests.expectCoverage(asked.explanation(), request)
    }

    @Test func aRefusedNegotiationAnswersInVersion0() throws {
        var conversation = Conversation()
        _ = conversation.read(try Self.request(ApiVersionsRequest(), 4, 1), from: .client)
        let refusal = Self.frame([0, 0, 0, 1], [0, 35, 0, 0, 0, 0])
        let frame = conversation.read(refusal, from: .broker)
        #expect(frame.label == "ApiVersions v4 response, correlation 1")
        let explanation = frame.explanation()
        #expect(explanation.failure == nil)
        #expect(explanation.rows.first { $0.path == "body" }?.type == "ApiVersionsResponse v0")
    }

    /// RFC 5802's example and PLAIN: bare tokens with a size in front, until a request comes.
    @Test(arguments: [
        [
            "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        ],
        ["\0alice\0secret", ""], ["\0A\0b", ""], ["", ""],
    ]) func bareTokensFollowSaslHandshake0(tokens: [String]) throws {
        var conversation = Conversation()
        _ = conversation.read(try Self.request(SaslHandshakeRequest(), 0, 1), from: .client)
        let agreed = conversation.read(try Self.response(SaslHandshakeResponse(), 0, 1), from: .broker)
        #expect(agreed.label == "SaslHandshake v0 response, correlation 1")
        for (index, token) in tokens.enumerated() {
            let bytes = Self.frame([], Bytes(utf8: token))
            let frame = conversation.read(bytes, from: index.isMultiple(of: 2) ? .client : .broker)
            #expect(frame.content == .token)
            let explanation = frame.explanation()
            #expect(explanation.failure == nil)
            #expect(explanation.rows.last?.value == "\(token.utf8.count) bytes, hidden")
            #expect(explanation.rows.last?.isSecret == true)
            ExplanationTests.expectCoverage(explanation, bytes)
        }
        let next = conversation.read(try Self.request(MetadataRequest(), 1, 2), from: .client)
        #expect(next.label == "Metadata v1 request, correlation 2")
        let answer = conversation.read(try Self.response(MetadataResponse(), 1, 2), from: .broker)
        #expect(answer.label == "Metadata v1 response, correlation 2")
        #expect(conversation.read([0, 0, 0, 0], from: .broker).content == .fragment)
    }

    @Test func whatIsNeverAnsweredIsForgotten() throws {
        var conversation = Conversation()
        for correlation in 0..<Int32(10_000) {
            _ = conversation.read(try Self.request(MetadataRequest(), 1, correlation), from: .client)
        }
        let late = conversation.read(try Self.response(MetadataResponse(), 1, 9_999), from: .broker)
        #expect(late.label == "Metadata v1 response, correlation 9999")
        let lost = conversation.read(try Self.response(MetadataResponse(), 1, 0), from: .broker)
        #expect(lost.content == .unmatchedResponse(correlation: 0))
    }

    @Test func otherProtocolsAreNamed() throws {
        var conversation = Conversation()
        let hello = conversation.read([0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3, 0], from: .client)
        #expect(hello.label == "no frame but a TLS ClientHello: the client speaks TLS")
        #expect(hello.explanation().breakage?.row.path == "size")
        let answer = conversation.read(Bytes(utf8: "HTTP/1.1 400 Bad Request"), from: .broker)
        #expect(answer.label.hasPrefix("no frame but an HTTP response"))
    }

    @Test func fragmentsAreExplainedAsFarAsTheyGo() throws {
        let request = try Self.request(MetadataRequest(), 1, 7)
        let response = try Self.response(MetadataResponse(), 1, 7)
        for length in 0..<request.count {
            var conversation = Conversation()
            let frame = conversation.read(request[0..<length], from: .client)
            #expect((frame.content == .fragment) == (length < 12))
            #expect(frame.explanation().failure != nil)
            ExplanationTests.expectCoverage(frame.explanation(), request[0..<length])
        }
        for length in 0..<response.count {
            var conversation = Conversation()
            _ = conversation.read(request, from: .client)
            let frame = conversation.read(response[0..<length], from: .broker)
            #expect((frame.content == .fragment) == (length < 8))
            #expect(frame.explanation().failure != nil)
            ExplanationTests.expectCoverage(frame.explanation(), response[0..<length])
        }
    }
}
