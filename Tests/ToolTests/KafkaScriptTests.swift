import ArgumentParser
import TestSupport
import Testing

@testable import KW

@Suite(.turn) struct KafkaScriptTests {
    @Test(arguments: [
        (["kw", "topics", "--list"], ["topics", "--list"]),
        (["kw", "kafka-topics.sh", "--list"], ["topics", "--list"]),
        (["/usr/local/bin/kw", "bin/kafka-console-producer.sh", "--topic", "t"], ["produce", "--topic", "t"]),
        (["/opt/kafka/bin/kafka-consumer-groups.sh", "--list"], ["groups", "--list"]),
        (["kafka-producer-perf-test", "--topic", "t"], ["bench", "produce", "--topic", "t"]),
        (["kw"], []), (["kw", "--help"], ["--help"]), (["kw", "kafka-unknown.sh"], ["kafka-unknown.sh"]), ([], []),
    ])
    func toolsGoByTheirNames(words: [String], arguments: [String]) {
        #expect(KafkaScripts.arguments(words) == arguments)
    }

    @Test func everyToolLeadsToACommand() throws {
        for (script, words) in KafkaScripts.commands {
            var command: any ParsableCommand.Type = KW.self
            for word in words {
                let next = Self.subcommands(command).first { Self.name($0) == word }
                command = try #require(next, "\(script) is \(words.joined(separator: " ")), which is no command")
            }
        }
    }

    private static func subcommands(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        command.configuration.subcommands
    }

    private static func name(_ command: any ParsableCommand.Type) -> String? { command.configuration.commandName }

    @Test(arguments: [
        (["bench", "produce", "--topi", "x"], "'--topi'. Did you mean --topic?"),
        (["bench", "produce", "--topic", "x", "--record-sice=5"], "'--record-sice'. Did you mean --record-size?"),
        (["broker", "--default-partition", "3"], "'--default-partition'. Did you mean --default-partitions?"),
        (["bench", "produce", "--producer-prop", "a=b"], "'--producer-prop'. Did you mean --producer-props?"),
        (["bench", "consum"], "kw bench has no command 'consum'. Did you mean consume?"),
        (["brokr", "--json"], "kw has no command 'brokr'. Did you mean broker?"),
        (["bench", "produce", "--qqqqqqqqqqqqqqqqqqqq"], "'--qqqqqqqqqqqqqqqqqqqq'.\n"),
        (["produce", "--broker-list", "h:9092", "--topic", "t"], "'--broker-list': it is --bootstrap-server"),
        (["offsets", "--broker-list=h:9092"], "'--broker-list': it is --bootstrap-server"),
        (["consume", "--whitelist", "a.*"], "'--whitelist': it is --include"),
        (["topics", "--whitelist", "a.*"], "'--whitelist'."), (["acls", "--zookeeper-x"], "'--zookeeper-x'"),
    ])
    func aWrongFlagNamesTheNearest(arguments: [String], part: String) throws {
        let sentence = try #require(UnknownFlags.sentence(arguments))
        #expect(sentence.contains(part), "\(sentence)")
    }

    @Test(arguments: [
        ["bench", "produce", "--topic", "x", "--throughput", "-1"], ["broker", "--no-auto-create"],
        ["bench", "consume", "--help"], ["--help"], ["--version"], ["bench", "produce", "--print-metrics"],
        ["explain", "--", "--00"], ["explain", "00"], ["log-dirs", "--describe", "--broker-list", "1,2"],
    ])
    func rightFlagsAreKnown(arguments: [String]) { #expect(UnknownFlags.sentence(arguments) == nil) }
}
