import KafkaWire
import TestSupport
import Testing

@testable import KafkaSimulation

/// What plans are drawn, how they are told, and what they leave of what is promised.
@Suite(.turn) struct PlanTests {
    typealias Fault = ScenarioPlan.Fault

    private static let plans = (0..<600 as Range<UInt64>).map { ScenarioPlan.drawn(seed: $0, faults: 20) }

    @Test func aPlanFollowsFromItsSeed() {
        #expect(ScenarioPlan.drawn(seed: 7) == ScenarioPlan.drawn(seed: 7))
        #expect(ScenarioPlan.drawn(seed: 7) != ScenarioPlan.drawn(seed: 8))
        for plan in Self.plans {
            #expect(plan.faults.count == 20)
            #expect(plan.faults.allSatisfy { $0.time < plan.duration })
            #expect(plan.faults.map(\.time) == plan.faults.map(\.time).sorted())
            #expect(plan.producerSettings.count == plan.producers)
            #expect(plan.memberSettings.count == plan.members)
        }
    }

    @Test func aPlanIsAsLongAsIsAskedFor() {
        let plan = ScenarioPlan.drawn(seed: 3, faults: 40, duration: .seconds(600))
        #expect(plan.duration == .seconds(600))
        #expect(plan.faults.count == 40)
        #expect(plan.faults.contains { $0.time > .seconds(300) })
    }

    /// The name of a fault's case.
    private static func name(_ fault: Fault) -> String {
        let mirror = Mirror(reflecting: fault)
        return mirror.children.first?.label ?? "addNode"
    }

