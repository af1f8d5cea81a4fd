// One connection over libpq, with a deadline on everything.
//
// libpq's blocking calls wait for ever on a server that hangs (a stopped process still acknowledges TCP, so no
// keepalive notices). So its non-blocking calls are used, and all waiting is the one `poll` at the end of this file.

import CLibpq

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A connection to a database; for one thread at a time. It closes when it is released.
public final class Connection {
    /// Where it leads: `127.0.0.1:5433/mydb`.
    public let server: String
    /// The server's process that serves it.
    public let backend: Int32
    /// False once it broke or timed out: then only a new one helps.
    public internal(set) var isUsable = true

    let handle: OpaquePointer
    private let statementTimeout: Duration

    /// Connects.
    ///
    /// - Parameter interrupt: a descriptor that becomes readable when the program is to end; connecting then ends with
    ///   `.interrupted`. Statements do not look at it: the work in hand is finished.
    public static func open(
        _ settings: ConnectionSettings, interrupt: Int32 = -1
    ) throws(PostgreSQLError) -> Connection {
        let environment = ConnectionSettings.environment
        var parameters = settings.parameters(environment: environment)
        let deadline = ContinuousClock.now.advanced(by: settings.connectTimeout)
        do {
            return try Connection(parameters, settings, deadline, interrupt)
        } catch {
            guard error.kind == .passwordMissing,
                let password = settings.fallbackPassword(environment: environment)
            else { throw error }
            parameters.append(("password", password))
            return try Connection(parameters, settings, deadline, interrupt)
        }
    }

    private init(
        _ parameters: [(keyword: String, value: String)], _ settings: ConnectionSettings,
        _ deadline: ContinuousClock.Instant, _ interrupt: Int32
    ) throws(PostgreSQLError) {
        let started = withCStrings(parameters.map(\.keyword)) { keywords in
            withCStrings(parameters.map(\.value)) { values in PQconnectStartParams(keywords, values, 1) }
        }
        guard let started else {
            throw PostgreSQLError(.other(sqlState: ""), server: "its address", detail: "out of memory")
        }
        let address = Connection.address(of: started)
        do {
            try Connection.establish(started, server: address, until: deadline, interrupt: interrupt)
        } catch {
            PQfinish(started)
            throw error
        }
        handle = started
        // Asked again: with several hosts in the address only now it is known which one answered.
        server = Connection.address(of: started)
        backend = PQbackendPID(started)
        statementTimeout = settings.statementTimeout
        let milliseconds = max(1, min(Int64(Int32.max), Connection.milliseconds(settings.statementTimeout)))
        try query("SELECT set_config('statement_timeout', $1, false)", [String(milliseconds)])
    }

    deinit { PQfinish(handle) }

    /// libpq's dance of a connection in the making: it says what it waits for, we wait.
    private static func establish(
        _ handle: OpaquePointer, server: String, until deadline: ContinuousClock.Instant, interrupt: Int32
    ) throws(PostgreSQLError) {
        // The verbose form carries the SQLSTATE, which libpq does not keep of a failed connection.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        // A server's NOTICE (`relation already exists, skipping`) is nobody's output here.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        if PQstatus(handle) == CONNECTION_BAD { throw failure(of: handle, server: server) }
        var phase = PGRES_POLLING_WRITING
        while phase != PGRES_POLLING_OK {
            let events = phase == PGRES_POLLING_READING ? POLLIN : POLLOUT
            switch waitFor(PQsocket(handle), Int16(events), until: deadline, interrupt: interrupt) {
            case .ready: phase = PQconnectPoll(handle)
            case .late: throw PostgreSQLError(.timedOut, server: server, detail: "connecting")
            case .interrupted: throw PostgreSQLError(.interrupted, server: server)
            }
            if phase == PGRES_POLLING_FAILED { throw failure(of: handle, server: server) }
        }
        guard PQsetnonblocking(handle, 1) == 0 else { throw failure(of: handle, server: server) }
    }

    private static func failure(of handle: OpaquePointer, server: String) -> PostgreSQLError {
        if PQconnectionNeedsPassword(handle) == 1 { return PostgreSQLError(.passwordMissing, server: server) }
        // Before there is a socket it is about the settings, and might quote an address with a password in it.
        let message = String(cString: PQerrorMessage(handle))
        let isAboutSettings = !message.contains("connection to server") && !message.contains("translate host name")
        if isAboutSettings, PQsocket(handle) < 0 {
            return PostgreSQLError(.invalidSettings, server: server)
        }
        return PostgreSQLError(connecting: message, server: server)
    }

    /// `host:port/database`, from what libpq made of options, variables and service.
    private static func address(of handle: OpaquePointer) -> String {
        func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        let host = text(PQhost(handle))
        let name = host.isEmpty ? text(PQhostaddr(handle)) : host
        let bracketed = name.contains(":") ? "[\(name)]" : name
        return "\(bracketed.isEmpty ? "localhost" : bracketed):\(text(PQport(handle)))/\(text(PQdb(handle)))"
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? .max - 1000 : scaled + attoseconds / 1_000_000_000_000_000
    }
}

// MARK: - Statements

