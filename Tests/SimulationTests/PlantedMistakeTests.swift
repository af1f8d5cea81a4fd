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
            Planting(.acknowledgesUnwritten, breaks: .acknowledgedIsThere) { $0.moveLeaders(&$1) },
            Planting(.appendsTwice, breaks: .onceOnly) { $0.loseAnswers(&$1) },
            Planting(.refusesDuplicates, breaks: .refusedIsNotThere) { $0.loseAnswers(&$1) },
            Planting(.tellsEndForDuplicates, breaks: .rightOffset) { $0.loseAnswers(&$1) },
            Planting(.numbersRetriesAnew, breaks: .onceOnly) { $0.loseAnswers(&$1) },
            Planting(.retriesBehindOthers, breaks: .inOrder) { plan, random in
                // So long that the first batch of a partition fails while others wait behind it.
                plan.faults = [
                    .init(.zero, .partition("producer-1", plan.node(&random), isOneWay: false, for: .seconds(15)))
                ]
            },
            Planting(.skipsAfterErrors, breaks: .everythingIsRead) { plan, random in
                (plan.partitions, plan.records) = (1, 200)
                plan.moveLeaders(&random)
            },
            Planting(.goesBackAfterErrors, breaks: .noWayBack) { $0.moveLeaders(&$1) },
            Planting(.leaksTimedOutConnections, breaks: .nothingIsLeft) { plan, random in
                plan.nodes = 1
                plan.faults = [.init(.seconds(5), .partition("member-1", "node-1", isOneWay: false, for: .seconds(40)))]
            },
        ]

        @Test(arguments: plantings) func isFound(planting: Planting) throws {
            var others: Set<Objection.Rule> = []
            for seed in 0..<UInt64(Self.bound) {
                let plan = planting.plan(seed)
                let outcome = try PlantedMistake.$planted.withValue(planting.mistake) { try ScenarioRun.perform(plan) }
                let rules = outcome.history.objections().map(\.rule)
                others.formUnion(rules)
                guard rules.contains(planting.rule) else { continue }
                print("\(planting.mistake) is found in history \(seed + 1)")
                // It was the mistake, and nothing else.
                let sound = try ScenarioRun.perform(plan).history.objections()
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

        /// Leaders move every few seconds.
        fileprivate mutating func moveLeaders(_ random: inout RandomSource) {
            for number in 1...10 {
                let time = Duration.seconds(5 * number) + .milliseconds(Int.random(in: 0..<1000, using: &random))
                let partition = Int.random(in: 0..<partitions, using: &random)
                faults.append(
                    .init(time, .moveLeader(partition: partition, to: Int.random(in: 1...nodes, using: &random))))
            }
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
