import KafkaWire

extension ScenarioPlan {
    /// A plan with so many faults, all drawn from the seed.
    ///
    /// In two of three plans everything that the clients promise holds all the same; the others have faults and
    /// configurations that take something of that away.
    ///
    /// - Parameter duration: For how long records are sent and faults occur.
    public static func drawn(seed: UInt64, faults: Int = 12, duration: Duration = .seconds(300)) -> ScenarioPlan {
        var draw = PlanDraw(seed: seed, duration: duration)
        draw.addFaults(faults)
        return draw.plan
    }
}

/// What can be drawn, each with how often.
enum FaultKind: CaseIterable {
    case partition, oneWay, zoneLoss, cut, cutLater, brittleLink, slowLink, narrowLink, pieces, refusedConnects
    case droppedConnects, deaf, crowd, wrongName, movedName
    case stopNode, addNode, removeNode, moveLeader, moveCoordinator, lagReplicas, electUncleanly, killBroker, losePower
    case diskFull, diskRefuses, slowDisk, pause, slowMachine, wrongClock, expireProducers
    case passingErrors, fatalErrors, throttle, lateAnswers, noAnswers, hangUps, lostAnswers, speak
    case deleteTopic, addPartitions, lowerLimit
    case killMember, closeMember, slowMember, cancelReading, killProducer, closeProducer, slowProducer, impatience
    case moveTransactionCoordinator, killClient, closeClient, slowClient

    var weight: Int {
        switch self {
        case .partition, .cut, .cutLater, .stopNode, .moveLeader, .passingErrors, .killMember, .killClient: 4
        case .oneWay, .brittleLink, .moveCoordinator, .killBroker, .pause, .lostAnswers, .closeMember, .slowMember,
            .killProducer, .losePower, .electUncleanly:
            3
        case .crowd, .addNode, .removeNode, .deleteTopic, .addPartitions, .lowerLimit, .speak, .wrongClock,
            .expireProducers:
            1
        default: 2
        }
    }

    /// Whether it takes something away of what is promised.
    var weakens: Bool {
        switch self {
        case .electUncleanly, .deleteTopic, .lowerLimit, .expireProducers: true
        default: false
        }
    }

    /// Whether there has to be somebody who works in transactions.
    var needsTransactions: Bool {
        switch self {
        case .moveTransactionCoordinator, .killClient, .closeClient, .slowClient: true
        default: false
        }
    }

    /// Whether the ends of transactions may be gone with what a leader had alone, so that nothing behind them is seen.
    var losesEnds: Bool { self == .lagReplicas || self == .electUncleanly }

    var needsDisk: Bool {
        switch self {
        case .killBroker, .losePower, .diskFull, .diskRefuses, .slowDisk: true
        default: false
        }
    }
}

/// A plan in the making, and what it is drawn from.
private struct PlanDraw {
    var plan: ScenarioPlan
    private var random: RandomSource
    /// Whether what is promised may be less than usual.
    private var isHarsh = false

    init(seed: UInt64, duration: Duration) {
        random = RandomSource(seed: seed &* 0x2545_F491_4F6C_DD1D)
        plan = ScenarioPlan(seed: seed)
        plan.duration = duration
        isHarsh = number(1...3) == 1
        plan.nodes = number(1...3)
        plan.partitions = number(1...6)
        plan.producers = number(1...2)
        plan.members = number(1...3)
        plan.records = number(20...400)
        plan.cluster.hasDisk = isOne(in: 2)
        plan.cluster.flush = one(of: [.never, .everyProduce, .interval(.milliseconds(number(100...5000)))])
        if isOne(in: 8) { plan.cluster.speaks = one(of: Self.knownReleases) }
        for _ in 0..<plan.producers { plan.producerSettings.append(producer()) }
        for _ in 0..<plan.members { plan.memberSettings.append(member()) }
        addTransactions()
        addAuthentication()
    }

    /// Those whose groups know static members.
    private static let knownReleases = ["2.4", "2.6", "2.8", "3.3", "3.6", "3.9", "4.0", "4.2"]

    /// Those of them that may be spoken: where there are transactions, those that know of which member the positions in
    /// them are (KIP-447), and where the coordinator assigns partitions, those that do (KIP-848).
    private var releases: [String] {
        switch plan.groupProtocol {
        case .consumer, .changing: Self.knownReleases.filter { $0.hasPrefix("4.") }
        case .eager, .cooperative: Self.knownReleases.filter { $0 != "2.4" || !plan.hasTransactions }
        }
    }

