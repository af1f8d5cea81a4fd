import TestSupport
import Testing

@testable import KafkaSimulation

/// A history in which all is well, and for each rule one in which it is not.
@Suite(.turn) struct CheckTests {
    private static let orders = [History.Partition("orders", 0), History.Partition("orders", 1)]
    private static func record(_ number: Int) -> History.Record { .init("shop", number) }

    /// Four records in two partitions, read by two members, of which one takes over what the other had.
    private static var sound: History {
        var history = History()
        var time = Duration.zero
        func add(_ who: String, _ what: History.What) {
            time += .seconds(1)
            history.events.append(.init(time, who, what))
        }
        for number in 0..<4 { add("shop", .sent(record(number), topic: "orders")) }
        for number in 0..<4 {
            add("shop", .acknowledged(record(number), in: orders[number % 2], at: Int64(number / 2)))
        }
        add("shop", .sent(record(4), topic: "orders"))
        add("shop", .refused(record(4), .final))
        add("a", .assigned(group: "bills", [orders[0]: 0], generation: 1))
        add("b", .assigned(group: "bills", [orders[1]: 0], generation: 1))
        add("a", .called(1, "next", within: .seconds(10)))
        add("a", .received(orders[0], at: 0, record(0)))
        add("a", .returned(1))
        add("b", .received(orders[1], at: 0, record(1)))
        add("a", .committed(group: "bills", [orders[0]: 1]))
        add("a", .released(group: "bills", [orders[0]], lost: false))
        add("a", .closed(sockets: 0))
        add("b", .released(group: "bills", [orders[1]], lost: false))
        add("b", .assigned(group: "bills", [orders[0]: 1, orders[1]: 0], generation: 2))
        add("b", .received(orders[0], at: 1, record(2)))
        // Nothing of this one was committed: it comes again.
        add("b", .received(orders[1], at: 0, record(1)))
        add("b", .received(orders[1], at: 1, record(3)))
        add("b", .cutOff)
        add("b", .told("no broker can be reached"))
        time += .seconds(100)
        add("b", .reachable)
        history.logs = [
            orders[0]: [.init(0, record(0)), .init(1, record(2))],
            orders[1]: [.init(0, record(1)), .init(1, record(3))],
        ]
        return history
    }

