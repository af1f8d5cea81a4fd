import KafkaWire

/// Damage to an input, drawn from a seed: what the tests do to golden bytes where no fuzzer is at hand.
public struct Mutation {
    private var state: UInt64

    /// The same seed gives the same damage.
    public init(seed: UInt64) { state = seed }

    /// One to three changes: a flipped bit, another byte, a byte more or less, an end cut off, a run repeated, a number at
    /// the end of its range.
    public mutating func callAsFunction(_ input: Bytes) -> Bytes {
        var bytes = input.copy()
        for _ in 0...draw(3) where !bytes.isEmpty {
            let at = draw(bytes.count)
            switch draw(7) {
            case 0: bytes[at] ^= 1 << UInt8(draw(8))
            case 1: bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][draw(5)]
            case 2: bytes.insert(UInt8(draw(256)), at: at)
            case 3: bytes.remove(at: at)
            case 4: bytes.removeLast(bytes.count - at)
            case 5:
                let word = Boundaries.words[draw(Boundaries.words.count)]
                bytes.replaceSubrange(at..<min(bytes.count, at + word.count), with: word)
            default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 1 + draw(16))], at: at)
            }
        }
        return Bytes(bytes)
    }

    /// A number below `bound` (xorshift64*, Vigna, 2014).
    private mutating func draw(_ bound: Int) -> Int {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}
