/// Why a seed failed that was tried with ``Simulation/check(seeds:limit:_:)``. Its text begins with the seed.
public struct SeedFailure: Error, CustomStringConvertible {
    /// The seed that gives it again.
    public let seed: UInt64
    /// What was thrown.
    public let reason: any Error

    /// The seed and what was thrown; of a reason with more than 400 characters its type alone.
    public var description: String {
        let text = "\(reason)"
        // Some errors, such as those of Swift Testing, have said what they have to say elsewhere.
        return "with seed \(seed): \(text.count > Self.limit ? "\(type(of: reason))" : text)"
    }

    private static let limit = 400
}

extension Simulation {
    /// Runs `body` once for each seed, each time in a simulation of its own, up to the first seed for which it throws.
    ///
    /// ```swift
    /// @Test func nothingIsLost() throws {
    ///     try Simulation.check(seeds: 0..<100) { simulation in … }
    /// }
    /// ```
    ///
    /// - Parameter limit: How much time may pass for each, of the simulation's.
    public static func check(
        seeds: some Sequence<UInt64>, limit: Duration = .seconds(24 * 3600),
        _ body: @escaping @Sendable (Simulation) async throws -> Void
    ) throws(SeedFailure) {
        for seed in seeds {
            let simulation = Simulation(seed: seed)
            defer { simulation.end() }
            do {
                try simulation.run(limit: limit) { try await body(simulation) }
            } catch {
                throw SeedFailure(seed: seed, reason: error)
            }
        }
    }
}
