import KafkaWire

/// What a history is to be: who takes part, for how long, and what goes wrong when. A value: it is drawn from a seed, and
/// made smaller by taking things out of it.
public struct ScenarioPlan: Sendable, Equatable {
    /// What is done to the cluster, the network or a host. Nodes count from 1; other parties go by their names.
    public enum Fault: Sendable, Equatable {
        /// Nothing passes between two parties, or only in one direction.
        case partition(String, String, isOneWay: Bool, for: Duration)
        /// All connections between two parties end.
        case cut(String, String, Cut)
        /// Connections between two parties end after so many bytes more.
        case cutLater(String, String, bytes: Int, Cut)
        /// Everything between two parties takes longer.
        case slowLink(String, String, Duration, for: Duration)
        /// Bytes between two parties arrive in pieces.
        case pieces(String, String, Int, for: Duration)
        case refusedConnects(String, String, for: Duration)
        case stopNode(Int, for: Duration)
        case moveLeader(partition: Int, to: Int)
        case moveCoordinator(to: Int)
        case pause(String, for: Duration)
        /// A member is killed, and another one with its name is started later.
        case killMember(Int, restartAfter: Duration)
        /// A member works on each batch for so long.
        case slowMember(Int, Duration, for: Duration)
        case wrongClock(String, by: Duration)
    }

    /// How connections end that neither side has closed.
    public enum Cut: Sendable, Equatable, CaseIterable {
        case reset, closed, silent
    }

    /// A fault at its time.
    public struct Occurrence: Sendable, Equatable {
        public var time: Duration
        public var fault: Fault

        public init(_ time: Duration, _ fault: Fault) { (self.time, self.fault) = (time, fault) }
    }

    public var seed: UInt64
    public var nodes = 3
    public var partitions = 4
    public var producers = 2
    public var members = 3
    /// How many records each producer sends, over the whole time.
    public var records = 200
    /// For how long records are sent and faults occur. What was sent is then read, without faults.
    public var duration: Duration = .seconds(300)
    public var faults: [Occurrence] = []

    public init(seed: UInt64) { self.seed = seed }

    /// The names of those who take part.
    public var producerNames: [String] { (0..<producers).map { "producer-\($0 + 1)" } }
    public var memberNames: [String] { (0..<members).map { "member-\($0 + 1)" } }
    public var nodeNames: [String] { (0..<nodes).map { "node-\($0 + 1)" } }

    /// A plan with so many faults, all drawn from the seed.
    public static func drawn(seed: UInt64, faults: Int = 12) -> ScenarioPlan {
        var random = RandomSource(seed: seed &* 0x2545_F491_4F6C_DD1D)
        var plan = ScenarioPlan(seed: seed)
        plan.nodes = Int.random(in: 1...3, using: &random)
        plan.partitions = Int.random(in: 1...6, using: &random)
        plan.producers = Int.random(in: 1...2, using: &random)
        plan.members = Int.random(in: 1...3, using: &random)
        plan.records = Int.random(in: 20...400, using: &random)
        for _ in 0..<faults {
            let time = plan.duration * Double.random(in: 0...0.9, using: &random)
            plan.faults.append(Occurrence(time, plan.fault(&random)))
        }
        plan.faults.sort { $0.time < $1.time }
        return plan
    }

    private func fault(_ random: inout RandomSource) -> Fault {
        let node = Int.random(in: 1...nodes, using: &random)
        let one = (producerNames + memberNames).randomElement(using: &random) ?? ""
        let other = "node-\(node)"
        let time = Duration.seconds(Int.random(in: 1...60, using: &random))
        let cut = Cut.allCases.randomElement(using: &random) ?? .reset
        let member = Int.random(in: 1...members, using: &random)
        switch random.next() % 13 {
        case 0: return .partition(one, other, isOneWay: false, for: time)
        case 1: return .partition(one, other, isOneWay: true, for: time)
        case 2: return .cut(one, other, cut)
        case 3: return .cutLater(one, other, bytes: Int.random(in: 0...2000, using: &random), cut)
        case 4: return .slowLink(one, other, .milliseconds(Int.random(in: 10...3000, using: &random)), for: time)
        case 5: return .pieces(one, other, Int.random(in: 1...20, using: &random), for: time)
        case 6: return .refusedConnects(one, other, for: time)
        case 7: return .stopNode(node, for: time)
        case 8: return .moveLeader(partition: Int.random(in: 0..<partitions, using: &random), to: node)
        case 9: return .moveCoordinator(to: node)
        case 10: return .pause(one, for: time)
        case 11: return .killMember(member, restartAfter: time)
        default: return .slowMember(member, .milliseconds(Int.random(in: 10...20_000, using: &random)), for: time)
        }
    }
}

// MARK: - Smaller ones

extension ScenarioPlan {
    /// Plans that are smaller by one thing, those with less first.
    var smaller: [ScenarioPlan] {
        var found: [ScenarioPlan] = []
        func add(_ change: (inout ScenarioPlan) -> Void) {
            var plan = self
            change(&plan)
            if plan != self { found.append(plan) }
        }
        if faults.count > 1 {
            add { $0.faults = Array(faults[(faults.count / 2)...]) }
            add { $0.faults = Array(faults[..<(faults.count / 2)]) }
        }
        for index in faults.indices { add { $0.faults.remove(at: index) } }
        add { $0.records = max(1, records / 2) }
        add { $0.producers = max(1, producers - 1) }
        add { $0.members = max(1, members - 1) }
        add { $0.partitions = max(1, partitions - 1) }
        add { plan in
            guard let last = faults.last?.time else { return }
            plan.duration = min(duration, max(.seconds(10), last + .seconds(30)))
        }
        return found
    }

    /// The smallest plan that is found for which `fails` still holds, within so many tries.
    public func shrunk(tries: Int = 200, _ fails: (ScenarioPlan) -> Bool) -> ScenarioPlan {
        var smallest = self
        var left = tries
        var hasShrunk = true
        while hasShrunk, left > 0 {
            hasShrunk = false
            for plan in smallest.smaller where left > 0 {
                left -= 1
                guard fails(plan) else { continue }
                smallest = plan
                hasShrunk = true
                break
            }
        }
        return smallest
    }
}
