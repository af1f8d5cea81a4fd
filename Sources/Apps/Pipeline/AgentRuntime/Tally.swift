import AppSupport
import ChangeEvents
import Histogram
import KafkaWire

/// What an agent has counted, and how it tells.
struct Tally {
    private(set) var events = 0
    private(set) var transactions = 0
    private(set) var alerts = 0
    /// Transactions that came too late to be judged.
    private(set) var late = 0
    private(set) var malformed = 0
    /// The malformed ones by what is wrong with them.
    private(set) var flaws: [String: Int] = [:]
    /// How many of those are dead letters.
    private(set) var deadLetters = 0
    private(set) var others: [NotATransaction: Int] = [:]
    /// How many records had an age, and those together, in milliseconds.
    private(set) var ages = 0
    private(set) var totalAge: UInt64 = 0
    private var latency = Histogram<UInt32>(numberOfSignificantValueDigits: .two)
    /// From the first batch's arrival to the last one's end.
    private var busy: (since: Instant, until: Instant)?

    mutating func count(_ event: ChangeEvent) {
        events += 1
        switch event {
        case .transaction: transactions += 1
        case .notATransaction(let reason): others[reason, default: 0] += 1
        case .malformed(let flaw):
            malformed += 1
            flaws[flaw.problem.name, default: 0] += 1
        }
    }

    mutating func countAlert() { alerts += 1 }

    mutating func countLate() { late += 1 }

    mutating func countDeadLetter() { deadLetters += 1 }

    /// A record with that time has been dealt with, both in milliseconds since 1970. A negative time stands for none (Kafka's -1,
    /// and what else stream processors write): such a record has no age.
    mutating func recordAge(from time: Int64, to now: Int64) {
        guard time >= 0 else { return }
        let age = UInt64(clamping: now - time)
        latency.record(age)
        ages += 1
        totalAge &+= age
    }

    mutating func batchBegins(at now: Instant) { if busy == nil { busy = (now, now) } }

    mutating func batchEnded(at now: Instant) { busy?.until = now }

    private var busyTime: Duration { busy.map { $0.until - $0.since } ?? .zero }

    /// For people, a line a fact.
    ///
    /// - Parameter deadLetters: the topic that has what is malformed.
    func lines(agent: String, users: Int, deadLetters topic: String?) -> [String] {
        var lines = [
            "\(agent): \(Figures.grouped(events)) events, \(Figures.grouped(transactions)) transactions, "
                + "\(Figures.grouped(alerts)) alerts, \(Figures.grouped(users)) users known"
        ]
        let passed = others.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
        if !passed.isEmpty { lines.append("  no transactions: \(passed.joined(separator: ", "))") }
        if late > 0 { lines.append("  too late to be judged: \(Figures.grouped(late))") }
        if malformed > 0 {
            let reasons = flaws.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            let letters = topic.map { "; sent to \($0): \(Figures.grouped(deadLetters))" } ?? ""
            lines.append("  malformed or incomplete, skipped: \(Figures.grouped(malformed)) (\(reasons))\(letters)")
        }
        if events > 0 {
            lines.append(
                "  \(Figures.rate(events, in: busyTime)) events/s; from record to verdict p50 \(percentile(50)) ms, "
                    + "p99 \(percentile(99)) ms")
        }
        return lines
    }

    /// For machines.
    func json(agent: String, users: Int) -> String {
        let passed = others.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\"\($0.key.rawValue)\":\($0.value)" }.joined(separator: ",")
        let reasons = flaws.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        let seconds = Figures.fixed(Figures.seconds(busyTime), decimals: 3)
        return "{\"type\":\"totals\",\"agent\":\"\(agent)\",\"events\":\(events),\"transactions\":\(transactions),"
            + "\"alerts\":\(alerts),\"late\":\(late),\"malformed\":\(malformed),"
            + "\"dead_letters\":\(deadLetters),\"flaws\":{\(reasons)},\"others\":{\(passed)},\"users\":\(users),"
            + "\"seconds\":\(seconds),\"latency_p50_ms\":\(percentile(50)),\"latency_p99_ms\":\(percentile(99))}"
    }

    /// In milliseconds.
    func percentile(_ value: Double) -> UInt64 { latency.valueAtPercentile(value) }
}
