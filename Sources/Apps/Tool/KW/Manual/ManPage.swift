import JSONLines

/// The manual kw(1) in roff (man(7)), made from what the argument parser tells of all commands.
struct ManPage {
    private let root: JSON

    /// A page of the parser's description of a program; nil where it is none.
    init?(help: String) {
        guard let document = JSON(help), document["command"]["commandName"].text != nil else { return nil }
        root = document["command"]
    }

    /// The page.
    var text: String {
        var page = RoffText()
        let name = root["commandName"].text ?? ""
        page.request("TH", [name.uppercased(), "1", "", "KafkaWire", "KafkaWire"])
        page.section("NAME")
        page.paragraph(name + " \\- ", Self.lowercased(root["abstract"].text ?? ""))
        page.section("SYNOPSIS")
        page.raw(".B \(RoffText.escaped(name))")
        page.raw("[\\fB\\-\\-help\\fR] \\fIcommand\\fR [\\fIargument\\fR ...]")
        page.section("DESCRIPTION")
        page.discussion(Self.description)
        page.section("COMMANDS")
        for command in commands {
            page.item("\\fB" + RoffText.escaped(Self.name(command)) + "\\fR")
            page.text(command["abstract"].text ?? "")
        }
        for command in commands { add(command, to: &page) }
        for (title, items) in Self.sections {
            page.section(title)
            for (name, words) in items {
                page.item("\\fB" + RoffText.escaped(name) + "\\fR")
                page.text(words)
            }
        }
        page.section("EXAMPLES")
        for (words, lines) in Self.examples {
            page.discussion(words + "\n\n" + lines.map { "  " + $0 }.joined(separator: "\n"))
        }
        page.section("SEE ALSO")
        page.text("https://kafka.apache.org/documentation/")
        return page.content
    }

    /// The commands that help shows; the parser's own is not among them.
    private var commands: [JSON] {
        root["subcommands"].elements.filter { $0["shouldDisplay"] != .bool(false) && $0["commandName"].text != "help" }
    }

    private static func name(_ command: JSON) -> String { command["commandName"].text ?? "" }

    // MARK: - A command

    private func add(_ command: JSON, to page: inout RoffText) {
        let path = (command["superCommands"].elements + [command["commandName"]]).compactMap(\.text)
        page.section(path.joined(separator: " "))
        page.text(command["abstract"].text ?? "")
        let aliases = command["aliases"].elements.compactMap(\.text)
        if !aliases.isEmpty { page.paragraph("", "Also called \(aliases.joined(separator: ", ")).") }
        if let discussion = command["discussion"].text { page.discussion(discussion) }
        // Those that belong to no section would seem to belong to the one before.
        let shown = command["arguments"].elements.filter { $0["shouldDisplay"] != .bool(false) }
        let arguments =
            shown.filter { $0["sectionTitle"].text == nil } + shown.filter { $0["sectionTitle"].text != nil }
        page.raw(".PP")
        page.raw(Self.synopsis(path, arguments))
        var title: String?
        for argument in arguments {
            if argument["sectionTitle"].text != title {
                title = argument["sectionTitle"].text
                if let title { page.request("SS", [title]) }
            }
            add(argument: argument, to: &page)
        }
        let subcommands = command["subcommands"].elements.filter {
            $0["shouldDisplay"] != .bool(false) && $0["commandName"].text != "help"
        }
        for subcommand in subcommands { add(subcommand, to: &page) }
    }

    private static func synopsis(_ path: [String], _ arguments: [JSON]) -> String {
        var line = "\\fB" + RoffText.escaped(path.joined(separator: " ")) + "\\fR"
        if arguments.contains(where: { $0["kind"].text != "positional" }) { line += " [\\fIoption\\fR ...]" }
        for argument in arguments where argument["kind"].text == "positional" {
            var word = "\\fI" + RoffText.escaped(argument["valueName"].text ?? "argument") + "\\fR"
            if argument["isRepeating"] == .bool(true) { word += " ..." }
            line += argument["isOptional"] == .bool(true) ? " [\(word)]" : " \(word)"
        }
        return line
    }

    private func add(argument: JSON, to page: inout RoffText) {
        let value = argument["valueName"].text.map { "\\fI" + RoffText.escaped($0) + "\\fR" }
        var names = argument["names"].elements.map { name in
            let dashes = name["kind"].text == "long" ? "--" : "-"
            return "\\fB" + RoffText.escaped(dashes + (name["name"].text ?? "")) + "\\fR"
        }
        switch argument["kind"].text {
        case "positional"?: names = [value ?? ""]
        case "option"?: names[max(names.count - 1, 0)] += value.map { " \($0)" } ?? ""
        default: break
        }
        page.item(names.joined(separator: ", "))
        var words = argument["abstract"].text ?? ""
        if let preset = argument["defaultValue"].text, argument["kind"].text != "flag" {
            words += (words.isEmpty ? "" : " ") + "(default: \(preset))"
        }
        let values = argument["allValues"].elements.compactMap(\.text)
        if !values.isEmpty { words += (words.isEmpty ? "" : " ") + "One of \(values.joined(separator: ", "))." }
        if words.isEmpty { words = "See " + (argument["valueName"].text ?? "above") + "." }
        page.text(words)
        if let discussion = argument["discussion"].text { page.discussion(discussion) }
    }

    private static func lowercased(_ text: String) -> String {
        var text = text
        while text.last == "." { text.removeLast() }
        // A name keeps its capital.
        return text.hasPrefix("Kafka") ? text : text.prefix(1).lowercased() + text.dropFirst()
    }

    // MARK: - What no command tells

    private static let description = """
        kw speaks Kafka's binary protocol itself. Its commands for topics, groups and records take the flags of Kafka's own \
        tools with their meanings; others show what no other tool shows. Every command says more with --help.

        Results go to standard output, and with --json as one JSON document, or for streams as one object a line. Notes, \
        progress and errors go to standard error, an error as one sentence.
        """

    private static let sections: [(String, [(String, String)])] = [
        (
            "ENVIRONMENT",
            [
                ("KAFKA_BOOTSTRAP", "Brokers to ask first, where neither --bootstrap-server nor a file names them."),
                ("NO_COLOR", "Where it is set and not empty, nothing is coloured (https://no-color.org)."),
                ("TERM", "Where it is dumb, nothing is coloured."),
            ]
        ),
        (
            "FILES",
            [
                (
                    "--command-config file",
                    "Settings under Kafka's names in the form of Java's properties, such as bootstrap.servers. An error "
                        + "names its line."
                )
            ]
        ),
        (
            "EXIT STATUS",
            [
                ("0", "Everything was done."),
                ("1", "Something failed; each failure is a sentence on standard error. What could be done is done."),
                ("2", "kw conformance: a file could not be read."),
                ("64", "The command line is wrong."),
            ]
        ),
    ]

    private static let examples: [(String, [String])] = [
        ("A broker to try things with:", ["kw broker --topic orders:4"]),
        (
            "How far behind a group is, and who reads what:",
            ["kw groups --describe --group billing", "kw groups --describe --group billing --members --verbose"]
        ),
        (
            "Read everything once more:",
            ["kw groups --reset-offsets --group billing --all-topics --to-earliest --execute"]
        ),
    ]
}
