import KafkaWire

/// What clusters go through, by name. Each gives a plan for a seed: who takes part, and when what goes wrong with whom, is drawn
/// from that.
public enum NamedScenario: String, Sendable, CaseIterable {
    /// Nothing goes wrong.
    case calm
    case rollingRestart = "rolling-restart"
    case zoneLoss = "zone-loss"
    case leaderMoves = "leader-moves"
    case coordinatorMoves = "coordinator-moves"
    case flappingNetwork = "flapping-network"
    case slowLinks = "slow-links"
    case byteByByte = "byte-by-byte"
    case refusedConnects = "refused-connects"
    case rebalanceStorm = "rebalance-storm"
    case slowConsumer = "slow-consumer"
    case pausedClients = "paused-clients"
    case wrongClocks = "wrong-clocks"
    case diskFull = "disk-full"
    case brokerCrashes = "broker-crashes"
    /// Producers in transactions, and applications that copy what they read exactly once.
    case exactlyOnce = "exactly-once"
    /// A group whose members change from one protocol of groups to the other.
    case protocolChange = "protocol-change"
    /// Clients that have to say anew who they are, again and again.
    case expiringSessions = "expiring-sessions"
    /// All kinds of faults, drawn one by one.
    case everything

    /// What it is, in a sentence.
    public var sentence: String {
        switch self {
        case .calm: "Nothing goes wrong."
        case .rollingRestart: "One broker after the other is stopped and started again, round after round."
        case .zoneLoss: "A broker and the clients beside it reach nobody else, for up to two minutes."
        case .leaderMoves: "Partitions get other leaders every few seconds."
        case .coordinatorMoves: "The group gets another coordinator every few seconds."
        case .flappingNetwork: "Links between clients and brokers fail for seconds, in one direction or both, or break."
        case .slowLinks: "What clients and brokers say takes up to seven seconds to arrive."
        case .byteByByte: "Bytes arrive one at a time, or a few."
        case .refusedConnects: "Connections break, and new ones are refused for up to half a minute."
        case .rebalanceStorm: "Members of the group are killed and started again, several a minute."
        case .slowConsumer: "Members work for up to twenty seconds on each batch."
        case .pausedClients: "Clients stand still for up to a minute, as when their machine is suspended."
        case .wrongClocks: "Clocks jump, forwards and back, by up to half an hour."
        case .diskFull: "The brokers' disk is full for up to a minute, or refuses every change."
        case .brokerCrashes: "The brokers are killed, or lose their power, and are started again from their disk."
        case .exactlyOnce: "Those who work in transactions are killed, paused, shut out and left without answers."
        case .protocolChange: "Members go over to the group protocol of KIP-848 (Kafka 4.0), one after the other."
        case .expiringSessions: "Clients have to say anew who they are every few seconds, also over bad links."
        case .everything: "All kinds of faults, drawn one by one."
        }
    }

    /// The plan for a seed.
    ///
    /// - Parameter duration: For how long records are sent and things go wrong. Default: five minutes.
    public func plan(seed: UInt64, duration: Duration? = nil) -> ScenarioPlan {
        let length = duration ?? ScenarioPlan(seed: seed).duration
        if self == .everything { return .everything(seed: seed, over: length) }
        var draft = Draft(seed: seed, duration: length)
        add(to: &draft)
        draft.plan.faults.sort { $0.time < $1.time }
        return draft.plan
    }

