import KafkaBroker
import KafkaWire

extension Simulation {
    /// Starts a cluster on the host `kafka`. Its nodes listen on port 9092 and those behind it, and are parties of the network:
    /// `node-1`, `node-2`, ….
    ///
    /// - Parameter change: What else is to be set up, with the host for it.
    public func startBroker(
        topics: [String: Int] = [:], nodes: Int = 1,
        _ change: (inout KafkaBroker.Configuration) -> Void = { _ in }
    ) async throws(KafkaBroker.StartError) -> KafkaBroker {
        let host = host("kafka")
        var configuration = KafkaBroker.Configuration(port: Self.firstPort, topics: topics, brokers: nodes)
        configuration.run(on: host)
        change(&configuration)
        for node in 0..<max(nodes, 0) {
            network.name("node-\(node + 1)", port: Self.firstPort &+ UInt16(clamping: node), of: host)
        }
        return try await KafkaBroker.start(configuration)
    }

    private static var firstPort: UInt16 { 9092 }

    /// A number that follows from the seed, each as likely.
    public func random(in range: ClosedRange<Int>) -> Int {
        var chance = LoopChance(host("test").loop)
        return Int.random(in: range, using: &chance)
    }
}
