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
    ]

    /// The arguments for `kw`, from those of the process, of which the first is the program's name.
    static func arguments(_ words: [String]) -> [String] {
        guard let program = words.first else { return [] }
        if let command = command(program) { return command + words.dropFirst() }
        guard words.count > 1, let command = command(words[1]) else { return Array(words.dropFirst()) }
        return command + words.dropFirst(2)
    }

    /// What stands for a tool, as in `kafka-topics`, `kafka-topics.sh` or `bin/kafka-topics.sh`.
    private static func command(_ word: String) -> [String]? {
        let name = word.split(separator: "/").last ?? ""
        return commands[String(name.hasSuffix(".sh") ? name.dropLast(3) : name)]
    }
}
