/// A 128-bit identifier, such as a topic's (KIP-516): 16 raw bytes on the wire, base64url without padding in text.
public struct Uuid: Hashable, Sendable {
    /// The first eight bytes, big-endian.
    public var high: UInt64
    /// The last eight bytes, big-endian.
    public var low: UInt64

    /// An identifier of two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// All bits zero: "no identifier".
    public static let zero = Uuid(high: 0, low: 0)

    /// A random identifier (RFC 9562, version 4). Those that Kafka reserves (0 and 1), and those whose text begins
    /// with a dash and would be taken for an option by a shell, do not come up (KIP-516).
    public static func random(using generator: inout some RandomNumberGenerator) -> Uuid {
        while true {
            let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
            let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
            let id = Uuid(high: high, low: low)
            if !id.description.hasPrefix("-") { return id }
        }
    }

    var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
    }
}

extension Uuid: CustomStringConvertible {
    /// The text that Kafka's own tools print: base64url, 22 characters.
    public var description: String { Base64.encode(bytes, .urlSafe) }
}
