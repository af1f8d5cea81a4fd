import AppSupport
import ArgumentParser
import KafkaSimulation
import ToolKit

/// The options that leave only a part of a plan.
struct PlanPartOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only these faults, in their order: 3,5-7, or none.", valueName: "numbers"))
    var faults: FaultNumbers?

    @Option(help: ArgumentHelp("How many partitions the topic has.", valueName: "number"))
    var partitions: Int?

    @Option(help: ArgumentHelp("How many producers there are.", valueName: "number"))
    var producers: Int?

    @Option(help: ArgumentHelp("How many members the group has.", valueName: "number"))
    var members: Int?

    @Option(help: ArgumentHelp("How many send in transactions.", valueName: "number"))
    var transactors: Int?

    @Option(help: ArgumentHelp("How many copy what they read, exactly once.", valueName: "number"))
    var copiers: Int?

    @Option(help: ArgumentHelp("How many records each producer sends.", valueName: "number"))
    var records: Int?

    @Option(help: ArgumentHelp("When sending and faults end, such as 90s.", valueName: "time"))
    var until: TimeSpan?

    @Option(
        help: ArgumentHelp(
            """
            What is set up as usual, not as drawn: producers, producer-1, members, member-2, cluster, disk, release, \
            transactions, protocol, authentication, sessions.
            """,
            valueName: "names"))
    var usual: SettingNames?

    func check() throws {
        try SimulateCommand.check(partitions, 1...1000, "--partitions")
        try SimulateCommand.check(producers, 1...100, "--producers")
        try SimulateCommand.check(members, 1...100, "--members")
        try SimulateCommand.check(transactors, 0...100, "--transactors")
        try SimulateCommand.check(copiers, 0...100, "--copiers")
        try SimulateCommand.check(records, 1...1_000_000, "--records")
        if let until, until.duration <= .zero { throw ValidationError("--until has to be longer than 0") }
    }

    /// What is left of that plan.
    func extract(of plan: ScenarioPlan) -> PlanExtract {
        var extract = PlanExtract()
        extract.faults = faults.map { numbers in plan.faults.indices.map { $0 + 1 }.filter(numbers.contains) }
        extract.partitions = partitions
        extract.producers = producers
        extract.members = members
        extract.transactors = transactors
        extract.copiers = copiers
        extract.records = records
        extract.duration = until?.duration
        extract.usual = usual?.settings ?? []
        return extract
    }
}

/// Which faults are left: `3,5-7`, `10-`, `none`.
struct FaultNumbers: ExpressibleByArgument {
    private let numbers: FrameNumbers?

    init?(argument: String) {
        if argument == "none" {
            numbers = nil
        } else {
            guard let numbers = FrameNumbers(argument: argument) else { return nil }
            self.numbers = numbers
        }
    }

    func contains(_ number: Int) -> Bool { numbers?.contains(number) ?? false }
}

/// Names of what is set up, with commas between them.
struct SettingNames: ExpressibleByArgument {
    let settings: [PlanExtract.Setting]

    init?(argument: String) {
        var settings: [PlanExtract.Setting] = []
        for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let setting = PlanExtract.Setting(String(name)) else { return nil }
            settings.append(setting)
        }
        self.settings = settings
    }
}