    @Test func aSoundHistoryHasNoObjections() { #expect(Self.sound.objections().isEmpty) }

    private static func drop(_ history: inout History, where isOne: (History.Event) -> Bool) {
        history.events.removeAll(where: isOne)
    }

    private static func add(_ history: inout History, _ who: String, _ what: History.What, after: Duration = .zero) {
        history.events.append(.init((history.events.last?.time ?? .zero) + after, who, what))
    }

    /// A way to break each rule, and what it is then told.
    private static let breaches: [(rule: Objection.Rule, breach: @Sendable (inout History) -> Void)] = [
        (.acknowledgedIsThere, { $0.logs[orders[1]]?.removeLast() }),
        (.onceOnly, { $0.logs[orders[0]]?.append(.init(2, record(2))) }),
        (
            .inOrder,
            {
                $0.logs[orders[0]] = [.init(0, record(2)), .init(1, record(0))]
            }
        ),
        (.onlyWhatWasSent, { $0.logs[orders[0]]?.append(.init(2, record(17))) }),
        (.onlyWhatWasSent, { $0.logs[orders[0]]?.append(.init(2, nil)) }),
        (.onlyWhatWasSent, { $0.logs[.init("bills", 0)] = [.init(0, record(0))] }),
        (.refusedIsNotThere, { $0.logs[orders[0]]?.append(.init(2, record(4))) }),
        (.rightOffset, { add(&$0, "shop", .acknowledged(record(0), in: orders[0], at: 1)) }),
        (.rightOffset, { add(&$0, "shop", .acknowledged(record(0), in: orders[1], at: nil)) }),
        (.everythingIsRead, { drop(&$0) { $0.what == .received(orders[1], at: 1, record(3)) } }),
        (
            .readOnceWhenCommitted,
            { add(&$0, "c", .assigned(group: "bills", [orders[0]: 0], generation: 3)) }
        ),
        (.oneOwner, { add(&$0, "c", .assigned(group: "bills", [orders[0]: 1], generation: 2)) }),
        (
            .oneOwner,
            {
                // Who was not told of the rebalance has kept what it had.
                add(&$0, "c", .assigned(group: "bills", [orders[0]: 1], generation: 3))
                add(&$0, "b", .joined(group: "bills", generation: 3))
            }
        ),
        (
            .ownersRead,
            {
                add(&$0, "b", .released(group: "bills", [orders[0]], lost: false))
                add(&$0, "b", .received(orders[0], at: 2, record(4)))
            }
        ),
        (
            .ownersCommit,
            {
                add(&$0, "a", .called(7, "commit", within: .seconds(10)))
                add(&$0, "a", .committed(group: "bills", [orders[0]: 1]))
            }
        ),
        (.noWayBack, { add(&$0, "b", .received(orders[0], at: 1, record(2))) }),
        (.readIsThere, { add(&$0, "b", .received(orders[0], at: 2, record(4))) }),
        (
            .callsEnd,
            {
                add(&$0, "b", .called(7, "commit", within: .seconds(10)))
                add(&$0, "b", .returned(7), after: .seconds(13))
            }
        ),
        (
            .callsEnd,
            {
                add(&$0, "b", .called(7, "commit", within: .seconds(10)))
                add(&$0, "shop", .fault("nothing"), after: .seconds(60))
            }
        ),
        (.troublesAreTold, { drop(&$0) { $0.what == .told("no broker can be reached") } }),
        (
            .troublesAreTold,
            {
                add(&$0, "shop", .cutOff)
                add(&$0, "b", .fault("nothing"), after: .seconds(61))
            }
        ),
        (.nothingIsLeft, { add(&$0, "b", .closed(sockets: 1)) }),
        (.nothingIsLeft, { add(&$0, "b", .left("2 timers")) }),
    ]

    @Test(arguments: breaches.indices) func aBrokenRuleIsFound(index: Int) {
        let (rule, breach) = Self.breaches[index]
        var history = Self.sound
        breach(&history)
        let found = Set(history.objections().map(\.rule))
        #expect(found.contains(rule), "\(rule): \(history.objections())")
    }

    @Test func everyRuleCanBeBroken() {
        // Those of transactions are in `TransactionCheckTests` and `CopyCheckTests`.
        let conditional = Set(TransactionCheckTests.rules).union([.keepsItsShare, .copiedOnce])
        #expect(Set(Self.breaches.map(\.rule)) == Set(Objection.Rule.allCases).subtracting(conditional))
    }

    /// Where nothing befalls the members.
    @Test func whoIsSlowKeepsItsShare() {
        var history = Self.sound
        Self.add(&history, "b", .released(group: "bills", [Self.orders[0]], lost: true))
        #expect(history.objections().isEmpty)
        var promises = History.Promises()
        promises.isCalm = true
        #expect(history.objections(promises).map(\.rule) == [.keepsItsShare])
    }

    /// What is no fault though it looks like one.
    private static let innocents: [(String, @Sendable (inout History) -> Void)] = [
        (
            "a record whose end nobody knows may be there",
            {
                drop(&$0) { $0.what == .refused(record(4), .final) }
                add(&$0, "shop", .refused(record(4), .unknown))
                add(&$0, "b", .received(orders[0], at: 2, record(4)))
                $0.logs[orders[0]]?.append(.init(2, record(4)))
            }
        ),
        (
            "what was told to be read anew may be",
            {
                add(&$0, "b", .moved(orders[0], to: 1))
                add(&$0, "b", .received(orders[0], at: 1, record(2)))
            }
        ),
        (
            "who was killed keeps nothing, and is told nothing",
            {
                add(&$0, "b", .called(7, "commit", within: .seconds(10)))
                add(&$0, "b", .cutOff)
                add(&$0, "b", .killed)
                add(&$0, "c", .assigned(group: "bills", [orders[0]: 1], generation: 2), after: .seconds(100))
            }
        ),
        (
            "a commit that began before another member had the partition may come through later",
            {
                let end = $0.events.firstIndex { $0.who == "b" && $0.what.isAssigned(in: 2) } ?? 0
                let time = $0.events[end].time
                $0.events.insert(.init(time, "a", .called(7, "commit", within: .seconds(200))), at: end)
                add(&$0, "a", .committed(group: "bills", [orders[0]: 1]))
            }
        ),
        (
            "in another generation another member has the partition",
            { add(&$0, "c", .assigned(group: "bills", [orders[0]: 1], generation: 3)) }
        ),
        (
            "who keeps a partition over a rebalance has it alone",
            {
                add(&$0, "b", .released(group: "bills", [orders[1]], lost: false))
                add(&$0, "b", .joined(group: "bills", generation: 3))
                add(&$0, "c", .assigned(group: "bills", [orders[1]: 2], generation: 3))
            }
        ),
        (
            "who was put out does not know it yet",
            {
                add(&$0, "c", .assigned(group: "bills", [orders[0]: 1], generation: 3))
                add(&$0, "b", .released(group: "bills", [orders[0], orders[1]], lost: true))
                add(&$0, "b", .joined(group: "bills", generation: 4))
            }
        ),
        (
            "another group has partitions and positions of its own",
            {
                add(&$0, "x", .assigned(group: "audit", [orders[0]: 0, orders[1]: 2], generation: 2))
                add(&$0, "x", .received(orders[0], at: 0, record(0)))
                add(&$0, "x", .received(orders[0], at: 1, record(2)))
            }
        ),
        (
            "a coordinator that has forgotten its members counts generations from 1 again",
            {
                add(&$0, "kafka", .forgotMembers)
                add(&$0, "c", .assigned(group: "bills", [orders[0]: 1], generation: 1), after: .seconds(1))
                add(&$0, "c", .called(7, "commit", within: .seconds(10)))
                add(&$0, "c", .committed(group: "bills", [orders[0]: 1]))
                add(&$0, "c", .returned(7))
                add(&$0, "c", .joined(group: "bills", generation: 2))
            }
        ),
    ]

    @Test(arguments: innocents.indices) func anInnocentIsLeftAlone(index: Int) {
        let (name, change) = Self.innocents[index]
        var history = Self.sound
        change(&history)
        #expect(history.objections().isEmpty, "\(name): \(history.objections())")
    }

    @Test func promisesThatWereNotMadeAreNotHeldAgainstIt() {
        var history = Self.sound
        history.logs[Self.orders[1]]?.removeLast()
        history.logs[Self.orders[0]]?.append(.init(2, Self.record(0)))
        var promises = History.Promises()
        (promises.keeps, promises.isIdempotent, promises.isDrained) = (false, false, false)
        #expect(history.objections(promises).isEmpty)
    }

    /// What only one party, or one partition, has no promise for is held against all others.
    @Test func promisesAreTakenBackNarrowly() {
        var history = Self.sound
        history.logs[Self.orders[1]]?.removeLast()
        history.logs[Self.orders[1]]?.append(.init(2, Self.record(1)))
        func rules(_ change: (inout History.Promises) -> Void) -> Set<Objection.Rule> {
            var promises = History.Promises()
            change(&promises)
            return Set(history.objections(promises).map(\.rule))
        }
        let all: Set<Objection.Rule> = [.acknowledgedIsThere, .onceOnly, .everythingIsRead, .readIsThere]
        #expect(rules { _ in } == all)
        #expect(rules { $0.lossy = [Self.orders[1]] } == [.everythingIsRead])
        #expect(rules { $0.lossy = [Self.orders[0]] } == all)
        #expect(rules { $0.careless = ["shop"] } == all.subtracting([.acknowledgedIsThere]))
        #expect(rules { $0.repeating = ["shop"] } == all.subtracting([.onceOnly]))
        #expect(rules { ($0.careless, $0.repeating) = (["bazaar"], ["bazaar"]) } == all)
    }

    /// A party that has one client after the other is one party.
    @Test func aRecordBelongsToAParty() {
        #expect(History.Record("shop", 3).party == "shop")
        #expect(History.Record("shop.2", 3).party == "shop")
        #expect(History.Record("\(History.Record("shop.2", 3))") == History.Record("shop.2", 3))
    }

    @Test(arguments: [("shop#12", History.Record("shop", 12)), ("a#b#3", .init("a#b", 3)), ("shop", nil), ("#x", nil)])
    func aRecordIsReadFromItsValue(text: String, record: History.Record?) { #expect(History.Record(text) == record) }

    @Test func aTimelineIsRead() {
        #expect(
            Self.sound.events.prefix(1).map(\.description) + [Self.sound.events[18].description] == [
                "1.000  shop: sends shop#0 to orders", "19.000  a: has closed, with 0 sockets left",
            ])
    }
}

extension History.What {
    fileprivate func isAssigned(in generation: Int) -> Bool {
        if case .assigned(_, _, generation) = self { true } else { false }
    }
}
