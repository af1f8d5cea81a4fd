// Against a real server; see `TestServer`.

import AppSupport
import Foundation
import TestSupport
import Testing

@testable import PostgreSQL

@Suite(
    .enabled(if: TestServer.isThere, "KAFKAWIRE_PG_PORT names no server; scripts/test-postgres.sh starts one"), .turn)
struct ServerTests {
    private func open() throws(PostgreSQLError) -> Connection { try Connection.open(TestServer.settings) }

    @Test func valuesAreBoundNotPasted() throws {
        let hostile = "'); DROP TABLE x; -- \\ \" $1 é €"
        let result = try open().query("SELECT $1::text, $2::text, length($3::text)", [hostile, nil, ""])
        #expect(result.rows == [[hostile, nil, "0"]])
    }

    @Test func whatCopyWritesIsWhatTheServerReads() throws {
        let connection = try open()
        try connection.query("CREATE TEMP TABLE c (id int, t text)")
        // Every ASCII character but NUL, alone and between others, and what looks like COPY's own marks.
        var texts = (1..<128).flatMap { code -> [String] in
            let text = String(UnicodeScalar(UInt8(code)))
            return [text, "a\(text)b", "\\\(text)"]
        }
        texts += ["", "\\N", "\\.", "NULL", "Zürich €", "😀"]
        var rows = CopyRows()
        for (id, text) in texts.enumerated() {
            rows.field(id)
            rows.field(text)
            rows.endRow()
        }
        rows.field(texts.count)
        rows.null()
        rows.endRow()
        var inDoubt: TransactionID?
        let taken = try connection.copy(rows, into: "c", columns: ["id", "t"], inDoubt: &inDoubt)
        #expect(taken == texts.count + 1)
        #expect(inDoubt == nil)
        let read = try connection.query("SELECT t FROM c ORDER BY id").rows.map { $0[0] }
        #expect(read == texts.map { Optional($0) } + [nil])
    }

