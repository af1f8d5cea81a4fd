// One batch after the other into PostgreSQL, each exactly once, whatever happens to the connection.

import PostgreSQL

/// Inserts batches with COPY, each in a transaction of its own.
///
/// When the connection breaks before the end of a batch was sent, the server has rolled it back, and it is sent again.
/// When it breaks afterwards, the transaction may have been committed or not: the server is asked what became of it
/// (`txid_status`), and only an aborted one is sent again. The answer is right as long as it is the same server with
/// its data; one restored from an older backup, or a standby that took over without the last commits, is not, and
/// says so or counts anew.
struct BatchInserter {
    private let session: Session
    /// The batch in hand whose outcome nobody knows, if it came to that.
    private(set) var inDoubt: TransactionID?

    init(session: Session) {
        self.session = session
    }

    /// Creates the table when it is missing.
    func createTable() throws(PostgreSQLError) {
        try session.perform { connection throws(PostgreSQLError) in
            try connection.createTable(TransactionSource.table, columns: TransactionSource.definition)
        }
    }

    /// Inserts the rows and returns when they are committed.
    mutating func insert(_ rows: CopyRows) throws(PostgreSQLError) {
        var doubt: TransactionID?
        defer { inDoubt = doubt }
        try session.perform { connection throws(PostgreSQLError) in
            if let transaction = doubt {
                switch try connection.fate(of: transaction) {
                case .committed:
                    doubt = nil
                    return
                case .aborted:
                    doubt = nil
                case .running:
                    throw PostgreSQLError(
                        .notReady, server: connection.server,
                        detail: "transaction \(transaction.text) of the lost connection still runs")
                }
            }
            do throws(PostgreSQLError) {
                try BatchInserter.copy(rows, over: connection, &doubt)
            } catch  where error.kind == .missingTable {
                // Dropped while we ran.
                try connection.createTable(TransactionSource.table, columns: TransactionSource.definition)
                try BatchInserter.copy(rows, over: connection, &doubt)
            }
        }
    }

    private static func copy(
        _ rows: CopyRows, over connection: Connection, _ doubt: inout TransactionID?
    ) throws(PostgreSQLError) {
        let taken = try connection.copy(
            rows, into: TransactionSource.table, columns: TransactionSource.columns, inDoubt: &doubt)
        // A rule or trigger on the table that swallows rows would make every later count wrong.
        guard taken == rows.count else {
            throw PostgreSQLError(
                .other(sqlState: ""), server: connection.server, detail: "it took \(taken) of \(rows.count) rows")
        }
    }
}
