import AppSupport
import ArgumentParser
import JSONLines
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// What `kw` says of itself.
@Suite(.turn) struct HelpTests {
    /// Help is wrapped at 80 columns, and an example that is broken within a command cannot be pasted.
    @Test func noExampleIsBrokenWithinACommand() throws {
        var examples = 0
        func look(at command: JSON) {
            for line in (command["discussion"].text ?? "").split(separator: "\n") {
                guard line.drop(while: { $0 == " " }).hasPrefix("kw ") else { continue }
                examples += 1
                #expect(line.count <= 80, "kw \(command["commandName"].text ?? ""): \(line)")
            }
            command["subcommands"].elements.forEach(look)
        }
        look(at: try #require(JSON(KW._dumpHelp()))["command"])
        #expect(examples > 30)
    }

    @Test func examplesAreOnesThatTheParserTakes() throws {
        func look(at command: JSON) {
            // Lines that end in a backslash go on.
            let text = (command["discussion"].text ?? "").replacingEnds
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ").map { $0.filter { $0 != "'" } }
                guard words.first == "kw", !line.contains("|"), !line.contains(">"), !line.contains("(") else {
                    continue
                }
                #expect(UnknownFlags.sentence(Array(words.dropFirst())) == nil, "\(line)")
            }
            command["subcommands"].elements.forEach(look)
        }
        look(at: try #require(JSON(KW._dumpHelp()))["command"])
    }

    @Test(arguments: [["--version"], ["topics", "--version"], ["kafka-topics.sh", "--version"]])
    func theVersionIsTold(arguments: [String]) async throws {
        let outcome = try await Running.kw(arguments)
        #expect(outcome.status == 0 && outcome.error.isEmpty)
        #expect(outcome.output == "kw \(kafkaWireVersion) (the tools and the protocol of Apache Kafka 4.3)\n")
    }

    /// `--version` is an option of its own there.
    @Test func explainKeepsItsVersion() async throws {
        let outcome = try await Running.kw(["explain", "--schema", "Fetch", "--version", "13"])
        #expect(outcome.status == 0 && outcome.output.contains("Fetch"))
        #expect(try await Running.kw(["explain", "--version"]).status == 64)
    }

    @Test func withoutACommandThereIsHelp() async throws {
        let outcome = try await Running.kw([])
        #expect(outcome.status == 0 && outcome.output.contains("USAGE: kw") && outcome.output.contains("--version"))
    }

    @Test(arguments: [(0, "0 records"), (1, "1 record"), (2, "2 records"), (1_204, "1,204 records")])
    func oneIsNoPlural(number: Int, text: String) { #expect(Figures.counted(number, "record") == text) }
}

extension String {
    /// The text with lines that end in a backslash joined to the next.
    fileprivate var replacingEnds: String {
        var text = ""
        for line in split(separator: "\n", omittingEmptySubsequences: false) {
            text += line.hasSuffix("\\") ? line.dropLast() + " " : line + "\n"
        }
        return text
    }
}