    @Test func aCopyThatTheServerRefusesInsertsNothingAndTheConnectionLives() throws {
        let connection = try open()
        try connection.query("CREATE TEMP TABLE c (id int)")
        var rows = CopyRows()
        for number in 0..<200_000 {
            rows.field(number == 5 ? "no number" : "\(number)")
            rows.endRow()
        }
        var inDoubt: TransactionID?
        let error = #expect(throws: PostgreSQLError.self) {
            try connection.copy(rows, into: "c", columns: ["id"], inDoubt: &inDoubt)
        }
        #expect(error?.kind == .other(sqlState: "22P02"))
        #expect(inDoubt == nil)
        #expect(try connection.query("SELECT count(*) FROM c").first == "0")
    }

    @Test func theFateOfATransactionIsKnown() throws {
        let connection = try open()
        let done = TransactionID(text: try connection.query("SELECT txid_current()").first ?? "", backend: 0)
        #expect(try connection.fate(of: done) == .committed)
        // A number that was given and lost again in a crash lies ahead of the server's counter.
        #expect(try connection.fate(of: TransactionID(text: "4000000000000", backend: 0)) == .aborted)
        try connection.query("BEGIN")
        let number = try connection.query("SELECT txid_current()").first ?? ""
        let running = TransactionID(text: number, backend: connection.backend)
        let other = try open()
        #expect(try other.fate(of: running) == .running)
        // Asking also ended the process, since its client counts as gone.
        let deadline = ContinuousClock.now.advanced(by: .seconds(5))
        var fate = TransactionFate.running
        while fate == .running, ContinuousClock.now < deadline { fate = try other.fate(of: running) }
        #expect(fate == .aborted)
        let error = #expect(throws: PostgreSQLError.self) { try connection.query("COMMIT") }
        #expect(error?.kind == .connectionLost)
        #expect(!connection.isUsable)
    }

    @Test func mistakesHaveTheirKinds() throws {
        var settings = TestServer.settings
        settings.password = "wrong-secret"
        let denied = #expect(throws: PostgreSQLError.self) { try Connection.open(settings) }
        #expect(denied?.kind == .wrongPassword)
        #expect(denied?.description.contains("wrong-secret") == false)
        settings = TestServer.settings
        settings.database = "nosuch"
        let unknown = #expect(throws: PostgreSQLError.self) { try Connection.open(settings) }
        #expect(unknown?.kind == .unknownDatabase)
        settings = TestServer.settings
        settings.port = 1
        let refused = #expect(throws: PostgreSQLError.self) { try Connection.open(settings) }
        #expect(refused?.kind == .refused)
        let missing = #expect(throws: PostgreSQLError.self) { try open().query("SELECT * FROM nosuch") }
        #expect(missing?.kind == .missingTable)
    }

    @Test func aSlowStatementIsGivenUpAndTheConnectionLives() throws {
        var settings = TestServer.settings
        settings.statementTimeout = .milliseconds(200)
        let connection = try Connection.open(settings)
        let error = #expect(throws: PostgreSQLError.self) { try connection.query("SELECT pg_sleep(30)") }
        #expect(error?.kind == .statementTimeout)
        #expect(try connection.query("SELECT 1").first == "1")
    }

    @Test func aSessionSurvivesTheLossOfItsConnectionAndTellsOnce() throws {
        let told = Counter()
        let session = Session(TestServer.settings, pause: { _ in false }, report: { _ in told.increment() })
        let first = try session.perform { connection throws(PostgreSQLError) in connection.backend }
        try open().query("SELECT pg_terminate_backend($1::int, 5000)", [String(first)])
        var calls = 0
        let second = try session.perform { connection throws(PostgreSQLError) in
            calls += 1
            return try connection.query("SELECT pg_backend_pid()").first
        }
        #expect(second != String(first))
        #expect(calls == 2)
        // Away, and back.
        #expect(told.count == 2)
    }

    @Test func anInterruptedWaitEnds() {
        var settings = TestServer.settings
        settings.port = 1
        let session = Session(settings, pause: { _ in true }, report: { _ in })
        let error = #expect(throws: PostgreSQLError.self) {
            try session.perform { connection throws(PostgreSQLError) in try connection.query("SELECT 1") }
        }
        #expect(error?.kind == .interrupted)
    }

    @Test func whatIsInDoubtIsFoundOutThoughTheProgramIsToEnd() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0 && write(ends[1], "x", 1) == 1)
        defer { for end in ends { close(end) } }
        let session = Session(TestServer.settings, interrupt: ends[0], pause: { _ in true }, report: { _ in })
        var calls = 0
        let answer = try session.perform(whileInDoubt: { true }) { connection throws(PostgreSQLError) in
            calls += 1
            if calls < 3 { throw PostgreSQLError(.notReady, server: connection.server, detail: "not yet") }
            return try connection.query("SELECT 1").first
        }
        #expect(answer == "1" && calls == 3)
        let error = #expect(throws: PostgreSQLError.self) {
            let other = Session(TestServer.settings, interrupt: ends[0], pause: { _ in true }, report: { _ in })
            _ = try other.perform(whileInDoubt: { false }) { connection throws(PostgreSQLError) in connection.backend }
        }
        #expect(error?.kind == .interrupted)
    }

    @Test func whatStaysInDoubtIsLeftInTime() {
        var settings = TestServer.settings
        settings.port = 1
        let session = Session(
            settings, patience: Patience(ending: .milliseconds(300)), pause: { _ in true }, report: { _ in })
        let error = #expect(throws: PostgreSQLError.self) {
            try session.perform(whileInDoubt: { true }) { connection throws(PostgreSQLError) in connection.backend }
        }
        #expect(error?.kind == .interrupted)
    }

    @Test func aReadingThatIsSentAgainIsThereOnce() throws {
        let connection = try open()
        // A table of this connection alone, in front of the real one.
        try connection.query(
            "CREATE TEMP TABLE temperature_readings (id serial, recorded_at timestamp, temperature double precision)")
        let moment = try TemperatureReadings.clock(on: connection)
        for again in [false, true, true] {
            try TemperatureReadings.insert(21.25, at: moment, again: again, on: connection)
        }
        try TemperatureReadings.insert(
            99, at: Timestamp(microseconds: moment.microseconds - 601_000_000), again: false, on: connection)
        // The session's zone must not matter: the column is UTC.
        try connection.query("SET TIME ZONE 'Asia/Tokyo'")
        let summary = try TemperatureReadings.summary(ofLast: .seconds(600), on: connection)
        #expect(summary.count == 1)
        #expect(summary.average == 21.25)
        let none = try TemperatureReadings.summary(ofLast: .zero, on: connection)
        #expect(none.average == nil)
    }

    /// How long ago the readings of one a minute were, in seconds, and how many of the last ten minutes are missing.
    @Test(
        arguments: [
            ([0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600], 0),
            ([5, 65, 125, 185, 245, 305, 365, 425, 485, 545, 605], 0),
            ([5, 65, 245, 305, 365, 425, 485, 545], 2),
            ([5, 65, 125, 210, 245, 305, 365, 425, 485, 545], 0),
            ([5, 5, 35, 65, 125, 185, 186, 245, 305, 365, 425, 485, 545], 0),
            ([61, 121, 181, 241, 301, 361, 421, 481, 541, 601], 0),
            ([63, 123, 183, 243, 303, 363, 423, 483, 543, 603], 1),
            ([215, 275, 335, 395, 455, 515, 575, 635], 3),
            ([5, 65, 125, 185], 6),
            ([5, 65, 125, 185, 245, 305, 365, 425, 485, 610], 1),
            ([60], 8), ([600], 10), ([630], 10), ([], 10),
            ([-3600, -3660, 5, 65, 125, 185, 245, 305, 365, 425, 485, 545], 0),
        ] as [([Int], Int)])
    func readingsThatAreMissingAreCounted(ages: [Int], missing: Int) throws {
        let connection = try open()
        // In a transaction the clock stands still.
        try connection.query("BEGIN")
        try connection.query(
            "CREATE TEMP TABLE temperature_readings (id serial, recorded_at timestamp, temperature double precision)")
        try connection.query("SET TIME ZONE 'America/Lima'")
        let now = try TemperatureReadings.clock(on: connection)
        for age in ages {
            try TemperatureReadings.insert(
                20, at: Timestamp(microseconds: now.microseconds - Int64(age) * 1_000_000), again: false, on: connection
            )
        }
        #expect(try TemperatureReadings.missing(ofLast: .seconds(600), every: .seconds(60), on: connection) == missing)
    }

    @Test func windowsOfACenturyHaveTheirReadingsCounted() throws {
        let connection = try open()
        try connection.query(
            "CREATE TEMP TABLE temperature_readings (id serial, recorded_at timestamp, temperature double precision)")
        let century = Duration.seconds(100 * 366 * 86400)
        #expect(try TemperatureReadings.missing(ofLast: century, every: century, on: connection) == 1)
        #expect(
            try TemperatureReadings.missing(ofLast: century, every: .milliseconds(1), on: connection)
                == 3_162_240_000_000)
    }
}
