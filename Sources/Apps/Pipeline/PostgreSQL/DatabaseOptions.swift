// The options that every program with a database has.

import AppSupport
import ArgumentParser
import ShutdownSignal

/// Connection options; include them with `@OptionGroup`.
public struct DatabaseOptions: ParsableArguments, Sendable {
    @Option(name: .long, help: "Database host, address or socket directory. (PGHOST; else 127.0.0.1)")
    var host: String?

    @Option(name: .long, help: "Database port. (PGPORT; else 5433)")
    var port: Int?

    @Option(name: .long, help: "Database user. (PGUSER; else postgres)")
    var user: String?

    @Option(
        name: .long,
        help:
            "Password; other users of this machine can see it here, so prefer PGPASSWORD or ~/.pgpass. (else postgrespw)"
    )
    var password: String?

    @Option(
        name: .long,
        help: "Database name, or a whole address: postgresql://user@host:port/name. (PGDATABASE; else mydb)")
    var database: String?

    @Option(name: .long, help: "The longest that connecting may take.")
    var connectTimeout = TimeSpan(.seconds(10))

    @Option(name: .long, help: "The longest that one statement may take.")
    var statementTimeout = TimeSpan(.seconds(30))

    @Option(
        name: .long,
        help: """
            How long to keep trying while the database is away; 0 gives up at once. (default: 30s for the first \
            connection, without end once it has worked)
            """)
    var retryFor: TimeSpan?

    /// Options with nothing given.
    public init() {}

    /// Checks what the parser cannot.
    public func validate() throws {
        if let port, !(1...65535).contains(port) {
            throw ValidationError("--port must be between 1 and 65535, not \(port).")
        }
        if connectTimeout.duration < .milliseconds(1) || statementTimeout.duration < .milliseconds(1) {
            throw ValidationError("--connect-timeout and --statement-timeout must be at least 1ms.")
        }
    }

    /// The settings that these options ask for.
    public func settings(applicationName: String) -> ConnectionSettings {
        ConnectionSettings(
            host: host, port: port, user: user, password: password, database: database,
            applicationName: applicationName, connectTimeout: connectTimeout.duration,
            statementTimeout: statementTimeout.duration)
    }

    /// How long an outage may last.
    public var patience: Patience {
        guard let retryFor else { return Patience() }
        return Patience(first: retryFor.duration, later: retryFor.duration)
    }

    /// A session over these options that tells of outages on standard error and ends with the program.
    public func session(for program: String, shutdown: ShutdownSignal, console: Console) -> Session {
        Session(
            settings(applicationName: program), patience: patience, interrupt: shutdown.descriptor,
            pause: { shutdown.wait(for: $0) },
            report: { event in
                switch event {
                case .away(let error): console.note("\(program): \(error) Trying again until it is back.")
                case .back(let server, let time):
                    console.note("\(program): PostgreSQL at \(server) is back after \(Figures.duration(time)).")
                }
            })
    }
}
