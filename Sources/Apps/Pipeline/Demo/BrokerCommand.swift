import AppSupport
import ArgumentParser
import KafkaBroker
import ShutdownSignal

/// `demo broker`: the embedded broker with the demo's topic, until it is told to end. `kw broker` can more, and takes longer
/// to build.
struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker", abstract: "Run the embedded broker with the demo's topic, on a free port.")

    @Option(help: "The topic.") var topic = "dbserver1.public.transactions"
    @Option(help: "How many partitions the topic has.") var partitions = 4

    func run() async throws {
        let shutdown = ShutdownSignal.install(lastWords: "demo broker: did not end in time")
        let broker = try await KafkaBroker.start(.init(topics: [topic: partitions]))
        let console = Console()
        console.line("demo broker is ready on \(broker.bootstrapServers)")
        console.flush()
        await shutdown.wait()
        await broker.stop()
    }
}
