// fraud-producer: writes random card transactions into PostgreSQL, as fast as it can or at a rate.

import AppSupport
import ArgumentParser
import Foundation
import PostgreSQL
import ShutdownSignal
import Synchronization

@main struct FraudProducer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fraud-producer",
        abstract: "Writes random card transactions into PostgreSQL, as fast as it can or at a given rate.",
        discussion: """
            The rows go into the table transactions (id, user_id, amount, card_type, merchant_id, created_at), which \
            is created when it is missing, with COPY, a batch being one database transaction. Users are 1000 to 9999, \
            amounts 5.00 to 5000.00, cards VISA, MASTERCARD and AMEX, merchants 1 to 100.

            When the connection is lost the program waits for the database and goes on: a batch whose outcome it did \
            not learn is looked up there, so that none is inserted twice and none is lost. Ctrl-C finishes the batch \
            in hand and prints the totals, a second Ctrl-C ends at once.

              fraud-producer                                   until Ctrl-C, as fast as it can
              fraud-producer --count 300000 --quiet            so many rows, and only the totals
              fraud-producer --rate 500 --batch 50 --json
              fraud-producer --connections 4 --batch 5000 --quiet

            Exit status: 0 done, 1 failed, 64 wrong usage.
            """)

    @Option(
        name: .shortAndLong, help: "Rows per batch, 1 to 100000; fewer at a rate below it, so that each second has one."
    )
    var batch = 1000

    @Option(
        name: .long,
        help: "How many connections insert side by side, 1 to 64; each has batches of its own, in no order.")
    var connections = 1

    @Option(name: .shortAndLong, help: "Rows per second at most. (default: as many as the database takes)")
    var rate: Double?

    @Option(name: .shortAndLong, help: "Stop after so many rows. (default: never)")
    var count: Int?

    @Option(name: .long, help: "Repeat the transactions of this seed. (default: new ones each time)")
    var seed: UInt64?

    @Option(name: .long, help: ArgumentHelp("The users, evenly spread.", valueName: "first-last"))
    var users = UserRange.exercise

    @Flag(name: .shortAndLong, help: "Print only the totals.")
    var quiet = false

    @Flag(name: .long, help: "Print JSON objects: one per batch (unless --quiet) and one with the totals.")
    var json = false

    @OptionGroup(title: "Database")
    var database: DatabaseOptions

    func validate() throws {
        if !(1...100_000).contains(batch) {
            throw ValidationError("--batch must be between 1 and 100000, not \(batch).")
        }
        if !(1...64).contains(connections) {
            throw ValidationError("--connections must be 1 to 64, not \(connections).")
        }
        if let rate, !(rate >= 0.001 && rate <= 1e9) {
            throw ValidationError("--rate must be between 0.001 and 1000000000 rows a second, not \(rate).")
        }
        if let count, count < 1 { throw ValidationError("--count must be at least 1, not \(count).") }
    }

    func run() throws {
        let shutdown = ShutdownSignal.install(
            lastWords:
                "fraud-producer: ended before it was done; left undone: the last batch, of which the database has not "
                + "said whether it was committed")
        let console = Console(whenClosed: { shutdown.request() })
        let started = ContinuousClock.now
        let supply = BatchSupply(
            TransactionSource(seed: seed ?? UInt64.random(in: .min ... .max), users: users.users), size: batch,
            count: count, rate: rate)
        let workers = (0..<connections).map { _ in
            Worker { self.insert(supply, since: started, console, shutdown) }
        }
        let outcomes = workers.map { $0.wait() }
        let failure = outcomes.lazy.compactMap(\.failure).first { $0.kind != .interrupted }
        let inserted = supply.total
        console.endProgress()
        // A program that could not even begin says only why.
        if inserted > 0 || outcomes.allSatisfy({ $0.failure == nil }) {
            console.line(totals(inserted, in: started.duration(to: .now)))
        }
        console.flush()
        if let failure { console.note("fraud-producer: \(failure)") }
        let doubts = outcomes.compactMap(\.inDoubt)
        for doubt in doubts {
            console.note(
                "fraud-producer: The database never said whether the last batch was committed, so the totals are without "
                    + "it: ask SELECT txid_status(\(doubt.text)) when it is back.")
        }
        if failure != nil || !doubts.isEmpty { throw ExitCode.failure }
    }

    /// What has become of one connection's work.
    private struct Outcome: Sendable {
        var failure: PostgreSQLError?
        var inDoubt: TransactionID?
    }

    /// Inserts batches over a connection of its own until there are none any more.
    private func insert(
        _ supply: BatchSupply, since started: ContinuousClock.Instant, _ console: Console, _ shutdown: ShutdownSignal
    ) -> Outcome {
        let session = database.session(for: "fraud-producer", shutdown: shutdown, console: console)
        var inserter = BatchInserter(session: session)
        var rows = CopyRows(capacity: supply.size * 32)
        do {
            try inserter.createTable()
            while !shutdown.isRequested {
                let next = supply.next(&rows)
                if next == 0 { break }
                try inserter.insert(rows)
                let (total, early) = supply.inserted(next)
                tell(next, total: total, since: started, console)
                if let early, shutdown.wait(for: early) { break }
            }
            return Outcome()
        } catch {
            supply.end()
            return Outcome(failure: error, inDoubt: inserter.inDoubt)
        }
    }

    /// Work on a thread of its own, whose end can be waited for.
    private final class Worker: Sendable {
        private let outcome = Mutex(Outcome())
        private let isDone = DispatchSemaphore(value: 0)

        init(_ body: @escaping @Sendable () -> Outcome) {
            let work: @Sendable () -> Void = {
                let outcome = body()
                self.outcome.withLock { $0 = outcome }
                self.isDone.signal()
            }
            Thread(block: work).start()
        }

        func wait() -> Outcome {
            isDone.wait()
            return outcome.withLock { $0 }
        }
    }

    private func tell(_ rows: Int, total: Int, since start: ContinuousClock.Instant, _ console: Console) {
        if quiet {
            let rate = Figures.rate(total, in: start.duration(to: .now))
            console.progress("\(Figures.grouped(total)) transactions inserted, \(rate) a second")
            return
        }
        let words = "Inserted \(rows) transaction\(rows == 1 ? "" : "s")..."
        console.line(json ? #"{"event":"batch","rows":\#(rows),"total":\#(total)}"# : words)
        console.flush()
    }

    private func totals(_ rows: Int, in time: Duration) -> String {
        if json {
            let seconds = Figures.fixed(Figures.seconds(time), decimals: 3)
            let perSecond = Figures.fixed(Double(rows) / max(Figures.seconds(time), 1e-9), decimals: 0)
            return #"{"event":"total","rows":\#(rows),"seconds":\#(seconds),"rows_per_second":\#(perSecond)}"#
        }
        let rate = Figures.rate(rows, in: time)
        return "Inserted \(Figures.grouped(rows)) transactions in \(Figures.duration(time)) (\(rate) rows/s)."
    }
}
