import TestSupport
import Testing

@testable import KafkaSimulation

/// What a person is shown of a history that broke a promise.
@Suite(.turn) struct TimelineTests {
    private static let orders = [History.Partition("orders", 0), History.Partition("orders", 1)]
    private static func record(_ number: Int) -> History.Record { .init("producer-1", number) }

    private static var plan: ScenarioPlan {
        var plan = ScenarioPlan(seed: 17)
        (plan.nodes, plan.partitions, plan.producers, plan.members, plan.records) = (1, 2, 1, 2, 3)
        plan.duration = .seconds(60)
        plan.faults = [.init(.milliseconds(2500), .stopNode(1, for: .seconds(4)))]
        return plan
    }

    /// Three records in two partitions, read by two members.
    private static func history(_ change: (inout History) -> Void) -> History {
        var history = History()
        func add(_ time: Int, _ who: String, _ what: History.What) {
            history.events.append(.init(.milliseconds(time), who, what))
        }
        add(1000, "member-1", .assigned(group: "readers", [orders[0]: 0], generation: nil))
        add(1000, "member-2", .assigned(group: "readers", [orders[1]: 0], generation: nil))
        for number in 0..<3 {
            add(1100 + 1000 * number, "producer-1", .sent(record(number), topic: "orders"))
            let partition = orders[number % 2]
            let (offset, reader) = (Int64(number / 2), "member-\(number % 2 + 1)")
            add(1110 + 1000 * number, "producer-1", .acknowledged(record(number), in: partition, at: offset))
            add(1120 + 1000 * number, reader, .received(partition, at: offset, record(number)))
            add(1121 + 1000 * number, reader, .called(number, "commit", within: .seconds(60)))
            add(1130 + 1000 * number, reader, .returned(number))
            add(1130 + 1000 * number, reader, .committed(group: "readers", [partition: offset + 1]))
        }
        add(2500, "simulation", .fault("node-1 stops for 4 s"))
        for time in 0..<3 { add(3200 + time, "member-1", .told("node-1 cannot be reached")) }
        add(60_000, "simulation", .fault("all is mended"))
        history.logs = [
            orders[0]: [.init(0, record(0)), .init(1, record(2))], orders[1]: [.init(0, record(1))],
        ]
        change(&history)
        history.events.sort { $0.time < $1.time }
        return history
    }

    private static func text(_ history: History, limit: Int = 80) -> String {
        Timeline(plan, history, history.objections(), scenario: "everything", limit: limit).lines
            .joined(separator: "\n")
    }

    @Test func theFirstLineMayBeAFault() {
        let history = Self.history {
            $0.events.append(.init(.milliseconds(1), "simulation", .fault("it begins")))
            $0.logs[Self.orders[1]] = []
        }
        #expect(Self.text(history, limit: 1).contains("it begins"))
    }

