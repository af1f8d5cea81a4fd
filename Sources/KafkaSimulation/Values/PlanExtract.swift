/// What is left of a plan: with it, a plan that was made smaller is told by the seed that it was drawn from, in the words of
/// options.
public struct PlanExtract: Sendable, Equatable {
    /// The numbers of the faults that are left; they count from 1. Nil is all.
    public var faults: [Int]?
    /// In place of how many there are; nil leaves it at that.
    public var partitions: Int?
    public var producers: Int?
    public var members: Int?
    public var records: Int?
    /// Until when records are sent and faults occur; nil leaves it at that.
    public var duration: Duration?

    public init() {}

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
        records = change(\.records)
        duration = change(\.duration)
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
        part.records = records ?? plan.records
        part.duration = duration ?? plan.duration
        return part
    }

    /// As options of a command, without their dashes, in the order in which they are asked for.
    public var options: [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        if let faults { found.append(("faults", faults.isEmpty ? "none" : Self.text(faults))) }
        let counts = [
            ("partitions", partitions), ("producers", producers), ("members", members), ("records", records),
        ]
        for case (let name, let count?) in counts { found.append((name, "\(count)")) }
        if let duration { found.append(("until", duration.text.filter { $0 != " " })) }
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
