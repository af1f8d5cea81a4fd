// What is read from the table, each run in one snapshot of the database.

import ChangeEvents
import Detectors
import PostgreSQL

/// What one run over the table found.
struct TableRun: Sendable {
    /// Where the next one goes on.
    var progress: Progress
    /// The rows that were new.
    var rows = 0
    /// The new rows that came to be seen after rows with higher ids.
    var late = 0
    /// The highest id of the table; nil when it is empty.
    var lastID: Int64?
    /// The alerts, by their rows' ids.
    var alerts: [Alert] = []
}

/// Reads the table `transactions`.
struct TableReader {
    let connection: Connection

    /// Whether the index is there that a look-back by user needs.
    func hasIndex() throws(PostgreSQLError) -> Bool { try connection.query(Questions.hasIndex).first == "t" }

    /// Judges the rows that have appeared since `progress`.
    ///
    /// All of it is one snapshot: what commits meanwhile is the next run's.
    func run(from progress: Progress, _ lookBack: LookBack) throws(PostgreSQLError) -> TableRun {
        try connection.inOneSnapshot { () throws(PostgreSQLError) in
            let (bounds, last) = try bounds()
            var run = TableRun(progress: progress, lastID: last)
            let late = try lateIDs(progress.gaps.gaps)
            run.progress.gaps.fill(late)
            let upTo = max(last ?? progress.upTo, progress.upTo)
            let range = [String(progress.upTo), String(upTo)]
            if upTo > progress.upTo {
                run.rows = try connection.query(Questions.count, range).first.flatMap { Int($0) } ?? 0
                run.progress.gaps.note(try gaps(range), seen: bounds)
                run.progress.upTo = upTo
            }
            run.progress.gaps.settle(bounds)
            run.rows += late.count
            run.late = late.count
            guard run.rows > 0 else { return run }
            if lookBack == .byUser { try connection.query(Questions.plan) }
            let alerts = try connection.query(Questions.alerts(lookBack), range + [array(late)])
            for row in alerts.rows { run.alerts.append(try alert(row)) }
            return run
        }
    }

    /// Hands every row that can be judged to `body`, by their ids.
    func eachRow(after id: Int64, _ body: (Transaction) -> Void) throws(PostgreSQLError) {
        try connection.inOneSnapshot { () throws(PostgreSQLError) in
            var id = id
            while true {
                let answer = try connection.query(Questions.rows, [String(id), "10000"])
                for row in answer.rows {
                    let transaction = try transaction(row)
                    id = transaction.id
                    body(transaction)
                }
                if answer.rows.isEmpty { return }
            }
        }
    }

    // MARK: - Answers

    private func bounds() throws(PostgreSQLError) -> (SnapshotBounds, last: Int64?) {
        let row = try connection.query(Questions.bounds).rows.first ?? []
        guard row.count == 4, let oldest = number(row[0]), let next = number(row[1]), let time = number(row[2]) else {
            throw unreadable("its snapshot")
        }
        return (SnapshotBounds(oldestRunning: oldest, next: next, time: time), number(row[3]))
    }

    private func gaps(_ range: [String]) throws(PostgreSQLError) -> [ClosedRange<Int64>] {
        var gaps: [ClosedRange<Int64>] = []
        for row in try connection.query(Questions.gaps, range).rows {
            guard row.count == 2, let first = number(row[0]), let last = number(row[1]), first <= last else {
                throw unreadable("a gap")
            }
            gaps.append(first...last)
        }
        return gaps
    }

    private func lateIDs(_ gaps: [IDGap]) throws(PostgreSQLError) -> [Int64] {
        if gaps.isEmpty { return [] }
        let answer = try connection.query(Questions.late, [array(gaps.map(\.first)), array(gaps.map(\.last))])
        return answer.rows.compactMap { number($0.first ?? nil) }
    }

    private func alert(_ row: [String?]) throws(PostgreSQLError) -> Alert {
        guard row.count == 6, let finding = row[5] else { throw unreadable("an alert") }
        let transaction = try transaction(Array(row[1...]))
        switch row[0] {
        case "anomaly":
            guard let mean = Amount(finding, encoding: .string) else { throw unreadable("a mean") }
            return Alert(.anomaly(mean: mean), of: transaction)
        default:
            guard let score = Int(finding) else { throw unreadable("a score") }
            return Alert(.velocity(score: score), of: transaction)
        }
    }

    private func transaction(_ row: [String?]) throws(PostgreSQLError) -> Transaction {
        guard row.count >= 4, let id = number(row[0]), let user = number(row[1]),
            let amount = row[2].flatMap({ Amount($0, encoding: .string) }), let time = number(row[3])
        else { throw unreadable("a row") }
        return Transaction(id: id, userID: user, amount: amount, createdAt: EventTime(microseconds: time))
    }

    private func number(_ text: String?) -> Int64? { text.flatMap { Int64($0) } }

    private func array(_ numbers: [Int64]) -> String { "{" + numbers.map { "\($0)" }.joined(separator: ",") + "}" }

    private func unreadable(_ what: String) -> PostgreSQLError {
        PostgreSQLError(.other(sqlState: ""), server: connection.server, detail: "\(what) cannot be read")
    }
}
