// Temperatures as a sensor might give them.

import AppSupport

/// A random walk between 15 and 35 °C that tends to the middle, with two decimals.
struct TemperatureWalk {
    private var random: SeededRandom
    private var celsius: Double

    /// A walk that the seed repeats.
    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        celsius = Double.random(in: 19...26, using: &random)
    }

    /// The next reading.
    mutating func next() -> Double {
        let pull = (24 - celsius) * 0.05
        celsius = min(max(celsius + pull + Double.random(in: -1.2...1.2, using: &random), 15), 35)
        return (celsius * 100).rounded() / 100
    }
}
