// temperature-consumer: every ten minutes, the average of the last ten minutes, straight from PostgreSQL.

import AppSupport
import ArgumentParser
import PostgreSQL
import ShutdownSignal

@main struct TemperatureConsumer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "temperature-consumer",
        abstract: "Prints every ten minutes the average temperature of the last ten minutes.",
        discussion: """
            The average is computed by PostgreSQL over the readings that temperature-producer wrote in the last ten \
            minutes: by the time they were recorded, not the last ten rows, and by the database's clock, which also \
            stamped them. The time that is printed is that clock in local time.

            The runs are at a fixed distance from the start and do not drift. The database may go away between two \
            runs; during a run the program waits for it. Ctrl-C ends it within 2 s, a second Ctrl-C at once.

              temperature-consumer                             every ten minutes, until Ctrl-C
              temperature-consumer --window 1h --count 1       the last hour, once
              temperature-consumer --interval 5s --window 30s
              temperature-consumer --missing --every 60s       and how many of the readings are missing

            Durations are numbers with a unit: 500ms, 60s, 10m, 1h30m. Exit status: 0 done, 1 failed, 64 wrong usage.
            """)

    @Option(name: .shortAndLong, help: "Time between two runs, such as 500ms, 60s or 10m.")
    var interval = TimeSpan(.seconds(600))

    @Option(name: .shortAndLong, help: "Which stretch of time before now to average over, such as 10m or 1h30m.")
    var window = TimeSpan(.seconds(600))

    @Option(name: .shortAndLong, help: "Stop after so many runs. (default: never)")
    var count: Int?

    @Flag(name: .long, help: "Tell as well how many readings of the window are missing.")
    var missing = false

    @Option(name: .long, help: "With --missing: how often there should be a reading, as the producer's --interval.")
    var every = TimeSpan(.seconds(60))

    @Flag(name: .long, help: "Print one JSON object per run.")
    var json = false

    @OptionGroup(title: "Database")
    var database: DatabaseOptions

    func validate() throws {
        if interval.duration < .milliseconds(1) { throw ValidationError("--interval must be at least 1ms.") }
        if window.duration < .milliseconds(1) || window.duration > .seconds(100 * 366 * 86400) {
            throw ValidationError("--window must be between 1ms and a hundred years.")
        }
        if every.duration < .milliseconds(1) || every.duration > .seconds(100 * 366 * 86400) {
            throw ValidationError("--every must be between 1ms and a hundred years.")
        }
        if let count, count < 1 { throw ValidationError("--count must be at least 1, not \(count).") }
    }

    func run() throws {
        let shutdown = ShutdownSignal.install(
            lastWords: "temperature-consumer: ended before it was done; left undone: the last query")
        let console = Console(whenClosed: { shutdown.request() })
        let session = database.session(for: "temperature-consumer", shutdown: shutdown, console: console)
        do {
            try consume(over: session, console, shutdown)
        } catch  where error.kind == .interrupted {
            return
        } catch {
            console.note("temperature-consumer: \(error)")
            throw ExitCode.failure
        }
    }

    private func consume(
        over session: Session, _ console: Console, _ shutdown: ShutdownSignal
    ) throws(PostgreSQLError) {
        var slot = ContinuousClock.now
        let cadence = Cadence(start: slot, interval: interval.duration)
        var runs = 0
        var missesTable = false
        while true {
            do {
                let (summary, lacking) = try session.perform { connection throws(PostgreSQLError) in
                    let summary = try TemperatureReadings.summary(ofLast: window.duration, on: connection)
                    guard missing else { return (summary, nil as Int?) }
                    return (
                        summary,
                        try TemperatureReadings.missing(
                            ofLast: window.duration, every: every.duration, on: connection)
                    )
                }
                missesTable = false
                console.line(line(summary, lacking))
            } catch  where error.kind == .missingTable {
                // Started before the producer: that is no failure, there just is no data yet. Said once.
                if !missesTable { console.note("temperature-consumer: \(error)") }
                missesTable = true
                console.line(
                    line(
                        .init(moment: .now(), count: 0, average: nil),
                        missing ? Int(window.duration / every.duration) : nil))
            }
            console.flush()
            // Between two runs the database may go away without our noticing.
            if interval.duration >= .seconds(1) { session.rest() }
            runs += 1
            if let count, runs >= count { return }
            slot = cadence.next(after: slot, now: .now).slot
            if shutdown.wait(for: ContinuousClock.now.duration(to: slot)) { return }
        }
    }

    private func line(_ summary: TemperatureReadings.Summary, _ missing: Int?) -> String {
        let average = summary.average.map { Figures.fixed($0, decimals: 2) }
        if json {
            let fields = [
                #""event":"average""#, #""time":"\#(summary.moment)""#, #""epoch_us":\#(summary.moment.microseconds)"#,
                #""window_s":\#(Figures.seconds(window.duration))"#, #""readings":\#(summary.count)"#,
                #""celsius":\#(summary.average.flatMap { $0.isFinite ? average : nil } ?? "null")"#,
            ]
            let lacking = missing.map { #","missing":\#($0)"# } ?? ""
            return "{\(fields.joined(separator: ","))\(lacking)}"
        }
        let lacking = missing.map { "; missing readings: \($0)" } ?? ""
        guard let average else { return "\(summary.moment) - No data in last \(window.words)\(lacking)." }
        return "\(summary.moment) - Average temperature last \(window.words): \(average) °C\(lacking)"
    }
}
