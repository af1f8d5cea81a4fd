import AppSupport

/// What the generator draws from a seed's numbers.
struct RandomNumbers {
    private var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func next() -> UInt64 { random.next() }

    /// A number below `bound`, which is positive.
    mutating func below(_ bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }

    /// Below a share of all draws, in millionths.
    mutating func happens(_ millionths: UInt64) -> Bool { below(1_000_000) < millionths }

    /// A number that looks random and depends on nothing but the argument.
    static func mixed(_ number: UInt64) -> UInt64 { SeededRandom.mixed(number) }
}
