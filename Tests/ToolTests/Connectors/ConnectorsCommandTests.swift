import ConnectREST
import JSONLines
import TestSupport
import Testing

/// `kw connectors`: what it shows, and what it says of what is no Connect.
@Suite(.turn) struct ConnectorsCommandTests {
    private static let trace = "org.apache.kafka.connect.errors.ConnectException: no\u{1B}[2J\n\tat a.b(C.java:1)"

    @Test func connectorsAreListed() async throws {
        try await FakeConnect.serve { connect, url in
            let none = try await connectors(at: url)
            #expect(none.output.isEmpty && none.error == "There are no connectors.\n" && none.status == 0)
            await connect.connector(
                "b ü x", "RUNNING RUNNING FAILED", config: ["connector.class": .string("C")], trace: Self.trace)
            await connect.connector("a", "PAUSED PAUSED", config: ["connector.class": .string("D")])
            let list = try await connectors("list", at: url)
            #expect(
                list.output == """
                    NAME   TYPE    STATE    RUNNING  WORKER  CLASS
                    a      source  PAUSED       0/1  w:8083  D
                    b ü x  source  RUNNING      1/2  w:8083  C

                    """)
            let json = try #require(JSON(try await connectors("list", "--json", at: url).output))
            #expect(json.elements.map { $0["connectorClass"].text } == ["D", "C"])
            #expect(json.elements[1]["tasks"].elements.map { $0["state"].text } == ["RUNNING", "FAILED"])

            let status = try await connectors("status", at: url)
            #expect(
                status.output == #"""
                    NAME   TASK  STATE    WORKER  WHY
                    a      -     PAUSED   w:8083
                    a      0     PAUSED   w:8083
                    b ü x  -     RUNNING  w:8083
                    b ü x  0     RUNNING  w:8083
                    b ü x  1     FAILED   w:8083  ConnectException: no\x1b[2J

                    """#)
            let traced = try await connectors("status", "b ü x", "nobody", "--trace", at: url)
            #expect(traced.status == 1 && traced.error.contains("There is no connector nobody"))
            #expect(
                traced.output.hasSuffix(
                    "\nb ü x, task 1\norg.apache.kafka.connect.errors.ConnectException: no\\x1b[2J\n\tat a.b(C.java:1)\n"
                ))
            let checked = try await connectors("status", "--check", at: url)
            #expect(
                checked.status == 1 && checked.error.contains("a is not RUNNING: connector PAUSED, its task PAUSED."))
        }
    }

    @Test func passwordsAreNotShown() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.connector(
                "a", "RUNNING RUNNING",
                config: [
                    "database.password": .string("hunter2"), "ssl.keystore.location": .string("/k"),
                    "sasl.jaas.config": .string("x password=\"hunter2\";"), "p.secret": .string("${file:/p:k}"),
                    "url": .string("jdbc:postgresql://u:hunter2@h/d?password=hunter2&x=1"), "topic": .string("t"),
                ])
            let text = try await connectors("config", "a", at: url)
            #expect(
                text.output == """
                    database.password=********
                    p.secret=${file:/p:k}
                    sasl.jaas.config=********
                    ssl.keystore.location=/k
                    topic=t
                    url=jdbc:postgresql://u:********@h/d?password=********&x=1

                    """)
            let json = try await connectors("config", "a", "--json", at: url)
            #expect(JSON(json.output)?["database.password"].text == "********" && !json.output.contains("hunter2"))
        }
    }

    @Test func otherCommandsShowWhatConnectSays() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.connector("a", "RUNNING RUNNING", config: ["connector.class": .string("C")])
            await connect.detour(
                "GET /connector-plugins",
                .init(body: #"[{"class":"z.Z","type":"sink"},{"class":"a.A","type":"source","version":"1"}]"#))
            #expect(
                try await connectors("plugins", at: url).output
                    == "CLASS  TYPE    VERSION\nz.Z    sink\na.A    source  1\n")
            await connect.detour("GET /connectors/a/topics", .init(body: #"{"a":{"topics":["t2","t1"]}}"#))
            #expect(try await connectors("topics", "a", at: url).output == "t1\nt2\n")
            let offsets = #"{"offsets":[{"partition":{"server":"s"},"offset":{"lsn":1}}]}"#
            await connect.detour("GET /connectors/a/offsets", .init(body: offsets), .init(body: offsets))
            #expect(
                try await connectors("offsets", "a", at: url).output
                    == "PARTITION       OFFSET\n{\"server\":\"s\"}  {\"lsn\":1}\n")
            #expect(try await connectors("offsets", "a", "--json", at: url).output == offsets + "\n")
            await connect.detour("DELETE /connectors/a/offsets", .init(body: #"{"message":"They are reset."}"#))
            #expect(try await connectors("offsets", "a", "--reset", at: url).output == "They are reset.\n")
            let file = try Program.file(Array(offsets.utf8))
            defer { file.remove() }
            await connect.detour(
                "PATCH /connectors/a/offsets",
                .error(400, "Connectors must be in the STOPPED state before their offsets can be modified."),
                .init(body: #"{"message":"Done."}"#))
            let running = try await connectors("offsets", "a", "--alter", file.path, at: url)
            #expect(running.status == 1 && running.error.contains("`kw connectors stop a` first"))
            #expect(try await connectors("offsets", "a", "--alter", file.path, at: url).output == "Done.\n")
            #expect(await connect.bodies.last == offsets)
            let validation = #"""
                {"name":"C","error_count":2,"configs":[{"definition":{},"value":{"name":"x","errors":[]}},
                {"value":{"name":"y","errors":["no","hunter22 is bad."]}}]}
                """#
            await connect.detour("PUT /connector-plugins/C/config/validate", .init(body: validation))
            let wrong = try await connectors(
                "validate", "--class", "C", "--config", "q.password=hunter22", at: url)
            #expect(
                wrong.status == 1
                    && wrong.error == "kw connectors validate: y: no.\nkw connectors validate: y: ******** is bad.\n")
            await connect.connector("b", "RUNNING RUNNING")
            let deleted = try await connectors("delete", "a", "nobody", "b", at: url)
            #expect(deleted.status == 1 && deleted.output == "a is deleted.\nb is deleted.\n")
            #expect(deleted.error.contains("Connector nobody not found."))
            #expect(await connect.configs.isEmpty)
        }
    }

    /// What answers is not Connect, or not well.
    @Test(arguments: [
        (FakeConnect.Answer(status: 200, body: "<!DOCTYPE html><html></html>", type: "text/html"), "a web page"),
        (.init(status: 404, body: "<html>nginx</html>", type: "text/html"), "a web page"),
        (.init(body: "\u{1}garbage"), "something that is no JSON"), (.init(body: ""), "an empty answer"),
        (.init(body: #"{"version":"8.1","cluster_name":"x"}"#), "another JSON document"),
        (.init(body: "[1]"), "another JSON document"),
    ]) func strangersAreNamed(answer: FakeConnect.Answer, words: String) async throws {
        try await FakeConnect.serve { connect, url in
            await connect.detour("GET /", answer)
            let outcome = try await connectors("list", at: url)
            #expect(outcome.status == 1)
            #expect(
                outcome.error.contains("What answers at \(url) is not Kafka Connect: it sends \(words)."),
                "\(outcome.error)")
            #expect(outcome.error.split(separator: "\n").count == 1)
        }
    }

    @Test(arguments: [
        (FakeConnect.Answer.error(500, "IO\nerror"), "Connect could not do it: IO error. (HTTP 500)"),
        (.init(status: 500, body: "<html>"), "it sends a web page"),
        (.init(status: 500), "it gives no reason. (HTTP 500)"),
        (.init(status: 401), "asks for credentials"), (.init(body: "garbage"), "something that is no JSON"),
        (.error(403, "Topic tracking is disabled."), "Connect does not allow it: Topic tracking is disabled."),
        (.error(404, "HTTP 404 Not Found"), "does not know the request GET /connectors"),
    ]) func troublesAreSentences(answer: FakeConnect.Answer, words: String) async throws {
        try await FakeConnect.serve { connect, url in
            await connect.detour("GET /connectors?expand=status&expand=info", answer)
            let outcome = try await connectors("list", at: url)
            #expect(outcome.status == 1 && outcome.error.contains(words), "\(outcome.error)")
            #expect(outcome.error.split(separator: "\n").count == 1)
        }
    }

    @Test func aSlowAnswerIsNotWaitedForForever() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.detour("GET /", .init(body: "{}", delay: .seconds(9)))
            let began = ContinuousClock.now
            let outcome = try await connectors("list", at: url)
            #expect(began.duration(to: .now) < .seconds(8))
            #expect(outcome.status == 1 && outcome.error.contains("did not answer within 5 s"), "\(outcome.error)")
        }
    }

    @Test func theFirstThatAnswersIsAsked() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.connector("a", "RUNNING RUNNING")
            let second = try await connectors("status", "--check", at: "http://127.0.0.1:1, \(url)")
            #expect(second.status == 0, "\(second)")
            let none = try await connectors("list", at: "http://127.0.0.1:1,127.0.0.1:2/x/")
            #expect(none.status == 1)
            #expect(none.error.contains("Nothing answers at http://127.0.0.1:1."))
            #expect(none.error.contains("Nothing answers at http://127.0.0.1:2/x."))
            let secret = url.replacing("http://", with: "http://user:hunter2@")
            let allowed = try await connectors("list", at: secret)
            #expect(allowed.status == 0 && !allowed.error.contains("hunter2"))
            // `printf user:hunter2 | base64`
            #expect(await connect.authorizations == ["Basic dXNlcjpodW50ZXIy"])
            let unusable = try await connectors("list", at: "ftp://user:hunter2@h")
            #expect(unusable.status == 1 && unusable.error.contains("is no address of Connect"))
            #expect(!unusable.error.contains("hunter2"))
        }
    }
}

/// The decisions behind it, as tables.
@Suite(.turn) struct ConnectorWaitTests {
    private static func status(_ words: String, _ trace: String = "E: x") -> ConnectorStatus {
        let states = words.split(separator: " ").map { ConnectorStatus.State(String($0)) }
        func part(_ state: ConnectorStatus.State, _ task: Int?) -> ConnectorStatus.Part {
            .init(task: task, state: state, worker: "w", trace: state == .failed ? Trace(trace) : nil)
        }
        return ConnectorStatus(
            name: "a", type: "source", connector: part(states[0], nil),
            tasks: states.dropFirst().enumerated().map { part($0.element, $0.offset) })
    }

    @Test(arguments: [
        ("RUNNING RUNNING", true), ("RUNNING RUNNING RUNNING", true), ("RUNNING", false), ("RUNNING UNASSIGNED", false),
        ("PAUSED PAUSED", false), ("RUNNING RESTARTING", false), ("UNHEARD RUNNING", false),
    ]) func whatIsNewRunsWhenAllOfItRuns(words: String, isReached: Bool) {
        var wait = ConnectorWait(.running, before: nil)
        let verdict = wait.judge(Self.status(words), after: .zero)
        #expect((verdict == .reached) == isReached)
        #expect(isReached || verdict == .waiting(Self.status(words).summary))
    }

    @Test func whatWasThereBeforeMayBeOld() {
        let before = Self.status("RUNNING RUNNING")
        var wait = ConnectorWait(.running, before: before)
        #expect(wait.judge(before, after: .milliseconds(100)) != .reached)
        #expect(wait.judge(before, after: .seconds(2)) == .reached)
        var changing = ConnectorWait(.running, before: before)
        #expect(changing.judge(Self.status("RUNNING RESTARTING"), after: .zero) != .reached)
        #expect(changing.judge(before, after: .milliseconds(200)) == .reached)

        let failed = Self.status("RUNNING FAILED")
        var stale = ConnectorWait(.running, before: failed)
        #expect(stale.judge(failed, after: .seconds(1)) == .waiting(failed.summary))
        #expect(stale.judge(failed, after: .seconds(2)) == .failed(failed.reasons))
        var other = ConnectorWait(.running, before: failed)
        #expect(
            other.judge(Self.status("RUNNING FAILED", "E: y"), after: .zero) == .failed(["Task 0 of a FAILED: E: y."]))
        var fresh = ConnectorWait(.running, before: nil)
        #expect(fresh.judge(nil, after: .zero) == .waiting("no status yet"))
        #expect(fresh.judge(failed, after: .zero) == .failed(["Task 0 of a FAILED: E: x."]))
    }

    /// A stopped connector has no tasks; a failure does not keep one from being stopped.
    @Test func stoppingAndPausing() {
        var stop = ConnectorWait(.stopped, before: nil)
        #expect(
            stop.judge(Self.status("STOPPED FAILED"), after: .zero) == .waiting("connector STOPPED, its task FAILED"))
        #expect(stop.judge(Self.status("STOPPED"), after: .zero) == .reached)
        var pause = ConnectorWait(.paused, before: nil)
        #expect(pause.judge(Self.status("PAUSED RUNNING"), after: .zero) != .reached)
        #expect(pause.judge(Self.status("PAUSED PAUSED PAUSED"), after: .zero) == .reached)
    }

    @Test(arguments: [
        ("", "Connect gives no reason"), ("a.b.CException: x\n\tat y", "CException: x"), ("plain words", "plain words"),
        ("a.AException: x\n\tat y\nCaused by: b.BError: z\n\tat q\n\t... 6 more", "AException: x: BError: z"),
        ("a.AException: x\n\tat y\nCaused by: b.BException: x\n\tat q", "AException: x"),
        ("a.AException: one\ntwo\n\tat y", "AException: one two"),
    ]) func tracesHaveACause(trace: String, cause: String) { #expect(Trace(trace).cause == cause) }
}
