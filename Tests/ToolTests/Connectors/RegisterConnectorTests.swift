import JSONLines
import TestSupport
import Testing

/// `kw connectors register` and what else waits, against a server that changes its mind.
@Suite(.turn) struct RegisterConnectorTests {
    private static let trace = """
        org.apache.kafka.connect.errors.ConnectException: Could not start
        \tat io.debezium.connector.Task.start(Task.java:1)
        Caused by: io.debezium.DebeziumException: the slot is taken: secret99
        \tat x
        """

    private static func file(_ text: String, _ body: (String) async throws -> Void) async throws {
        let file = try Program.file(Array(text.utf8))
        defer { file.remove() }
        try await body(file.path)
    }

    @Test func aConnectorIsRegisteredAndWaitedFor() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.future("a", "", "UNASSIGNED", "RUNNING", "RUNNING UNASSIGNED", "RUNNING RUNNING")
            let document =
                #"{"name":"a","config":{"connector.class":"X","tasks.max":2,"on":true,"database.password":"secret99"}}"#
            try await Self.file(document) { path in
                let outcome = try await connectors("register", path, at: url)
                #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome)")
                #expect(outcome.output == "a is registered: connector RUNNING, its task RUNNING.\n")
            }
            #expect(await connect.requests.first == "GET /connectors/a/status")
            #expect(await connect.requests.dropFirst().first == "POST /connectors")
            #expect(
                await connect.configs["a"] == [
                    "connector.class": .string("X"), "tasks.max": .string("2"), "on": .string("true"),
                    "database.password": .string("secret99"),
                ])
        }
    }

    /// The settings alone, from standard input, with options over them.
    @Test func settingsComeFromAnywhere() async throws {
        try await FakeConnect.serve { connect, url in
            for name in ["b", "c", "d"] { await connect.future(name, "RUNNING RUNNING") }
            try await Self.file(#"{"name":"x","connector.class":"X","topic":"t"}"#) { path in
                let outcome = try await connectors(
                    "register", "-", "--name", "b", "--config", "topic=u=v", input: path, at: url)
                #expect(outcome.status == 0, "\(outcome)")
            }
            let bare = try await connectors("register", "--name", "c", "--class", "Y", "--json", at: url)
            #expect(JSON(bare.output)?["state"].text == "RUNNING")
            let quick = try await connectors("register", "--name", "d", "--class", "Y", "--no-wait", at: url)
            #expect(quick.output.contains("nobody waited") && quick.status == 0)
            #expect(
                await connect.configs["b"] == [
                    "name": .string("b"), "connector.class": .string("X"), "topic": .string("u=v"),
                ])
            #expect(await connect.configs["c"] == ["connector.class": .string("Y")])
            #expect(await connect.requests.last == "POST /connectors")
        }
    }

    /// A task that FAILED ends the wait at once, with its reason, in which no password stands.
    @Test func aTaskThatFailsEndsTheWait() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.future("a", "RUNNING", "RUNNING RUNNING FAILED", trace: Self.trace)
            let clock = ContinuousClock.now
            let outcome = try await connectors(
                "register", "--name", "a", "--class", "X", "--config", "db.password=secret99", "--wait", "60s", at: url)
            #expect(clock.duration(to: .now) < .seconds(20))
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(
                outcome.error == """
                    kw connectors register: Task 1 of a FAILED: ConnectException: Could not start: DebeziumException: the \
                    slot is taken: ********.
                    kw connectors register: `kw connectors status a --trace` shows all of it.

                    """)
        }
    }

    @Test func theWaitIsBounded() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.future("a", "RUNNING UNASSIGNED")
            let outcome = try await connectors("register", "--name", "a", "--class", "X", "--wait", "1s", at: url)
            #expect(outcome.status == 1)
            #expect(outcome.error.contains("a is not RUNNING after"))
            #expect(outcome.error.contains("connector RUNNING, its task UNASSIGNED"), "\(outcome.error)")
        }
    }

    @Test func aRebalanceIsWaitedFor() async throws {
        try await FakeConnect.serve { connect, url in
            let busy = FakeConnect.Answer.error(
                409, "Cannot complete request because of a conflicting operation (e.g. worker rebalance)")
            await connect.detour("POST /connectors", busy, busy, .error(503, "Worker is starting up"))
            await connect.future("a", "RUNNING RUNNING")
            let outcome = try await connectors("register", "--name", "a", "--class", "X", at: url)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(await connect.requests.filter { $0 == "POST /connectors" }.count == 4)

            for _ in 0..<100 { await connect.detour("POST /connectors", busy) }
            let endless = try await connectors(
                "register", "--name", "b", "--class", "X", "--wait", "1s", at: url)
            #expect(endless.status == 1)
            #expect(endless.error.contains("cannot do that just now: Cannot complete request"))
        }
    }

    @Test func aNameThatIsTakenIsReplacedOnlyWhenAsked() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.connector("a", "RUNNING RUNNING", config: ["connector.class": .string("Old")])
            let taken = try await connectors("register", "--name", "a", "--class", "New", at: url)
            #expect(taken.status == 1)
            #expect(taken.error.contains("Connector a already exists. --replace gives it"))
            #expect(await connect.configs["a"]?["connector.class"] == .string("Old"))
            for flag in ["--replace", "--update"] {
                let replaced = try await connectors("register", "--name", "a", "--class", "New", flag, at: url)
                #expect(replaced.status == 0, "\(replaced)")
            }
            #expect(await connect.configs["a"]?["connector.class"] == .string("New"))

            let changed = try await connectors(
                "update", "a", "--config", "x=1", "--remove", "connector.class", at: url)
            #expect(changed.status == 0 && changed.output.contains("a is changed"), "\(changed)")
            #expect(await connect.configs["a"] == ["name": .string("a"), "x": .string("1")])
            let unknown = try await connectors("update", "z", "--config", "x=1", at: url)
            #expect(unknown.status == 1 && unknown.error.contains("Connector z not found."))
        }
    }

    /// Connect's message of several lines becomes a sentence for each error.
    @Test func aWrongConfigurationIsToldErrorByError() async throws {
        try await FakeConnect.serve { connect, url in
            let message = """
                Connector configuration is invalid and contains the following 2 error(s):
                Missing required configuration "a" which has no default value.
                Invalid value hunter22 for configuration b: no
                You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`
                """
            await connect.detour("POST /connectors", .error(400, message))
            let outcome = try await connectors(
                "register", "--name", "a", "--class", "X", "--config", "b.password=hunter22", at: url)
            #expect(outcome.status == 1)
            #expect(
                outcome.error == """
                    kw connectors register: The configuration is invalid: Missing required configuration "a" which has no \
                    default value.
                    kw connectors register: The configuration is invalid: Invalid value ******** for configuration b: no.

                    """)
        }
    }

    @Test func whatCannotBeRegisteredIsRefusedBeforehand() async throws {
        try await FakeConnect.serve { connect, url in
            func refused(_ arguments: [String], _ words: String, status: Int32 = 1) async throws {
                let run = try await runConnectors(["register"] + arguments, at: url)
                #expect(run.status == status && run.error.contains(words), "\(run)")
            }
            try await refused(["--class", "X"], "--name gives it one")
            try await refused(["--name", "a", "--config", "x=1"], "no connector.class")
            try await refused(["/nowhere/x.json"], "cannot read /nowhere/x.json")
            try await refused(["--name", "a"], "name a file", status: 64)
            try await refused(["--name", "a", "--config", "x"], "key=value", status: 64)
            try await refused(["--name", "a", "--class", "X", "--wait", "0"], "--no-wait", status: 64)
            try await refused(
                ["--name", "a", "--class", "X", "--config", "p.password=********"], "only stands for a password")
            for (text, words) in [
                ("{", "is no JSON"), ("[]", "is no object of settings"), (#"{"name":"a","config":{"x":[1]}}"#, "array"),
            ] {
                try await Self.file(text) { try await refused([$0], words) }
            }
            #expect(await connect.requests.isEmpty)
        }
    }

    /// What FAILED before it was restarted is not the restart's failure.
    @Test func anOldFailureDoesNotEndTheWait() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.connector(
                "a", "RUNNING FAILED", "RUNNING FAILED", "RUNNING FAILED", "RUNNING RESTARTING", "RUNNING RUNNING",
                trace: Self.trace)
            let outcome = try await connectors("restart", "a", "--include-tasks", "--only-failed", at: url)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(await connect.requests.contains("POST /connectors/a/restart?includeTasks=true&onlyFailed=true"))
            // But one that stays is.
            await connect.connector("b", "RUNNING FAILED", trace: Self.trace)
            let failed = try await connectors("restart", "b", "--task", "0", at: url)
            #expect(failed.status == 1 && failed.error.contains("Task 0 of b FAILED"))
            #expect(await connect.requests.contains("POST /connectors/b/tasks/0/restart"))
        }
    }

    @Test func pausingAndStoppingAreWaitedFor() async throws {
        try await FakeConnect.serve { connect, url in
            await connect.connector("a", "RUNNING RUNNING", "RUNNING RUNNING", "PAUSED RUNNING", "PAUSED PAUSED")
            let paused = try await connectors("pause", "a", at: url)
            #expect(paused.output == "a is paused: connector PAUSED, its task PAUSED.\n", "\(paused)")
            await connect.connector("a", "PAUSED PAUSED", "PAUSED PAUSED", "PAUSED PAUSED", "RUNNING RUNNING")
            let resumed = try await connectors("resume", "a", "--json", at: url)
            #expect(JSON(resumed.output)?["tasks"].elements.first?["state"].text == "RUNNING", "\(resumed)")
            await connect.connector("a", "RUNNING RUNNING", "RUNNING RUNNING", "STOPPED RUNNING", "STOPPED")
            let stopped = try await connectors("stop", "a", at: url)
            #expect(stopped.output == "a is stopped: connector STOPPED, no tasks.\n", "\(stopped)")
            let unknown = try await connectors("pause", "nobody", at: url)
            #expect(unknown.status == 1 && unknown.error.contains("There is no connector nobody"))
        }
    }
}