    @Test func everyKindOfFaultIsDrawn() {
        let drawn = Set(Self.plans.flatMap(\.faults).map { Self.name($0.fault) })
        #expect(drawn == Set(Self.each.map { Self.name($0.fault) }))
        let answers = Self.plans.flatMap(\.faults).compactMap { occurrence -> (APIKey, ScenarioPlan.Answer)? in
            if case .answers(let api, let answer, _, _) = occurrence.fault { (api, answer) } else { nil }
        }
        #expect(Set(answers.map(\.0)) == Set(Injections.rows.map(\.api)))
        for wanted in [ScenarioPlan.Answer.silence, .hangUp, .lost] { #expect(answers.contains { $0.1 == wanted }) }
    }

    @Test func everyConfigurationIsDrawn() {
        let producers = Self.plans.flatMap(\.producerSettings)
        #expect(Set(producers.map(\.acks)) == [.all, .leader, .none])
        #expect(Set(producers.map(\.isIdempotent)) == [true, false])
        #expect(producers.allSatisfy { $0.acks == .all || !$0.isIdempotent })
        #expect(Set(producers.map(\.maximumInFlight)) == [1, 2, 3, 4, 5])
        #expect(Set(producers.map(\.compression)) == Set(Compression.allCases))
        #expect(producers.contains { $0.keys == 0 } && producers.contains { $0.flushEvery != nil })
        let members = Self.plans.flatMap(\.memberSettings)
        #expect(Set(members.map(\.isStatic)) == [true, false])
        #expect(Set(members.map(\.beginsAtEnd)) == [true, false])
        #expect(members.contains { $0.autoCommit != nil } && members.contains { $0.autoCommit == nil })
        #expect(members.allSatisfy { $0.heartbeatInterval < $0.sessionTimeout })
        #expect(Set(Self.plans.map(\.hasDisk)) == [true, false])
        #expect(Self.plans.contains { $0.cluster.speaks != nil })
    }

    /// Most plans promise all that the clients do.
    @Test func atMostAThirdOfThePlansPromisesLess() {
        var usual = History.Promises()
        let less = Self.plans.filter { $0.promises != usual }.count
        #expect((Self.plans.count / 10...Self.plans.count / 3).contains(less), "\(less)")
        usual.keeps = false
        #expect(Self.plans.contains { !$0.promises.keeps } && Self.plans.contains { !$0.promises.lossy.isEmpty })
    }

    // MARK: - What is left of what is promised

    struct Row: Sendable {
        var fault: Fault
        /// In which words.
        var text: String
        var flush = ScenarioPlan.Flush.never
        var change: @Sendable (inout History.Promises) -> Void = { _ in }
    }

    private static let minute = Duration.seconds(60)

    /// One fault of each kind, and more where it depends.
    static let each: [Row] = [
        Row(
            fault: .partition("member-1", "node-2", isOneWay: false, for: minute),
            text: "nothing passes between member-1 and node-2 for 60 s"),
        Row(
            fault: .partition("member-1", "kafka", isOneWay: true, for: minute),
            text: "nothing passes from member-1 to kafka for 60 s"),
        Row(
            fault: .zoneLoss(["node-1", "member-2"], for: minute),
            text: "node-1, member-2 and all others do not reach each other for 60 s"),
        Row(
            fault: .cut("member-1", "node-1", .silent),
            text: "connections of member-1 with node-1 are lost, and nobody is told"),
        Row(
            fault: .cutLater("member-1", "node-1", bytes: 12, .reset),
            text: "connections of member-1 with node-1 are reset, after 12 bytes more"),
        Row(
            fault: .brittleLink(from: "node-1", to: "member-1", oneIn: 3, bytes: 5...90, .closed, for: minute),
            text:
                "of new connections one in 3 is one of those that are closed after 5 to 90 bytes from node-1 to member-1, "
                + "for 60 s"),
        Row(
            fault: .slowLink("member-1", "node-1", .milliseconds(250), for: minute),
            text: "what member-1 and node-1 say takes about 0.25 s to arrive, for 60 s"),
        Row(
            fault: .narrowLink("member-1", "node-1", bytesPerSecond: 900, for: minute),
            text: "900 bytes a second pass between member-1 and node-1, for 60 s"),
        Row(
            fault: .pieces("member-1", "node-1", 1, for: minute),
            text: "what member-1 and node-1 say arrives in pieces of 1 byte, for 60 s"),
        Row(
            fault: .refusedConnects("member-1", "node-1", for: minute),
            text: "connections between member-1 and node-1 are refused for 60 s"),
        Row(
            fault: .droppedConnects("member-1", "node-1", for: minute),
            text: "attempts to connect between member-1 and node-1 are not answered, for 60 s"),
        Row(fault: .deaf("kafka", for: minute), text: "kafka reads nothing for 60 s"),
        Row(
            fault: .crowd(node: 1, for: minute),
            text: "node-1 accepts no connection, and no more can wait, for 60 s"),
        Row(
            fault: .wrongName("member-1", .unanswered, for: minute),
            text: "kafka means what the resolver does not answer to member-1, for 60 s"),
        Row(
            fault: .movedName("member-1", node: 1, leadsTo: 2, for: minute),
            text: "the name of node-1 leads member-1 to node-2, for 60 s"),
        Row(
            fault: .expireProducers(for: minute),
            text: "producers are forgotten that have not sent anything for a moment, for 60 s",
            change: { $0.isIdempotent = false }),
        Row(fault: .stopNode(1, for: minute), text: "node-1 stops for 60 s"),
        Row(fault: .addNode, text: "a node is added"),
        Row(fault: .removeNode(2), text: "node-2 is removed"),
        Row(fault: .moveLeader(partition: 1, to: 2), text: "partition 1 is to be led by node-2"),
        Row(fault: .moveCoordinator(to: 2), text: "the group is to be coordinated by node-2"),
        Row(
            fault: .lagReplicas(partition: 1, for: minute),
            text: "what is appended to partition 1 is with its leader alone, for 60 s"),
        Row(
            fault: .electUncleanly(partition: 1, to: 2, losing: 7),
            text: "partition 1 is to be led by node-2, which has not got the last 7 records",
            change: { $0.lossy = [History.Partition("orders", 1)] }),
        Row(
            fault: .killBroker(nil, restartAfter: minute, onOtherPort: true),
            text: "the broker is killed, and is started again after 60 s on other ports"),
        Row(
            fault: .killBroker(.torn, restartAfter: .zero, onOtherPort: false),
            text:
                "the broker loses its power, and what was not flushed is there in part, and is started again after 0 s",
            change: {
                ($0.keeps, $0.isIdempotent, $0.isDrained, $0.readsOnce) = (false, false, false, false)
                $0.endsTransactions = false
            }),
        Row(
            fault: .killBroker(.all, restartAfter: .zero, onOtherPort: false),
            text: "the broker loses its power, and what was not flushed is gone, and is started again after 0 s",
            flush: .interval(.seconds(1)),
            change: {
                ($0.keeps, $0.isIdempotent, $0.isDrained, $0.readsOnce) = (false, false, false, false)
                $0.endsTransactions = false
            }),
        Row(
            fault: .killBroker(.nothing, restartAfter: .zero, onOtherPort: false),
            text:
                "the broker loses its power, and what was not flushed is there all the same, and is started again after "
                + "0 s"),
        Row(
            fault: .killBroker(.all, restartAfter: .zero, onOtherPort: false),
            text: "the broker loses its power, and what was not flushed is gone, and is started again after 0 s",
            flush: .everyProduce),
        Row(fault: .diskFull(room: 9, for: minute), text: "the broker's disk has room for 9 bytes more, for 60 s"),
        Row(
            fault: .diskRefuses(.inputOutput, for: minute),
            text: "the broker's disk refuses every change (EIO), for 60 s"),
        Row(
            fault: .slowDisk(sync: .milliseconds(40), bytesPerSecond: 5000, for: minute),
            text: "the broker's disk needs 0.04 s to flush, and writes 5000 bytes a second, for 60 s"),
        Row(fault: .pause("kafka", for: minute), text: "kafka stands still for 60 s"),
        Row(
            fault: .slowMachine("member-1", .microseconds(50), for: minute),
            text: "each turn of member-1 takes 50 µs, for 60 s"),
        Row(fault: .wrongClock("member-1", by: .seconds(-90)), text: "the clock of member-1 is 90 s slow"),
        Row(
            fault: .wrongClock("kafka", by: .seconds(86_400)), text: "the clock of kafka is 86400 s fast",
            change: { $0.refusesForGood = false }),
        Row(
            fault: .answers(.fetch, .error(.notLeaderOrFollower), times: 3, for: minute),
            text: "3 requests of Fetch are answered with NOT_LEADER_OR_FOLLOWER, for 60 s"),
        Row(
            fault: .answers(.joinGroup, .error(.groupAuthorizationFailed), times: 3, for: minute),
            text: "3 requests of JoinGroup are answered with GROUP_AUTHORIZATION_FAILED, for 60 s"),
        Row(
            fault: .answers(.produce, .error(.notLeaderOrFollower), times: 3, for: minute),
            text: "3 requests of Produce are answered with NOT_LEADER_OR_FOLLOWER, for 60 s"),
        Row(
            fault: .answers(.produce, .error(.messageTooLarge), times: 3, for: minute),
            text: "3 requests of Produce are answered with MESSAGE_TOO_LARGE, for 60 s",
            change: { $0.refusesForGood = false }),
        Row(
            fault: .answers(.produce, .error(.unknownProducerId), times: 3, for: minute),
            text: "3 requests of Produce are answered with UNKNOWN_PRODUCER_ID, for 60 s",
            change: { ($0.refusesForGood, $0.isIdempotent) = (false, false) }),
        Row(
            fault: .answers(.produce, .lost, times: 3, for: minute),
            text: "3 requests of Produce are done, and end their connection in place of the answer, for 60 s"),
        Row(
            fault: .answers(.produce, .throttle(.seconds(2)), times: 3, for: minute),
            text: "3 requests of Produce are answered, and their clients held back for 2 s, for 60 s"),
        Row(fault: .speak(as: "2.8", for: minute), text: "the brokers speak as those of Kafka 2.8, for 60 s"),
        Row(
            fault: .deleteTopic(recreateAfter: .seconds(3), partitions: 2),
            text: "the topic is deleted, and created again after 3 s with 2 partitions",
            change: { ($0.keeps, $0.isDrained, $0.readsOnce) = (false, false, false) }),
        Row(fault: .addPartitions(2), text: "the topic gets 2 partitions more"),
        Row(
            fault: .lowerLimit(bytes: 500, for: minute),
            text: "the topic takes batches of 500 bytes at most, for 60 s", change: { $0.refusesForGood = false }),
        Row(
            fault: .killMember(1, restartAfter: minute),
            text: "member-1 is killed, and started again after 60 s"),
        Row(
            fault: .closeMember(1, restartAfter: minute),
            text: "member-1 closes, and is started again after 60 s"),
        Row(
            fault: .slowMember(1, .seconds(5), for: minute), text: "member-1 works for 5 s on each batch, for 60 s",
            change: { $0.isCalm = true }),
        Row(fault: .cancelReading(1), text: "the task in which member-1 reads is cancelled"),
        Row(
            fault: .killProducer(1, restartAfter: minute),
            text: "producer-1 is killed, and started again after 60 s"),
        Row(
            fault: .closeProducer(1, restartAfter: minute),
            text: "producer-1 closes, and is started again after 60 s"),
        Row(
            fault: .slowProducer(1, .seconds(5), for: minute),
            text: "producer-1 waits 5 s more before each record, for 60 s", change: { $0.isCalm = true }),
        Row(
            fault: .moveTransactionCoordinator(of: "transactor-1", to: 2),
            text: "the transactions of transactor-1 are to be coordinated by node-2"),
        Row(
            fault: .killClient("transactor-1", restartAfter: minute),
            text: "transactor-1 is killed, and started again after 60 s"),
        Row(
            fault: .closeClient("copier-1", restartAfter: minute),
            text: "copier-1 closes, and is started again after 60 s"),
        Row(
            fault: .slowClient("transactor-1", .seconds(5), for: minute),
            text: "transactor-1 takes 5 s more for what it works on, for 60 s", change: { $0.isCalm = true }),
        Row(
            fault: .impatience("producer-1", within: .seconds(1), for: minute),
            text: "producer-1 cancels each of its calls within 1 s, for 60 s"),
    ]

    @Test func aFaultIsTold() {
        for row in Self.each { #expect("\(row.fault)" == row.text) }
        // By as much the other way, 64 bits of seconds did not hold it.
        #expect(
            "\(ScenarioPlan.Fault.wrongClock("kafka", by: .seconds(Int64.min)))"
                == "the clock of kafka is 9007199254740992 s slow")
    }

    @Test func aFaultTakesNoMoreThanItMust() {
        for row in Self.each {
            var plan = ScenarioPlan(seed: 1)
            plan.cluster.flush = row.flush
            plan.faults = [.init(.seconds(1), row.fault)]
            var promises = History.Promises()
            row.change(&promises)
            #expect(plan.promises == promises, "\(row.text)")
        }
    }

    /// Who works for longer than `max.poll.interval.ms` is put out.
    @Test func aMemberThatIsTooSlowMayLoseWhatItHas() {
        var plan = ScenarioPlan(seed: 1)
        #expect(plan.promises.isCalm)
        plan.faults = [.init(.seconds(1), .slowMember(1, .seconds(300), for: .seconds(60)))]
        #expect(!plan.promises.isCalm)
    }

    @Test func aConfigurationTakesNoMoreThanItMust() {
        var plan = ScenarioPlan(seed: 1)
        var loose = ScenarioPlan.ProducerSettings()
        loose.isIdempotent = false
        plan.producerSettings = [ScenarioPlan.ProducerSettings(), loose]
        #expect(plan.promises.repeating == ["producer-2"])
        #expect(plan.promises.careless.isEmpty)
        plan.producerSettings[1].acks = .leader
        #expect(plan.promises.careless.isEmpty)
        plan.faults = [.init(.seconds(1), .killBroker(nil, restartAfter: .zero, onOtherPort: false))]
        #expect(plan.promises.careless == ["producer-2"])
        plan.faults = []
        plan.producerSettings[1].acks = .none
        #expect(plan.promises.careless == ["producer-2"])
        #expect(plan.promises.isDrained)
        var late = ScenarioPlan.MemberSettings()
        late.beginsAtEnd = true
        plan.memberSettings = [late]
        #expect(!plan.promises.isDrained)
    }

    /// A member that is cut off is told; one that stands still cannot be, and a producer only when what it sends is refused.
    @Test func whoIsToldOfBeingCutOff() {
        var plan = ScenarioPlan(seed: 1)
        #expect(plan.isTold("member-1"))
        #expect(!plan.isTold("producer-1"))
        var hasty = ScenarioPlan.ProducerSettings()
        hasty.deliveryTimeout = .seconds(20)
        plan.producerSettings = [hasty]
        #expect(plan.isTold("producer-1"))
        plan.faults = [.init(.seconds(1), .pause("member-1", for: .seconds(5)))]
        #expect(!plan.isTold("member-1"))
        #expect(plan.isTold("member-2"))
    }

    /// Who stands still while it calls has so much longer.
    @Test func aCallMayTakeLongerWhileItsHostStandsStill() {
        var plan = ScenarioPlan(seed: 1)
        plan.faults = [
            .init(.seconds(10), .pause("member-1", for: .seconds(20))),
            .init(.seconds(100), .slowMachine("member-1", .microseconds(5), for: .seconds(30))),
            .init(.seconds(200), .pause("member-2", for: .seconds(40))),
        ]
        func time(_ who: String, _ now: Int, _ limit: Int) -> Duration {
            plan.standstill(of: who, from: .seconds(now), within: .seconds(limit))
        }
        #expect(time("member-1", 0, 60) == .seconds(20))
        #expect(time("member-1", 0, 90) == .seconds(50))
        #expect(time("member-1", 50, 40) == .zero)
        #expect(time("member-1", 120, 40) == .seconds(30))
        #expect(time("member-2", 0, 100) == .zero)
    }

    // MARK: - Links

    @Test func theEndOfOneFaultLeavesTheOther() {
        let (there, back) = (LinkTroubles.Link(from: "a", to: "b"), LinkTroubles.Link(from: "b", to: "a"))
        var troubles = LinkTroubles()
        let first = troubles.begin(on: [there, back]) { $0.isBlocked = true }
        let second = troubles.begin(on: [there]) { $0.isBlocked = true }
        let third = troubles.begin(on: [there]) { $0.pieces = 3 }
        let usual = LinkConditions()
        #expect(troubles.conditions(there, usual: usual).isBlocked)
        #expect(troubles.end(first) == [there, back])
        #expect(troubles.conditions(there, usual: usual).isBlocked)
        #expect(troubles.conditions(there, usual: usual).pieces == 3)
        #expect(troubles.conditions(back, usual: usual) == usual)
        #expect(troubles.isCutOff("a", from: ["b"], usual: usual))
        #expect(!troubles.isCutOff("a", from: ["b", "c"], usual: usual))
        #expect(troubles.end(second) == [there])
        #expect(troubles.end(second).isEmpty)
        #expect(!troubles.isCutOff("a", from: ["b"], usual: usual))
        #expect(troubles.end(third) == [there])
        #expect(troubles.conditions(there, usual: usual) == usual)
    }

    // MARK: - Injections

    @Test func whatIsInjectedIsAnErrorOfAnAPIThatIsServed() {
        #expect(Set(Injections.rows.map(\.api)).count == Injections.rows.count)
        for row in Injections.rows {
            let codes = row.passing + row.fatal
            #expect(Set(codes).count == codes.count, "\(row.api)")
            #expect(!codes.contains(.none) && !codes.contains(.duplicateSequenceNumber), "\(row.api)")
            #expect(!row.passing.isEmpty && !row.fatal.isEmpty, "\(row.api)")
        }
        for api in Injections.transactional { #expect(Injections.rows.contains { $0.api == api }) }
        for api in Injections.deciding { #expect(Injections.rows.contains { $0.api == api }) }
    }
}