    private func add(to draft: inout Draft) {
        switch self {
        case .calm, .everything: break
        case .rollingRestart:
            draft.plan.nodes = draft.number(2...3)
            var next = draft.node()
            draft.every(20...60) { draft, time in
                draft.add(time, .stopNode(next, for: draft.seconds(2...15)))
                next = next % draft.plan.nodes + 1
            }
        case .zoneLoss: draft.every(90...200) { draft, time in draft.loseZone(time) }
        case .leaderMoves:
            draft.every(2...15) { draft, time in
                let partition = draft.number(0...(draft.plan.partitions - 1))
                draft.add(time, .moveLeader(partition: partition, to: draft.node()))
            }
        case .coordinatorMoves:
            draft.every(5...25) { draft, time in draft.add(time, .moveCoordinator(to: draft.node())) }
        case .flappingNetwork:
            draft.every(5...25) { draft, time in
                let (client, node) = draft.link()
                switch draft.number(0...3) {
                case 0: draft.add(time, .cut(client, node, draft.cut()))
                case 1: draft.add(time, .cutLater(client, node, bytes: draft.number(0...4000), draft.cut()))
                case let way:
                    draft.add(time, .partition(client, node, isOneWay: way == 2, for: draft.seconds(1...15)))
                }
            }
        case .slowLinks:
            draft.every(15...45) { draft, time in
                let (client, node) = draft.link()
                let latency = Duration.milliseconds(draft.number(50...5000))
                draft.add(time, .slowLink(client, node, latency, for: draft.seconds(10...60)))
            }
        case .byteByByte:
            draft.every(15...45) { draft, time in
                let (client, node) = draft.link()
                let size = draft.number(0...1) == 0 ? 1 : draft.number(2...20)
                draft.add(time, .pieces(client, node, size, for: draft.seconds(10...60)))
            }
        case .refusedConnects:
            draft.every(15...45) { draft, time in
                let (client, node) = draft.link()
                draft.add(time, .refusedConnects(client, node, for: draft.seconds(5...30)))
                draft.add(time + .milliseconds(draft.number(0...2000)), .cut(client, node, draft.cut()))
            }
        case .rebalanceStorm:
            draft.plan.members = draft.number(2...5)
            draft.every(5...25) { draft, time in
                let member = draft.number(1...draft.plan.members)
                draft.add(time, .killMember(member, restartAfter: draft.seconds(1...20)))
            }
        case .slowConsumer:
            draft.every(20...60) { draft, time in
                let member = draft.number(1...draft.plan.members)
                let work = Duration.milliseconds(draft.number(500...20_000))
                draft.add(time, .slowMember(member, work, for: draft.seconds(15...60)))
            }
        case .pausedClients:
            draft.every(15...60) { draft, time in draft.add(time, .pause(draft.client(), for: draft.seconds(2...60))) }
        case .wrongClocks:
            draft.every(10...40) { draft, time in
                // Brokers refuse records that are from more than an hour ahead.
                let offset = Duration.seconds(draft.number(-1700...1700))
                draft.add(time, .wrongClock(draft.number(0...3) == 0 ? "kafka" : draft.client(), by: offset))
            }
        case .diskFull:
            draft.every(40...90) { draft, time in
                let length = draft.seconds(5...60)
                let isFull = draft.number(0...2) > 0
                draft.add(
                    time,
                    isFull
                        ? .diskFull(room: draft.number(0...5000), for: length)
                        : .diskRefuses(.inputOutput, for: length))
            }
        case .exactlyOnce: draft.troubleTransactions()
        case .expiringSessions: draft.troubleSessions()
        case .protocolChange:
            draft.plan.members = draft.number(2...4)
            draft.plan.groupProtocol = .changing
            var next = 1
            draft.every(10...40) { draft, time in
                let restart = draft.seconds(0...5)
                draft.add(
                    time,
                    draft.number(0...2) > 0
                        ? .closeMember(next, restartAfter: restart) : .killMember(next, restartAfter: restart))
                next = next % draft.plan.members + 1
            }
        case .brokerCrashes:
            draft.plan.cluster.flush = .everyProduce
            draft.every(40...90) { draft, time in
                let losses: [ScenarioPlan.PowerLoss?] = [nil] + ScenarioPlan.PowerLoss.allCases
                let loss = losses[draft.number(0...(losses.count - 1))]
                draft.add(
                    time,
                    .killBroker(loss, restartAfter: draft.seconds(0...20), onOtherPort: draft.number(0...3) == 0))
            }
        }
    }
}

/// A plan in the making, and what it is drawn from.
private struct Draft {
    var plan: ScenarioPlan
    private var random: RandomSource

    init(seed: UInt64, duration: Duration) {
        plan = ScenarioPlan(seed: seed)
        random = RandomSource(seed: seed &* 0x9FB2_1C65_1E98_DF25)
        plan.duration = duration
        plan.partitions = number(1...6)
        plan.producers = number(1...2)
        plan.members = number(1...3)
        plan.records = ScenarioPlan.records(number(20...400), over: duration)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    /// In milliseconds, so that a plan's text is short.
    mutating func seconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(number(range.lowerBound * 1000...range.upperBound * 1000))
    }
    mutating func cut() -> ScenarioPlan.Cut { ScenarioPlan.Cut.allCases.randomElement(using: &random) ?? .reset }
    mutating func node() -> Int { number(1...plan.nodes) }
    mutating func client() -> String { (plan.producerNames + plan.memberNames).randomElement(using: &random) ?? "" }
    mutating func link() -> (client: String, node: String) { (client(), "node-\(node())") }

