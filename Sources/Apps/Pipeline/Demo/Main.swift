// demo: feeds change events to a broker and judges what the agents made of them. `scripts/demo.sh` runs it.

import AppSupport
import ArgumentParser
import ClientSetup
import KafkaWire

@main struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Feeds change events to a broker, and judges what the agents made of them.",
        discussion: "`make demo` starts the broker and the agents, and calls broker, feed and report; watch looks on.",
        subcommands: [BrokerCommand.self, FeedCommand.self, ReportCommand.self, WatchCommand.self])
}

extension Demo {
    /// Says why a command ends, where nobody has said it yet.
    static func failure(_ error: any Error, _ console: Console) -> ExitCode {
        if let status = error as? ExitCode { return status }
        console.endProgress()
        console.note("demo: \(SafeText.line((error as? KafkaError)?.message ?? "\(error)"))")
        return .failure
    }
}

extension SettingOptions {
    /// What the demo's clients have in common.
    func client(at server: String?, _ console: Console) throws -> ClientConfiguration {
        let (client, remarks) = try client(at: server, standard: "localhost:9094", name: "demo")
        for remark in remarks { console.note("demo: \(remark)") }
        return client
    }
}
