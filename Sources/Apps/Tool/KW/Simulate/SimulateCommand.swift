import AppSupport
import ArgumentParser
import Captures
import JSONLines
import KafkaSimulation
import KafkaWire
import Proxying
import Simulating
import ToolKit

/// `kw simulate`: the real client and the real broker under one clock and one seed, while things go wrong.
struct SimulateCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Try client and broker under a clock that jumps, while things go wrong, seed by seed.",
        discussion: """
            A history is a cluster, producers and a group for five minutes of a time of its own, which takes a fraction of \
            a second, and what goes wrong meanwhile; all of it follows from its seed. In the end it is checked that nothing \
            acknowledged is lost, doubled or in another order, that the group has read everything, that no partition has two \
            owners, that of transactions all is seen or nothing, that what is copied in them is there once, that calls have \
            ended, that troubles were told, and more. A history for which that does not hold is made as small as it goes, and \
            shown, with the command that repeats it. Then the status is 1.

            kw simulate --histories 1000
            kw simulate --scenario rebalance-storm --seed 17 --capture storm.jsonl
            kw simulate --scenario rolling-restart --minutes 60 --histories 100 --json

            Scenarios:
            \(NamedScenario.allCases.map { "  \($0.rawValue): \($0.sentence)" }.joined(separator: "\n"))
            """)
    static let endsItself = true
    static let leavesUndone = "the history in hand"

    @Option(
        help: ArgumentHelp(
            "The seed of the first history; the next ones have the next (default: a random one, which is said).",
            valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("How many histories.", valueName: "number"))
    var histories = 1

    @Option(
        help: ArgumentHelp("For how many minutes of its own time a history goes on (default: 5).", valueName: "number"))
    var minutes: Int?

    @Option(help: ArgumentHelp("What goes wrong, by name; see above.", valueName: "name"))
    var scenario = NamedScenario.everything

    @Option(help: ArgumentHelp("How many histories at a time (default: one for each processor).", valueName: "number"))
    var jobs: Int?

    @Flag(help: "Perform each history twice, and compare all that was sent, logged and drawn.")
    var verify = false

    @Flag(inversion: .prefixedNo, help: "Make the first history that fails as small as it goes.")
    var shrink = true

    @Option(
        help: ArgumentHelp(
            "Write what went over the network to a capture, for kw explain: of the history that is shown, or of the only one.",
            valueName: "file"), completion: .file())
    var capture: String?

    @Flag(help: "One JSON document instead of text.")
    var json = false

    @OptionGroup(title: "A part of the plan, as the command that repeats a history has it") var part: PlanPartOptions

    func validate() throws {
        try Self.check(histories, 1...100_000_000, "--histories")
        try Self.check(minutes, 1...10_080, "--minutes")
        try Self.check(jobs, 1...1024, "--jobs")
        try part.check()
    }

    static func check(_ number: Int?, _ range: ClosedRange<Int>, _ option: String) throws {
        guard let number, !range.contains(number) else { return }
        throw ValidationError("\(option) is \(range.lowerBound) to \(range.upperBound)")
    }

    // MARK: - Histories

    func perform(_ tool: Tool) async throws {
        let loop = try tool.loop
        let first = seed ?? loop.random() % 1_000_000
        var hunt = Hunt(firstSeed: first, count: histories, plan)
        hunt.jobs = jobs ?? Hunt.processors
        hunt.verifies = verify
        let start = loop.now
        let (count, tells) = (histories, !json && histories > 1)
        let end = Arrival<Void>()
        let run = hunt.start { finding, tally, failed in
            tool.console.progress(HuntSummary.progress(tally, of: count, failed: failed, after: loop.now - start))
            guard tells, let finding, failed <= Self.toldAtOnce else { return }
            tool.console.line("Seed \(finding.seed): \(finding.complaints.first ?? "")")
            tool.console.flush()
        } end: {
            end.give(())
        }
        let watcher = Task { [shutdown = tool.shutdown] in
            await shutdown.wait()
            end.give(())
        }
        await end.value()
        watcher.cancel()
        let report = run.stop()
        tool.console.endProgress()
        let summary = HuntSummary(
            scenario: scenario.rawValue, firstSeed: first, report: report, time: loop.now - start
        ) { [self] seed in command(seed) }
        if !json { summary.lines.forEach(tool.console.line) }
        tool.console.flush()
        if report.tally.histories < count {
            tool.complain("ended after \(report.tally.histories) of \(Figures.grouped(count)) histories")
        }
        let shown = shown(report, from: first, tool)
        if json {
            tool.console.line(summary.json(shown.map { [("smallest", json($0))] } ?? []))
        } else if let shown, !shown.isSound {
            tool.console.line("")
            shown.timeline(scenario.rawValue).lines.forEach(tool.console.line)
            tool.console.line("\nTo repeat it: \(command(shown.plan))")
        }
        if let capture, let shown { try write(shown, to: capture, tool) }
        if !report.findings.isEmpty { throw ExitCode(1) }
    }

    /// How many failing histories are told of as they are found; all are counted in the end.
    private static let toldAtOnce = 20

    /// The plan that was drawn for a seed, as a whole.
    private func whole(_ seed: UInt64) -> ScenarioPlan {
        scenario.plan(seed: seed, duration: minutes.map { .seconds($0 * 60) })
    }

    private func plan(_ seed: UInt64) -> ScenarioPlan {
        let plan = whole(seed)
        return part.extract(of: plan).applied(to: plan)
    }

    /// The history that is shown: the first one that is not as it should be, or the only one, where it is to be written.
    private func shown(_ report: Hunt.Report, from first: UInt64, _ tool: Tool) -> Trial? {
        let finding = report.findings.first { $0.breaches != [Hunt.otherwise] }
        guard let seed = finding?.seed ?? (histories == 1 && capture != nil ? first : nil) else { return nil }
        var plan = plan(seed)
        if shrink, finding != nil, !tool.shutdown.isRequested {
            var tries = 0
            plan = Trial(plan).shrunk { smaller in
                tries += 1
                tool.console.progress(
                    "making it smaller, try \(tries): \(Figures.counted(smaller.faults.count, "fault")), "
                        + Figures.counted(smaller.records, "record"))
                return !tool.shutdown.isRequested
            }
            tool.console.endProgress()
        }
        return Trial(plan, records: capture != nil)
    }

    // MARK: - Results

    /// What performs the history of a seed, as it is typed.
    private func command(_ seed: UInt64) -> String { command(plan(seed)) }

    private func command(_ plan: ScenarioPlan) -> String {
        var words = "kw simulate --seed \(plan.seed) --scenario \(scenario.rawValue)"
        if let minutes { words += " --minutes \(minutes)" }
        for (name, value) in PlanExtract(of: plan, from: whole(plan.seed)).options { words += " --\(name) \(value)" }
        return words
    }

    private func json(_ trial: Trial) -> String {
        JSONText.object([
            ("seed", "\(trial.plan.seed)"), ("digest", JSONText.string("\(trial.outcome.digest)")),
            ("command", JSONText.string(command(trial.plan))),
            ("complaints", JSONText.array(trial.complaints.map { JSONText.string($0) })),
            ("timeline", JSONText.array(trial.timeline(scenario.rawValue).lines.map { JSONText.string($0) })),
        ])
    }

    private func write(_ trial: Trial, to path: String, _ tool: Tool) throws {
        let recorder = try CaptureRecorder(path: path, note: command(trial.plan))
        for frame in Capture(trial.outcome.sent, note: "").frames { recorder.add(frame) }
        recorder.flush()
        if let failure = recorder.failure { throw ToolFailure(failure) }
        tool.console.note("\(path) has \(Figures.counted(recorder.count, "frame")): kw explain --list --file \(path)")
    }
}

extension NamedScenario: ExpressibleByArgument {}
