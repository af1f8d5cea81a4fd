import TestSupport
import Testing

@testable import KafkaSimulation

/// A history in which transactions go as they should, and for each rule of theirs some in which they do not.
@Suite(.turn) struct TransactionCheckTests {
    /// The rules that are about transactions.
    static let rules: [Objection.Rule] = [
        .committedIsSeen, .abortedIsUnseen, .openIsUnseen, .allOrNothing, .fencedIsUnseen,
    ]

    private static let orders = [History.Partition("orders", 0), History.Partition("orders", 1)]
    private static func record(_ number: Int) -> History.Record { .init("shop", number) }
    private static func transaction(_ number: Int) -> History.Transaction { .init("shop", number) }
    /// Of the client that takes over.
    private static let heir = History.Transaction("shop.2", 1)
    private static let heirs = History.Record("shop.2", 0)

    /// 0 and 1 are committed; 2 and 3 aborted; 4 and 5 of unknown end, and there; 6 and 7 too, and not; 8 is of nobody's
    /// transaction; 9 was sent when the client was fenced. The log has the ends of transactions in between.
    private static var sound: History {
        var history = History()
        var time = Duration.zero
        func add(_ who: String, _ what: History.What) {
            time += .seconds(1)
            history.events.append(.init(time, who, what))
        }
        func transact(_ what: History.Transacted) { add("shop", .transacted(what)) }
        func send(_ number: Int, in name: History.Transaction?) {
            add("shop", .sent(record(number), topic: "orders"))
            if let name { transact(.sent(record(number), in: name)) }
        }
        add("reader", .transacted(.readsCommitted))
        add("reader", .assigned(group: "bills", [orders[0]: 0, orders[1]: 0], generation: 1))
        add("auditor", .assigned(group: "audit", [orders[0]: 0, orders[1]: 0], generation: 1))
        transact(.owned(id: "till", by: "shop"))
        for (number, ending) in [History.Ending.committed, .aborted, .unknown, .unknown].enumerated() {
            let name = transaction(number)
            transact(.began(name))
            for record in [2 * number, 2 * number + 1] { send(record, in: name) }
            transact(.ending(name, commits: ending != .aborted))
            transact(.ended(name, ending))
        }
        send(8, in: nil)
        transact(.began(transaction(4)))
        transact(.owned(id: "till", by: "shop.2"))
        send(9, in: transaction(4))
        transact(.ending(transaction(4), commits: true))
        transact(.ended(transaction(4), .aborted))
        transact(.began(heir))
        add("shop", .sent(heirs, topic: "orders"))
        transact(.sent(heirs, in: heir))
        transact(.ending(heir, commits: true))
        transact(.ended(heir, .committed))
        history.logs = [
            orders[0]: [
                .init(0, record(0)), .init(2, record(2)), .init(4, record(4)), .init(6, record(6)), .init(8, record(8)),
            ],
            orders[1]: [
                .init(0, record(1)), .init(2, record(3)), .init(4, record(5)), .init(6, record(7)), .init(8, record(9)),
                .init(9, heirs),
            ],
        ]
        for (partition, offset, what) in [
            (orders[0], 0, record(0)), (orders[0], 4, record(4)), (orders[0], 8, record(8)), (orders[1], 0, record(1)),
            (orders[1], 4, record(5)), (orders[1], 9, heirs),
        ] { add("reader", .received(partition, at: Int64(offset), what)) }
        for partition in orders {
            for logged in history.logs[partition] ?? [] {
                add("auditor", .received(partition, at: logged.offset, logged.record))
            }
        }
        return history
    }