    /// Groups' protocols, and in one of five plans some who work in transactions; drawn apart, so that what else is drawn stays
    /// what it was without.
    private mutating func addTransactions() {
        let rest = random
        random = RandomSource(seed: plan.seed &* 0xA24B_AED4_963E_E407)
        plan.groupProtocol = one(of: [.eager, .eager, .eager, .cooperative, .cooperative, .consumer, .changing])
        if isOne(in: 5) {
            plan.transactors = number(0...2)
            plan.copiers = number((plan.transactors == 0 ? 1 : 0)...2)
            plan.transactions.maximumRecords = number(1...8)
            plan.transactions.abortsOneIn = one(of: [nil, 2, 4, 10])
            plan.transactions.timeout = milliseconds(5000...60_000)
            plan.transactions.hold = one(of: [.zero, .zero, milliseconds(10...3000)])
            plan.transactions.sharesIdentity = isOne(in: 4)
            plan.transactions.copiesCommitted = !isOne(in: 4)
            // Else hardly any group has nobody who shows what is not committed.
            if isOne(in: 2) {
                for place in plan.memberSettings.indices { plan.memberSettings[place].readsCommitted = true }
            }
        }
        if let release = plan.cluster.speaks, !releases.contains(release) { plan.cluster.speaks = one(of: releases) }
        random = rest
    }

    /// In one of four plans the brokers ask who clients are; drawn apart likewise.
    private mutating func addAuthentication() {
        let rest = random
        random = RandomSource(seed: plan.seed &* 0xD6E8_FEB8_6659_FD93)
        if isOne(in: 4) {
            plan.authentication = .init(
                one(of: ScenarioPlan.AuthenticationSettings.Mechanism.allCases),
                sessionLifetime: isOne(in: 4) ? nil : milliseconds(2000...60_000))
        }
        random = rest
    }

    // MARK: - Chance

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    private mutating func isOne(in count: Int) -> Bool { number(1...count) == 1 }
    private mutating func one<Element>(of all: [Element]) -> Element { all[number(0...(all.count - 1))] }
    private mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration { .milliseconds(number(range)) }

    /// As many bytes, but seldom as many as `range` allows: each order of magnitude is as likely.
    private mutating func size(_ range: ClosedRange<Int>) -> Int {
        let ratio = max(1, range.upperBound / max(1, range.lowerBound))
        let low = range.lowerBound << number(0...(Int.bitWidth - 1 - ratio.leadingZeroBitCount))
        return min(range.upperBound, low + number(0...low))
    }

    // MARK: - Applications

    private mutating func producer() -> ScenarioPlan.ProducerSettings {
        var settings = ScenarioPlan.ProducerSettings()
        if isHarsh {
            (settings.acks, settings.isIdempotent) = one(of: [
                (.all, true), (.all, true), (.all, false), (.leader, false), (.none, false),
            ])
        }
        settings.linger = one(of: [.zero, .milliseconds(5), milliseconds(10...3000)])
        settings.batchSize = size(200...262_144)
        settings.maximumInFlight = number(1...5)
        settings.requestTimeout = milliseconds(3000...30_000)
        settings.deliveryTimeout = milliseconds(5000...120_000)
        settings.compression = one(of: Compression.allCases + [.none, .none])
        settings.keys = one(of: [0, 1, 16, 1000])
        settings.padding = one(of: [0, 0, number(1...300), number(300...20_000)])
        settings.flushEvery = one(of: [nil, nil, number(1...50)])
        return settings
    }

    private mutating func member() -> ScenarioPlan.MemberSettings {
        var settings = ScenarioPlan.MemberSettings()
        settings.isStatic = isOne(in: 3)
        settings.sessionTimeout = milliseconds(6000...45_000)
        settings.heartbeatInterval = min(milliseconds(500...5000), settings.sessionTimeout / 3)
        settings.maximumPollInterval = milliseconds(10_000...300_000)
        settings.requestTimeout = milliseconds(3000...30_000)
        settings.metadataMaximumAge = milliseconds(5000...300_000)
        // Who hardly waits asks all the time, which costs much and shows little: seldom.
        settings.fetchMaximumWait = isOne(in: 16) ? milliseconds(10...100) : milliseconds(200...2500)
        settings.fetchMinimumBytes = one(of: [1, 1, number(1...10_000)])
        settings.fetchMaximumBytes = size(1000...2_097_152)
        settings.partitionMaximumBytes = size(500...1_048_576)
        settings.autoCommit = one(of: [nil, nil, milliseconds(100...5000)])
        settings.prefersRoundRobin = isOne(in: 2)
        settings.beginsAtEnd = isHarsh && isOne(in: 5)
        settings.readsCommitted = isOne(in: 3)
        return settings
    }

