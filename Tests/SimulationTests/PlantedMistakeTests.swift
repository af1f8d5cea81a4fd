#if DEBUG
    import TestSupport
    import Testing

    @testable import KafkaSimulation
    @testable import KafkaWire

    /// The checker can fail: mistakes are planted in the real client and broker, one after the other, and it finds each.
    @Suite(.turn(minutes: 20)) struct PlantedMistakeTests {
        /// Within so many histories each is found.
        static let bound = 30

        /// A mistake, the rule that it breaks, and what has to happen for it to be made.
        struct Planting: Sendable, CustomTestStringConvertible {
            let mistake: PlantedMistake
            let rule: Objection.Rule
            let change: @Sendable (inout ScenarioPlan, inout RandomSource) -> Void

            init(
                _ mistake: PlantedMistake, breaks rule: Objection.Rule,
                _ change: @escaping @Sendable (inout ScenarioPlan, inout RandomSource) -> Void
            ) {
                (self.mistake, self.rule, self.change) = (mistake, rule, change)
            }

            var testDescription: String { "\(mistake)" }

            /// A minute in which a little is sent and read, and what the mistake needs goes wrong.
            func plan(_ seed: UInt64) -> ScenarioPlan {
                var random = RandomSource(seed: seed &* 0x9E37_79B9_7F4A_7C15)
                var plan = ScenarioPlan(seed: seed)
                plan.duration = .seconds(60)
                (plan.partitions, plan.producers, plan.members, plan.records) = (2, 1, 2, 60)
                change(&plan, &random)
                plan.faults.sort { $0.time < $1.time }
                return plan
            }
        }

        static let plantings: [Planting] = [
            // The broker.
            Planting(.acknowledgesUnwritten, breaks: .acknowledgedIsThere) { $0.moveLeaders(&$1) },
            Planting(.forgetsToFlush, breaks: .acknowledgedIsThere) { plan, random in
                plan.cluster.hasDisk = true
                plan.cluster.flush = .everyProduce
                let time = Duration.milliseconds(Int.random(in: 10_000...40_000, using: &random))
                plan.faults = [.init(time, .killBroker(.all, restartAfter: .seconds(5), onOtherPort: false))]
            },
            Planting(.appendsTwice, breaks: .onceOnly) { $0.loseAnswers(&$1) },
            Planting(.refusesDuplicates, breaks: .refusedIsNotThere) { $0.loseAnswers(&$1) },
            Planting(.tellsEndForDuplicates, breaks: .rightOffset) { $0.loseAnswers(&$1) },
            Planting(.leadersWriteRecords, breaks: .onlyWhatWasSent) { $0.moveLeaders(&$1) },
            Planting(.dropsCommitsInRebalance, breaks: .readOnceWhenCommitted) { plan, random in
                plan.records = 200
                plan.slow(1, &random)
                plan.join(2, after: .seconds(Int.random(in: 10...30, using: &random)))
            },
            Planting(.takesCommitsOfAnybody, breaks: .ownersCommit) { plan, random in
                // The member sleeps over the end of its session, and goes on with what it had in hand.
                plan.duration = .seconds(120)
                plan.slow(1, &random)
                let time = Duration.milliseconds(Int.random(in: 10_000...20_000, using: &random))
                plan.faults.append(.init(time, .pause("member-1", for: .seconds(60))))
            },
            Planting(.readsFirstPartition, breaks: .readIsThere) { plan, _ in (plan.nodes, plan.members) = (1, 1) },
            Planting(.ignoresHighWatermark, breaks: .readIsThere) { plan, random in
                // What the leader had alone is gone with it, and its producer gives up before it comes again.
                (plan.partitions, plan.nodes) = (1, 3)
                var hasty = ScenarioPlan.ProducerSettings()
                (hasty.requestTimeout, hasty.deliveryTimeout) = (.seconds(3), .seconds(5))
                plan.producerSettings = [hasty]
                let time = Duration.milliseconds(Int.random(in: 10_000...20_000, using: &random))
                plan.faults = [.init(time, .lagReplicas(partition: 0, for: .seconds(30)))]
                for node in 1...3 {
                    plan.faults.append(.init(time + .seconds(12 + node), .moveLeader(partition: 0, to: node)))
                }
            },
            Planting(.ignoresLastStableOffset, breaks: .openIsUnseen) { plan, _ in plan.transact() },
            Planting(.hidesAborted, breaks: .abortedIsUnseen) { plan, _ in
                plan.transact()
                plan.transactions.abortsOneIn = 2
            },
            Planting(.commitsOnePartition, breaks: .committedIsSeen) { plan, _ in plan.transact() },
            Planting(.commitsOnePartition, breaks: .allOrNothing) { plan, random in
                // Who has asked for the commit, which comes through, dies before it is told.
                plan.transact()
                plan.killUntold("transactor-1", .endTxn, .lost, &random)
            },
            Planting(.takesEndOfFenced, breaks: .fencedIsUnseen) { plan, _ in
                // Each holds its transaction open for long enough that another one takes over and begins its own.
                plan.transact()
                (plan.transactors, plan.duration) = (2, .seconds(120))
                plan.transactions.sharesIdentity = true
                plan.transactions.hold = .seconds(3)
            },
            Planting(.keepsAbortedOffsets, breaks: .copiedOnce) { plan, random in
                // The positions are in the transaction, and nothing comes of its end before who made it dies.
                plan.transact()
                (plan.transactors, plan.copiers) = (0, 1)
                plan.killUntold("copier-1", .endTxn, .silence, &random)
            },
            // The producer.
            Planting(.numbersRetriesAnew, breaks: .onceOnly) { $0.loseAnswers(&$1) },
            Planting(.retriesBehindOthers, breaks: .inOrder) { $0.part("producer-1", for: .seconds(15), &$1) },
            Planting(.wakesOnlyOne, breaks: .callsEnd) { $0.part("producer-1", for: .seconds(15), &$1) },
            // The consumer.
            Planting(.goesBackAfterErrors, breaks: .noWayBack) { $0.moveLeaders(&$1) },
            Planting(.takesLateAnswers, breaks: .everythingIsRead) { plan, random in
                (plan.members, plan.records) = (3, 200)
                for member in 1...3 { plan.slow(member, &random) }
                plan.join(2, after: .seconds(Int.random(in: 10...25, using: &random)))
                plan.join(3, after: .seconds(Int.random(in: 30...45, using: &random)))
            },
            Planting(.resetsUntold, breaks: .noWayBack) { plan, random in
                for time in [20, 35, 50] {
                    let partition = Int.random(in: 0..<plan.partitions, using: &random)
                    let node = Int.random(in: 1...plan.nodes, using: &random)
                    plan.faults.append(
                        .init(.seconds(time), .electUncleanly(partition: partition, to: node, losing: 3)))
                }
            },
            Planting(.assignsTwice, breaks: .oneOwner) { plan, _ in plan.nodes = 1 },
            Planting(.forgetsLaterPartitions, breaks: .everythingIsRead) { plan, random in
                (plan.partitions, plan.members) = (3, 1)
                plan.part("member-1", for: .seconds(20), &random)
            },
            Planting(.commitsPositions, breaks: .everythingIsRead) { plan, random in
                plan.records = 200
                plan.slow(1, &random)
                plan.slow(2, &random)
                let time = Duration.milliseconds(Int.random(in: 15_000...45_000, using: &random))
                plan.faults.append(.init(time, .killMember(1, restartAfter: .seconds(1))))
            },
            Planting(.readsRevoked, breaks: .ownersRead) { plan, random in
                plan.groupProtocol = .cooperative
                plan.join(2, after: .seconds(Int.random(in: 10...30, using: &random)))
            },
            Planting(.stopsHeartbeats, breaks: .keepsItsShare) { plan, _ in
                plan.duration = .seconds(120)
                plan.faults = [.init(.seconds(5), .slowMember(1, .seconds(70), for: .seconds(60)))]
            },
            Planting(.tellsNothing, breaks: .troublesAreTold) { plan, random in
                plan.duration = .seconds(120)
                let time = Duration.milliseconds(Int.random(in: 10_000...25_000, using: &random))
                plan.faults = [.init(time, .partition("member-1", "kafka", isOneWay: false, for: .seconds(80)))]
            },
            // Connections.
            Planting(.leaksTimedOutConnections, breaks: .nothingIsLeft) { plan, random in
                plan.nodes = 1
                plan.faults = [.init(.seconds(5), .partition("member-1", "node-1", isOneWay: false, for: .seconds(40)))]
            },
            Planting(.forgetsHeldRequests, breaks: .nothingIsLeft) { $0.renewSessions(&$1) },
            Planting(.losesTimer, breaks: .everythingIsRead) { plan, random in
                (plan.nodes, plan.members, plan.records) = (1, 1, 200)
                plan.slow(1, &random)
                let time = Duration.milliseconds(Int.random(in: 40_000...50_000, using: &random))
                plan.faults.append(.init(time, .cut("member-1", "node-1", .silent)))
            },
        ]

        @Test(arguments: plantings) func isFound(planting: Planting) throws {
            var others: Set<Objection.Rule> = []
            for seed in 0..<UInt64(Self.bound) {
                let plan = planting.plan(seed)
                let found = try PlantedMistake.$planted.withValue(planting.mistake) {
                    try ScenarioRun.perform(plan).objections
                }
                others.formUnion(found.map(\.rule))
                guard let objection = found.first(where: { $0.rule == planting.rule }) else { continue }
                print("\(planting.mistake) is found in history \(seed + 1): \(objection)")
                // It was the mistake, and nothing else.
                let sound = try ScenarioRun.perform(plan).objections
                #expect(sound.isEmpty, "without \(planting.mistake) too: \(sound)")
                return
            }
            Issue.record(
                """
                \(planting.mistake) is not found in \(Self.bound) histories by "\(planting.rule.rawValue)"; objections were \
                \(others.map(\.rawValue).sorted())
                """)
        }

        /// Each rule finds something.
        @Test(arguments: Objection.Rule.allCases) func aMistakeBreaksIt(rule: Objection.Rule) {
            #expect(Self.plantings.contains { $0.rule == rule })
        }

        @Test func eachIsPlanted() {
            #expect(PlantedMistake.allCases.filter { one in !Self.plantings.contains { $0.mistake == one } } == [])
        }

        @Test func nobodyMakesAnyElsewhere() { #expect(PlantedMistake.planted == nil) }
    }

    extension ScenarioPlan {
        fileprivate func node(_ random: inout RandomSource) -> String { nodeNames.randomElement(using: &random) ?? "" }

        /// Nothing passes between the party and one of the nodes, from the beginning on.
        fileprivate mutating func part(_ party: String, for time: Duration, _ random: inout RandomSource) {
            faults.append(.init(.zero, .partition(party, node(&random), isOneWay: false, for: time)))
        }

        /// The member works on each batch for a second or so.
        fileprivate mutating func slow(_ member: Int, _ random: inout RandomSource) {
            let time = Duration.milliseconds(Int.random(in: 500...2000, using: &random))
            faults.append(.init(.zero, .slowMember(member, time, for: duration)))
        }

        /// The member comes only then: before its first request it is killed.
        fileprivate mutating func join(_ member: Int, after time: Duration) {
            faults.append(.init(.zero, .killMember(member, restartAfter: time)))
        }

        /// Somebody sends in transactions of a few records, which members see when they are committed.
        fileprivate mutating func transact() {
            (transactors, transactions.maximumRecords) = (1, 4)
            transactions.abortsOneIn = nil
            var strict = MemberSettings()
            strict.readsCommitted = true
            memberSettings = Array(repeating: strict, count: members)
        }

        /// Three times nothing is told for some seconds of what was asked, and then the party is killed.
        fileprivate mutating func killUntold(
            _ name: String, _ api: APIKey, _ answer: Answer, _ random: inout RandomSource
        ) {
            for start in [12, 27, 42] {
                let time = Duration.seconds(start) + .milliseconds(Int.random(in: 0..<2000, using: &random))
                faults.append(.init(time, .answers(api, answer, times: 10_000, for: .seconds(7))))
                faults.append(.init(time + .seconds(6), .killClient(name, restartAfter: .seconds(1))))
            }
        }

        /// Leaders move every few seconds.
        fileprivate mutating func moveLeaders(_ random: inout RandomSource) {
            for number in 1...10 {
                let time = Duration.seconds(5 * number) + .milliseconds(Int.random(in: 0..<1000, using: &random))
                let partition = Int.random(in: 0..<partitions, using: &random)
                faults.append(
                    .init(time, .moveLeader(partition: partition, to: Int.random(in: 1...nodes, using: &random))))
            }
        }

        /// What is sent at once to the one node is held until the client has said anew who it is, every two seconds or so.
        fileprivate mutating func renewSessions(_ random: inout RandomSource) {
            (nodes, partitions, records) = (1, 4, 400)
            let lifetime = Duration.milliseconds(Int.random(in: 2000...4000, using: &random))
            authentication = .init(
                AuthenticationSettings.Mechanism.allCases.randomElement(using: &random) ?? .plain,
                sessionLifetime: lifetime)
            faults.append(.init(.zero, .slowLink("producer-1", "node-1", .milliseconds(100), for: duration)))
        }

        /// Every few seconds a broker's answer to the producer does not arrive whole.
        fileprivate mutating func loseAnswers(_ random: inout RandomSource) {
            for number in 1...10 {
                let time = Duration.seconds(5 * number) + .milliseconds(Int.random(in: 0..<1000, using: &random))
                let bytes = Int.random(in: 0..<40, using: &random)
                faults.append(.init(time, .cutLater(node(&random), "producer-1", bytes: bytes, .reset)))
            }
        }
    }
#endif
