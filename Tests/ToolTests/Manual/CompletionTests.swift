import JSONLines
import KafkaBroker
import TestSupport
import Testing

@testable import KW
@testable import KafkaWire
@testable import ToolKit

/// Completion as shells do it.
@Suite(.turn) struct CompletionTests {
    /// Loads the script as a person does, and hands it a line in the pieces that bash makes of it: parted at spaces, and
    /// before and behind colons and equals signs.
    private static let function = """
        source <(kw completions bash)
        complete -p kw >/dev/null || exit 9
        offers() {
            COMP_LINE="$1" COMP_POINT=${#1}
            COMP_WORDS=($(sed -E 's/([:=]+)/ \\1 /g' <<<"$1"))
            [[ "$1" == *[\\ :=] ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            COMPREPLY=()
            $(complete -p kw | sed -E 's/.*-F ([^ ]+).*/\\1/') kw "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            echo "${COMPREPLY[*]}"
        }

        """

    private func offers(_ lines: [String], _ environment: [String: String] = [:]) async throws -> [String] {
        let calls = lines.map { "offers '\($0)'" }.joined(separator: "\n")
        let outcome = try await Shell.run(Self.function + calls, environment)
        #expect(outcome.status == 0, "\(outcome.output)")
        var found = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        found.removeLast()
        #expect(found.count == lines.count, "\(outcome.output)")
        return found
    }

    @Test func bashCompletesCommandsFlagsAndValues() async throws {
        let found = try await offers([
            "kw gr", "kw groups --reset", "kw groups --bootstrap-server localhost:9092 --desc",
            "kw groups --bootstrap-server=localhost:9092 --delete-o", "kw groups --list --type ", "kw completions f",
        ])
        #expect(
            found == ["groups", "--reset-offsets", "--describe", "--delete-offsets", "classic consumer", "fish"])
    }

    @Test func bashAsksTheCluster() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1, "order-lines": 1, "payments": 1]))
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        for group in ["billing", "audit", "odd one"] {
            _ = try await admin.alterGroupOffsets(of: group, [TopicPartition("orders", 0): .init(offset: 0)]).get()
        }
        let server = broker.bootstrapServers
        let found = try await offers([
            "kw groups --bootstrap-server \(server) --topic order", "kw groups -b \(server) --group ",
            "kw groups -b \(server) --describe --group audit --group b", "kw groups -b \(server) --topic=pay",
        ])
        #expect(found == ["order-lines orders", "audit billing", "billing", "payments"])
        let fromEnvironment = try await offers(["kw groups --topic p", "kw groups -b "], ["KAFKA_BOOTSTRAP": server])
        #expect(fromEnvironment == ["payments", "\(server) localhost:9092"])
        let file = try Program.file(Array("bootstrap.servers=\(server)\n".utf8))
        defer { file.remove() }
        #expect(try await offers(["kw groups --command-config \(file.path) --topic p"]) == ["payments"])
        await admin.close()
        await broker.stop()
    }

    /// Nothing is offered, nothing is said, and soon.
    @Test func aClusterThatIsNotThereIsNoTrouble() async throws {
        // It takes connections, and answers nothing.
        let silent = try TCPSocket.listening(on: #require(try SocketAddress.resolve(host: "127.0.0.1", port: 0).first))
        defer { silent.close() }
        for server in ["127.0.0.1:1", "127.0.0.1:\(silent.localPort)", "no such name:1", "nosuchhost.invalid:9092"] {
            let words = ["kw", "groups", "-b", server, "--topic", ""]
            let began = ContinuousClock.now
            let outcome = try await Program.run(["---completion", "groups", "--", "--topic", "5", "0"] + words)
            #expect(
                outcome.status == 0 && outcome.error.isEmpty && outcome.output.allSatisfy(\.isWhitespace), "\(outcome)")
            // 300 ms and a start; on a machine that other tests keep busy, more.
            #expect(ContinuousClock.now - began < .seconds(6))
        }
    }

    @Test func theLineNamesTheCluster() {
        func server(_ words: [String], _ index: Int) -> String? {
            ClusterCompletion.options(words, index).bootstrapServer
        }
        #expect(server(["kw", "groups", "-b", "a:1", "--topic", ""], 5) == "a:1")
        #expect(server(["kw", "groups", "--bootstrap-server='a:1'", "--topic", ""], 4) == "a:1")
        #expect(server(["kw", "groups", "--bootstrap-servers", "\"a:1\"", "-b", "b:2", "--topic", ""], 7) == "b:2")
        // The word that is being typed is none yet.
        #expect(server(["kw", "groups", "-b", "a:"], 3) == nil)
        #expect(ClusterCompletion.options(["kw", "--command-config", "f", "x"], 3).commandConfig == "f")
    }

    /// Every command that talks to a cluster completes the names that the cluster knows: `completion: .topicNames`,
    /// `.groupNames`.
    @Test func namesAreCompletedEverywhere() throws {
        var asked = 0
        func look(at command: JSON) {
            let arguments = command["arguments"].elements
            func names(_ argument: JSON) -> [String] { argument["names"].elements.compactMap(\.["name"].text) }
            if arguments.contains(where: { names($0).contains("bootstrap-server") }) {
                for argument in arguments
                where !["topic", "group", "bootstrap-server"].allSatisfy({ !names(argument).contains($0) }) {
                    let isAsking = argument["completionKind"].fields["custom"] != nil
                    #expect(isAsking, "kw \(command["commandName"].text ?? "") \(names(argument))")
                    asked += 1
                }
            }
            command["subcommands"].elements.forEach(look)
        }
        look(at: try #require(JSON(KW._dumpHelp()))["command"])
        #expect(asked >= 4)
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func theShellReadsItsScript(shell: String) async throws {
        let script = try Program.kw(["completions", shell])
        #expect(script.status == 0 && script.output.contains("kw") && script.error.isEmpty)
        guard Shell.has(shell) else { return }
        let file = try Program.file(Array(script.output.utf8))
        defer { file.remove() }
        let outcome = try await Shell.run("\(shell) -n '\(file.path)'")
        #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)")
    }

    @Test func installPutsEverythingInItsPlace() async throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let outcome = try await Shell.run(
            """
            set -e
            to=$(mktemp -d)
            trap 'rm -rf "$to"' EXIT
            KW=$(command -v kw) PREFIX=/opt/kw DESTDIR="$to" '\(root)/scripts/install.sh' >/dev/null
            cd "$to/opt/kw"
            find . -type f -printf '%m %P\\n' | sort -k 2
            bin/kw man | cmp - share/man/man1/kw.1
            bin/kw completions bash | cmp - share/bash-completion/completions/kw
            """)
        #expect(
            outcome.output == """
                755 bin/kw
                644 share/bash-completion/completions/kw
                644 share/fish/vendor_completions.d/kw.fish
                644 share/man/man1/kw.1
                644 share/zsh/site-functions/_kw

                """)
        #expect(outcome.status == 0)
        let missing = try await Shell.run("KW=/nonexistent DESTDIR=/nonexistent '\(root)/scripts/install.sh'")
        #expect(missing.status == 1 && missing.output.contains("no program /nonexistent"))
    }
}
