import AppSupport
import Captures
import JSONLines
import KafkaWire

/// A frame of several: its number, when and where it was seen, and how it is explained.
struct NumberedFrame {
    /// Counts from 1.
    let number: Int
    /// Microseconds since the recording began; nil for frames that were not recorded.
    let time: Int64?
    /// The connection's number; nil for frames that were not recorded.
    let connection: Int?
    /// Where the frame begins in what it was cut from; nil for frames that were recorded.
    let offset: Int?
    let side: Conversation.Side
    /// What it is in a few words.
    let label: String
    let bytes: Bytes
    let explanation: @Sendable (_ showsSecrets: Bool) -> Explanation

    /// A line that says all of it: `#3  12.4 ms  connection 1  → Fetch v13 request, correlation 5, 74 bytes`.
    /// `last` is the highest number, to which this one is aligned.
    func line(last: Int) -> String {
        let digits = "\(number)"
        var text = String(repeating: " ", count: max(0, "\(last)".count - digits.count)) + "#" + digits
        if let time { text += "  " + Self.padded(Figures.duration(.microseconds(time))) }
        if let connection { text += "  connection \(connection)" }
        if let offset { text += "  byte \(offset)" }
        let size = bytes.count == 1 ? "1 byte" : "\(bytes.count) bytes"
        return text + "  " + (side == .client ? "→" : "←") + " \(label), \(size)"
    }

    /// The same for programs.
    var json: [(String, String)] {
        var fields = [("frame", "\(number)"), ("from", JSONText.string(side.rawValue))]
        if let time { fields.append(("time", "\(time)")) }
        if let connection { fields.append(("connection", "\(connection)")) }
        if let offset { fields.append(("offset", "\(offset)")) }
        return fields + [("label", JSONText.string(label)), ("size", "\(bytes.count)")]
    }

    private static func padded(_ text: String) -> String {
        String(repeating: " ", count: max(0, 8 - text.count)) + text
    }
}

extension NumberedFrame {
    /// The frames of a capture. Each is read, so that responses find their requests, whichever are shown.
    static func all(of capture: Capture) -> [NumberedFrame] {
        var conversation = Conversation()
        return capture.frames.enumerated().map { index, frame in
            let read = conversation.read(frame.bytes, from: frame.from, connection: frame.connection)
            return NumberedFrame(
                number: index + 1, time: frame.time, connection: frame.connection, offset: nil, side: frame.from,
                label: read.label + (frame.isPartial ? ", cut off" : ""), bytes: frame.bytes,
                explanation: { read.explanation(showsSecrets: $0) })
        }
    }

    /// Requests that stand back to back.
    static func requests(_ parts: [Bytes]) -> [NumberedFrame] {
        numbered(parts, .client) { bytes in
            var conversation = Conversation()
            let read = conversation.read(bytes, from: .client)
            return (read.label, { read.explanation(showsSecrets: $0) })
        }
    }

    /// Responses of one API and version that stand back to back.
    static func responses(_ parts: [Bytes], of type: any WireMessage.Type, version: Int16) -> [NumberedFrame] {
        numbered(parts, .broker) { bytes in
            (
                "\(type.wireName) v\(version)",
                { Explanation(responseFrame: bytes, of: type, version: version, showsSecrets: $0) }
            )
        }
    }

    private static func numbered(
        _ parts: [Bytes], _ side: Conversation.Side,
        _ read: (Bytes) -> (String, @Sendable (Bool) -> Explanation)
    ) -> [NumberedFrame] {
        var offset = 0
        return parts.enumerated().map { index, bytes in
            let (label, explanation) = read(bytes)
            defer { offset += bytes.count }
            return NumberedFrame(
                number: index + 1, time: nil, connection: nil, offset: offset, side: side, label: label, bytes: bytes,
                explanation: explanation)
        }
    }

    /// Cuts bytes at the frames' sizes. What is left where a size does not fit is the last part.
    static func cut(_ bytes: Bytes) -> [Bytes] {
        var parts: [Bytes] = []
        var at = 0
        while at < bytes.count {
            var reader = ByteReader(bytes[at..<bytes.count])
            // Four bytes are the least that a frame holds: a response's correlation id.
            guard let size = try? reader.integer(Int32.self), size >= 4, Int(size) <= reader.remaining else { break }
            parts.append(bytes[at..<at + 4 + Int(size)])
            at += 4 + Int(size)
        }
        return at < bytes.count ? parts + [bytes[at..<bytes.count]] : parts
    }
}