    @Test func aLostRecordIsToldWithItsLife() {
        let history = Self.history { $0.logs[Self.orders[1]] = [] }
        #expect(
            Self.text(history) == """
                Seed 17, everything: 1 broker, 2 partitions, 1 producer of 3 records each, 2 members, 1 fault in 60 s.

                What does not hold:
                  what was acknowledged is there: producer-1#1 was acknowledged in orders-1 and is in no log (at 2.110 s)
                  what was read is in the log: member-2 read producer-1#1 at orders-1@0, where the log has nothing (at 2.120 s)

                What happened, by seconds:
                   1.000  member-2    is given orders-1@0 of readers
                   2.100  producer-1  sends producer-1#1 to orders
                   2.110  producer-1  has producer-1#1 acknowledged in orders-1 at 0
                   2.110  (broken)    does not hold: what was acknowledged is there
                   2.120  member-2    reads orders-1@0 producer-1#1
                   2.120  (broken)    does not hold: what was read is in the log
                   2.130  member-2    has committed orders-1@1 of readers
                   2.500  (fault)     node-1 stops for 4 s
                  60.000  (fault)     all is mended

                The logs at the end:
                  orders-1 has 0 records
                """)
    }

    @Test func aCallThatOutlivesItsTimeIsToldWithWhatItsPartyHeard() {
        let history = Self.history { history in
            history.events.append(.init(.seconds(3), "member-1", .called(9, "close", within: .seconds(10))))
        }
        #expect(
            Array(Self.text(history).split(separator: "\n").dropFirst())
                == """
                What does not hold:
                  no call outlives its time: close of member-1 was to end by 13.000 s (at 60.000 s)
                What happened, by seconds:
                   2.500  (fault)   node-1 stops for 4 s
                   3.000  member-1  calls close (9), for 10.0 seconds at most
                   3.200  member-1  is told: node-1 cannot be reached (3 times until 3.202)
                  60.000  (fault)   all is mended
                  60.000  (broken)  does not hold: no call outlives its time
                """.split(separator: "\n"))
    }

    @Test func twoOwnersAreToldWithAllOfTheirPartition() {
        let history = Self.history { history in
            history.events.append(
                .init(.milliseconds(1001), "member-2", .assigned(group: "readers", [Self.orders[0]: 0], generation: 3)))
            history.events[0].what = .assigned(group: "readers", [Self.orders[0]: 0], generation: 3)
        }
        let lines = Timeline(Self.plan, history, history.objections()).lines
        #expect(lines.contains("   1.000  member-1  is given orders-0@0 of readers in generation 3"))
        #expect(lines.contains("   1.001  member-2  is given orders-0@0 of readers in generation 3"))
        #expect(lines.contains("   3.120  member-1  reads orders-0@1 producer-1#2"))
        #expect(!lines.contains { $0.contains("orders-1@") })
    }

    @Test func ofManyEventsThoseNextToWhatDoesNotHoldAreShown() {
        let history = Self.history { history in
            history.logs[Self.orders[1]] = []
            for second in 10..<50 {
                history.events.append(.init(.seconds(second), "member-2", .moved(Self.orders[1], to: 1)))
                history.events.append(.init(.seconds(second), "member-2", .told("nothing is there")))
            }
        }
        #expect(
            Self.text(history, limit: 4).split(separator: "\n").suffix(13)
                == """
                What happened, by seconds:
                   1.000  …           1 more
                   2.100  producer-1  sends producer-1#1 to orders
                   2.110  producer-1  has producer-1#1 acknowledged in orders-1 at 0
                   2.110  (broken)    does not hold: what was acknowledged is there
                   2.120  member-2    reads orders-1@0 producer-1#1
                   2.120  (broken)    does not hold: what was read is in the log
                   2.130  member-2    has committed orders-1@1 of readers
                   2.500  (fault)     node-1 stops for 4 s
                  49.000  …           80 more
                  60.000  (fault)     all is mended
                The logs at the end:
                  orders-1 has 0 records
                """.split(separator: "\n"))
    }

    @Test func whatIsBrokenManyTimesIsSaidTwice() {
        let history = Self.history { history in
            history.logs[Self.orders[0]] = (0..<9).map { .init($0, nil) }
        }
        let lines = Timeline(Self.plan, history, history.objections()).lines
        #expect(lines.contains("  nothing is there that nobody sent: orders-0@0 is no record of anybody"))
        #expect(lines.contains("  nothing is there that nobody sent: 7 times more"))
        #expect(lines.count < 40)
    }

    @Test func aRunThatBrokeOffIsToldWithWhatThoseHeardWhoWait() {
        let history = Self.history { $0.logs = [:] }
        let stalled = SimulationError.stalled(at: .seconds(60), waiting: ["member-1's reading (member-1)"])
        #expect(
            Array(Timeline(Self.plan, history, [], failure: "\(stalled)").lines.dropFirst(4)) == [
                "", "What happened, by seconds:", "   2.500  (fault)   node-1 stops for 4 s",
                "   3.200  member-1  is told: node-1 cannot be reached (3 times until 3.202)",
                "  60.000  (fault)   all is mended",
            ])
    }
}