    // MARK: - Faults

    mutating func addFaults(_ count: Int) {
        let isSafe = plan.cluster.flush == .everyProduce
        let kinds = FaultKind.allCases.filter { kind in
            if plan.hasTransactions ? kind.losesEnds : kind.needsTransactions { return false }
            if kind.needsDisk, !plan.cluster.hasDisk { return false }
            if kind == .losePower, !isSafe { return isHarsh }
            return isHarsh || !kind.weakens
        }
        let all = kinds.reduce(0) { $0 + $1.weight }
        for _ in 0..<max(0, count) {
            let time = plan.duration * Double.random(in: 0...0.9, using: &random)
            var rest = number(0...(all - 1))
            for kind in kinds {
                rest -= kind.weight
                guard rest < 0 else { continue }
                plan.faults.append(ScenarioPlan.Occurrence(time, fault(kind)))
                break
            }
        }
        plan.faults.sort { $0.time < $1.time }
    }

    /// A client, and a node or all of them.
    private mutating func link() -> (client: String, other: String) {
        (client(), isOne(in: 4) ? "kafka" : "node-\(node())")
    }

    private mutating func direction() -> (from: String, to: String) {
        let (one, other) = link()
        return isOne(in: 2) ? (one, other) : (other, one)
    }

    private mutating func client() -> String { one(of: plan.clientNames) }
    private mutating func host() -> String { isOne(in: 4) ? "kafka" : client() }
    private mutating func node() -> Int { number(1...plan.nodes) }
    private mutating func member() -> Int { number(1...plan.members) }
    private mutating func producer() -> Int { number(1...plan.producers) }
    private mutating func transacting() -> String { one(of: plan.transactingNames) }
    private mutating func partition() -> Int { number(0...(plan.partitions - 1)) }
    private mutating func cut() -> ScenarioPlan.Cut { one(of: ScenarioPlan.Cut.allCases) }
    /// Mostly up to a minute, seldom three.
    private mutating func time() -> Duration { .seconds(isOne(in: 6) ? number(61...180) : number(1...60)) }

    private mutating func fault(_ kind: FaultKind) -> ScenarioPlan.Fault {
        switch kind {
        case .partition, .oneWay:
            let (from, to) = direction()
            return .partition(from, to, isOneWay: kind == .oneWay, for: time())
        case .zoneLoss:
            var zone = [client()]
            for name in plan.nodeNames.dropLast() + plan.clientNames
            where isOne(in: 2) && !zone.contains(name) { zone.append(name) }
            return .zoneLoss(zone, for: time())
        case .cut:
            let (one, other) = link()
            return .cut(one, other, cut())
        case .cutLater:
            let (from, to) = direction()
            return .cutLater(from, to, bytes: number(0...2000), cut())
        case .brittleLink:
            let (from, to) = direction()
            let first = size(1...10_000)
            return .brittleLink(
                from: from, to: to, oneIn: number(1...4), bytes: first...(first + size(1...10_000)), cut(), for: time())
        case .slowLink:
            let (one, other) = link()
            return .slowLink(one, other, milliseconds(10...3000), for: time())
        case .narrowLink:
            let (one, other) = link()
            return .narrowLink(one, other, bytesPerSecond: size(500...1_000_000), for: time())
        case .pieces:
            let (one, other) = link()
            return .pieces(one, other, number(1...20), for: time())
        case .refusedConnects:
            let (one, other) = link()
            return .refusedConnects(one, other, for: time())
        case .droppedConnects:
            let (one, other) = link()
            return .droppedConnects(one, other, for: time())
        case .deaf: return .deaf(host(), for: time())
        case .crowd: return .crowd(node: node(), for: time())
        case .wrongName: return .wrongName(client(), one(of: ScenarioPlan.WrongName.allCases), for: time())
        case .movedName: return .movedName(client(), node: node(), leadsTo: node(), for: time())
        default: return nodeFault(kind)
        }
    }