    mutating func add(_ time: Duration, _ fault: ScenarioPlan.Fault) { plan.faults.append(.init(time, fault)) }

    /// Again and again, with so many seconds between two times; the last tenth is left for coming to rest.
    mutating func every(_ pauses: ClosedRange<Int>, _ body: (inout Draft, Duration) -> Void) {
        var time = seconds(0...pauses.upperBound)
        while time < plan.duration * 0.9 {
            body(&self, time)
            time += seconds(pauses)
        }
    }

    /// Transactors and copiers, and members that see nothing else than what they have committed.
    mutating func troubleTransactions() {
        (plan.transactors, plan.copiers) = (number(1...2), number(1...2))
        plan.transactions.abortsOneIn = number(2...6)
        plan.transactions.timeout = seconds(5...30)
        plan.transactions.sharesIdentity = number(0...3) == 0
        var strict = ScenarioPlan.MemberSettings()
        strict.readsCommitted = true
        plan.memberSettings = Array(repeating: strict, count: plan.members)
        let names = plan.transactingNames
        every(5...25) { draft, time in
            let name = names[draft.number(0...(names.count - 1))]
            switch draft.number(0...6) {
            case 0, 1: draft.add(time, .killClient(name, restartAfter: draft.seconds(0...15)))
            case 2: draft.add(time, .closeClient(name, restartAfter: draft.seconds(0...15)))
            case 3: draft.add(time, .pause(name, for: draft.seconds(2...40)))
            case 4: draft.add(time, .slowClient(name, draft.seconds(1...10), for: draft.seconds(10...40)))
            case 5: draft.add(time, .moveTransactionCoordinator(of: name, to: draft.node()))
            default:
                let apis = [APIKey.endTxn, .txnOffsetCommit, .produce, .initProducerId]
                draft.add(
                    time,
                    .answers(apis[draft.number(0...3)], .lost, times: draft.number(1...5), for: draft.seconds(2...10)))
            }
        }
    }

    /// Sessions of a few seconds, and what comes in the way of those who renew them.
    mutating func troubleSessions() {
        let mechanisms = ScenarioPlan.AuthenticationSettings.Mechanism.allCases
        plan.authentication = .init(
            mechanisms[number(0...(mechanisms.count - 1))], sessionLifetime: seconds(2...20))
        every(10...40) { draft, time in
            let (client, node) = draft.link()
            switch draft.number(0...5) {
            case 0: draft.add(time, .cut(client, node, draft.cut()))
            case 1: draft.add(time, .cutLater(client, node, bytes: draft.number(0...2000), draft.cut()))
            case 2: draft.add(time, .pause(client, for: draft.seconds(2...40)))
            case 3:
                let latency = Duration.milliseconds(draft.number(50...1500))
                draft.add(time, .slowLink(client, node, latency, for: draft.seconds(5...30)))
            case 4:
                let partition = draft.number(0...(draft.plan.partitions - 1))
                draft.add(time, .moveLeader(partition: partition, to: draft.node()))
            default: draft.add(time, .stopNode(draft.node(), for: draft.seconds(2...15)))
            }
        }
    }

    /// A zone has a broker, a member and a producer.
    mutating func loseZone(_ time: Duration) {
        let member = plan.memberNames[number(1...plan.members) - 1]
        let producer = plan.producerNames[number(1...plan.producers) - 1]
        add(time, .zoneLoss(["node-\(node())", member, producer], for: seconds(20...120)))
    }
}

extension ScenarioPlan {
    /// So many records in five minutes are so many in that time.
    fileprivate static func records(_ count: Int, over duration: Duration) -> Int {
        Int(min(max(1, Double(count) * (duration / .seconds(300))), 1e9).rounded())
    }

    /// What is drawn for five minutes, over that time.
    fileprivate static func everything(seed: UInt64, over duration: Duration) -> ScenarioPlan {
        let share = duration / ScenarioPlan(seed: seed).duration
        guard share != 1 else { return .drawn(seed: seed) }
        var plan = drawn(seed: seed, faults: max(1, Int((12 * share).rounded())), duration: duration)
        plan.records = records(plan.records, over: duration)
        return plan
    }
}
