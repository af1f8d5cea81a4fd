import AppSupport
import ArgumentParser
import KafkaWire

/// The command-line tool: one file per subcommand.
struct KW: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kw",
        abstract: "Kafka's wire protocol in the hand: use a cluster, run a broker, look at bytes, and check them.",
        discussion: """
            The commands that take the place of Kafka's own tools have their flags, and go by their names too: \
            kw kafka-topics.sh --list is kw topics --list. KAFKA_BOOTSTRAP names the cluster where no option does. \
            kw --version says which version it is.
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "CLUSTER",
                subcommands: [
                    TopicsCommand.self,
                    ProduceCommand.self,
                    ConsumeCommand.self,
                    GroupsCommand.self,
                    AllGroupsCommand.self,
                    ConfigsCommand.self,
                    OffsetsCommand.self,
                    DeleteRecordsCommand.self,
                    ClusterCommand.self,
                    AclsCommand.self,
                    TokensCommand.self,
                    TransactionsCommand.self,
                    LogDirsCommand.self,
                    LeaderElectionCommand.self,
                    MetadataQuorumCommand.self,
                    FeaturesCommand.self,
                    APIVersionsCommand.self,
                    ReassignPartitionsCommand.self,
                    ConnectorsCommand.self,
                ]),
            CommandGroup(
                name: "INSIGHT",
                subcommands: [
                    TopCommand.self,
                    DoctorCommand.self,
                    ProxyCommand.self,
                    ReplayCommand.self,
                ]),
            CommandGroup(name: "BROKER", subcommands: [BrokerCommand.self, SimulateCommand.self]),
            CommandGroup(name: "MEASURING", subcommands: [BenchCommand.self]),
            CommandGroup(
                name: "THE WIRE", subcommands: [ExplainCommand.self, DumpLogCommand.self, ConformanceCommand.self]),
            CommandGroup(name: "SHELL", subcommands: [CompletionsCommand.self, ManCommand.self]),
        ])
}

@main enum Program {
    static func main() async {
        if let sentence = KafkaScripts.missing(CommandLine.arguments) {
            Console().note("kw: \(sentence)")
            KW.exit(withError: ExitCode(1))
        }
        let arguments = KafkaScripts.arguments(CommandLine.arguments)
        if isAboutVersion(arguments) {
            return Console().line("kw \(kafkaWireVersion) (the tools and the protocol of Apache Kafka 4.3)")
        }
        var command: any ParsableCommand
        do { command = try KW.parseAsRoot(arguments) } catch {
            if KW.exitCode(for: error) != .success, let sentence = UnknownFlags.sentence(arguments) {
                Console().note("Error: \(sentence)")
                KW.exit(withError: ExitCode.validationFailure)
            }
            end(error)
        }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch { end(error) }
    }

    /// Whether `--version` is all that is asked, as of each of Kafka's tools. The parser's own flag would take that of
    /// `kw explain --version 13`, too.
    private static func isAboutVersion(_ arguments: [String]) -> Bool {
        arguments.last == "--version" && arguments.first != ExplainCommand.configuration.commandName
            && arguments.dropLast().allSatisfy { !$0.hasPrefix("-") }
    }

    /// The parser's words go the way of all others, since they repeat arguments; help is its own.
    private static func end(_ error: any Error) -> Never {
        let code = KW.exitCode(for: error)
        guard code != .success else { KW.exit(withError: error) }
        let message = KW.fullMessage(for: error)
        if !message.isEmpty { Console().note(message) }
        KW.exit(withError: code)
    }
}