    private mutating func nodeFault(_ kind: FaultKind) -> ScenarioPlan.Fault {
        switch kind {
        case .stopNode: return .stopNode(node(), for: time())
        case .addNode: return .addNode
        case .removeNode: return .removeNode(node())
        case .moveLeader: return .moveLeader(partition: partition(), to: node())
        case .moveCoordinator: return .moveCoordinator(to: node())
        case .lagReplicas: return .lagReplicas(partition: partition(), for: time())
        case .electUncleanly: return .electUncleanly(partition: partition(), to: node(), losing: number(1...20))
        case .killBroker: return .killBroker(nil, restartAfter: restart(), onOtherPort: isOne(in: 4))
        case .losePower:
            return .killBroker(
                one(of: ScenarioPlan.PowerLoss.allCases), restartAfter: restart(), onOtherPort: isOne(in: 4))
        case .diskFull: return .diskFull(room: size(1...10_000), for: time())
        case .diskRefuses: return .diskRefuses(one(of: ScenarioPlan.DiskError.allCases), for: time())
        case .slowDisk:
            return .slowDisk(sync: milliseconds(1...500), bytesPerSecond: size(10_000...10_000_000), for: time())
        case .pause: return .pause(host(), for: time())
        case .slowMachine: return .slowMachine(host(), .microseconds(number(1...500)), for: time())
        case .wrongClock:
            // Within half an hour: brokers refuse records of more than an hour ahead.
            return .wrongClock(host(), by: .seconds(number(-1700...1700)))
        case .expireProducers: return .expireProducers(for: time())
        default: return answerFault(kind)
        }
    }

    private mutating func answerFault(_ kind: FaultKind) -> ScenarioPlan.Fault {
        // Elsewhere a member or an operator gives up, and is started again.
        let isTaking = isHarsh || kind != .fatalErrors
        // Administrators ask seldom.
        let isRare = isOne(in: 8)
        let row = one(
            of: Injections.rows.filter { row in
                (isTaking || !Injections.deciding.contains(row.api)) && Injections.seldom.contains(row.api) == isRare
                    && Injections.isAsked(row.api, in: plan)
            })
        let times = number(1...8)
        func answers(_ answer: ScenarioPlan.Answer, _ time: Duration) -> ScenarioPlan.Fault {
            .answers(row.api, answer, times: times, for: time)
        }
        switch kind {
        case .passingErrors: return answers(.error(one(of: row.passing)), time())
        case .fatalErrors: return answers(.error(one(of: row.fatal)), time())
        case .throttle: return answers(.throttle(milliseconds(10...5000)), time())
        case .lateAnswers: return answers(.late(milliseconds(10...20_000)), time())
        case .noAnswers: return answers(.silence, time())
        case .hangUps: return answers(.hangUp, time())
        case .lostAnswers: return answers(.lost, time())
        case .speak: return .speak(as: one(of: releases), for: time())
        case .deleteTopic: return .deleteTopic(recreateAfter: milliseconds(0...10_000), partitions: number(1...6))
        case .addPartitions: return .addPartitions(number(1...3))
        case .lowerLimit: return .lowerLimit(bytes: size(100...10_000), for: time())
        default: return applicationFault(kind)
        }
    }

    private mutating func applicationFault(_ kind: FaultKind) -> ScenarioPlan.Fault {
        switch kind {
        case .killMember: return .killMember(member(), restartAfter: restart())
        case .closeMember: return .closeMember(member(), restartAfter: restart())
        case .slowMember: return .slowMember(member(), milliseconds(10...20_000), for: time())
        case .cancelReading: return .cancelReading(member())
        case .killProducer: return .killProducer(producer(), restartAfter: restart())
        case .closeProducer: return .closeProducer(producer(), restartAfter: restart())
        case .slowProducer: return .slowProducer(producer(), milliseconds(10...20_000), for: time())
        case .moveTransactionCoordinator: return .moveTransactionCoordinator(of: transacting(), to: node())
        case .killClient: return .killClient(transacting(), restartAfter: restart())
        case .closeClient: return .closeClient(transacting(), restartAfter: restart())
        case .slowClient: return .slowClient(transacting(), milliseconds(10...20_000), for: time())
        default: return .impatience(client(), within: milliseconds(0...5000), for: time())
        }
    }

    /// At once, or later.
    private mutating func restart() -> Duration { isOne(in: 3) ? .zero : time() }
}