    @Test func aSoundHistoryHasNoObjections() { #expect(Self.sound.objections().isEmpty, "\(Self.sound.objections())") }

    private typealias Change = @Sendable (inout History) -> Void

    /// The reader sees it, in front of what is behind it in the log.
    private static func see(_ partition: Int, at offset: Int64, _ record: History.Record) -> Change {
        { history in
            let place = history.events.firstIndex { event in
                guard event.who == "reader", case .received(orders[partition], let other, _) = event.what else {
                    return false
                }
                return other > offset
            }
            let time = place.map { history.events[$0].time } ?? history.events.last?.time ?? .zero
            history.events.insert(
                .init(time, "reader", .received(orders[partition], at: offset, record)),
                at: place ?? history.events.endIndex)
        }
    }

    /// The reader has not seen it.
    private static func miss(_ record: History.Record) -> Change {
        { history in
            history.events.removeAll { event in
                if case .received(_, _, record) = event.what { event.who == "reader" } else { false }
            }
        }
    }

    /// It is seen in front of the first event of that kind.
    private static func seeEarly(
        _ partition: Int, at offset: Int64, _ record: History.Record, before what: History.Transacted
    ) -> Change {
        { history in
            guard let place = history.events.firstIndex(where: { $0.what == .transacted(what) }) else { return }
            let time = history.events[place].time - .milliseconds(500)
            history.events.insert(.init(time, "reader", .received(orders[partition], at: offset, record)), at: place)
        }
    }

    private static func end(_ name: History.Transaction, _ ending: History.Ending) -> Change {
        { history in
            for (place, event) in history.events.enumerated() {
                if case .transacted(.ended(name, _)) = event.what {
                    history.events[place].what = .transacted(.ended(name, ending))
                }
            }
        }
    }

    private static func all(_ changes: Change...) -> Change {
        { history in for change in changes { change(&history) } }
    }

    private struct Row: Sendable {
        var name: String
        /// What is broken; nil where nothing is.
        var rule: Objection.Rule?
        var change: Change
    }

    private static let table: [Row] = [
        // Aborted.
        Row(
            name: "a record of an aborted transaction is seen", rule: .abortedIsUnseen, change: see(0, at: 2, record(2))
        ),
        Row(name: "who shows everything sees it", rule: nil, change: { _ in }),
        Row(
            name: "a commit that failed was an abort", rule: .abortedIsUnseen, change: end(transaction(0), .aborted)),
        // Committed.
        Row(name: "a committed record is not seen", rule: .committedIsSeen, change: miss(record(1))),
        Row(
            name: "nothing of a committed transaction is seen", rule: .committedIsSeen,
            change: all(miss(record(0)), miss(record(1)))),
        Row(name: "a committed record is lost", rule: .committedIsSeen) { history in
            miss(record(1))(&history)
            history.logs[orders[1]]?.removeFirst()
        },
        Row(name: "a committed record is there twice", rule: .committedIsSeen) { history in
            history.logs[orders[0]]?.append(.init(9, record(0)))
            see(0, at: 9, record(0))(&history)
        },
        Row(name: "a committed record is read again", rule: nil) { history in
            let time = (history.events.last?.time ?? .zero) + .seconds(1)
            history.events.append(.init(time, "reader", .moved(orders[0], to: 0)))
            history.events.append(.init(time, "reader", .received(orders[0], at: 0, record(0))))
        },
        // Of unknown end.
        Row(name: "all of an unknown one is seen, or nothing", rule: nil, change: { _ in }),
        Row(name: "of an unknown one only a part is seen", rule: .allOrNothing, change: miss(record(5))),
        Row(name: "of another one too", rule: .allOrNothing, change: see(1, at: 6, record(7))),
        Row(
            name: "an unknown one may have been committed", rule: nil,
            change: all(see(0, at: 6, record(6)), see(1, at: 6, record(7)))),
        Row(
            name: "an unknown one may have been aborted", rule: nil, change: all(miss(record(4)), miss(record(5)))),
        // Before the end.
        Row(
            name: "a record is seen before its commit is asked for", rule: .openIsUnseen,
            change: all(miss(record(0)), seeEarly(0, at: 0, record(0), before: .ending(transaction(0), commits: true)))),
        Row(
            name: "a record is seen while its commit is on its way", rule: nil,
            change: all(miss(record(0)), seeEarly(0, at: 0, record(0), before: .ended(transaction(0), .committed)))),
        Row(name: "the end of a transaction is never asked for", rule: .openIsUnseen) { history in
            history.events.removeAll { event in
                switch event.what {
                case .transacted(.ending(transaction(2), _)), .transacted(.ended(transaction(2), _)): true
                default: false
                }
            }
        },
        // Fenced.
        Row(name: "what a fenced client sends is seen", rule: .fencedIsUnseen, change: see(1, at: 8, record(9))),
        Row(
            name: "a fenced client has committed", rule: .fencedIsUnseen,
            change: all(end(transaction(4), .committed), see(1, at: 8, record(9)))),
        Row(name: "who has the id again has not fenced itself", rule: nil) { history in
            guard let place = history.events.firstIndex(where: { $0.what == .transacted(.began(heir)) }) else { return }
            let time = history.events[place].time
            history.events.insert(.init(time, "shop", .transacted(.owned(id: "till", by: "shop.2"))), at: place)
        },
        Row(name: "who is told late of an epoch has fenced nobody", rule: nil) { history in
            var place = 0
            for (index, event) in history.events.enumerated() {
                guard case .transacted(.owned(let id, let client, _)) = event.what else { continue }
                let epoch = client == "shop" ? 3 : 5
                history.events[index].what = .transacted(.owned(id: id, by: client, epoch: epoch))
                place = index
            }
            let time = history.events[place].time
            history.events.insert(
                .init(time, "shop", .transacted(.owned(id: "till", by: "shop.1", epoch: 4))), at: place + 1)
        },
        Row(name: "the epochs say who is fenced", rule: .fencedIsUnseen) { history in
            for (index, event) in history.events.enumerated() {
                guard case .transacted(.owned(let id, let client, _)) = event.what else { continue }
                history.events[index].what = .transacted(.owned(id: id, by: client, epoch: client == "shop" ? 6 : 5))
            }
        },
    ]

    @Test(arguments: table.indices) func aRowIsJudged(index: Int) {
        let row = Self.table[index]
        var history = Self.sound
        row.change(&history)
        let found = Set(history.objections().map(\.rule))
        if let rule = row.rule {
            #expect(found.contains(rule), "\(row.name): \(history.objections())")
        } else {
            #expect(found.isEmpty, "\(row.name): \(history.objections())")
        }
    }

    @Test func eachRuleIsBroken() { #expect(Set(Self.table.compactMap(\.rule)) == Set(Self.rules)) }

    /// A group in which somebody shows everything is told nothing of ends.
    @Test func aMixedGroupIsNotHeldToIt() {
        var history = Self.sound
        Self.miss(Self.record(1))(&history)
        history.events.append(
            .init(.seconds(500), "guest", .assigned(group: "bills", [Self.orders[0]: 9], generation: 2)))
        #expect(!history.objections().map(\.rule).contains(.committedIsSeen))
    }

    /// Where what was acknowledged may be gone, the ends of transactions may be too.
    @Test func whatIsNotKeptIsNotHeldAgainstIt() {
        var promises = History.Promises()
        (promises.keeps, promises.isDrained) = (false, false)
        for change in [
            Self.see(0, at: 2, Self.record(2)), Self.miss(Self.record(1)), Self.see(1, at: 8, Self.record(9)),
        ] {
            var history = Self.sound
            change(&history)
            #expect(history.objections(promises).isEmpty, "\(history.objections(promises))")
        }
    }

    @Test func itIsTold() {
        let texts = Self.sound.events.compactMap { event in
            if case .transacted = event.what { event.what.description } else { nil }
        }
        #expect(
            texts.prefix(5) == [
                "reads what is committed", "shop has the transactional id till", "begins shop/0",
                "sends shop#0 in shop/0",
                "sends shop#1 in shop/0",
            ])
        #expect(texts.contains("commits shop/0") && texts.contains("aborts shop/1"))
        #expect(texts.contains("does not know how shop/2 ended") && texts.contains("has aborted shop/1"))
    }
}