extension Connection {
    /// Runs one statement with its values bound, never pasted into the text: `$1` is the first of `values`, as text;
    /// nil is NULL.
    @discardableResult
    public func query(_ statement: String, _ values: [String?] = []) throws(PostgreSQLError) -> QueryResult {
        guard values.count <= 65535, !values.contains(where: { $0?.utf8.contains(0) ?? false }),
            !statement.utf8.contains(0)
        else {
            throw PostgreSQLError(.invalidSettings, server: server, detail: "a statement's value holds a NUL byte")
        }
        let deadline = statementDeadline()
        let sent = withCStrings(values) { pointers in
            PQsendQueryParams(handle, statement, Int32(values.count), nil, pointers, nil, nil, 0)
        }
        guard sent == 1 else { throw lost() }
        try flush(until: deadline)
        var last = QueryResult()
        while let result = try nextResult(until: deadline) { last = result }
        return last
    }

    /// Runs `work` in one transaction that reads and sees one state of the database throughout.
    public func inOneSnapshot<R>(_ work: () throws(PostgreSQLError) -> R) throws(PostgreSQLError) -> R {
        try query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        do {
            let result = try work()
            try query("COMMIT")
            return result
        } catch {
            // The connection may be used again, where it still can be.
            if isUsable { _ = try? query("ROLLBACK") }
            throw error
        }
    }

    /// When a statement that begins now must have been answered: the server gives up first, and says so.
    func statementDeadline() -> ContinuousClock.Instant {
        ContinuousClock.now.advanced(by: statementTimeout).advanced(by: .seconds(5))
    }

    /// The next result of what was sent; nil after the last. An error is thrown when the rest was read, so that the
    /// connection can be used again.
    func nextResult(until deadline: ContinuousClock.Instant) throws(PostgreSQLError) -> QueryResult? {
        guard let result = try rawResult(until: deadline) else { return nil }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_COPY_IN, PGRES_EMPTY_QUERY:
            return QueryResult(copying: result)
        default:
            let error = error(in: result)
            if PQstatus(handle) == CONNECTION_BAD || error.endsConnection {
                isUsable = false
            } else {
                while let rest = try rawResult(until: deadline) { PQclear(rest) }
            }
            throw error
        }
    }

    private func rawResult(until deadline: ContinuousClock.Instant) throws(PostgreSQLError) -> OpaquePointer? {
        while PQisBusy(handle) == 1 {
            try wait(for: Int16(POLLIN), until: deadline)
            if PQconsumeInput(handle) == 0 { throw lost() }
        }
        return PQgetResult(handle)
    }

    /// Hands everything to the socket, reading meanwhile: a server that wants to say something may read nothing until
    /// it has said it.
    func flush(until deadline: ContinuousClock.Instant) throws(PostgreSQLError) {
        while true {
            let left = PQflush(handle)
            if left == 0 { return }
            if left < 0 { throw lost() }
            try wait(for: Int16(POLLIN | POLLOUT), until: deadline)
            if PQconsumeInput(handle) == 0 { throw lost() }
        }
    }

    private func wait(for events: Int16, until deadline: ContinuousClock.Instant) throws(PostgreSQLError) {
        if Connection.waitFor(PQsocket(handle), events, until: deadline, interrupt: -1) == .ready { return }
        isUsable = false
        throw PostgreSQLError(.timedOut, server: server, detail: "waiting for an answer")
    }

    /// The error of a connection that just broke. What the server said last (an administrator's command, a shutdown)
    /// is in libpq's message.
    func lost() -> PostgreSQLError {
        isUsable = false
        let (_, detail) = PostgreSQLError.readVerbose(String(cString: PQerrorMessage(handle)))
        return PostgreSQLError(.connectionLost, server: server, detail: detail)
    }

    private func error(in result: OpaquePointer) -> PostgreSQLError {
        func field(_ code: Character) -> String {
            let number = code.asciiValue.map(Int32.init) ?? 0
            return PQresultErrorField(result, number).map { String(cString: $0) } ?? ""
        }
        // PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY, character macros that Swift does not import.
        let state = field("C")
        if state.isEmpty { return lost() }
        return PostgreSQLError(PostgreSQLError.kind(sqlState: state), server: server, detail: field("M"))
    }
}

// MARK: - Waiting

extension Connection {
    private enum Readiness {
        case ready
        case late
        case interrupted
    }

    private static func waitFor(
        _ socket: Int32, _ events: Int16, until deadline: ContinuousClock.Instant, interrupt: Int32
    ) -> Readiness {
        while true {
            let left = milliseconds(ContinuousClock.now.duration(to: deadline))
            if left <= 0 { return .late }
            var entries = [
                pollfd(fd: socket, events: events, revents: 0),
                pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&entries, 2, Int32(min(left, 3_600_000)))
            if count < 0, errno != EINTR { return .ready }
            if count > 0 { return entries[0].revents != 0 ? .ready : .interrupted }
        }
    }
}

/// The texts as an array of C strings that ends with a null pointer, all in one buffer; nil stays null.
private func withCStrings<R>(_ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R {
    var bytes: [CChar] = []
    var offsets: [Int?] = []
    for text in texts {
        offsets.append(text == nil ? nil : bytes.count)
        if let text {
            bytes.append(contentsOf: text.utf8.map { CChar(bitPattern: $0) })
            bytes.append(0)
        }
    }
    return bytes.withUnsafeBufferPointer { buffer in
        var pointers = offsets.map { offset in offset.flatMap { start in buffer.baseAddress.map { $0 + start } } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
