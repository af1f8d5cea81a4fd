// The two questions in SQL, against the agents' own rules; on a real server, see `TestServer`.

import AppSupport
import ChangeEvents
import Detectors
import TestSupport
import Testing

@testable import FraudBatch
@testable import PostgreSQL

@Suite(
    .enabled(if: TestServer.isThere, "KAFKAWIRE_PG_PORT names no server; scripts/test-postgres.sh starts one"),
    .serialized, .turn)
struct BatchQuestionTests {
    /// A table of the test's own, which hides the others' from this connection.
    private func open(index: Bool = true) throws -> TableReader {
        let connection = try Connection.open(TestServer.settings)
        try connection.query(
            "CREATE TEMP TABLE transactions (id serial PRIMARY KEY, user_id int, amount decimal(10,2), "
                + "created_at timestamp DEFAULT now())")
        if index { try connection.query("CREATE INDEX transactions_user_id_id ON transactions (user_id, id)") }
        return TableReader(connection: connection)
    }

    private func insert(_ rows: [String], _ reader: TableReader) throws {
        try reader.connection.query(
            "INSERT INTO transactions (id, user_id, amount, created_at) VALUES \(rows.joined(separator: ", "))")
    }

    private func rules(_ reader: TableReader) throws -> [Alert] {
        var anomaly = AnomalyDetector()
        var velocity = VelocityDetector()
        var alerts: [Alert] = []
        try reader.eachRow(after: 0) { row in
            let (high, fast) = (anomaly.observe(row, partition: 0), velocity.observe(row, partition: 0))
            alerts += [Alert(high, of: row), Alert(fast, of: row)].compactMap { $0 }
        }
        return alerts
    }

    private func at(_ seconds: Double) -> String { "timestamp '2026-01-07 22:00:00' + interval '\(seconds) s'" }

    @Test func theEdgesOfTheRules() throws {
        let reader = try open()
        let amounts = [200, 200, 200, 600]
        var rows = amounts.enumerated().map { "(\($0 + 1), 1, \($1), \(at(0)))" }
        rows += ["(5, 1, 900.01, \(at(0)))"]  // the mean of four is 300
        rows += [1, 1, 1, 500, 500.01].enumerated().map { "(\($0 + 10), 2, \($1), \(at(0)))" }
        // Five at the same moment, and the sixth of that moment is fast; 60 s later exactly nobody is.
        rows += (20...25).map { "(\($0), 3, 4000.01, \(at(0)))" }
        rows += ["(26, 3, 4500, \(at(60)))", "(27, 3, 4000, \(at(60)))"]
        rows += (30...34).map { "(\($0), 4, 10, \(at(0.001)))" } + ["(35, 4, 4000.01, \(at(60)))"]
        try insert(rows, reader)
        let run = try reader.run(from: Progress(after: 0), .everything)
        #expect(try run.alerts == rules(reader))
        #expect(run.alerts.filter { $0.finding != .velocity(score: 90) }.map(\.transaction.id) == [5, 14, 35])
        #expect(run.alerts.filter { $0.finding == .velocity(score: 90) }.map(\.transaction.id) == [25, 35])
    }

    @Test func rowsWithoutUserAmountOrTimeAreNobodys() throws {
        let reader = try open()
        try insert(
            [
                "(1, NULL, 600, now())", "(2, 1, NULL, now())", "(3, 1, 'NaN', now())", "(4, 1, 5, NULL)",
                "(5, 1, 5, 'infinity')", "(6, 1, 5, '-infinity')",
            ], reader)
        for lookBack in [LookBack.everything, .byUser] {
            let run = try reader.run(from: Progress(after: 0), lookBack)
            #expect(run.rows == 6 && run.alerts.isEmpty)
        }
        #expect(try rules(reader).isEmpty)
    }

    /// Runs of any length, with rows that come late by their times and rows whose ids are filled in later, find what one run
    /// over everything finds, and what the rules find.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func runsBitByBitAgreeWithTheRules(_ seed: UInt64) throws {
        let reader = try open()
        var random = SeededRandom(seed: seed)
        var progress = Progress(after: 0)
        var found: [Alert] = []
        var time = 0.0
        var late = 0
        for step in 0..<12 {
            var rows: [String] = []
            let first = step * 500 + 1
            for id in first..<first + 500 {
                time += Double(Int.random(in: 0..<100, using: &random)) / 100
                let behind =
                    Int.random(in: 0..<10, using: &random) == 0 ? Double(Int.random(in: 0..<90, using: &random)) : 0
                let user = Int.random(in: 0..<40, using: &random)
                let high = Int.random(in: 0..<4, using: &random) == 0
                let amount = Int.random(in: high ? 3900_00...4999_00 : 5_00...900_00, using: &random)
                let cents = amount % 100
                rows.append("(\(id), \(user), \(amount / 100).\(cents < 10 ? "0" : "")\(cents), \(at(time - behind)))")
            }
            // Some ids are missing at first, a stretch of one user's own at a time, as when a transaction commits later.
            let missing = (0..<20).map { "(\(first + 500 * 0 + 20 * $0), 90, 4100, \(at(time)))" }
            let places = Set((0..<20).map { 20 * $0 })
            try insert(rows.enumerated().filter { !places.contains($0.offset) }.map(\.element), reader)
            let lookBack: LookBack = step % 3 == 2 || step == 0 ? .everything : .byUser
            let run = try reader.run(from: progress, lookBack)
            found += run.alerts
            #expect(run.progress.gaps.gaps.count >= 20)
            try insert(missing, reader)
            let second = try reader.run(from: run.progress, .byUser)
            #expect(second.rows == 20)
            late += second.late
            found += second.alerts
            progress = second.progress
            #expect(progress.gaps.gaps.isEmpty)
        }
        #expect(late > 200)
        let expected = try rules(reader)
        func order(_ alerts: [Alert]) -> [Alert] {
            alerts.sorted {
                ($0.transaction.id, $0.finding == .velocity(score: 90) ? 1 : 0)
                    < ($1.transaction.id, $1.finding == .velocity(score: 90) ? 1 : 0)
            }
        }
        #expect(expected.count > 200)
        #expect(order(found) == order(expected))
        #expect(try reader.run(from: Progress(after: 0), .everything).alerts == order(expected))
    }

    @Test func theIndexIsFoundByItsColumns() throws {
        let reader = try open(index: false)
        #expect(try !reader.hasIndex())
        try reader.connection.query("CREATE INDEX ON transactions (id, user_id)")
        try reader.connection.query("CREATE INDEX ON transactions (user_id)")
        try reader.connection.query("CREATE INDEX ON transactions (user_id, id) WHERE amount > 5")
        #expect(try !reader.hasIndex())
        try reader.connection.query("CREATE INDEX ON transactions (user_id, id, amount)")
        #expect(try reader.hasIndex())
    }

    @Test func oneSnapshotSeesOneStateAndLeavesTheConnectionUsable() throws {
        let reader = try open()
        #expect(throws: PostgreSQLError.self) {
            try reader.connection.inOneSnapshot { () throws(PostgreSQLError) in
                try reader.connection.query("CREATE TABLE never_there (id int)")
            }
        }
        #expect(try reader.connection.query("SELECT count(*) FROM transactions").first == "0")
    }

    @Test func anEmptyTableIsNothingToDo() throws {
        let run = try open().run(from: Progress(after: 7), .everything)
        #expect(run.lastID == nil && run.rows == 0 && run.alerts.isEmpty && run.progress == Progress(after: 7))
    }
}
