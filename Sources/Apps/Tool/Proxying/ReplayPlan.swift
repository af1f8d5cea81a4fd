import AppSupport
import Captures
import JSONLines
import KafkaWire

/// What a capture holds for a replay: its requests in their order, each with the answer that was recorded.
package struct ReplayPlan: Sendable {
    /// A request to send again.
    package struct Step: Sendable {
        /// The number of the request's frame in the capture, from 1.
        package var frame: Int
        package var connection: Int
        /// Microseconds since the recording began.
        package var time: Int64
        package var head: RequestHead
        package var request: Bytes
        /// The recorded answer, size included; nil where none was recorded whole.
        package var answer: Bytes?
        /// The place of the answer among all frames of the capture, so that a replay at full speed keeps the order.
        package var answeredAt: Int?
        /// Why it is not sent; nil where it is.
        package var obstacle: String?
    }

    package private(set) var steps: [Step] = []
    /// What could not be taken, in sentences.
    package private(set) var remarks: [String] = []

    /// Requests that authenticate hold secrets, or are answers to a challenge that will not come again.
    private static let authenticating: Set<APIKey> = [.saslHandshake, .saslAuthenticate]

    /// Finds the requests of a capture.
    package init(_ capture: Capture) {
        var inFlight: [Int: [Int]] = [:]
        var mayHoldTokens: Set<Int> = []
        var strangers = 0
        for (index, frame) in capture.frames.enumerated() {
            let head = frame.bytes.withUnsafeBytes { bytes in
                frame.from == .client
                    ? FrameHead.request(bytes, mayHoldTokens: mayHoldTokens.contains(frame.connection))
                    : FrameHead.answer(bytes)
            }
            switch head {
            case .request(let head) where !frame.isPartial:
                mayHoldTokens.remove(frame.connection)
                if head.api == .saslHandshake, head.version == 0 { mayHoldTokens.insert(frame.connection) }
                var step = Step(
                    frame: index + 1, connection: frame.connection, time: frame.time, head: head, request: frame.bytes)
                if Self.authenticating.contains(head.api) {
                    step.obstacle = "requests that authenticate are not sent again"
                }
                if head.wantsAnswer { inFlight[frame.connection, default: []].append(steps.count) }
                steps.append(step)
            case .answer(let correlationId, _) where !frame.isPartial:
                guard
                    let place = inFlight[frame.connection]?.firstIndex(where: {
                        steps[$0].head.correlationId == correlationId
                    }), let step = inFlight[frame.connection]?.remove(at: place)
                else {
                    strangers += 1
                    continue
                }
                steps[step].answer = frame.bytes
                steps[step].answeredAt = index + 1
            default: strangers += 1
            }
        }
        let left = steps.filter { $0.obstacle != nil }.count
        if left > 0 { remarks.append("left out: \(Figures.counted(left, "request")) for authentication") }
        if strangers > 0 {
            remarks.append("left out: \(Figures.counted(strangers, "frame")) of no whole request and no answer to one")
        }
    }

    /// The API's name of a step.
    package static func name(_ head: RequestHead) -> String { API.of(head.api)?.name ?? "API \(head.api.rawValue)" }

    /// A line for each request.
    package var lines: [String] {
        steps.map { step in
            let answer =
                step.answer.map { ByteCount.text($0.count) } ?? (step.head.wantsAnswer ? "none recorded" : "none")
            var line =
                "#\(step.frame)  \(Self.padded(step.time))  connection \(step.connection)  "
                + "\(Self.name(step.head)) v\(step.head.version)  correlation \(step.head.correlationId)  "
                + "\(ByteCount.text(step.head.size)) → \(answer)"
            if let obstacle = step.obstacle { line += "  (\(obstacle))" }
            return line
        }
    }

    /// The same for programs: an array.
    package var json: String {
        JSONText.array(
            steps.map { step in
                JSONText.object([
                    ("frame", "\(step.frame)"), ("timeMicroseconds", "\(step.time)"),
                    ("connection", "\(step.connection)"), ("api", JSONText.string(Self.name(step.head))),
                    ("version", "\(step.head.version)"), ("correlationId", "\(step.head.correlationId)"),
                    ("requestBytes", "\(step.head.size)"),
                    ("responseBytes", step.answer.map { "\($0.count)" } ?? "null"),
                    ("skipped", JSONText.string(step.obstacle)),
                ])
            })
    }

    private static func padded(_ microseconds: Int64) -> String {
        let text = "\(microseconds / 1000) ms"
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
    }
}
