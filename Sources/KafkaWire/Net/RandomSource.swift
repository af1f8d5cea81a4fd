/// Random numbers from a seed, so that a run can be repeated (SplitMix64, Steele, Lea and Flood, 2014). A value, for
/// values that draw: the same seed gives the same numbers. Not for secrets. ``EventLoop/randomSource()`` makes one.
package struct RandomSource: RandomNumberGenerator, Sendable, Equatable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// An identifier in the usual form of a UUID: 8-4-4-4-12 hexadecimal digits.
    package mutating func identifier() -> String {
        var text = ""
        for index in 0..<2 {
            let half = next()
            for digit in 0..<16 {
                let place = 16 * index + digit
                if [8, 12, 16, 20].contains(place) { text += "-" }
                let value: UInt64 = half >> UInt64(60 - 4 * digit) & 0xF
                text += String(value, radix: 16)
            }
        }
        return text
    }

    /// A source of its own, for another part.
    package mutating func split() -> RandomSource { RandomSource(seed: next()) }
}

/// A loop's own chance, asked for each number: for what nobody is to foresee, such as passwords.
package struct LoopChance: RandomNumberGenerator, Sendable {
    private let loop: any EventLoop

    package init(_ loop: any EventLoop) { self.loop = loop }

    package func next() -> UInt64 { loop.random() }
}
