import TestSupport
import Testing

@testable import KafkaSimulation

/// Two copiers that take turns, and what their copies have to be.
@Suite(.turn) struct CopyCheckTests {
    private static let orders = History.Partition("orders", 0)
    private static let copies = History.Partition("copies", 0)
    private static func order(_ number: Int) -> History.Record { .init("shop", number) }
    private static func copy(_ number: Int) -> History.Record { .init("copier", number) }
    private static func transaction(_ number: Int) -> History.Transaction { .init("copier", number) }

    /// Of three orders the first is copied in a transaction that is aborted and again in one that is committed, the second in
    /// one whose end nobody was told of and that is there, the third by who comes after, when the first one's is gone.
    private static var sound: History {
        var history = History()
        func add(_ who: String, _ what: History.What) {
            let time = (history.events.last?.time ?? .zero) + .seconds(1)
            history.events.append(.init(time, who, what))
        }
        func copy(_ number: Int, of offset: Int64, _ ending: History.Ending?, by who: String) {
            let transaction = transaction(number)
            add(who, .transacted(.began(transaction)))
            add(who, .sent(Self.copy(number), topic: "copies"))
            add(who, .transacted(.sent(Self.copy(number), in: transaction)))
            add(who, .transacted(.copied(orders, at: offset, as: Self.copy(number))))
            add(who, .transacted(.ending(transaction, commits: true)))
            if let ending { add(who, .transacted(.ended(transaction, ending))) }
        }
        for number in 0..<3 { add("shop", .sent(order(number), topic: "orders")) }
        add("reader", .transacted(.readsCommitted))
        add("reader", .assigned(group: "readers", [copies: 0], generation: 1))
        add("one", .transacted(.readsCommitted))
        add("one", .assigned(group: "copiers", [orders: 0], generation: 1))
        for offset in 0..<3 { add("one", .received(orders, at: Int64(offset), order(offset))) }
        copy(0, of: 0, .aborted, by: "one")
        copy(1, of: 0, .committed, by: "one")
        copy(2, of: 1, .unknown, by: "one")
        copy(3, of: 2, nil, by: "one")
        add("one", .killed)
        add("two", .assigned(group: "copiers", [orders: 2], generation: 2))
        add("two", .received(orders, at: 2, order(2)))
        copy(4, of: 2, .committed, by: "two")
        for (offset, number) in [(1, 1), (3, 2), (6, 4)] {
            add("reader", .received(copies, at: Int64(offset), Self.copy(number)))
        }
        history.logs = [
            orders: (0..<3).map { .init(Int64($0), order($0)) },
            copies: [
                .init(0, Self.copy(0)), .init(1, Self.copy(1)), .init(3, Self.copy(2)), .init(5, Self.copy(3)),
                .init(6, Self.copy(4)),
            ],
        ]
        return history
    }

    private struct Row: Sendable {
        var name: String
        /// Whether something is to be found.
        var isBroken = true
        var change: @Sendable (inout History) -> Void
    }

    private static func end(_ number: Int, _ ending: History.Ending) -> @Sendable (inout History) -> Void {
        { history in
            for (place, event) in history.events.enumerated() {
                if case .transacted(.ended(transaction(number), _)) = event.what {
                    history.events[place].what = .transacted(.ended(transaction(number), ending))
                }
            }
        }
    }

    private static func miss(_ number: Int) -> @Sendable (inout History) -> Void {
        { history in history.events.removeAll { $0.who == "reader" && $0.what.isReceived(copy(number)) } }
    }

    private static let table: [Row] = [
        Row(name: "all is well", isBroken: false) { _ in },
        Row(name: "both copies were committed", change: end(0, .committed)),
        Row(name: "both were committed, and the second was read again since the position was reset", isBroken: false) {
            history in
            end(0, .committed)(&history)
            let second = history.events.lastIndex {
                if case .transacted(.copied(orders, at: 0, _)) = $0.what { true } else { false }
            }
            guard let second else { return }
            let event = history.events[second]
            history.events.insert(.init(event.time, event.who, .moved(orders, to: 0)), at: second)
        },
        Row(name: "the one that nobody was told of is there as well") { history in
            history.events.append(
                .init(.seconds(500), "reader", .received(copies, at: 5, copy(3))))
        },
        Row(name: "no copy was committed", change: end(4, .aborted)),
        Row(name: "the copy of unknown end is not there", change: miss(2)),
        Row(name: "nobody sees what is committed: the one of unknown end may be there", isBroken: false) { history in
            history.events.removeAll { $0.who == "reader" && $0.what == .transacted(.readsCommitted) }
        },
        Row(name: "a record is passed over") { history in
            history.logs[orders]?.append(.init(3, order(2)))
        },
        Row(name: "what was aborted need not be copied", isBroken: false) { history in
            let name = History.Transaction("shop", 1)
            history.events.insert(.init(.zero, "shop", .transacted(.began(name))), at: 0)
            history.events.insert(.init(.zero, "shop", .transacted(.sent(.init("shop", 9), in: name))), at: 1)
            history.events.insert(.init(.zero, "shop", .transacted(.ended(name, .aborted))), at: 2)
            history.logs[orders]?.append(.init(3, .init("shop", 9)))
        },
    ]

    @Test(arguments: table.indices) func aRowIsJudged(index: Int) {
        let row = Self.table[index]
        var history = Self.sound
        row.change(&history)
        let found = CopyCheck(history).objections(History.Promises())
        #expect(found.isEmpty != row.isBroken, "\(row.name): \(found)")
        #expect(found.allSatisfy { $0.rule == .copiedOnce })
    }

    /// The other rules have nothing against it either.
    @Test func theHistoryIsSound() { #expect(Self.sound.objections().isEmpty, "\(Self.sound.objections())") }

    @Test func whatIsNotPromisedIsNotHeldAgainstIt() {
        var history = Self.sound
        Self.end(4, .aborted)(&history)
        for change: @Sendable (inout History.Promises) -> Void in [
            { $0.keeps = false }, { $0.readsOnce = false }, { $0.isDrained = false }, { $0.lossy = [Self.copies] },
        ] {
            var promises = History.Promises()
            change(&promises)
            #expect(CopyCheck(history).objections(promises).isEmpty)
        }
    }
}

extension History.What {
    fileprivate func isReceived(_ record: History.Record) -> Bool {
        if case .received(_, _, record) = self { true } else { false }
    }
}
