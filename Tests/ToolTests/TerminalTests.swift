import AppSupport
import Foundation
import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// Nothing from outside steers a terminal, whichever way it takes there.
@Suite(.turn) struct TerminalTests {
    /// What of a text does something to a terminal; ends of lines and tabs are everybody's.
    private static func steering(_ text: String) -> [String] {
        text.unicodeScalars.filter { JSONText.isSteering($0) && $0 != "\n" && $0 != "\t" }.map {
            "U+" + String($0.value, radix: 16)
        }
    }

    // MARK: - The console

    @Test(arguments: [
        "\u{1B}[31mRED", "\u{1B}]0;t\u{7}", "\u{9B}2J", "\u{202E}x", "a\u{2066}", "\u{200F}", "\u{61C}", "\u{2028}",
        "\u{2029}", "\u{7F}", "\r", "\u{0}", "\u{200B}", "\u{FEFF}", "\u{E0041}", "\u{85}", "\u{2060}",
    ]) func textIsShownAndSteersNothing(attack: String) throws {
        let (output, error) = (Pipe(), Pipe())
        let console = Console(
            output: output.fileHandleForWriting.fileDescriptor, error: error.fileHandleForWriting.fileDescriptor)
        console.line("line \(attack)")
        console.write("write \(attack)")
        console.flush()
        console.note("note \(attack)\nnext")
        for (pipe, words) in [(output, "line |write "), (error, "note |next")] {
            let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
            #expect(Self.steering(text).isEmpty, "\(text.debugDescription)")
            for word in words.split(separator: "|") { #expect(text.contains(word)) }
            #expect(text.contains("\\"))
        }
        // As JSON it comes back whole.
        #expect(JSON(JSONText.string(attack)) == .string(attack))
        #expect(Self.steering(JSONText.string(attack)).isEmpty)
    }

    #if os(Linux)
        /// Colours are the console's own; text with the same codes, or with what a painted text has, is none.
        @Test func onlyTheConsolePaints() throws {
            let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            try #require(master >= 0)
            // TIOCGPTN and TIOCSPTLCK: which terminal it is, and that it may be opened.
            var (number, isLocked) = (Int32(0), Int32(0))
            try #require(
                ioctl(master, UInt(0x8004_5430), &number) == 0 && ioctl(master, UInt(0x4004_5431), &isLocked) == 0)
            let name = "/dev/pts/\(number)"
            let terminal = open(name, O_RDWR | O_NOCTTY)
            try #require(terminal >= 0)
            defer {
                close(terminal)
                close(master)
            }
            let console = Console(output: terminal, error: terminal, allowsColour: true)
            try #require(console.outputIsTerminal)
            console.line(
                console.paint("mine", .green) + " \u{1B}[31mtheirs\u{1B}[0m " + console.paint("\u{1B}[7m", .red))
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(master, &buffer, buffer.count)
            let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            let expected = "\u{1B}[32mmine\u{1B}[0m \\x1b[31mtheirs\\x1b[0m \u{1B}[31m\\x1b[7m\u{1B}[0m"
            #expect(text.trimmingCharacters(in: .whitespacesAndNewlines) == expected)
        }
    #endif

    // MARK: - Every command

