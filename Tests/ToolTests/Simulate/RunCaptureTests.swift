import Captures
import KafkaSimulation
import KafkaWire
import TestSupport
import Testing

@testable import Simulating

/// What went over a simulated network, as frames.
@Suite(.turn) struct RunCaptureTests {
    private static func sent(
        _ time: Int, _ connection: Int, _ isFromClient: Bool, _ hex: String
    ) -> SentBytes {
        SentBytes(
            time: .milliseconds(time), connection: connection, isFromClient: isFromClient, client: "member-1:32768",
            broker: "node-1:9092", bytes: Hex.decode(hex) ?? [])
    }

    private static let request = "0000001500120003000000070003666f6f00026b04312e3000"

    @Test func framesAreCutWhereTheyEnd() {
        let capture = Capture(
            [
                Self.sent(1, 1, true, "00000003aabb"), Self.sent(2, 2, true, "00000001ee00000001ff"),
                Self.sent(3, 1, false, "00000001dd"), Self.sent(4, 1, true, "cc000000"),
                Self.sent(5, 1, true, "0201"), Self.sent(9, 2, false, "00000000"),
            ], note: "n")
        func frame(
            _ time: Int64, _ connection: Int, _ from: Conversation.Side, _ hex: String, isFirst: Bool = false,
            isPartial: Bool = false
        ) -> Capture.Frame {
            Capture.Frame(
                time: time, connection: connection, from: from, bytes: Bytes(Hex.decode(hex) ?? []),
                isPartial: isPartial,
                client: isFirst ? "member-1:32768" : nil, broker: isFirst ? "node-1:9092" : nil)
        }
        #expect(
            capture.frames == [
                frame(2000, 2, .client, "00000001ee", isFirst: true), frame(2000, 2, .client, "00000001ff"),
                frame(3000, 1, .broker, "00000001dd", isFirst: true), frame(4000, 1, .client, "00000003aabbcc"),
                frame(5000, 1, .client, "0000000201", isPartial: true), frame(9000, 2, .broker, "00000000"),
            ])
    }

    @Test func itReadsAsACapture() throws {
        let capture = Capture([Self.sent(0, 1, true, Self.request)], note: "a history")
        #expect(try Capture(Array(capture.lines.joined(separator: "\n").utf8), name: "x") == capture)
    }
}
