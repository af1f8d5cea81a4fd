// What can go wrong with a database, each as one sentence: what, where, what to do.

/// An error of the database or of the way to it. Its description never holds the password.
public struct PostgreSQLError: Error, Equatable, Sendable {
    /// What went wrong, as far as a program reacts to it differently.
    public enum Kind: Equatable, Sendable {
        /// Nothing listens at the address.
        case refused
        /// The host has no such name, or no way leads to it.
        case unreachable
        /// The connection could not be made in time, or an answer took too long.
        case timedOut
        /// The program was asked to end while it waited.
        case interrupted
        case wrongPassword
        case passwordMissing
        /// There is no such user, or it may not log in.
        case unknownRole
        case unknownDatabase
        /// The server's rules (`pg_hba.conf`) admit nobody from here, with this user, to this database.
        case notAdmitted
        /// The server is starting up, shutting down, or has no free connection: soon it may be otherwise.
        case notReady
        /// The connection broke after it was made.
        case connectionLost
        case missingTable
        case permissionDenied
        /// The server gave a statement up because it took too long.
        case statementTimeout
        /// The settings are no connection settings, or a parameter is none that PostgreSQL takes.
        case invalidSettings
        /// Any other refusal, with the server's SQLSTATE or an empty one.
        case other(sqlState: String)
    }

    /// What went wrong.
    public let kind: Kind
    /// Where: `127.0.0.1:5433/mydb`.
    public let server: String
    /// What the server or the system said, on one line.
    public let detail: String

    /// An error of the given kind.
    public init(_ kind: Kind, server: String, detail: String = "") {
        self.kind = kind
        self.server = server
        self.detail = detail
    }

    /// Whether trying again after a while can help, with nothing changed in the meantime.
    public var isRetriable: Bool {
        switch kind {
        case .refused, .unreachable, .timedOut, .notReady, .connectionLost: true
        // Serialization failures, deadlocks, and a full disk or memory pass.
        case .other(let sqlState): sqlState.hasPrefix("40") || sqlState.hasPrefix("53")
        default: false
        }
    }

    /// Whether the connection is of no use any more.
    public var endsConnection: Bool {
        switch kind {
        case .connectionLost, .timedOut, .notReady: true
        default: false
        }
    }
}

extension PostgreSQLError: CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public var description: String {
        let said = detail.isEmpty ? "" : " (\(detail))"
        switch kind {
        case .refused:
            return
                "PostgreSQL does not listen at \(server): start it (scripts/postgres.sh start DIR, or docker compose up), "
                + "or name another address with --host and --port."
        case .unreachable:
            return "PostgreSQL's host in \(server) cannot be reached\(said): check --host and --port."
        case .timedOut:
            return
                "PostgreSQL at \(server) did not answer in time\(said): check that the server is alive and the network "
                + "lets it through, or allow more with --connect-timeout and --statement-timeout."
        case .interrupted:
            return "The wait for PostgreSQL at \(server) ended because this program was asked to end."
        case .wrongPassword:
            return
                "PostgreSQL at \(server) does not accept the password\(said): give the right one in PGPASSWORD or a "
                + "password file (~/.pgpass)."
        case .passwordMissing:
            return "PostgreSQL at \(server) asks for a password: give it in PGPASSWORD or a password file (~/.pgpass)."
        case .unknownRole:
            return "PostgreSQL at \(server) lets no such user in\(said): check --user."
        case .unknownDatabase:
            return
                "PostgreSQL at \(server) has no such database\(said): check --database, or create it with "
                + "CREATE DATABASE."
        case .notAdmitted:
            return "PostgreSQL at \(server) lets nobody in that way\(said): add a line to its pg_hba.conf."
        case .notReady:
            return "PostgreSQL at \(server) takes no connection right now\(said): try again in a moment."
        case .connectionLost:
            return "The connection to PostgreSQL at \(server) was lost\(said): check that the server is running."
        case .missingTable:
            return
                "PostgreSQL at \(server) has no such table\(said): start the producer first, which creates it, or check "
                + "--database."
        case .permissionDenied:
            return "PostgreSQL at \(server) forbids it to this user\(said): grant the right, or choose another --user."
        case .statementTimeout:
            return
                "PostgreSQL at \(server) gave a statement up because it took too long\(said): look for locks and load "
                + "there, or allow more with --statement-timeout."
        case .invalidSettings:
            return "The settings for PostgreSQL at \(server) cannot be used\(said): correct the option or PG variable."
        case .other(let sqlState):
            let state = sqlState.isEmpty ? "" : ", SQLSTATE \(sqlState)"
            return "PostgreSQL at \(server) refused\(said)\(state): see the server's log for more."
        }
    }
}

// MARK: - From what libpq says

extension PostgreSQLError {
    /// The error of a connection that could not be made, from libpq's message in verbose form.
    ///
    /// libpq keeps no SQLSTATE for a failed connection, but writes it into a verbose message
    /// (`FATAL:  28P01: password …`), and unlike the words it is the same in every language.
    init(connecting message: String, server: String) {
        let (state, detail) = PostgreSQLError.readVerbose(message)
        if state == "28000", !message.contains("pg_hba.conf") {
            // One state for two things; the file's name is the same in every language.
            self.init(.unknownRole, server: server, detail: detail)
        } else if let state {
            self.init(PostgreSQLError.kind(sqlState: state), server: server, detail: detail)
        } else if message.contains("Connection refused") || message.contains("No such file or directory") {
            self.init(.refused, server: server, detail: detail)
        } else if message.contains("no password supplied") {
            self.init(.passwordMissing, server: server)
        } else if message.contains("translate host name") || message.contains("unreachable")
            || message.contains("No route to host")
        {
            self.init(.unreachable, server: server, detail: detail)
        } else if message.contains("timed out") || message.contains("timeout expired") {
            self.init(.timedOut, server: server, detail: detail)
        } else if message.contains("closed the connection") || message.contains("Connection reset")
            || message.contains("could not receive") || message.contains("could not send")
        {
            self.init(.connectionLost, server: server, detail: detail)
        } else {
            self.init(.other(sqlState: ""), server: server, detail: detail)
        }
    }

    /// What an SQLSTATE means to a program (PostgreSQL's documentation, appendix A).
    static func kind(sqlState: String) -> Kind {
        switch sqlState {
        case "28P01": .wrongPassword
        case "28000": .notAdmitted
        case "3D000": .unknownDatabase
        case "42P01": .missingTable
        case "42501": .permissionDenied
        case "57014": .statementTimeout
        case "53300", "57P03": .notReady
        // The session was ended from the server's side: shutdown, crash, an administrator, an idle limit.
        case "57P01", "57P02", "57P05", "25P03", "08000", "08001", "08003", "08006": .connectionLost
        default: .other(sqlState: sqlState)
        }
    }

    /// The SQLSTATE and the first line of a verbose message.
    ///
    /// `connection to server at "::1", port 5433 failed: FATAL:  3D000: database "x" does not exist\nLOCATION: …`
    static func readVerbose(_ message: String) -> (sqlState: String?, detail: String) {
        let line = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let parts = line.split(separator: ": ", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            let word = part.drop { $0 == " " }
            let isState =
                word.utf8.count == 5 && word.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
            // `FATAL` itself has five capital letters; a state has a digit.
            if isState, word.utf8.contains(where: { (48...57).contains($0) }) {
                return (String(word), parts[(index + 1)...].joined(separator: ": "))
            }
        }
        // Without a state it is libpq's own message: what follows the address is the reason.
        let reason = parts.last.map(String.init) ?? line
        return (nil, reason)
    }
}
