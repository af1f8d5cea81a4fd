import AppSupport
import ArgumentParser
import KafkaWire
import ToolKit

/// Flags and commands that do not exist. The parser names them too, but only where nothing else is wrong: `--topi t` is for
/// it first of all a `--topic` that is missing.
enum UnknownFlags {
    /// A sentence about the first flag in `arguments` that their command does not have; nil where it has all.
    static func sentence(_ arguments: [String]) -> String? {
        let (command, path, rest) = leaf(of: arguments)
        let known = flags(of: command)
        if let word = rest.first, !word.hasPrefix("-"), !subcommands(of: command).isEmpty {
            let names = subcommands(of: command).compactMap { $0.configuration.commandName }
            return "\(path) has no command '\(SafeText.line(word))'.\(question(word, names))\n"
                + "  See '\(path) --help' for those that it has."
        }
        for word in rest {
            if word == "--" { return nil }
            guard word.hasPrefix("--") else { continue }
            let flag = String(word.prefix { $0 != "=" })
            if known.contains(flag) { continue }
            if let now = former[flag], now.flag.map(known.contains) ?? true {
                return "Unknown option '\(flag)': \(now.sentence).\n  See '\(path) --help' for those that there are."
            }
            return
                "Unknown option '\(SafeText.line(flag))'.\(question(flag, known.sorted()))\n  See '\(path) --help' for those that it has."
        }
        return nil
    }

    /// What tutorials for older releases of Kafka have, and what took its place; a flag, where only commands that have it are
    /// meant.
    private static let former: [String: (flag: String?, sentence: String)] = [
        "--broker-list": ("--bootstrap-server", "it is --bootstrap-server since Kafka 3.0"),
        "--zookeeper": (nil, "Kafka has no ZooKeeper since 4.0; name the brokers with --bootstrap-server HOST:PORT"),
        "--new-consumer": (nil, "there is no other consumer any more; leave it out"),
        "--blacklist": (nil, "it is gone since Kafka 3.0; --include takes a regular expression"),
        "--whitelist": ("--include", "it is --include since Kafka 3.0"),
        "--deny-list": (nil, "it is gone since Kafka 3.0; --include takes a regular expression"),
        "--queue-size": (nil, "it is gone since Kafka 2.0; --max-memory-bytes bounds what waits"),
        "--authorizer-properties": (
            "--bootstrap-server", "it is gone since Kafka 4.0; name the brokers with --bootstrap-server"
        ),
    ]

    /// The subcommand that the arguments name, as a person types it, and the arguments behind its name.
    private static func leaf(
        of arguments: [String]
    ) -> (command: any ParsableCommand.Type, path: String, rest: ArraySlice<String>) {
        var command: any ParsableCommand.Type = KW.self
        var path = "kw"
        var rest = arguments[...]
        while let word = rest.first {
            let next = subcommands(of: command).first {
                $0.configuration.commandName == word || $0.configuration.aliases.contains(word)
            }
            guard let next else { break }
            command = next
            path += " \(word)"
            rest = rest.dropFirst()
        }
        return (command, path, rest)
    }

    private static func subcommands(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        command.configuration.subcommands
    }

    private static func question(_ word: String, _ known: [String]) -> String {
        let near = NearestName.suggestions(for: word, among: known)
        return near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
    }

    /// All flags of a command, the hidden ones too: as its help has them.
    private static func flags(of command: any ParsableCommand.Type) -> Set<String> {
        let help = KW.helpMessage(for: command, includeHidden: true, columns: 400)
        var flags: Set<String> = ["--help", "--help-hidden", "--version"]
        for word in help.split(whereSeparator: { " \n,/[]()|".contains($0) }) where word.hasPrefix("--") {
            flags.insert(String(word))
        }
        return flags
    }
}
