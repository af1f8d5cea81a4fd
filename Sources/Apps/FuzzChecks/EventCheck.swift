import ChangeEvents
import KafkaWire

/// Change events: the first byte's low two bits say how amounts are written, the next whether the first event carries
/// the header of moved rows; then come events, with a byte 0 between them, which no JSON contains.
///
/// They are read twice in turn by a decoder that remembers, so that what the first time taught is used the second time,
/// and each by a decoder that remembers nothing: the answers must be the same, and what they say must be what a plain
/// parser finds.
enum EventCheck {
    private static let mostEvents = 8

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard !input.isEmpty else { return }
        let options = options(input[0])
        let hasOldKey = input[0] & 4 != 0
        let events = Array(
            input[1..<input.count].copy().split(
                separator: 0, maxSplits: mostEvents - 1, omittingEmptySubsequences: false))
        var remembering = ChangeEventDecoder(options)
        var plainOptions = options
        plainOptions.remembersPrefixes = false
        let plain = ChangeEventDecoder(plainOptions)
        var answers: [ChangeEvent] = []
        for event in events {
            var plain = plain
            let answer = try memory.bound("reading an event", event.count, perByte: 24) {
                event.withUnsafeBytes { plain.decode($0, hasOldKey: hasOldKey) }
            }
            answers.append(answer)
            try EventReference.check(answer, Array(event), hasOldKey: hasOldKey)
        }
        for pass in 1...2 {
            for (event, answer) in zip(events, answers) {
                let remembered = try memory.bound("reading an event with memory", event.count, perByte: 24) {
                    event.withUnsafeBytes { remembering.decode($0, hasOldKey: hasOldKey) }
                }
                try claim(
                    isSame(remembered, answer),
                    "\(answer), but with memory, in pass \(pass), \(remembered): "
                        + String(decoding: event, as: UTF8.self))
            }
        }
    }

    private static func options(_ byte: UInt8) -> ChangeEventDecoder.Options {
        let amount: AmountEncoding =
            switch byte & 3 {
            case 0: .automatic(scale: 2)
            case 1: .base64(scale: 4)
            case 2: .double
            default: .string
            }
        return ChangeEventDecoder.Options(schema: byte & 8 == 0 ? nil : "public", amount: amount)
    }

    private static func isSame(_ a: ChangeEvent, _ b: ChangeEvent) -> Bool { a == b }
}
