import DequeModule
import KafkaWire

/// What a handler makes of a request.
enum Outcome {
    /// This is the answer.
    case answer(any WireMessage)
    /// The answer comes later, under the request's ticket.
    case later
    /// The answer takes long, and is worked on in parts. Outside of the node this is ``later``.
    case work(any LongWork)
    /// There is no answer, and the connection goes on (Produce with acks=0).
    case silent
    /// The connection is closed, for that reason.
    case hangUp(String)
}

/// Work that may be too long for one turn of the loop. It is done in steps, and between two of them others get their
/// turn; so it looks topics and partitions up in each step anew, for they may be gone meanwhile.
protocol LongWork {
    /// Gets on until `budget` is used up; gives the outcome where the work is done.
    mutating func step(_ budget: inout WorkBudget, _ node: BrokerNode) -> Outcome?
}

/// An answer for each item of a list.
struct PartedList<Item, Answer>: LongWork {
    private let items: [Item]
    private var answers: [Answer] = []
    private let answer: (Item, inout WorkBudget, BrokerNode) -> Answer
    private let finish: ([Answer]) -> any WireMessage

    /// `answer` spends what an item costs.
    init(
        _ items: [Item], _ answer: @escaping (Item, inout WorkBudget, BrokerNode) -> Answer,
        finish: @escaping ([Answer]) -> any WireMessage
    ) {
        self.items = items
        self.answer = answer
        self.finish = finish
    }

    mutating func step(_ budget: inout WorkBudget, _ node: BrokerNode) -> Outcome? {
        while answers.count < items.count {
            if budget.isUsedUp { return nil }
            answers.append(answer(items[answers.count], &budget, node))
        }
        return .answer(finish(answers))
    }
}

/// Work whose outcome is changed when it is there.
struct ChangedWork: LongWork {
    var work: any LongWork
    let change: (Outcome) -> Outcome

    mutating func step(_ budget: inout WorkBudget, _ node: BrokerNode) -> Outcome? {
        work.step(&budget, node).map(change)
    }
}

/// The long works that are under way; one after another has its turn.
struct LongWorks {
    struct Entry {
        var api: APIKey
        var ticket: RequestTicket
        var work: any LongWork
        /// How long it was worked on in parts, where that is counted.
        var spent = Duration.zero
    }

    private var works: [RequestTicket: Entry] = [:]
    /// May name some that are forgotten.
    private var order: Deque<RequestTicket> = []

    var count: Int { works.count }
    var tickets: some Sequence<RequestTicket> { works.keys }

    mutating func add(_ entry: Entry) {
        works[entry.ticket] = entry
        order.append(entry.ticket)
    }

    /// The connection is gone.
    mutating func remove(_ ticket: RequestTicket) {
        works[ticket] = nil
        if works.isEmpty { order = [] }
    }

    /// Takes out the one whose turn it is.
    mutating func takeNext() -> Entry? {
        while let ticket = order.popFirst() {
            if let entry = works.removeValue(forKey: ticket) { return entry }
        }
        return nil
    }
}

extension BrokerNode {
    /// Does the work, as far as a request may at once.
    func begin(_ work: some LongWork) -> Outcome {
        var work = work
        var budget = WorkBudget.request
        return work.step(&budget, self) ?? .work(work)
    }

    /// Answers each of `items`, at once or in parts; `answer` spends what an item costs.
    func each<Item, Answer>(
        of items: [Item], _ answer: @escaping (Item, inout WorkBudget, BrokerNode) -> Answer,
        finish: @escaping ([Answer]) -> any WireMessage
    ) -> Outcome {
        begin(PartedList(items, answer, finish: finish))
    }

    /// Gets on with the long work whose turn it is.
    func work(now: Instant) {
        guard var entry = works.takeNext() else { return }
        let noted = storage?.noteCount
        var budget = WorkBudget.turn
        let began = ledger.isInForce ? time.now() : nil
        var outcome = entry.work.step(&budget, self)
        if let began { entry.spent += time.now() - began }
        workSteps += 1
        do throws(StorageError) {
            try save(now: now)
        } catch {
            if storage?.noteCount != noted { outcome = .hangUp(Self.unkept(entry.api, error)) }
        }
        settle(now: now)
        if let outcome {
            answers.append(LateAnswer(ticket: entry.ticket, outcome: outcome, spent: entry.spent))
        } else {
            works.add(entry)
        }
    }
}
