// COPY FROM STDIN: the fast way in, one transaction per batch, and what became of a batch whose answer got lost.

import CLibpq

/// A transaction's number on its server.
///
/// After a crash a server gives numbers again that it had given shortly before, to transactions of which nothing had
/// reached the disk. So a number alone proves that a transaction was not committed, but not that it was: see
/// `Connection.fate(of:)`.
public struct TransactionID: Equatable, Sendable {
    /// The number as the server writes it.
    public let text: String
    /// What the transaction was asked to note of the state that it found; see `Connection.copy`.
    public let note: String?
    /// The server's process that ran the transaction.
    public let backend: Int32

    /// The number as it stands in the rows' `xmin`: its lower 32 bits. Nil when the text is no number.
    public var rowMark: String? {
        Int64(text).map { String(UInt32(truncatingIfNeeded: $0)) }
    }

    /// A number with these parts.
    public init(text: String, note: String? = nil, backend: Int32) {
        self.text = text
        self.note = note
        self.backend = backend
    }
}

/// What the server knows of a transaction.
public enum TransactionFate: String, Sendable {
    case committed
    case aborted
    /// Its process has not noticed yet that we are gone.
    case running = "in progress"
}

extension Connection {
    /// Copies rows into a table, all or none of them, in one transaction and two round trips.
    ///
    /// - Parameters:
    ///   - table: its name, in lower case and without quotes; it comes from the program, never from outside.
    ///   - columns: the columns that the rows have, in their order.
    ///   - noting: an SQL expression whose value before the first row becomes the transaction's `note`.
    ///   - inDoubt: holds the transaction's number from the moment at which the server may have committed it until
    ///     its answer was read. When this throws and `inDoubt` is nil, nothing was inserted; when it is not, ask
    ///     `fate(of:)` on a new connection.
    /// - Returns: how many rows the server took.
    public func copy(
        _ rows: CopyRows, into table: String, columns: [String], noting: String = "NULL",
        inDoubt: inout TransactionID?
    ) throws(PostgreSQLError) -> Int {
        inDoubt = nil
        let deadline = statementDeadline()
        // Statements of one simple query are one transaction: the number is known before the first row is sent, and
        // the commit comes with the end of the data. `txid_current` instead of `pg_current_xact_id`: it is also
        // there in PostgreSQL 10 to 12.
        let statements =
            "SELECT txid_current(), \(noting); COPY \(table) (\(columns.joined(separator: ", "))) FROM STDIN"
        guard PQsendQuery(handle, statements) == 1 else { throw lost() }
        try flush(until: deadline)
        var noted: [String?] = []
        while true {
            guard let result = try nextResult(until: deadline) else {
                throw PostgreSQLError(.other(sqlState: ""), server: server, detail: "COPY did not begin")
            }
            if result.awaitsCopy { break }
            noted = result.rows.first ?? []
        }
        try send(rows.bytes, until: deadline)
        guard PQputCopyEnd(handle, nil) == 1 else { throw lost() }
        inDoubt = TransactionID(text: (noted.first ?? nil) ?? "", note: noted.last ?? nil, backend: backend)
        var taken = 0
        do {
            try flush(until: deadline)
            while let result = try nextResult(until: deadline) { taken = result.affected }
        } catch {
            // An answer that is an error, over a connection that lives: the server rolled back.
            if isUsable { inDoubt = nil }
            throw error
        }
        inDoubt = nil
        return taken
    }

    /// What became of a transaction. One that still runs is told to end, since its client is gone: ask again.
    ///
    /// `.committed` holds for certain as long as the server has not crashed in between: after a crash another
    /// transaction may have been given the same number, so look for the rows, too.
    public func fate(of transaction: TransactionID) throws(PostgreSQLError) -> TransactionFate {
        let answer: QueryResult
        do {
            answer = try query("SELECT txid_status($1::bigint)", [transaction.text])
        } catch  where error.kind == .other(sqlState: "22023") {
            // "Transaction ID … is in the future": the server crashed before anything of it had reached the disk.
            return .aborted
        }
        guard let fate = answer.first.flatMap(TransactionFate.init(rawValue:)) else {
            throw PostgreSQLError(
                .other(sqlState: ""), server: server,
                detail: "it does not remember transaction \(transaction.text) any more, so its outcome is unknown")
        }
        if fate == .running {
            // The process's number alone could belong to somebody else by now; with the transaction it cannot.
            try query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    + "WHERE pid = $1::int AND backend_xid::text::bigint = $2::bigint % 4294967296",
                [String(transaction.backend), transaction.text])
        }
        return fate
    }

    /// In pieces, each handed to the socket before the next: libpq would buffer everything.
    private func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) throws(PostgreSQLError) {
        var start = 0
        while start < bytes.count {
            let end = min(start + 64 * 1024, bytes.count)
            let accepted = bytes[start..<end].withUnsafeBytes { buffer in
                PQputCopyData(handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count))
            }
            if accepted < 0 { throw lost() }
            try flush(until: deadline)
            // Zero: no room, nothing was taken; after the flush there is.
            if accepted > 0 { start = end }
        }
    }
}
