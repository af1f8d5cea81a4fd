import KafkaBroker
import KafkaWire

/// Who was there in a run, for a look at the end whether anything still holds them.
final class Witnesses: Sendable {
    private struct Weak {
        var who: String
        weak var worker: AnyObject?
    }

    private let seen = Locked<[Weak]>([])

    /// A client or broker has begun.
    func add(_ worker: AnyObject, of who: String) { seen.withLock { $0.append(Weak(who: who, worker: worker)) } }

    /// How many of a party's are in memory still.
    func count(of who: String) -> Int { seen.withLock { $0.count { $0.who == who && $0.worker != nil } } }
}

extension ScenarioRun {
    /// The broker has stopped: what it holds of anybody is noted.
    func noteLeftovers(in broker: KafkaBroker) async {
        var left = await broker.leftovers()
        if !plan.promises.endsTransactions { left.transactions = 0 }
        if !left.isEmpty { recorder.note(left: "\(left)", of: "kafka") }
    }

    /// All is closed: what is left of it a few seconds later, of those that were killed as well, is noted.
    func noteLeftovers(of broker: KafkaBroker?) async {
        // Both sides hear that a connection has ended, and what was called off comes to its end.
        try? await simulation.sleep(for: .seconds(10))
        if let broker { await noteLeftovers(in: broker) }
        for name in ["kafka", Self.operatorHost, Self.stranger] + plan.clientNames {
            let host = simulation.host(name)
            func note(_ count: Int, _ noun: String) {
                if count > 0 { recorder.note(left: "\(count) \(noun)\(count == 1 ? "" : "s")", of: name) }
            }
            for task in host.tasks { recorder.note(left: "a task: \(task)", of: name) }
            note(host.allTimers, "timer")
            note(host.openSockets, "socket")
            note(host.watchedSockets, "watched socket")
            note(host.disk.openFiles, "open file")
            // The broker that was there at the end is looked at still.
            note(witnesses.count(of: name) - (name == "kafka" && broker != nil ? 1 : 0), "client or broker in memory")
        }
    }
}
