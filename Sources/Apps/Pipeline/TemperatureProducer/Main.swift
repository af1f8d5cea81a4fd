// temperature-producer: writes a temperature reading a minute into PostgreSQL.

import AppSupport
import ArgumentParser
import PostgreSQL
import ShutdownSignal

@main struct TemperatureProducer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "temperature-producer",
        abstract: "Writes a temperature reading a minute into PostgreSQL.",
        discussion: """
            The readings go into the table temperature_readings (id, recorded_at, temperature), which is created when \
            it is missing. recorded_at is the database's clock in UTC, so that producer and consumer agree wherever \
            they run; the time that is printed is the same moment in local time.

            While the database is away the program waits for it. Readings that fell due in the meantime are skipped, \
            not made up. Ctrl-C ends it after the reading in hand, a second Ctrl-C at once.

              temperature-producer                             one reading a minute, until Ctrl-C
              temperature-producer --interval 500ms --count 20
              PGPASSWORD=secret temperature-producer --host db.example --port 5432 --database plant

            Durations are numbers with a unit: 500ms, 60s, 10m, 1h30m. Exit status: 0 done, 1 failed, 64 wrong usage.
            """)

    @Option(name: .shortAndLong, help: "Time between two readings, such as 500ms, 60s or 10m.")
    var interval = TimeSpan(.seconds(60))

    @Option(name: .shortAndLong, help: "Stop after so many readings. (default: never)")
    var count: Int?

    @Option(name: .long, help: "Repeat the temperatures of this seed. (default: new ones each time)")
    var seed: UInt64?

    @Flag(name: .long, help: "Print one JSON object per reading.")
    var json = false

    @OptionGroup(title: "Database")
    var database: DatabaseOptions

    func validate() throws {
        if interval.duration < .milliseconds(1) { throw ValidationError("--interval must be at least 1ms.") }
        if let count, count < 1 { throw ValidationError("--count must be at least 1, not \(count).") }
    }

    func run() throws {
        let shutdown = ShutdownSignal.install(
            lastWords:
                "temperature-producer: ended before it was done; left undone: the last reading, of which the database "
                + "has not said whether it was written")
        let console = Console(whenClosed: { shutdown.request() })
        let session = database.session(for: "temperature-producer", shutdown: shutdown, console: console)
        do {
            try produce(over: session, console, shutdown)
        } catch  where error.kind == .interrupted {
            return
        } catch {
            console.note("temperature-producer: \(error)")
            throw ExitCode.failure
        }
    }

    private func produce(
        over session: Session, _ console: Console, _ shutdown: ShutdownSignal
    ) throws(PostgreSQLError) {
        var walk = TemperatureWalk(seed: seed ?? UInt64.random(in: .min ... .max))
        try session.perform { connection throws(PostgreSQLError) in try TemperatureReadings.create(on: connection) }
        var slot = ContinuousClock.now
        let cadence = Cadence(start: slot, interval: interval.duration)
        var written = 0
        while true {
            let celsius = walk.next()
            let moment = try write(celsius, over: session)
            written += 1
            console.line(line(celsius, at: moment))
            console.flush()
            // A reading now and then needs no connection in between: a restart of the database goes unnoticed.
            if interval.duration >= .seconds(10) { session.rest() }
            if let count, written >= count { return }
            slot = cadence.next(after: slot, now: .now).slot
            if shutdown.wait(for: ContinuousClock.now.duration(to: slot)) { return }
        }
    }

    /// Writes one reading, however often it takes, once.
    private func write(_ celsius: Double, over session: Session) throws(PostgreSQLError) -> Timestamp {
        var moment: Timestamp?
        return try session.perform { connection throws(PostgreSQLError) in
            let again = moment != nil
            // Not `??`: its typed errors get lost on the way.
            let time = if let moment { moment } else { try TemperatureReadings.clock(on: connection) }
            moment = time
            do throws(PostgreSQLError) {
                try TemperatureReadings.insert(celsius, at: time, again: again, on: connection)
            } catch  where error.kind == .missingTable {
                // Dropped while we ran.
                try TemperatureReadings.create(on: connection)
                try TemperatureReadings.insert(celsius, at: time, again: false, on: connection)
            }
            return time
        }
    }

    private func line(_ celsius: Double, at moment: Timestamp) -> String {
        let degrees = Figures.fixed(celsius, decimals: 2)
        guard json else { return "\(moment) - Inserted temperature: \(degrees) °C" }
        return #"{"event":"inserted","time":"\#(moment)","epoch_us":\#(moment.microseconds),"celsius":\#(degrees)}"#
    }
}
