// fraud-batch: the agents' two questions, asked of the table every few seconds instead of a stream.

import AppSupport
import ArgumentParser
import Detectors
import JSONLines
import PostgreSQL
import ShutdownSignal

@main struct FraudBatch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fraud-batch",
        abstract: "Finds anomalies and fast spenders in PostgreSQL's table itself, every few seconds.",
        discussion: """
            The questions are those of anomaly-agent and velocity-agent, asked with window functions of the rows that \
            have appeared since the last run, and the alerts are theirs, line by line. A row that commits after one \
            with a higher id is not missed. It needs no Kafka and no Kafka Connect; what it costs is that alerts come \
            with the next run, and that PostgreSQL reads 50 rows of every user with new ones each time.

            For these it needs an index on (user_id, id): --create-index makes it, without holding up writers. Without \
            it every run reads the whole table.

              fraud-batch --create-index                       every five seconds, until Ctrl-C
              fraud-batch --interval 1s --json --state fraud.state
              fraud-batch --once --after-id 100000             the rows above an id, once

            --referee runs the agents' own rules over all rows instead, in the order of their ids: what the others \
            have to find. Rows without user, amount or time are passed over. What was updated counts as it is now, and \
            what was deleted between two runs is not seen: a table has no past.

            With --state the place is kept in a file, after the alerts were printed: a run that is killed repeats \
            alerts and loses none. Ctrl-C ends it within 2 s.

            Exit status: 0 done, 1 failed, 64 wrong usage; 130 or 143 when it did not come to its end within 1.5 s of \
            the first signal.
            """)

    @Option(name: .shortAndLong, help: "Time between two runs, such as 500ms, 5s or 10m.")
    var interval = TimeSpan(.seconds(5))

    @Flag(name: .long, help: "One run, over everything that is there.")
    var once = false

    @Option(
        name: .long, help: "Begin above this id; those below are known, but not judged. (default: judge every row)")
    var afterID: Int64?

    @Option(name: .long, help: ArgumentHelp("Keep in this file how far it is, and go on there.", valueName: "file"))
    var state: String?

    @Flag(name: .long, help: "Create the index on (user_id, id) when it is missing.")
    var createIndex = false

    @Flag(name: .long, help: "Run the agents' own rules over all rows, once.")
    var referee = false

    @Flag(name: .long, help: "Print JSON objects instead of the exercise's lines.")
    var json = false

    @OptionGroup(title: "Database")
    var database: DatabaseOptions

    func validate() throws {
        if interval.duration < .milliseconds(1) { throw ValidationError("--interval must be at least 1ms.") }
        if let afterID, afterID < 0 { throw ValidationError("--after-id must not be below 0, but is \(afterID).") }
        if afterID != nil, state != nil {
            throw ValidationError("--after-id and --state both say where to begin: give one of them.")
        }
        if referee, state != nil || createIndex {
            throw ValidationError("--referee reads everything and keeps nothing: leave out --state and --create-index.")
        }
    }

    func run() throws {
        let shutdown = ShutdownSignal.install(
            lastWords:
                "fraud-batch: ended before it was done; left undone: the run in hand, whose rows are judged after the "
                + "next start")
        let console = Console(whenClosed: { shutdown.request() })
        let session = database.session(for: "fraud-batch", shutdown: shutdown, console: console)
        var output = Output(console, json: json)
        do {
            if referee {
                try judge(over: session, &output)
            } else {
                try poll(over: session, &output, shutdown)
            }
            output.totals()
        } catch let error as PostgreSQLError where error.kind == .interrupted {
            output.totals()
        } catch {
            console.note("fraud-batch: \(error)")
            throw ExitCode.failure
        }
    }

    // MARK: - The two ways

    private func poll(over session: Session, _ output: inout Output, _ shutdown: ShutdownSignal) throws {
        let file = state.map { ProgressFile(path: $0) }
        var progress = try file?.read() ?? Progress(after: afterID ?? 0)
        var remarks = Remarks(console: output.console)
        var wantsIndex = createIndex
        var slot = ContinuousClock.now
        let cadence = Cadence(start: slot, interval: interval.duration)
        while !shutdown.isRequested {
            let began = ContinuousClock.now
            do {
                let run = try session.perform { connection throws(PostgreSQLError) in
                    let reader = TableReader(connection: connection)
                    var hasIndex = try reader.hasIndex()
                    if !hasIndex, wantsIndex {
                        try connection.query(Questions.createIndex)
                        hasIndex = try reader.hasIndex()
                    }
                    wantsIndex = false
                    remarks.index(isThere: hasIndex || once)
                    // Before the first row there is nothing to look back to.
                    let lookBack: LookBack = hasIndex && progress.upTo > 0 ? .byUser : .everything
                    return try reader.run(from: progress, lookBack)
                }
                remarks.lastID(run.lastID, since: progress.upTo)
                remarks.givenUp(run.progress.gaps.givenUp)
                progress = run.progress
                output.ended(run, in: began.duration(to: .now))
                try file?.write(progress)
            } catch let error as PostgreSQLError where error.kind == .missingTable && !once {
                // Started before the producer: that is no failure, there just is nothing yet.
                remarks.table(error)
            }
            if once { return }
            // Between two runs the database may go away without our noticing.
            if interval.duration >= .seconds(60) { session.rest() }
            slot = cadence.next(after: slot, now: .now).slot
            if shutdown.wait(for: ContinuousClock.now.duration(to: slot)) { return }
        }
    }

    private func judge(over session: Session, _ output: inout Output) throws(PostgreSQLError) {
        var anomaly = AnomalyDetector()
        var velocity = VelocityDetector()
        try session.perform { connection throws(PostgreSQLError) in
            // Anew, if the connection broke on the way: then some alerts come twice.
            (anomaly, velocity) = (AnomalyDetector(), VelocityDetector())
            try TableReader(connection: connection).eachRow(after: afterID ?? 0) { row in
                output.count(row)
                let high = anomaly.observe(row, partition: 0)
                let fast = velocity.observe(row, partition: 0)
                if let alert = Alert(high, of: row) { output.alert(alert) }
                if let alert = Alert(fast, of: row) { output.alert(alert) }
            }
        }
    }
}

/// What there is to remark, each thing once.
private struct Remarks {
    let console: Console
    private var missesTable = false
    private var missesIndex = false
    private var isBehind = false
    private var hasGivenUp = false

    init(console: Console) { self.console = console }

    mutating func table(_ error: PostgreSQLError) {
        if !missesTable { console.note("fraud-batch: \(error)") }
        missesTable = true
    }

    mutating func index(isThere: Bool) {
        if !isThere, !missesIndex {
            console.note(
                "fraud-batch: there is no index on (user_id, id), so every run reads the whole table; --create-index makes it"
            )
        }
        missesIndex = !isThere
    }

    mutating func lastID(_ last: Int64?, since id: Int64) {
        let behind = last.map { $0 < id } ?? false
        if behind, !isBehind {
            console.note(
                "fraud-batch: the table ends before id \(id), up to which it was judged; if it is another table, remove "
                    + "the state, or begin with another --after-id")
        }
        isBehind = behind
    }

    mutating func givenUp(_ ids: Int64) {
        if ids > 0, !hasGivenUp {
            console.note(
                "fraud-batch: more than \(IDGaps.limit) gaps between ids; the oldest are not looked at any more")
        }
        hasGivenUp = ids > 0
    }
}
