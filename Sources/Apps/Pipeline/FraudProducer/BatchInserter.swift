// One batch after the other into PostgreSQL, each exactly once, whatever happens to the connection.

import PostgreSQL

/// Inserts batches with COPY, each in a transaction of its own.
///
/// When the connection breaks before the end of a batch was sent, the server has rolled it back, and it is sent again.
/// When it breaks afterwards, the transaction may have been committed or not: the server is asked what became of its
/// number (`txid_status`), and, since a server that crashed gives the latest numbers again, whether rows of that
/// transaction are there and are ours. Only when not, the batch is sent again.
///
/// What this cannot see: a standby that takes over without the last commits, after they were acknowledged.
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
        try session.perform(whileInDoubt: { doubt != nil }) { connection throws(PostgreSQLError) in
            if let transaction = doubt {
                switch try connection.fate(of: transaction) {
                case .committed:
                    let isThere = try BatchInserter.isThere(rows, of: transaction, over: connection)
                    doubt = nil
                    if isThere { return }
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
            rows, into: TransactionSource.table, columns: TransactionSource.columns,
            noting: "pg_sequence_last_value(pg_get_serial_sequence('transactions', 'id')::regclass)", inDoubt: &doubt)
        // A rule or trigger on the table that swallows rows would make every later count wrong.
        guard taken == rows.count else {
            throw PostgreSQLError(
                .other(sqlState: ""), server: connection.server, detail: "it took \(taken) of \(rows.count) rows")
        }
    }

    /// Whether rows of the transaction are in the table, and are those of the batch. Only some are compared: others may
    /// have been changed by somebody since.
    private static func isThere(
        _ rows: CopyRows, of transaction: TransactionID, over connection: Connection
    ) throws(PostgreSQLError) -> Bool {
        let found = try connection.query(
            """
            SELECT concat_ws(E'\\t', user_id, amount, card_type, merchant_id) FROM transactions
            WHERE id > $1::bigint AND xmin::text = $2 LIMIT 1000
            """, [transaction.note ?? "0", transaction.rowMark])
        let ours = Set(rows.bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) })
        let lines = found.rows.compactMap { $0.first ?? nil }
        return !lines.isEmpty && lines.allSatisfy(ours.contains)
    }
}
