import AppSupport
import KafkaWire

/// Kafka's own shell tools, and the commands that take their place. A line from a tutorial runs with `kw` in front of it,
/// and also without, where `kw` is called by the tool's name (a link).
enum KafkaScripts {
    /// The tools without `.sh`, and the words that stand for them.
    static let commands: [String: [String]] = [
        "kafka-topics": ["topics"],
        "kafka-configs": ["configs"],
        "kafka-console-producer": ["produce"],
        "kafka-console-consumer": ["consume"],
        "kafka-consumer-groups": ["groups"],
        "kafka-groups": ["all-groups"],
        "kafka-acls": ["acls"],
        "kafka-delegation-tokens": ["tokens"],
        "kafka-transactions": ["transactions"],
        "kafka-cluster": ["cluster"],
        "kafka-get-offsets": ["offsets"],
        "kafka-log-dirs": ["log-dirs"],
        "kafka-leader-election": ["leader-election"],
        "kafka-metadata-quorum": ["metadata-quorum"],
        "kafka-delete-records": ["delete-records"],
        "kafka-producer-perf-test": ["bench", "produce"],
        "kafka-consumer-perf-test": ["bench", "consume"],
        "kafka-e2e-latency": ["bench", "latency"],
        "kafka-server-start": ["broker"],
        "kafka-features": ["features"],
        "kafka-broker-api-versions": ["api-versions"],
        "kafka-reassign-partitions": ["reassign-partitions"],
        "kafka-dump-log": ["dump-log"],
    ]

    /// The rest of what is in Kafka's `bin` (4.3), and what there is to say of it.
    static let missing: [String: String] = [
        "connect-distributed": "Kafka Connect is a Java program; kw connectors talks to one that runs",
        "connect-standalone": "Kafka Connect is a Java program; kw connectors talks to one that runs",
        "connect-mirror-maker": "MirrorMaker is a Java program",
        "connect-plugin-path": "kw connectors plugins shows the plugins of a worker that runs",
        "kafka-client-metrics": "kw configs --entity-type client-metrics shows and changes the same settings",
        "kafka-console-share-consumer": "share groups are not known here",
        "kafka-jmx": "there is no JMX outside of Java; kw top shows rates and lag",
        "kafka-metadata-shell": "kw dump-log --cluster-metadata-decoder shows the log of what kw broker knows",
        "kafka-replica-verification": "replicas are not compared here; kw topics --describe shows which are in sync",
        "kafka-run-class": "there are no classes to run here",
        "kafka-server-stop": "kw broker ends on Ctrl-C and on SIGTERM",
        "kafka-share-consumer-perf-test": "share groups are not known here",
        "kafka-share-groups": "share groups are not known here; kw all-groups --share lists them",
        "kafka-storage":
            "kw broker --data-dir needs no formatting; cluster ids and KRaft storage are Kafka's own matter",
        "kafka-streams-application-reset":
            "kw groups --reset-offsets moves the positions; internal topics are kw topics --delete's",
        "kafka-streams-groups": "streams groups are not known here; kw all-groups --streams lists them",
        "kafka-verifiable-consumer": "it is a part of Kafka's own system tests",
        "kafka-verifiable-producer": "it is a part of Kafka's own system tests",
        "kafka-verifiable-share-consumer": "it is a part of Kafka's own system tests",
        "trogdor": "it is a part of Kafka's own system tests",
        "kafka-mirror-maker": "it is gone since Kafka 4.0, and its successor in Connect is a Java program",
        "zookeeper-server-start": "Kafka has no ZooKeeper since 4.0",
        "zookeeper-server-stop": "Kafka has no ZooKeeper since 4.0",
        "zookeeper-shell": "Kafka has no ZooKeeper since 4.0",
        "zookeeper-security-migration": "Kafka has no ZooKeeper since 4.0",
    ]

    /// A sentence about a tool of Kafka's that is called and that `kw` has nothing for; nil where none is called.
    static func missing(_ words: [String]) -> String? {
        for word in words.prefix(2) {
            let name = name(word)
            if let reason = missing[name] { return "there is nothing in place of \(name).sh here: \(reason)" }
            if commands[name] == nil, name.hasPrefix("kafka-") || name.hasPrefix("connect-"), word.hasSuffix(".sh") {
                let all = (Array(commands.keys) + missing.keys).map { $0 + ".sh" }
                let near = NearestName.suggestions(for: name + ".sh", among: all.sorted())
                return "Kafka has no tool \(SafeText.line(name)).sh"
                    + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?")
            }
        }
        return nil
    }

    /// The arguments for `kw`, from those of the process, of which the first is the program's name.
    static func arguments(_ words: [String]) -> [String] {
        guard let program = words.first else { return [] }
        if let command = command(program) { return command + words.dropFirst() }
        guard words.count > 1, let command = command(words[1]) else { return Array(words.dropFirst()) }
        return command + words.dropFirst(2)
    }

    /// What stands for a tool, as in `kafka-topics`, `kafka-topics.sh` or `bin/kafka-topics.sh`.
    private static func command(_ word: String) -> [String]? { commands[name(word)] }

    /// `kafka-topics` of `bin/kafka-topics.sh`.
    private static func name(_ word: String) -> String {
        let name = word.split(separator: "/").last ?? ""
        return String(name.hasSuffix(".sh") ? name.dropLast(3) : name)
    }
}
