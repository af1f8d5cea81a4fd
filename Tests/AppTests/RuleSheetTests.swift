import ArgumentParser
import ChangeEvents
import Detectors
import Foundation
import JSONLines
import KafkaBroker
import TestSupport
import Testing

@testable import AgentRuntime

/// The numbers of rules, as options and files give them, and files that change while they are looked at.
@Suite(.turn) struct RuleSheetTests {
    private static func velocity(_ options: [(name: String, text: String?)] = []) throws -> RuleSheet<
        VelocityDetector.Rule
    > {
        try RuleSheet(VelocityDetector.Rule(), VelocityDetector.numbers, options: options)
    }

    /// What is not said is as in the exercise.
    @Test func defaultsAreTheExercises() throws {
        #expect(
            try Self.velocity().text(of: VelocityDetector.Rule()) == """
                most=5 window=1m high=4000.00 velocity-score=40 amount-score=50 alert-score=70 users=100000
                """)
        let anomaly = try RuleSheet(AnomalyDetector.Rule(), AnomalyDetector.numbers)
        #expect(anomaly.text(of: anomaly.numbers) == "factor=3 minimum=500.00 least=3 keep=50 users=100000")
        let probe = try RuleSheet(ProbeDetector.Rule(), ProbeDetector.numbers)
        #expect(
            probe.text(of: probe.numbers) == "small=100.00 large=500.00 least=3 window=10m lateness=1m users=100000")
    }

    @Test(
        arguments: [
            ("most", "1"), ("most", "60"), ("window", "1s"), ("window", "30d"), ("window", "1h30m"), ("high", "0"),
            ("high", "99.95"), ("high", "1000000000"), ("high", "0.5"), ("alert-score", "0"),
        ] as [(String, String)])
    func numbersAreTakenAndReadBack(_ name: String, _ text: String) throws {
        let byOption = try Self.velocity([(name, text)])
        let sheet = try Self.velocity()
        #expect(try sheet.reading(Array("\(name)=\(text)".utf8), path: "f") == byOption.numbers)
        let lines = byOption.text(of: byOption.numbers).split(separator: " ").joined(separator: "\n")
        #expect(try sheet.reading(Array(lines.utf8), path: "f") == byOption.numbers)
    }

    @Test(
        arguments: [
            ("most", "0"), ("most", "61"), ("most", "5.0"), ("most", ""), ("most", "99999999999999999999"),
            ("window", "60"), ("window", "0"), ("window", "999ms"), ("window", "31d"), ("window", "-1s"),
            ("high", "-1"), ("high", "1,5"), ("high", "1.005"), ("high", "."), ("high", "5."), ("high", ".5"),
            ("high", "1000000000.01"), ("high", "99999999999"), ("high", "1e3"), ("high", "٣"), ("alert-score", "-1"),
        ] as [(String, String)])
    func whatANumberCannotBeIsTold(_ name: String, _ text: String) throws {
        let byOption = #expect(throws: RuleFlaw.self) { try Self.velocity([(name, text)]) }
        #expect(byOption?.description.hasPrefix("--\(name) must be ") == true)
        let sheet = try Self.velocity()
        let inFile = #expect(throws: RuleFlaw.self) {
            try sheet.reading(Array("# a\n\(name)=\(text)\n".utf8), path: "f")
        }
        #expect(inFile?.description.hasPrefix("f, line 2: \(name) must be ") == true)
    }

    @Test(
        arguments: [
            ("speed=1", "f, line 1: the rule has no number 'speed'"),
            ("most=1\nmost=1", "f, line 2: most is there twice"),
            ("\n\nwindow=5s", "f, line 3: --window is given as well"), ("most=\\u00", "f, line 1: "),
            ("most=\u{1B}[2J", "f, line 1: most must be"),
        ])
    func aFileWithAnythingElseIsNotTaken(_ content: String, _ start: String) throws {
        let sheet = try Self.velocity([("window", "60s")])
        let flaw = #expect(throws: RuleFlaw.self) { try sheet.reading(Array(content.utf8), path: "f") }
        #expect(flaw?.description.hasPrefix(start) == true, "\(flaw?.description ?? "")")
        #expect(flaw?.description.contains("\u{1B}") == false)
    }

    @Test func anEmptyFileSaysNothing() throws {
        let sheet = try Self.velocity([("most", "9")])
        #expect(try sheet.reading([], path: "f").maximumTransactions == 9)
    }

    // MARK: - A file that changes

    private typealias News = RuleWatch<VelocityDetector.Rule>.News

    private static func rule(_ most: Int) -> VelocityDetector.Rule {
        var rule = VelocityDetector.Rule()
        rule.maximumTransactions = most
        return rule
    }

    /// What looks find, and what is new after each: nil is a file that is gone.
    @Test func whatIsFoundTwiceInARowCounts() throws {
        let steps: [(String?, News?)] = [
            ("most=4", nil), ("most=4", nil),
            // Being written: half of it would be another number.
            ("most=1", nil), ("most=12", nil), ("most=12", .changed(Self.rule(12))), ("most=12", nil),
            // It looks as before again in between.
            ("most=7", nil), ("most=12", nil), ("most=7", nil), ("most=7", .changed(Self.rule(7))),
            // Other words, the same numbers.
            ("# so\nmost=7", nil), ("# so\nmost=7", nil),
            ("most=x", nil), ("most=x", .bad("f, line 1: most must be a whole number, 1 to 60, not 'x'")),
            ("most=x", nil),
            (nil, nil), (nil, .bad("cannot read f")), (nil, nil),
            ("most=7", nil), ("most=7", nil), ("", nil), ("", .changed(Self.rule(5))),
        ]
        var watch = try RuleWatch("f", Self.velocity(), .success(Array("most=4".utf8)))
        #expect(watch.numbers == Self.rule(4))
        for (index, (content, news)) in steps.enumerated() {
            let found = watch.look(content.map { .success(Array($0.utf8)) } ?? .failure(FileError("cannot read f")))
            #expect(found == news, "step \(index)")
        }
        #expect(watch.numbers == Self.rule(5))
    }

    @Test func aFirstFileThatIsNoneIsAnError() throws {
        #expect(throws: RuleFlaw.self) { try RuleWatch("f", Self.velocity(), .failure(FileError("cannot read f"))) }
        #expect(throws: RuleFlaw.self) { try RuleWatch("f", Self.velocity(), .success([0x6D])) }
        for path in ["/dev/zero", "/", "/nowhere"] {
            guard case .failure = RuleWatch<NoNumbers>.read(path) else {
                Issue.record("\(path) was read")
                continue
            }
        }
    }

    // MARK: - Detectors

    private static func row(_ cents: Int64, at second: Int64) -> Transaction {
        Transaction(
            id: 1, userID: 1, amount: Amount(cents: cents), createdAt: EventTime(microseconds: second * 1_000_000))
    }

    @Test func detectorsJudgeByOtherNumbersAndKeepWhatTheyKnow() {
        var anomaly = AnomalyDetector()
        var velocity = VelocityDetector()
        for second in 0..<10 as Range<Int64> {
            _ = anomaly.observe(Self.row(200_00, at: second), partition: 4)
            _ = velocity.observe(Self.row(200_00, at: second), partition: 4)
        }
        var odd = AnomalyDetector.Rule()
        for (factor, keep, isAnomaly) in [(2, 50, true), (4, 50, false), (2, 5, true), (1000, 5, false), (2, 50, true)]
            as [(Int64, Int, Bool)]
        {
            (odd.factor, odd.history, odd.minimumHistory) = (factor, keep, 5)
            anomaly.change(to: odd)
            var copy = anomaly
            #expect(copy.observe(Self.row(700_00, at: 10), partition: 4).isAnomaly == isAnomaly)
        }
        #expect(anomaly.rule == odd && anomaly.userCount == 1)
        var fast = VelocityDetector.Rule()
        for (most, window, count) in [(5, 60, 11), (9, 60, 11), (2, 60, 11), (2, 5, 5)] as [(Int, Int64, Int)] {
            (fast.maximumTransactions, fast.windowMicroseconds) = (most, window * 1_000_000)
            velocity.change(to: fast)
            var copy = velocity
            #expect(copy.observe(Self.row(700_00, at: 10), partition: 4).count == count)
        }
        #expect(velocity.forget(partition: 4) == 1 && anomaly.forget(partition: 4) == 1)
    }

    /// Three of the largest amounts that there are, times a thousand, are beyond 64 bits.
    @Test func largeFactorsDoNotOverflow() {
        var rule = AnomalyDetector.Rule()
        rule.factor = 1000
        for (sign, isAnomaly) in [(1, false), (-1, true)] as [(Int64, Bool)] {
            var detector = AnomalyDetector(rule)
            for _ in 0..<50 { _ = detector.observe(Self.row(sign * (Int64.max - 1), at: 0), partition: 0) }
            #expect(detector.observe(Self.row(.max, at: 0), partition: 0).isAnomaly == isAnomaly)
        }
    }

    // MARK: - An agent

    @Test func anAgentTakesWhatChangesInTheFile() async throws {
        let path = NSTemporaryDirectory() + "rules-\(UUID().uuidString)"
        func write(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write("factor=5\n")
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        let agent = try RunningAgent(broker, ["--rules", path])
        // Four times the mean.
        try await broker.write((1..<4).map { Change.row($0, user: 7, "200") } + [Change.row(4, user: 7, "800")])
        try await eventually { await broker.committed == [4] }
        #expect(!agent.text.contains("ANOMALY"))
        try write("factor=2\nminimum=900\n")
        try await agent.says("the rule's numbers are factor=2 minimum=900.00 least=3 keep=50 users=100000 from now on")
        try write("factor=two\n")
        try await agent.says(
            "line 1: factor must be a whole number, 1 to 1000, not 'two'. The rule's numbers stay as they were")
        try await broker.write([Change.row(5, user: 7, "900"), Change.row(6, user: 7, "9000")])
        try await eventually { await broker.committed == [6] }
        #expect(try await agent.end() == 0)
        let lines = agent.text.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("ANOMALY") } == 1 && lines.count { $0.contains("stay as they were") } == 1)
        await broker.stop()
    }

    @Test func anAgentWhoseRulesAreNoneDoesNotBegin() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        let agent = try RunningAgent(broker, ["--rules", "/nowhere/rules"])
        #expect(try await agent.end() == 1)
        #expect(agent.text.contains("cannot read /nowhere/rules"))
        await broker.stop()
    }
}
