/// What is left of a plan: with it, a plan that was made smaller is told by the seed that it was drawn from, in the words of
/// options.
public struct PlanExtract: Sendable, Equatable {
    /// The numbers of the faults that are left; they count from 1. Nil is all.
    public var faults: [Int]?
    /// In place of how many there are; nil leaves it at that.
    public var partitions: Int?
    /// In place of how many producers there are.
    public var producers: Int?
    /// In place of how many members the group has.
    public var members: Int?
    /// In place of how many producers work in transactions.
    public var transactors: Int?
    /// In place of how many applications copy what they read.
    public var copiers: Int?
    /// In place of how many records each producer sends.
    public var records: Int?
    /// Until when records are sent and faults occur; nil leaves it at that.
    public var duration: Duration?
    /// What is set up as usual, by its ``Setting/description``.
    public var usual: [Setting] = []

    /// All of a plan.
    public init() {}

    /// What is drawn of how parties are set up.
    public enum Setting: Hashable, Sendable {
        /// All producers, or that one.
        case producers, producer(Int)
        /// All members of the group, or that one.
        case members, member(Int)
        /// All of the cluster, whether it has a disk of its own accord, or which release it speaks.
        case cluster, disk, release
        /// How transactions are made.
        case transactions
        /// The groups' protocol.
        case groupProtocol
        /// Whether brokers ask who clients are, or whether the answer holds for a time alone.
        case authentication, sessions
    }

    /// What makes `part` of `plan`; to be held against ``applied(to:)``, since not all plans are parts of another.
    public init(of part: ScenarioPlan, from plan: ScenarioPlan) {
        func change<T: Equatable>(_ value: (ScenarioPlan) -> T) -> T? {
            value(part) == value(plan) ? nil : value(part)
        }
        if part.faults != plan.faults {
            var left = part.faults[...]
            faults = plan.faults.indices.filter { index in
                guard left.first == plan.faults[index] else { return false }
                left.removeFirst()
                return true
            }.map { $0 + 1 }
        }
        partitions = change(\.partitions)
        producers = change(\.producers)
        members = change(\.members)
        transactors = change(\.transactors)
        copiers = change(\.copiers)
        records = change(\.records)
        duration = change(\.duration)
        usual = Self.settings(part, plan)
    }

    private static func settings(_ part: ScenarioPlan, _ plan: ScenarioPlan) -> [Setting] {
        func changes<S: Equatable>(_ new: [S], _ old: [S], _ all: Setting, _ one: (Int) -> Setting) -> [Setting] {
            if new == old { return [] }
            if new.isEmpty { return [all] }
            return zip(new, old).enumerated().filter { $0.element.0 != $0.element.1 }.map { one($0.offset + 1) }
        }
        var found = changes(part.producerSettings, plan.producerSettings, .producers, Setting.producer)
        found += changes(part.memberSettings, plan.memberSettings, .members, Setting.member)
        if part.transactions != plan.transactions { found.append(.transactions) }
        if part.groupProtocol != plan.groupProtocol { found.append(.groupProtocol) }
        if part.authentication != plan.authentication {
            found.append(part.authentication == nil ? .authentication : .sessions)
        }
        guard part.cluster != plan.cluster else { return found }
        if part.cluster == .init() { return found + [.cluster] }
        if part.cluster.hasDisk != plan.cluster.hasDisk { found.append(.disk) }
        if part.cluster.speaks != plan.cluster.speaks { found.append(.release) }
        return found
    }

    /// What is left of the plan.
    public func applied(to plan: ScenarioPlan) -> ScenarioPlan {
        var part = plan
        if let faults {
            let numbers = Set(faults)
            part.faults = plan.faults.indices.filter { numbers.contains($0 + 1) }.map { plan.faults[$0] }
        }
        part.partitions = partitions ?? plan.partitions
        part.producers = producers ?? plan.producers
        part.members = members ?? plan.members
        part.transactors = transactors ?? plan.transactors
        part.copiers = copiers ?? plan.copiers
        part.records = records ?? plan.records
        part.duration = duration ?? plan.duration
        for setting in usual { setting.reset(&part) }
        return part
    }

    /// As options of a command, without their dashes, in the order in which they are asked for.
    public var options: [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        if let faults { found.append(("faults", faults.isEmpty ? "none" : Self.text(faults))) }
        let counts = [
            ("partitions", partitions), ("producers", producers), ("members", members),
            ("transactors", transactors), ("copiers", copiers), ("records", records),
        ]
        for case (let name, let count?) in counts { found.append((name, "\(count)")) }
        if let duration { found.append(("until", duration.text.filter { $0 != " " })) }
        if !usual.isEmpty { found.append(("usual", usual.map(\.description).joined(separator: ","))) }
        return found
    }

    /// Numbers with ranges: `1,3-5`.
    private static func text(_ numbers: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}

extension PlanExtract.Setting: CustomStringConvertible {
    private static let simple: [(String, Self)] = [
        ("producers", .producers), ("members", .members), ("cluster", .cluster), ("disk", .disk), ("release", .release),
        ("transactions", .transactions), ("protocol", .groupProtocol), ("authentication", .authentication),
        ("sessions", .sessions),
    ]

    /// Reads what ``description`` writes.
    public init?(_ text: String) {
        if let known = Self.simple.first(where: { $0.0 == text }) {
            self = known.1
            return
        }
        let parts = text.split(separator: "-")
        guard parts.count == 2, let number = Int(parts[1]), number >= 1 else { return nil }
        switch parts[0] {
        case "producer": self = .producer(number)
        case "member": self = .member(number)
        default: return nil
        }
    }

    /// `producers`, `producer-2`, `members`, `member-2`, `cluster`, `disk`, `release`,
    /// `transactions`, `protocol`, `authentication` or `sessions`.
    public var description: String {
        switch self {
        case .producer(let number): "producer-\(number)"
        case .member(let number): "member-\(number)"
        case .producers: "producers"
        case .members: "members"
        case .cluster: "cluster"
        case .disk: "disk"
        case .release: "release"
        case .transactions: "transactions"
        case .groupProtocol: "protocol"
        case .authentication: "authentication"
        case .sessions: "sessions"
        }
    }

    fileprivate func reset(_ plan: inout ScenarioPlan) {
        switch self {
        case .producers: plan.producerSettings = []
        case .producer(let number):
            if plan.producerSettings.indices.contains(number - 1) { plan.producerSettings[number - 1] = .init() }
        case .members: plan.memberSettings = []
        case .member(let number):
            if plan.memberSettings.indices.contains(number - 1) { plan.memberSettings[number - 1] = .init() }
        case .cluster: plan.cluster = .init()
        case .disk: plan.cluster.hasDisk = false
        case .release: plan.cluster.speaks = nil
        case .transactions: plan.transactions = .init()
        case .groupProtocol: plan.groupProtocol = .eager
        case .authentication: plan.authentication = nil
        case .sessions: plan.authentication?.sessionLifetime = nil
        }
    }
}
