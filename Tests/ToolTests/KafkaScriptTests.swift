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

    /// What Kafka 4.3 has in its `bin`, less what starts Java as such.
    private static let bin = """
        connect-distributed connect-mirror-maker connect-plugin-path connect-standalone kafka-acls kafka-broker-api-versions \
        kafka-client-metrics kafka-cluster kafka-configs kafka-console-consumer kafka-console-producer \
        kafka-console-share-consumer kafka-consumer-groups kafka-consumer-perf-test kafka-delegation-tokens \
        kafka-delete-records kafka-dump-log kafka-e2e-latency kafka-features kafka-get-offsets kafka-groups kafka-jmx \
        kafka-leader-election kafka-log-dirs kafka-metadata-quorum kafka-metadata-shell kafka-producer-perf-test \
        kafka-reassign-partitions kafka-replica-verification kafka-run-class kafka-server-start kafka-server-stop \
        kafka-share-consumer-perf-test kafka-share-groups kafka-storage kafka-streams-application-reset kafka-streams-groups \
        kafka-topics kafka-transactions kafka-verifiable-consumer kafka-verifiable-producer kafka-verifiable-share-consumer \
        trogdor
        """.split(separator: " ").map(String.init)

    @Test func everyToolOfKafkasIsThereOrSaysThatItIsMissing() {
        for name in Self.bin {
            let isThere = KafkaScripts.commands[name] != nil
            #expect(isThere != (KafkaScripts.missing[name] != nil), "\(name)")
            #expect((KafkaScripts.missing(["kw", "\(name).sh", "--help"]) == nil) == isThere)
            #expect((KafkaScripts.missing(["/opt/kafka/bin/\(name).sh"]) == nil) == isThere)
        }
        #expect(
            KafkaScripts.missing(["kw", "kafka-storage.sh"])?.hasPrefix("there is nothing in place of kafka-storage.sh")
                == true)
        #expect(KafkaScripts.missing(["kw", "kafka-topisc.sh"])?.contains("did you mean kafka-topics.sh") == true)
        for words in [["kw"], [], ["kw", "topics", "kafka-storage.sh"], ["kw", "--help"], ["kw", "connectors"]] {
            #expect(KafkaScripts.missing(words) == nil)
        }
    }

    @Test func aMissingToolIsOneSentence() async throws {
        let outcome = try await Running.kw(["kafka-storage.sh", "format", "-t", "x"])
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("kw: there is nothing in place of kafka-storage.sh here: "))
        #expect(outcome.error.split(separator: "\n").count == 1)
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
