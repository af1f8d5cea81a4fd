import ChangeEvents
import KafkaWire

/// Change events: the first byte's low two bits say how amounts are written, bit 2 whether the schema's name counts; then
/// come events, with a byte 0 between them, which no JSON contains.
///
/// They are read twice in turn by a decoder that remembers, so that what the first time taught is used the second time,
/// and each by a decoder that remembers nothing: the answers must be the same, and what they say must be what a plain
/// parser finds. The first byte's upper half says which of them carry the header of moved rows: bits 4 and 5 for those
/// of even and odd place the first time, bits 6 and 7 the second time.
enum EventCheck {
    private static let mostEvents = 8

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard !input.isEmpty else { return }
        let options = options(input[0])
        var plainOptions = options
        plainOptions.remembersPrefixes = false
        let plain = ChangeEventDecoder(plainOptions)
        var remembering = ChangeEventDecoder(options)
        let events = input[1..<input.count].copy().split(
            separator: 0, maxSplits: mostEvents - 1, omittingEmptySubsequences: false)
        for pass in 0...1 {
            for (index, event) in events.enumerated() {
                let hasOldKey = input[0] >> UInt8(4 + 2 * pass + index % 2) & 1 == 1
                var plain = plain
                let answer = try memory.bound("reading an event", event.count, perByte: 24) {
                    event.withUnsafeBytes { plain.decode($0, hasOldKey: hasOldKey) }
                }
                let remembered = try memory.bound("reading an event with memory", event.count, perByte: 24) {
                    event.withUnsafeBytes { remembering.decode($0, hasOldKey: hasOldKey) }
                }
                try claim(
                    remembered == answer,
                    "\(answer), but with memory \(remembered): \(String(decoding: event, as: UTF8.self))")
                if pass == 0 { try EventReference.check(answer, Array(event), hasOldKey: hasOldKey) }
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
        return ChangeEventDecoder.Options(schema: byte & 4 == 0 ? nil : "public", amount: amount)
    }
}