    private static let commands: [[String]] = [
        ["topics", "--list"], ["topics", "--describe"], ["topics", "--describe", "--topic", "t", "--json"],
        ["topics", "--create", "--topic", "t"], ["topics", "--delete", "--topic", "t"],
        ["topics", "--alter", "--topic", "t", "--partitions", "3"],
        ["configs", "--describe", "--topic", "t"], ["configs", "--describe", "--topic", "t", "--all", "--json"],
        ["configs", "--alter", "--topic", "t", "--add-config", "retention.ms=1"],
        ["configs", "--describe", "--entity-type", "users"], ["configs", "--describe", "--entity-type", "brokers"],
        ["groups", "--list"], ["groups", "--list", "--state"], ["groups", "--describe", "--group", "t"],
        ["groups", "--describe", "--all-groups", "--members", "--verbose"], ["groups", "--delete", "--group", "t"],
        ["groups", "--reset-offsets", "--group", "t", "--topic", "t", "--to-earliest", "--dry-run"],
        ["all-groups", "--list"], ["offsets", "--topic", "t"], ["cluster", "cluster-id"],
        ["cluster", "list-endpoints"],
        ["acls", "--list"], ["acls", "--add", "--allow-principal", "User:x", "--operation", "Read", "--topic", "t"],
        ["transactions", "list"], ["transactions", "describe", "--transactional-id", "t"],
        ["log-dirs", "--describe"], ["metadata-quorum", "describe", "--status"],
        ["metadata-quorum", "describe", "--replication"],
        ["leader-election", "--election-type", "preferred", "--all-topic-partitions"],
        ["doctor"], ["doctor", "--json"], ["top", "--once"], ["top", "--once", "--json", "--no-rates"],
        ["consume", "--topic", "t", "--max-messages", "1", "--timeout-ms", "300"],
    ]

    /// Names that are attacks, and names as they were asked for; with errors, whose messages are attacks, and without.
    @Test(arguments: [("t", 0), ("t", 42), (EvilBroker.attack, 0), (EvilBroker.attack, 42)] as [(String, Int16)])
    func noCommandPassesOnWhatSteers(names: String, code: Int16) async throws {
        let broker = try EvilBroker(names: names, code: code)
        defer { broker.stop() }
        var told = 0
        for command in Self.commands {
            let run = try Program.start(command + ["--bootstrap-server", broker.address])
            // Some wait for what never comes; what they have said by then is looked at.
            for _ in 0..<60 {
                if kill(run.id, 0) != 0 || Self.hasEnded(run.id) { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            kill(run.id, SIGKILL)
            let outcome = try run.wait()
            for text in [outcome.output, outcome.error] {
                #expect(Self.steering(text).isEmpty, "kw \(command.joined(separator: " ")): \(text.debugDescription)")
                #expect(!text.contains("Usage: "), "kw \(command.joined(separator: " ")): \(text)")
                if text.contains("ATTACK") { told += 1 }
            }
        }
        // What was said was shown.
        #expect(told >= (names == "t" && code == 0 ? 5 : 10), "\(told)")
    }

    /// Whether the process has ended and waits to be asked how.
    private static func hasEnded(_ id: pid_t) -> Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            && information.si_signo == SIGCHLD
    }

    /// The broker's log and its lines about requests hold what clients say.
    @Test func theBrokersLogIsOfPlainLines() async throws {
        let run = try Program.start(["broker", "--listen", "127.0.0.1:0", "--log", "trace", "--log", "requests"])
        try await eventually { try run.output.text().hasSuffix("\n") }
        let ready = try run.output.text()
        let port = try #require(
            ready.split(separator: ":").dropFirst().first.flatMap { UInt16($0.prefix { $0.isNumber }) })
        let client = try RawPeer.connect(to: port)
        let create = CreateTopicsRequest.with {
            $0.topics = [.with { $0.name = EvilBroker.attack + "\nkw broker: fine" }]
        }
        try await client.send(
            try Frame.request(create, version: 5, correlationId: 1, clientId: EvilBroker.attack + "\nkw broker: fine"))
        _ = try await client.frame()
        // And one that is closed with a reason.
        try await client.send([0, 0, 0, 20, 0, 19, 0, 99] + Array(EvilBroker.attack.utf8.prefix(16)))
        _ = try await client.ends()
        client.close()
        kill(run.id, SIGTERM)
        let outcome = try run.wait()
        #expect(Self.steering(outcome.output + outcome.error).isEmpty, "\(outcome.error.debugDescription)")
        #expect(outcome.error.contains("ATTACK"))
        #expect(!outcome.error.split(separator: "\n").contains { $0.hasPrefix("kw broker: fine") })
    }
}
